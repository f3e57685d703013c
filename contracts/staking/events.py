"""What a receipt tells about staking."""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution.action import Event
from chain.types.scalars import AccountId, Amount, Height, Name, Power, Uint, ValidatorId


@wire()
@dataclass(frozen=True, slots=True)
class TipsPaid(Event):
    """The tips of a block: its proposer's operator got the commission, the rest waits for those who staked."""

    tag: ClassVar[int] = 60
    name: ClassVar[str] = "staking.tips_paid"

    validator: ValidatorId
    operator: AccountId
    commission: Amount
    shared: Amount


@wire()
@dataclass(frozen=True, slots=True)
class ValidatorChanged(Event):
    """A validator was bonded or edited. rise_at: from when on a raised commission acts, None when it acts now."""

    tag: ClassVar[int] = 61
    name: ClassVar[str] = "staking.validator_changed"

    validator: ValidatorId
    operator: AccountId
    moniker: Name
    commission_bps: Uint
    rise_at: Height | None


@wire()
@dataclass(frozen=True, slots=True)
class Delegated(Event):
    """An account staked with a validator; what it had earned there was paid out."""

    tag: ClassVar[int] = 62
    name: ClassVar[str] = "staking.delegated"

    validator: ValidatorId
    delegator: AccountId
    amount: Amount
    rewards: Amount


@wire()
@dataclass(frozen=True, slots=True)
class Unbonded(Event):
    """An account asked for stake; what it had earned was paid out. release_at: the first height to take it."""

    tag: ClassVar[int] = 63
    name: ClassVar[str] = "staking.unbonded"

    validator: ValidatorId
    delegator: AccountId
    amount: Amount
    rewards: Amount
    release_at: Height


@wire()
@dataclass(frozen=True, slots=True)
class RewardsWithdrawn(Event):
    """An account took what it had earned."""

    tag: ClassVar[int] = 64
    name: ClassVar[str] = "staking.rewards_withdrawn"

    validator: ValidatorId
    delegator: AccountId
    amount: Amount


@wire()
@dataclass(frozen=True, slots=True)
class StakeReleased(Event):
    """An account took stake back whose delay was over."""

    tag: ClassVar[int] = 65
    name: ClassVar[str] = "staking.released"

    validator: ValidatorId
    delegator: AccountId
    amount: Amount


@wire()
@dataclass(frozen=True, slots=True)
class ValidatorJailed(Event):
    """A validator missed too many blocks: it leaves the set at the epoch's end, and may come back from `until` on."""

    tag: ClassVar[int] = 66
    name: ClassVar[str] = "staking.jailed"

    validator: ValidatorId
    missed: Uint
    until: Height


@wire()
@dataclass(frozen=True, slots=True)
class ValidatorUnjailed(Event):
    """A validator's operator let it out of jail: it may be chosen again at the epoch's end."""

    tag: ClassVar[int] = 67
    name: ClassVar[str] = "staking.unjailed"

    validator: ValidatorId


@wire()
@dataclass(frozen=True, slots=True)
class DoubleSignerPunished(Event):
    """A validator signed two votes of height `at`: it is out for ever, and this much was burnt."""

    tag: ClassVar[int] = 68
    name: ClassVar[str] = "staking.double_signer_punished"

    validator: ValidatorId
    at: Height
    burnt: Amount
    burnt_unbonding: Amount


@wire()
@dataclass(frozen=True, slots=True)
class SetChanged(Event):
    """The validators from `first` on are others, or others' power. Their keys and powers: `validator_list`."""

    tag: ClassVar[int] = 69
    name: ClassVar[str] = "staking.set_changed"

    first: Height
    validators: Uint
    power: Power
