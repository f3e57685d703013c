"""Deploy a confidential contract, set its readers, call it. Source: protocol.md, "Confidential contracts".

No program runs here. A validator compares the values that the proof is about with state, verifies, and writes what the
proof says comes next.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from chain.codec import wire
from chain.execution.action import Action, Claim, Effect
from chain.execution.context import ExecutionContext
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import FieldElement, Hash, Name, ObjectId, ProofBytes, Uint, VkId
from contracts.confidential import state, statement
from contracts.confidential.description import MAX_READERS, MAX_REGISTERS, check_description, check_keys
from contracts.confidential.errors import (
    BadReaderKey,
    DuplicateReader,
    NoReaders,
    NotOwner,
    StaleRegister,
    WrongEpoch,
    WrongKeyCommitment,
    WrongLength,
    WrongMethodKey,
    WrongReaderCount,
    WrongRegisters,
)
from contracts.confidential.events import Called, ContractDeployed, ReadersSet, RegisterWritten
from contracts.confidential.state import Contract, Method, Point, RegisterSpec, SealedDataKey, SealingKey
from contracts.registry.ceremony_state import require_usable_key
from crypto import babyjubjub

if TYPE_CHECKING:
    from chain.types.transaction import Envelope

_SUBGROUP_CHECK: Final = 1_200  # work units of one scalar multiplication by the group's order


@wire()
@dataclass(frozen=True, slots=True)
class Deploy(Action):
    """Create a contract; its id is the object id of this action. Its registers begin as public zeros at version 0."""

    tag: ClassVar[int] = 40
    name: ClassVar[str] = "confidential.deploy"
    writes: ClassVar[int] = 1

    code_hash: Hash
    registers: tuple[RegisterSpec, ...]
    methods: tuple[Method, ...]
    sealing: tuple[SealingKey, ...]

    def check(self, view: View, context: ExecutionContext) -> None:
        check_description(self)
        check_keys(self, view, context.height, context.params)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        contract = context.new_object_id
        record = Contract(context.sender, self.code_hash, self.registers, self.methods, self.sealing, Uint(0))
        state.write_contract(overlay, contract, record)
        context.emit(ContractDeployed(contract, context.sender))


@wire()
@dataclass(frozen=True, slots=True)
class SetReaders(Action):
    """Begin the next key epoch: a new data key, proven sealed to each reader under one ephemeral point.

    What was written before stays under the old epoch's key and readable to its readers.
    """

    tag: ClassVar[int] = 41
    name: ClassVar[str] = "confidential.set_readers"
    writes: ClassVar[int] = 2
    work: ClassVar[int] = MAX_READERS * _SUBGROUP_CHECK

    contract: ObjectId
    epoch: Uint  # the one that begins: state's + 1
    vk_id: VkId
    kc: FieldElement
    ephemeral: Point
    readers: tuple[SealedDataKey, ...]
    proof: ProofBytes

    def claims(self, envelope: "Envelope", index: int) -> tuple[Claim, ...]:
        return (statement.set_readers_claim(self, envelope),)

    def effects(self, envelope: "Envelope", index: int) -> tuple[Effect, ...]:
        return (statement.set_readers_effect(self),)

    def check(self, view: View, context: ExecutionContext) -> None:
        contract = state.require_contract(view, self.contract)
        if contract.owner != context.sender:
            raise NotOwner(self.contract, contract.owner, context.sender)
        if self.epoch != contract.epoch + 1:
            raise WrongEpoch(self.contract, contract.epoch + 1, self.epoch)
        sealing = {key.readers: key.vk_id for key in contract.sealing}
        expected = sealing.get(Uint(len(self.readers)))
        if expected is None:
            raise WrongReaderCount(len(self.readers), tuple(sealing))
        if self.vk_id != expected:
            raise WrongMethodKey(statement.SET_READERS, expected, self.vk_id)
        require_usable_key(view, self.vk_id, context.height, context.params)
        self._check_points()

    def _check_points(self) -> None:
        require_reader_keys([sealed.reader for sealed in self.readers])
        if (self.ephemeral.x, self.ephemeral.y) == babyjubjub.IDENTITY:  # proven to be e * Base8, with e perhaps 0
            raise BadReaderKey(self.ephemeral.x, self.ephemeral.y, "the identity, which would seal to everybody")

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        contract = state.require_contract(overlay, self.contract)
        state.write_contract(overlay, self.contract, replace(contract, epoch=self.epoch))
        state.write_epoch(overlay, self.contract, self.epoch, state.Epoch(self.kc, self.ephemeral, self.readers))
        context.emit(ReadersSet(self.contract, self.epoch, Uint(len(self.readers))))


@wire()
@dataclass(frozen=True, slots=True)
class Read:
    """A register that a call's proof opens and leaves alone."""

    register: Uint
    version: Uint
    commitment: FieldElement


@wire()
@dataclass(frozen=True, slots=True)
class Move:
    """A register's step from `version` to version + 1: its commitment before and after, and the new ciphertext."""

    register: Uint
    version: Uint
    before: FieldElement
    after: FieldElement
    nonce: FieldElement
    ciphertext: tuple[FieldElement, ...]


@wire()
@dataclass(frozen=True, slots=True)
class Call(Action):
    """Call a method. Whoever holds the epoch's data key may: the proof is the permission."""

    tag: ClassVar[int] = 42
    name: ClassVar[str] = "confidential.call"
    writes: ClassVar[int] = MAX_REGISTERS // 2  # 32 public inputs have room for four written registers

    contract: ObjectId
    method: Name
    vk_id: VkId
    epoch: Uint
    kc: FieldElement
    arguments: tuple[FieldElement, ...]
    reads: tuple[Read, ...]
    moves: tuple[Move, ...]
    proof: ProofBytes

    def claims(self, envelope: "Envelope", index: int) -> tuple[Claim, ...]:
        return (statement.call_claim(self, envelope),)

    def effects(self, envelope: "Envelope", index: int) -> tuple[Effect, ...]:
        return (statement.call_effect(self),)

    def check(self, view: View, context: ExecutionContext) -> None:
        contract = state.require_contract(view, self.contract)
        method = state.require_method(contract, self.contract, self.method)
        if self.vk_id != method.vk_id:
            raise WrongMethodKey(self.method, method.vk_id, self.vk_id)
        self._check_shape(contract, method)
        self._check_data_key(view, contract)
        for read in self.reads:
            self._check_register(view, contract, read.register, read.version, read.commitment)
        for move in self.moves:
            self._check_register(view, contract, move.register, move.version, move.before)
        require_usable_key(view, self.vk_id, context.height, context.params)

    def _check_shape(self, contract: Contract, method: Method) -> None:
        read = tuple(entry.register for entry in self.reads)
        if read != method.reads:
            raise WrongRegisters(self.method, method.reads, read)
        moved = tuple(entry.register for entry in self.moves)
        if moved != method.writes:
            raise WrongRegisters(self.method, method.writes, moved)
        if len(self.arguments) != method.arguments:
            raise WrongLength("the row of public arguments", method.arguments, len(self.arguments))
        for move in self.moves:
            spec = contract.registers[move.register]
            if len(move.ciphertext) != spec.ciphertext_length:
                raise WrongLength(f"the ciphertext of {spec.name!r}", spec.ciphertext_length, len(move.ciphertext))

    def _check_data_key(self, view: View, contract: Contract) -> None:
        if contract.epoch == 0:
            raise NoReaders(self.contract)
        if self.epoch != contract.epoch:
            raise WrongEpoch(self.contract, contract.epoch, self.epoch)
        kc = state.require_epoch(view, self.contract, self.epoch).kc
        if self.kc != kc:
            raise WrongKeyCommitment(self.contract, self.epoch, kc, self.kc)

    def _check_register(self, view: View, contract: Contract, index: Uint, version: Uint, commitment: int) -> None:
        spec = contract.registers[index]
        now = state.read_register(view, self.contract, index, spec)
        if (version, commitment) != (now.version, now.commitment):
            raise StaleRegister(self.contract, spec.name, now.version, version)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        context.emit(Called(self.contract, self.method, self.epoch, self.arguments))
        for move in self.moves:
            version = Uint(move.version + 1)
            written = state.Register(version, move.after, self.epoch, move.nonce, move.ciphertext)
            state.write_register(overlay, self.contract, move.register, written)
            context.emit(RegisterWritten(self.contract, move.register, version))


def require_reader_keys(points: Sequence[Point]) -> None:
    """Raises DuplicateReader, and BadReaderKey as require_reader_key for each."""
    for position, point in enumerate(points):
        if point in points[:position]:
            raise DuplicateReader(point.x, point.y)
    for point in points:
        require_reader_key(point)


def require_reader_key(point: Point) -> None:
    """Raises BadReaderKey unless the point is on the curve, of prime order, and not the identity. About 1 ms."""
    try:
        babyjubjub.require_subgroup(babyjubjub.Point(point.x, point.y))
    except babyjubjub.NotOnCurve:
        raise BadReaderKey(point.x, point.y, "not on the curve") from None
    except babyjubjub.NotInSubgroup:
        raise BadReaderKey(point.x, point.y, "outside the prime-order subgroup, or the identity") from None
