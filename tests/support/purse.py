"""A component whose action pays fees by a "proof": the least that has money, nullifiers, a root and a claim.

What a shielded transfer is to the chain, without its circuit: the verifier of a test decides what is proven.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from chain.codec import wire
from chain.execution import accounts
from chain.execution.action import GROTH16, Action, Claim, Effect, Event
from chain.execution.context import BlockContext, ExecutionContext
from chain.execution.statement import context_element, id_element
from chain.state.keys import ID, Space
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.genesis import Genesis
from chain.types.scalars import (
    NATIVE,
    NOBODY,
    AccountId,
    Amount,
    AssetId,
    FieldElement,
    ObjectId,
    ProofBytes,
    ValidatorId,
    VkId,
)
from crypto.errors import ClusterError

if TYPE_CHECKING:
    from chain.types.transaction import Envelope

PURSE = ObjectId(b"purse".rjust(32, b"\0"))
KEY = VkId(b"\x05" * 32)
ROOT = FieldElement(77)
USED = Space("purse/used", (ID,))


class NoteUsed(ClusterError):
    """The nullifier was used before."""

    code = 99_001


class UnknownPurseRoot(ClusterError):
    """The proof is about another root."""

    code = 99_002


@wire()
@dataclass(frozen=True, slots=True)
class Fill(Action):
    """Put money into the purse."""

    tag: ClassVar[int] = 900
    name: ClassVar[str] = "purse.fill"
    writes: ClassVar[int] = 2

    amount: Amount
    asset: AssetId

    def check(self, view: View, context: ExecutionContext) -> None:
        accounts.require_balance(view, context.sender, self.amount, self.asset)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        accounts.deposit(overlay, context.sender, PURSE, self.amount, self.asset)


@wire()
@dataclass(frozen=True, slots=True)
class Spend(Action):
    """Pay `paid` of an asset to `recipient` and `offer` nano-CLU for the fee, out of the purse, once per nullifier."""

    tag: ClassVar[int] = 901
    name: ClassVar[str] = "purse.spend"
    writes: ClassVar[int] = 3

    nullifiers: tuple[FieldElement, ...]
    root: FieldElement
    offer: Amount
    recipient: AccountId
    paid: Amount
    asset: AssetId
    proof: ProofBytes

    def fee_offer(self) -> Amount:
        return self.offer

    def uniques(self) -> tuple[bytes, ...]:
        return tuple(nullifier.to_bytes(ID, "big") for nullifier in self.nullifiers)

    def claims(self, envelope: "Envelope", index: int) -> tuple[Claim, ...]:
        ctx = context_element(envelope, "purse", PURSE, "spend", KEY, self.nullifiers)
        return (Claim(GROTH16, KEY, (ctx, *self._inputs()), self.proof),)

    def effects(self, envelope: "Envelope", index: int) -> tuple[Effect, ...]:
        return (Effect(PURSE, "spend", KEY, self._inputs(), self.recipient),)

    def _inputs(self) -> tuple[FieldElement, ...]:
        asset = id_element(self.asset)
        return (*self.nullifiers, self.root, FieldElement(self.offer), FieldElement(self.paid), asset)

    def check(self, view: View, context: ExecutionContext) -> None:
        if self.root != ROOT:
            raise UnknownPurseRoot(f"the proof is about root {self.root}.")
        for unique in self.uniques():
            if view.get(USED.key(unique)) is not None:
                raise NoteUsed(f"nullifier 0x{unique.hex()} was used before.")
        if self.asset == NATIVE:
            accounts.require_holding(view, PURSE, Amount(self.offer + self.paid))
        else:
            accounts.require_holding(view, PURSE, self.offer)
            accounts.require_holding(view, PURSE, self.paid, self.asset)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        for unique in self.uniques():
            overlay.put(USED.key(unique), b"\x01")
        accounts.take_holding(overlay, PURSE, self.offer)
        accounts.withdraw(overlay, PURSE, self.recipient, self.paid, self.asset)


@wire()
@dataclass(frozen=True, slots=True)
class Made(Event):
    """Something came into being."""

    tag: ClassVar[int] = 900
    name: ClassVar[str] = "purse.made"

    object: ObjectId


@wire()
@dataclass(frozen=True, slots=True)
class Make(Action):
    """Create an object of no use, by rules that say they compute much."""

    tag: ClassVar[int] = 902
    name: ClassVar[str] = "purse.make"
    writes: ClassVar[int] = 1
    work: ClassVar[int] = 20_000

    def check(self, view: View, context: ExecutionContext) -> None:
        return None

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        context.emit(Made(context.new_object_id))


class Purse:
    """The component."""

    name: str = "purse"
    actions: tuple[type[Action], ...] = (Fill, Spend, Make)
    events: tuple[type[Event], ...] = (Made,)

    def genesis(self, overlay: Overlay, data: bytes, genesis: Genesis) -> None:
        return None

    def end_block(self, overlay: Overlay, block: BlockContext, proposer: ValidatorId) -> tuple[Event, ...]:
        return ()


def spend(
    *nullifiers: int,
    offer: int = 0,
    paid: int = 0,
    recipient: AccountId = NOBODY,
    asset: AssetId = NATIVE,
    root: int = ROOT,
    proof: bytes = bytes(128),
) -> Spend:
    """A spend with what a test leaves out."""
    return Spend(
        tuple(map(FieldElement, nullifiers)),
        FieldElement(root),
        Amount(offer),
        recipient,
        Amount(paid),
        asset,
        ProofBytes(proof),
    )
