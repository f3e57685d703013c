"""What everybody may do with stake: delegate it, ask for it back, take it when the delay is over, take what it earned.

There is no moving of stake from one validator to another at once: it would have to stay slashable at the first for the
whole delay (docs/decisions/staking.md). Whoever leaves waits, then delegates elsewhere.
"""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution import accounts
from chain.execution.action import Action
from chain.execution.context import ExecutionContext
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import Amount, Height, Uint, ValidatorId
from contracts.staking import delegations, state
from contracts.staking.delegations import MAX_UNBONDINGS, Unbonding
from contracts.staking.errors import (
    NothingEarned,
    NothingToStake,
    StakeStillHeld,
    TooManyUnbondings,
    UnbondsTooMuch,
)
from contracts.staking.events import Delegated, RewardsWithdrawn, StakeReleased, Unbonded


@wire()
@dataclass(frozen=True, slots=True)
class Delegate(Action):
    """Stake with a validator; an operator raises its own bond this way. Counts as power from the epoch's end on."""

    tag: ClassVar[int] = 63
    name: ClassVar[str] = "staking.delegate"
    writes: ClassVar[int] = 8

    validator: ValidatorId
    amount: Amount

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises NothingToStake, NoSuchValidator, Tombstoned, InsufficientBalance."""
        if self.amount == 0:
            raise NothingToStake
        state.require_untainted(view, self.validator)
        accounts.require_balance(view, context.sender, self.amount)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        paid = delegations.delegate(overlay, self.validator, context.sender, self.amount)
        context.emit(Delegated(self.validator, context.sender, self.amount, paid))


@wire()
@dataclass(frozen=True, slots=True)
class Unbond(Action):
    """Ask for stake back: it earns nothing from now on, and is slashed for votes that it still stands behind."""

    tag: ClassVar[int] = 64
    name: ClassVar[str] = "staking.unbond"
    writes: ClassVar[int] = 10

    validator: ValidatorId
    amount: Amount

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises NothingToStake, NoSuchValidator, NoDelegation, UnbondsTooMuch, TooManyUnbondings."""
        if self.amount == 0:
            raise NothingToStake
        state.read_validator(view, self.validator)
        delegations.require_delegation(view, self.validator, context.sender)
        staked = delegations.staked(view, self.validator, context.sender)
        if staked < self.amount:
            raise UnbondsTooMuch(staked, self.amount)
        backed = delegations.pool_of(view, self.validator, context.height, context.params.staking)
        known = delegations.unbondings(view, self.validator, context.sender)
        if len(known) >= MAX_UNBONDINGS and all(entry.backs_until != backed for entry in known):
            raise TooManyUnbondings(self.validator, MAX_UNBONDINGS)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        params = context.params.staking
        backed = delegations.pool_of(overlay, self.validator, context.height, params)
        release_at = Height(backed + params.unbonding + 1)
        entry = Unbonding(backed, release_at, Uint(0))
        paid = delegations.unbond(overlay, self.validator, context.sender, self.amount, entry)
        context.emit(Unbonded(self.validator, context.sender, self.amount, paid, release_at))


@wire()
@dataclass(frozen=True, slots=True)
class Withdraw(Action):
    """Take what the sender's stake with a validator has earned."""

    tag: ClassVar[int] = 65
    name: ClassVar[str] = "staking.withdraw"
    writes: ClassVar[int] = 4

    validator: ValidatorId

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises NoSuchValidator, NoDelegation, NothingEarned."""
        state.read_validator(view, self.validator)
        delegations.require_delegation(view, self.validator, context.sender)
        if not delegations.earned(view, self.validator, context.sender):
            raise NothingEarned(self.validator, context.sender)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        paid = delegations.pay_rewards(overlay, self.validator, context.sender)
        context.emit(RewardsWithdrawn(self.validator, context.sender, paid))


@wire()
@dataclass(frozen=True, slots=True)
class Release(Action):
    """Take the stake that the sender asked for first, when its delay is over."""

    tag: ClassVar[int] = 66
    name: ClassVar[str] = "staking.release"
    writes: ClassVar[int] = 5

    validator: ValidatorId

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises NoSuchValidator, NothingUnbonding, StakeStillHeld."""
        state.read_validator(view, self.validator)
        oldest = delegations.require_unbonding(view, self.validator, context.sender)
        if context.height < oldest.release_at:
            raise StakeStillHeld(oldest.release_at, context.height)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        tokens = delegations.release(overlay, self.validator, context.sender)
        context.emit(StakeReleased(self.validator, context.sender, tokens))
