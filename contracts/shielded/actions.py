"""Open a shielded pool; move notes in it, money into it and out of it. Source: protocol.md, docs/decisions/notes.md."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from chain.codec import encode, wire
from chain.execution import accounts
from chain.execution.action import Action, Claim, Effect
from chain.execution.context import ExecutionContext
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import (
    MAX_UINT,
    NATIVE,
    NOBODY,
    AccountId,
    Amount,
    AssetId,
    Blob,
    EncryptionKeyBytes,
    FieldElement,
    NoteTag,
    ObjectId,
    OutgoingSeal,
    ProofBytes,
    VkId,
)
from contracts.notes import state as notes
from contracts.notes.output import NoteHint, NoteOutput, Point
from contracts.registry.ceremony_state import require_usable_key
from contracts.shielded import state, statement
from contracts.shielded.errors import (
    AssetWithoutAmount,
    FeeNotNative,
    PoolKeyShape,
    RecipientWithoutAmount,
    TakenWithoutAccount,
    WrongNoteCount,
    WrongPadding,
    WrongPoolKey,
)
from contracts.shielded.events import PoolOpened, Transferred
from crypto.notes import POOL_ELEMENTS

if TYPE_CHECKING:
    from chain.types.transaction import Envelope


@wire()
@dataclass(frozen=True, slots=True)
class Open(Action):
    """Open a pool under a registered key; its id is the object id of this action. Nobody governs a pool afterwards."""

    tag: ClassVar[int] = 80
    name: ClassVar[str] = "shielded.open"
    writes: ClassVar[int] = 2

    vk_id: VkId

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises the registry's errors, PoolKeyShape."""
        got = require_usable_key(view, self.vk_id, context.height, context.params).public_inputs
        if got != statement.TRANSFER_SIZE:
            raise PoolKeyShape(statement.TRANSFER_SIZE, got)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        pool = context.new_object_id
        state.write_pool(overlay, pool, state.Pool(self.vk_id, context.sender, context.height))
        context.emit(PoolOpened(pool, self.vk_id))


@wire()
@dataclass(frozen=True, slots=True)
class Transfer(Action):
    """Spend two notes of a pool and make two; what enters and leaves in the open balances them. All are of one size.

    `taken` comes from the sender's account, `paid` goes to `recipient`, `fee` is offered for the transaction.
    """

    tag: ClassVar[int] = 81
    name: ClassVar[str] = "shielded.transfer"
    writes: ClassVar[int] = 13
    work: ClassVar[int] = notes.ACTION_WORK + statement.OUTPUTS * notes.OUTPUT_WORK

    pool: ObjectId
    vk_id: VkId
    root: FieldElement
    nullifiers: tuple[FieldElement, ...]
    ephemeral: Point
    outputs: tuple[NoteOutput, ...]
    asset: AssetId
    taken: Amount
    paid: Amount
    recipient: AccountId
    fee: Amount
    padding: Blob
    proof: ProofBytes

    def claims(self, envelope: "Envelope", index: int) -> tuple[Claim, ...]:
        return (statement.transfer_claim(self, envelope),)

    def effects(self, envelope: "Envelope", index: int) -> tuple[Effect, ...]:
        return (statement.transfer_effect(self),)

    def fee_offer(self) -> Amount:
        return self.fee

    def uniques(self) -> tuple[bytes, ...]:
        return tuple(notes.unique(self.pool, nullifier) for nullifier in self.nullifiers)

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises a ShieldedError, a NotesError, InsufficientBalance, the registry's errors."""
        self._check_shape()
        self._check_amounts()
        if self.taken and context.envelope.proof_paid:
            raise TakenWithoutAccount(self.taken)
        pool = state.require_pool(view, self.pool)
        if self.vk_id != pool.vk_id:
            raise WrongPoolKey(self.pool, pool.vk_id, self.vk_id)
        notes.require_outputs(view, self.pool, self.ephemeral, self.outputs, (POOL_ELEMENTS,) * statement.OUTPUTS)
        notes.require_unspent(view, self.pool, self.nullifiers)
        notes.require_root(view, self.pool, self.root)
        accounts.require_balance(view, context.sender, self.taken, self.asset)
        state.require_cover(view, self.pool, self.asset, self.taken, self.paid + self.fee)
        require_usable_key(view, self.vk_id, context.height, context.params)

    def _check_shape(self) -> None:
        if len(self.nullifiers) != statement.INPUTS:
            raise WrongNoteCount("nullifiers", statement.INPUTS, len(self.nullifiers))
        if len(self.outputs) != statement.OUTPUTS:
            raise WrongNoteCount("outputs", statement.OUTPUTS, len(self.outputs))
        size = len(encode(self))
        if size != TRANSFER_BYTES or any(self.padding):
            raise WrongPadding(TRANSFER_BYTES, size)

    def _check_amounts(self) -> None:
        if bool(self.paid) != (self.recipient != NOBODY):
            raise RecipientWithoutAmount(self.paid)
        if self.fee and self.asset != NATIVE:
            raise FeeNotNative(self.asset)
        if self.asset != NATIVE and not (self.taken or self.paid):
            raise AssetWithoutAmount(self.asset)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        notes.spend(overlay, self.pool, self.nullifiers, context.height)
        notes.append(overlay, self.pool, self.ephemeral, self.outputs, context.height)
        if self.taken:
            accounts.deposit(overlay, context.sender, self.pool, self.taken, self.asset)
        if self.paid:
            accounts.withdraw(overlay, self.pool, self.recipient, self.paid, self.asset)
        if self.fee:
            accounts.take_holding(overlay, self.pool, self.fee, self.asset)
        if self.taken or self.paid or self.fee:
            state.note_flow(overlay, self.pool, self.asset, self.taken, self.paid + self.fee)
        context.emit(Transferred(self.pool, self.asset, self.taken, self.paid, self.fee))

    def padded(self) -> "Transfer":
        """This transfer with the padding that makes it of the one size."""
        bare = replace(self, padding=Blob(b""))
        return replace(bare, padding=Blob(bytes(TRANSFER_BYTES - len(encode(bare)))))


def _longest() -> int:
    """The encoded size of a transfer whose amounts are as long as amounts get."""
    hint = NoteHint(EncryptionKeyBytes(bytes(32)), NoteTag(bytes(2)), OutgoingSeal(bytes(160)))
    zero, most, id_ = FieldElement(0), Amount(MAX_UINT), bytes(32)
    output = NoteOutput(zero, (zero,) * POOL_ELEMENTS, hint)
    longest = Transfer(
        pool=ObjectId(id_),
        vk_id=VkId(id_),
        root=zero,
        nullifiers=(zero,) * statement.INPUTS,
        ephemeral=Point(zero, zero),
        outputs=(output,) * statement.OUTPUTS,
        asset=NATIVE,
        taken=most,
        paid=most,
        recipient=NOBODY,
        fee=most,
        padding=Blob(b""),
        proof=ProofBytes(bytes(128)),
    )
    return len(encode(longest))


TRANSFER_BYTES: Final = _longest()
