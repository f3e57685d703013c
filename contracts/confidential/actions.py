"""Deploy a confidential contract and set its readers. Source: protocol.md, "Confidential contracts"."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from chain.codec import wire
from chain.execution.action import Action, Claim, Effect
from chain.execution.context import ExecutionContext
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import Blob, FieldElement, Hash, ObjectId, ProofBytes, Uint, VkId
from contracts.confidential import state, statement
from contracts.confidential.call_sizes import call_bytes
from contracts.confidential.description import MAX_READERS, check_description, check_keys
from contracts.confidential.errors import (
    BadReaderKey,
    ContractExists,
    DuplicateReader,
    NotOwner,
    ReadersFixed,
    ReadersMissing,
    WrongEpoch,
    WrongMethodKey,
    WrongReaderCount,
)
from contracts.confidential.events import ContractDeployed, ReadersSet
from contracts.confidential.specs import Method, RegisterSpec, SealingKey, abi_hash
from contracts.confidential.state import Contract, SealedDataKey
from contracts.notes.output import Point
from contracts.registry.ceremony_state import require_usable_key
from crypto import babyjubjub

if TYPE_CHECKING:
    from chain.types.transaction import Envelope

_METHOD_WORK: Final = 100  # work units of a method's rules, its key's record and the size of its calls
_SUBGROUP_CHECK: Final = 1_200  # work units of one scalar multiplication by the group's order


@wire(3)
@dataclass(frozen=True, slots=True)
class Deploy(Action):
    """Create a contract; its id is the object id of this action. Its registers begin at version 0.

    With fixed_readers its first readers are its only ones for ever, and the same transaction sets them: no block ever
    holds such a contract without readers (docs/decisions/fixed-readers.md).
    """

    tag: ClassVar[int] = 40
    name: ClassVar[str] = "confidential.deploy"
    writes: ClassVar[int] = 2

    code_hash: Hash
    registers: tuple[RegisterSpec, ...]
    methods: tuple[Method, ...]
    sealing: tuple[SealingKey, ...]
    abi: Blob
    fixed_readers: bool = False

    def extra_work(self) -> int:
        return len(self.methods) * _METHOD_WORK

    def check(self, view: View, context: ExecutionContext) -> None:
        contract = context.new_object_id
        if state.read_contract(view, contract) is not None:  # a one-time key that pays by proof may come twice
            raise ContractExists(contract)
        if self.fixed_readers and not self._readers_follow(context):
            raise ReadersMissing(contract)
        check_description(self)
        check_keys(self, view, context.height, context.params)

    def _readers_follow(self, context: ExecutionContext) -> bool:
        """Whether a later action of the transaction sets readers; it keeps all rules, or nothing here happens."""
        contract, later = context.new_object_id, context.envelope.actions[context.index + 1 :]
        return any(isinstance(action, SetReaders) and action.contract == contract for action in later)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        contract = context.new_object_id
        record = Contract(
            owner=context.sender,
            code_hash=self.code_hash,
            abi_hash=abi_hash(self.abi),
            registers=self.registers,
            methods=self.methods,
            sizes=tuple(call_bytes(method, self.registers) for method in self.methods),
            sealing=self.sealing,
            epoch=Uint(0),
            fixed_readers=self.fixed_readers,
        )
        state.write_contract(overlay, contract, record)
        state.write_abi(overlay, contract, self.abi)
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
        if contract.fixed_readers and contract.epoch:
            raise ReadersFixed(self.contract)
        if contract.owner != context.sender:
            raise NotOwner(self.contract, contract.owner, context.sender)
        if self.epoch != contract.epoch + 1:
            raise WrongEpoch(self.contract, contract.epoch + 1, self.epoch)
        sealing = {key.readers: key for key in contract.sealing}
        expected = sealing.get(Uint(len(self.readers)))
        if expected is None:
            raise WrongReaderCount(len(self.readers), tuple(sealing))
        if self.vk_id != expected.vk_id:
            raise WrongMethodKey(statement.SET_READERS, expected.vk_id, self.vk_id)
        require_usable_key(view, self.vk_id, context.height, context.params, expected.r1cs_hash)
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
