"""Call a method of a confidential contract. Source: protocol.md, "Confidential contracts".

No program runs here. A validator compares the values that the proof is about with state, verifies, and writes what the
proof says comes next.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from chain.codec import wire
from chain.execution import accounts
from chain.execution.action import Action, Claim, Effect
from chain.execution.context import ExecutionContext
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import (
    AccountId,
    Amount,
    AssetId,
    Blob,
    FieldElement,
    Height,
    Name,
    ObjectId,
    ProofBytes,
    Uint,
    VkId,
)
from contracts.confidential import call_rules, lease_state, state, statement
from contracts.confidential.events import Called, Paid, Posted, RegisterWritten, Taken
from contracts.confidential.specs import LEASE, NONE
from contracts.confidential.statement import NO_PROOF
from contracts.notes import state as notes
from contracts.notes.output import NoteOutput, Point

if TYPE_CHECKING:
    from chain.types.transaction import Envelope

ZERO: Final = FieldElement(0)
ANY_HEIGHT: Final = Height(0)  # in the place of a period that the method does not use
NO_PADDING: Final = Blob(b"")
_PART_WRITES: Final = 2  # nullifier, output (with its inbox), take, pay: each two places


@wire(2)
@dataclass(frozen=True, slots=True)
class Read:
    """A register that a call's proof uses and leaves alone. values: (commitment,) if sealed, else its content."""

    register: Uint
    version: Uint
    values: tuple[FieldElement, ...]
    sealed: bool


@wire(2)
@dataclass(frozen=True, slots=True)
class Move:
    """A register's step from `version` to version + 1. before, after: (commitment,) if sealed, else its content.

    A public register's move has nonce 0 and no ciphertext.
    """

    register: Uint
    version: Uint
    before: tuple[FieldElement, ...]
    after: tuple[FieldElement, ...]
    nonce: FieldElement = ZERO
    ciphertext: tuple[FieldElement, ...] = ()

    @property
    def sealed(self) -> bool:
        return bool(self.ciphertext)


@wire()
@dataclass(frozen=True, slots=True)
class Take:
    """An amount that goes from the sender's account into what the contract holds."""

    asset: AssetId
    amount: Amount


@wire()
@dataclass(frozen=True, slots=True)
class Pay:
    """An amount that the contract pays out of what it holds."""

    recipient: AccountId
    asset: AssetId
    amount: Amount


@wire(2)
@dataclass(frozen=True, slots=True)
class Call(Action):
    """Call a method: the proof is the permission. What its method does not use is 0, None, False or empty."""

    tag: ClassVar[int] = 42
    name: ClassVar[str] = "confidential.call"
    writes: ClassVar[int] = 1  # at least; more by its shape, see state_writes

    contract: ObjectId
    method: Name
    vk_id: VkId
    epoch: Uint = NONE
    kc: FieldElement | None = None
    caller: bool = False
    after: Height = ANY_HEIGHT  # the first height at which it is good
    before: Height = ANY_HEIGHT  # the last one
    arguments: tuple[FieldElement, ...] = ()
    reads: tuple[Read, ...] = ()
    moves: tuple[Move, ...] = ()
    counts: tuple[Uint, ...] = ()
    root: FieldElement | None = None
    nullifiers: tuple[FieldElement, ...] = ()
    ephemeral: Point | None = None
    outputs: tuple[NoteOutput, ...] = ()
    takes: tuple[Take, ...] = ()
    pays: tuple[Pay, ...] = ()
    padding: Blob = NO_PADDING
    proof: ProofBytes = NO_PROOF

    def claims(self, envelope: "Envelope", index: int) -> tuple[Claim, ...]:
        return (statement.call_claim(self, envelope),)

    def effects(self, envelope: "Envelope", index: int) -> tuple[Effect, ...]:
        return (statement.call_effect(self, envelope),)

    def uniques(self) -> tuple[bytes, ...]:
        return tuple(notes.unique(self.contract, nullifier) for nullifier in self.nullifiers)

    def state_writes(self) -> int:
        """What ends a lease is paid for by who takes it, what grows the note tree by extra_work."""
        counts = bool(self.nullifiers or self.outputs) + bool(self.outputs)  # of the chain, of the contract
        parts = len(self.nullifiers) + len(self.outputs) + len(self.takes) + len(self.pays)
        return max(self.writes, len(self.moves) + counts + _PART_WRITES * parts)

    def extra_work(self) -> int:
        return notes.ACTION_WORK + len(self.outputs) * notes.OUTPUT_WORK if self.outputs else 0

    def check(self, view: View, context: ExecutionContext) -> None:
        call_rules.check_call(self, view, context)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        contract = state.require_contract(overlay, self.contract)
        context.emit(Called(self.contract, self.method, self.epoch, self.arguments))
        self._write_registers(overlay, contract, context)
        self._move_notes(overlay, contract, context)
        self._move_money(overlay, context)

    def _write_registers(self, overlay: Overlay, contract: state.Contract, context: ExecutionContext) -> None:
        for move in self.moves:
            version = Uint(move.version + 1)
            epoch = self.epoch if move.sealed else NONE
            written = state.Register(version, move.after, epoch, move.nonce, move.ciphertext)
            state.write_register(overlay, self.contract, move.register, written)
            context.emit(RegisterWritten(self.contract, move.register, version))
            if contract.registers[move.register].mode == LEASE:
                lease_state.finish(overlay, self.contract, move.register, context.height, context.emit)

    def _move_notes(self, overlay: Overlay, contract: state.Contract, context: ExecutionContext) -> None:
        if self.nullifiers:
            notes.spend(overlay, self.contract, self.nullifiers, context.height)
        if self.ephemeral is not None:
            notes.append(overlay, self.contract, self.ephemeral, self.outputs, context.height)
        method = contract.methods[state.require_method(contract, self.contract, self.method)]
        for output in method.outputs:
            if output.inbox is not None:
                posted = state.count_posted(overlay, self.contract, output.inbox)
                context.emit(Posted(self.contract, output.inbox, posted))

    def _move_money(self, overlay: Overlay, context: ExecutionContext) -> None:
        """An amount of 0 moves nothing, and is as long on the wire as any other."""
        for take in self.takes:
            if take.amount:
                accounts.deposit(overlay, context.sender, self.contract, take.amount, take.asset)
                context.emit(Taken(self.contract, context.sender, take.asset, take.amount))
        for pay in self.pays:
            if pay.amount:
                accounts.withdraw(overlay, self.contract, pay.recipient, pay.amount, pay.asset)
                context.emit(Paid(self.contract, pay.recipient, pay.asset, pay.amount))
