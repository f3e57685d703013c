"""What providers do to offer work: register with a bond, change what they offer, move the bond."""

from dataclasses import dataclass, replace
from typing import ClassVar

from chain.codec import wire
from chain.execution import accounts
from chain.execution.action import Action
from chain.execution.context import ExecutionContext
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import Amount, EncryptionKeyBytes, Name, Uint
from contracts.tasks.errors import (
    BondInUse,
    BondTooLow,
    EvidenceKindUnknown,
    NothingToMove,
    ProviderAlreadyRegistered,
    WithdrawsTooMuch,
    WrongNumberOfKinds,
)
from contracts.tasks.events import BondChanged, ProviderRegistered, ProviderUpdated
from contracts.tasks.provider_state import Provider, bond_of, find_provider, require_provider, write_provider
from contracts.tasks.state import EVIDENCE_KINDS


@wire()
@dataclass(frozen=True, slots=True)
class RegisterProvider(Action):
    """Become a provider: at least the parameters' least bond is taken from the sender's account."""

    tag: ClassVar[int] = 20
    name: ClassVar[str] = "tasks.register_provider"
    writes: ClassVar[int] = 3

    bond: Amount
    encryption_key: EncryptionKeyBytes  # X25519; buyers seal input keys to it only if it is the account key's own form
    min_price: Amount  # what the provider asks at least; shown to requesters, not enforced
    kinds: tuple[Name, ...]  # evidence kinds offered

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises the TaskError of the broken rule, or InsufficientBalance."""
        _check_kinds(self.kinds)
        if self.bond < context.params.min_provider_bond:
            raise BondTooLow(self.bond, context.params.min_provider_bond)
        if find_provider(view, context.sender) is not None:
            raise ProviderAlreadyRegistered(context.sender)
        accounts.require_balance(view, context.sender, self.bond)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        provider = Provider(
            account=context.sender,
            bond=context.new_object_id,
            encryption_key=self.encryption_key,
            min_price=self.min_price,
            kinds=self.kinds,
            registered_at=context.height,
            locks=Uint(0),
            settled=Uint(0),
            forfeited=Uint(0),
        )
        write_provider(overlay, provider)
        accounts.deposit(overlay, context.sender, provider.bond, self.bond)
        context.emit(ProviderRegistered(context.sender, self.encryption_key, self.bond))


@wire()
@dataclass(frozen=True, slots=True)
class UpdateProvider(Action):
    """Change what a provider offers; tasks that are open already keep the key they were sealed to."""

    tag: ClassVar[int] = 21
    name: ClassVar[str] = "tasks.update_provider"
    writes: ClassVar[int] = 1

    encryption_key: EncryptionKeyBytes
    min_price: Amount
    kinds: tuple[Name, ...]

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises WrongNumberOfKinds, EvidenceKindUnknown, ProviderUnknown."""
        _check_kinds(self.kinds)
        require_provider(view, context.sender)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        provider = require_provider(overlay, context.sender)
        changed = replace(provider, encryption_key=self.encryption_key, min_price=self.min_price, kinds=self.kinds)
        write_provider(overlay, changed)
        context.emit(ProviderUpdated(context.sender, self.encryption_key, self.min_price))


@wire()
@dataclass(frozen=True, slots=True)
class AddBond(Action):
    """Raise the sender's bond by `amount`; it must then be at least the least bond."""

    tag: ClassVar[int] = 22
    name: ClassVar[str] = "tasks.add_bond"
    writes: ClassVar[int] = 2

    amount: Amount

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises NothingToMove, ProviderUnknown, BondTooLow, InsufficientBalance."""
        if self.amount == 0:
            raise NothingToMove
        provider = require_provider(view, context.sender)
        accounts.require_balance(view, context.sender, self.amount)
        _check_bond(bond_of(view, provider) + self.amount, context)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        provider = require_provider(overlay, context.sender)
        accounts.deposit(overlay, context.sender, provider.bond, self.amount)
        context.emit(BondChanged(context.sender, bond_of(overlay, provider)))


@wire()
@dataclass(frozen=True, slots=True)
class WithdrawBond(Action):
    """Take `amount` of the bond back, when nothing is locked; what stays is nothing or at least the least bond."""

    tag: ClassVar[int] = 23
    name: ClassVar[str] = "tasks.withdraw_bond"
    writes: ClassVar[int] = 2

    amount: Amount

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises NothingToMove, ProviderUnknown, BondInUse, WithdrawsTooMuch, BondTooLow."""
        if self.amount == 0:
            raise NothingToMove
        provider = require_provider(view, context.sender)
        if provider.locks:
            raise BondInUse(context.sender, provider.locks)
        bond = bond_of(view, provider)
        if self.amount > bond:
            raise WithdrawsTooMuch(bond, self.amount)
        if self.amount < bond:
            _check_bond(bond - self.amount, context)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        provider = require_provider(overlay, context.sender)
        accounts.withdraw(overlay, provider.bond, context.sender, self.amount)
        context.emit(BondChanged(context.sender, bond_of(overlay, provider)))


def _check_kinds(kinds: tuple[Name, ...]) -> None:
    for kind in kinds:
        if kind not in EVIDENCE_KINDS:
            raise EvidenceKindUnknown(kind, EVIDENCE_KINDS)
    if not kinds or any(kind in kinds[:place] for place, kind in enumerate(kinds)):
        raise WrongNumberOfKinds(kinds)


def _check_bond(bond: int, context: ExecutionContext) -> None:
    if bond < context.params.min_provider_bond:
        raise BondTooLow(Amount(bond), context.params.min_provider_bond)
