"""What attesters do: put a bond behind their word, attest that a key comes from its ceremony, and take both back.

Nobody loses a bond: that an attestation is false would have to be shown with files that no block can hold
(docs/decisions/staking.md). A bond is money that cannot be used elsewhere until the delay is over, and the name of its
owner stands beside the key.
"""

from dataclasses import dataclass, fields, replace
from typing import ClassVar

from chain.codec import wire
from chain.execution import accounts
from chain.execution.action import Action
from chain.execution.context import ExecutionContext
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import Amount, Height, VkId
from contracts.registry import ceremony_state as state
from contracts.registry.ceremony_errors import (
    AttestationsFull,
    AttestedAlready,
    AttesterBondTooLow,
    AttesterNotUnbonding,
    BondStillHeld,
    CeremonyMismatch,
    NoCeremony,
    NotAttested,
    RegistrantAttests,
)
from contracts.registry.ceremony_state import Attestation, Attester
from contracts.registry.events import AttestationWithdrawn, AttesterBondChanged, CeremonyAttested
from contracts.registry.state import Ceremony, KeyRecord, require_key

__all__ = ["AttestCeremony", "BondAttester", "Ceremony", "ReleaseAttester", "UnbondAttester", "WithdrawAttestation"]


@wire()
@dataclass(frozen=True, slots=True)
class BondAttester(Action):
    """Become an attester with a bond of at least the parameters' least, or raise the bond."""

    tag: ClassVar[int] = 14
    name: ClassVar[str] = "registry.bond_attester"
    writes: ClassVar[int] = 3

    amount: Amount

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises AttesterUnbonding, AttesterBondTooLow, InsufficientBalance."""
        bond = Amount(0)
        if state.find_attester(view, context.sender) is not None:
            bond = state.attester_bond(view, state.require_bonded_attester(view, context.sender))
        total, needed = Amount(bond + self.amount), context.params.min_attester_bond
        if self.amount == 0 or total < needed:
            raise AttesterBondTooLow(total, self.amount, needed)
        accounts.require_balance(view, context.sender, self.amount)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        record = state.find_attester(overlay, context.sender)
        if record is None:
            record = Attester(context.sender, context.new_object_id, context.height, None)
            state.write_attester(overlay, record)
        accounts.deposit(overlay, context.sender, record.bond, self.amount)
        context.emit(AttesterBondChanged(context.sender, state.attester_bond(overlay, record), None))


@wire()
@dataclass(frozen=True, slots=True)
class UnbondAttester(Action):
    """Ask for the bond back: from this block on the sender's attestations no longer count."""

    tag: ClassVar[int] = 15
    name: ClassVar[str] = "registry.unbond_attester"
    writes: ClassVar[int] = 1

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises NotAnAttester, AttesterUnbonding."""
        state.require_bonded_attester(view, context.sender)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        record = state.require_attester(overlay, context.sender)
        release_at = Height(context.height + context.params.attester_unbonding)
        state.write_attester(overlay, replace(record, release_at=release_at))
        context.emit(AttesterBondChanged(context.sender, state.attester_bond(overlay, record), release_at))


@wire()
@dataclass(frozen=True, slots=True)
class ReleaseAttester(Action):
    """Take the whole bond back when the delay is over."""

    tag: ClassVar[int] = 16
    name: ClassVar[str] = "registry.release_attester"
    writes: ClassVar[int] = 3

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises NotAnAttester, AttesterNotUnbonding, BondStillHeld."""
        record = state.require_attester(view, context.sender)
        if record.release_at is None:
            raise AttesterNotUnbonding(context.sender)
        if context.height < record.release_at:
            raise BondStillHeld(context.sender, record.release_at, context.height)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        record = state.require_attester(overlay, context.sender)
        accounts.withdraw(overlay, record.bond, context.sender, state.attester_bond(overlay, record))
        state.remove_attester(overlay, context.sender)
        context.emit(AttesterBondChanged(context.sender, Amount(0), record.release_at))


@wire()
@dataclass(frozen=True, slots=True)
class AttestCeremony(Action):
    """A bonded attester says that it has the files of these hashes, and that the key is what they make.

    They need not be what the registrant named: whoever registered the key first may have named none, or false ones.
    An attestation of the key that no longer counts makes room.
    """

    tag: ClassVar[int] = 17
    name: ClassVar[str] = "registry.attest_ceremony"
    writes: ClassVar[int] = 2
    work: ClassVar[int] = 700  # it reads all attestations of the key and their attesters

    vk_id: VkId
    ceremony: Ceremony  # what was checked

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises KeyUnknown or the CeremonyError of the broken rule."""
        key = require_key(view, self.vk_id)
        if key.registrant == context.sender:
            raise RegistrantAttests(self.vk_id, context.sender)
        state.require_bonded_attester(view, context.sender)
        known = state.find_attestation(view, self.vk_id, context.sender)
        if known is not None and state.counts(view, known):
            raise AttestedAlready(self.vk_id, context.sender)
        if sum(1 for _ in state.attestations(view, self.vk_id)) >= state.MAX_ATTESTATIONS:
            raise AttestationsFull(self.vk_id, state.MAX_ATTESTATIONS)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        lapsed = (entry for entry in state.all_attestations(overlay, self.vk_id) if not state.counts(overlay, entry))
        for entry in list(lapsed)[:1]:
            state.remove_attestation(overlay, self.vk_id, entry.attester)
        bond = state.require_attester(overlay, context.sender).bond
        state.write_attestation(overlay, self.vk_id, Attestation(context.sender, bond, self.ceremony, context.height))
        context.emit(CeremonyAttested(self.vk_id, context.sender))


@wire()
@dataclass(frozen=True, slots=True)
class WithdrawAttestation(Action):
    """Take one's word on a key back, for whatever reason, at once."""

    tag: ClassVar[int] = 18
    name: ClassVar[str] = "registry.withdraw_attestation"
    writes: ClassVar[int] = 1

    vk_id: VkId

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises NotAttested."""
        if state.find_attestation(view, self.vk_id, context.sender) is None:
            raise NotAttested(self.vk_id, context.sender)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        state.remove_attestation(overlay, self.vk_id, context.sender)
        context.emit(AttestationWithdrawn(self.vk_id, context.sender))


def require_same_ceremony(key: KeyRecord, checked: Ceremony) -> None:
    """What was checked is what the key's registrant named, as attesters expect. Raises NoCeremony, CeremonyMismatch."""
    if key.ceremony is None:
        raise NoCeremony(key.vk_id)
    for entry in fields(Ceremony):
        named, seen = getattr(key.ceremony, entry.name), getattr(checked, entry.name)
        if named != seen:
            raise CeremonyMismatch(key.vk_id, entry.name, named, seen)
