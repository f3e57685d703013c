"""What outsiders ask about validators and stake, as wire structs."""

from collections.abc import Iterator
from dataclasses import dataclass

from chain.codec import wire
from chain.execution.validator_schedule import validators_at
from chain.params import read_params
from chain.state.view import View
from chain.types.scalars import AccountId, Amount, Height, Name, Power, Uint, ValidatorId
from contracts.staking import delegations, state
from contracts.staking.epochs import self_bond
from contracts.staking.liveness import read_liveness


@wire()
@dataclass(frozen=True, slots=True)
class ValidatorView:
    """A validator as it stands. power: at the next height. stake: all of it; self_bond: its operator's part of that.

    commission_bps acts at the next height; risen_bps from rise_at on, None when no rise is announced.
    missed: precommits missing in the window; jailed_until: the first height to leave jail at.
    """

    validator: ValidatorId
    operator: AccountId
    moniker: Name
    status: Name
    power: Power
    stake: Amount
    self_bond: Amount
    commission_bps: Uint
    risen_bps: Uint
    rise_at: Height | None
    bonded_at: Height
    missed: Uint
    jailed_until: Height | None
    tombstoned_at: Height | None


@wire()
@dataclass(frozen=True, slots=True)
class UnbondingView:
    """Stake on its way back: what it is worth now, and the first height to take it."""

    amount: Amount
    release_at: Height


@wire()
@dataclass(frozen=True, slots=True)
class DelegationView:
    """What an account has with a validator: stake, rewards to be withdrawn, stake on its way back, the oldest first."""

    validator: ValidatorId
    moniker: Name
    status: Name
    staked: Amount
    rewards: Amount
    unbonding: tuple[UnbondingView, ...]


def validator_view(view: View, validator: ValidatorId) -> ValidatorView:
    """Raises NoSuchValidator."""
    record, following = state.read_validator(view, validator), Height(view.height + 1)
    commission, bond = record.commission, self_bond(view, validator)
    power = validators_at(view, following).power(validator)
    risen = commission.rise_at is not None and commission.rise_at <= following
    return ValidatorView(
        validator=validator,
        operator=record.operator,
        moniker=record.moniker,
        status=record.status(votes=power > 0, bonded=bond >= read_params(view).staking.min_self_bond),
        power=power,
        stake=state.read_stake(view, validator).pool.tokens,
        self_bond=bond,
        commission_bps=commission.at(following),
        risen_bps=commission.risen_bps,
        rise_at=None if risen else commission.rise_at,
        bonded_at=record.bonded_at,
        missed=read_liveness(view, validator).missed,
        jailed_until=record.jailed_until,
        tombstoned_at=record.tombstoned_at,
    )


def delegation_views(view: View, delegator: AccountId) -> Iterator[DelegationView]:
    """Of all validators where an account has stake or had some that it has not taken, by key."""
    for validator in delegations.staked_with(view, delegator):
        shown = validator_view(view, validator)
        on_its_way = tuple(
            UnbondingView(delegations.unbonding_worth(view, validator, entry), entry.release_at)
            for entry in delegations.unbondings(view, validator, delegator)
        )
        staked = delegations.staked(view, validator, delegator)
        earned = delegations.earned(view, validator, delegator)
        yield DelegationView(validator, shown.moniker, shown.status, staked, earned, on_its_way)
