"""What the chain keeps of its validators beside keys and power, which `chain/execution/validator_schedule.py` holds.

All stake lies in two objects, BONDED and UNBONDING_STAKE, all rewards not yet withdrawn in REWARDS; `delegations.py`
says whose they are. RANK holds the validators that may be chosen (not jailed, not tombstoned), the largest stake first.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from chain.codec import decode, encode, wire
from chain.execution.validator_schedule import validators_at
from chain.state.keys import HEIGHT, ID, Space, be8
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import MAX_UINT, AccountId, Amount, Height, Name, ObjectId, Power, Uint, ValidatorId, VrfKey
from contracts.staking.errors import NoSuchValidator, Tombstoned
from contracts.staking.pools import NOTHING, Stake

BONDED: Final = ObjectId(b"staking-bonded".rjust(32, b"\0"))
UNBONDING_STAKE: Final = ObjectId(b"staking-unbonding".rjust(32, b"\0"))
REWARDS: Final = ObjectId(b"staking-rewards".rjust(32, b"\0"))

VALIDATOR: Final = Space("staking/validator", (ID,))
OPERATOR: Final = Space("staking/operator", (ID, ID))  # operator, validator
STAKE: Final = Space("staking/stake", (ID,))
RANK: Final = Space("staking/rank", (HEIGHT, ID))  # 2**63 - 1 - tokens, validator

_PRESENT: Final = b"\x01"

ACTIVE: Final = Name("active")  # votes at the next height
WAITING: Final = Name("waiting")  # may be chosen at the epoch's end
INACTIVE: Final = Name("inactive")  # too little stake of its own
JAILED: Final = Name("jailed")
TOMBSTONED: Final = Name("tombstoned")


@wire()
@dataclass(frozen=True, slots=True)
class Commission:
    """What an operator keeps of the rewards of those who stake with its validator, in 1/10,000.

    A rise acts from rise_at on, so that whoever does not like it can have left; None where there is none.
    """

    bps: Uint
    risen_bps: Uint
    rise_at: Height | None

    def at(self, height: Height) -> Uint:
        return self.risen_bps if self.rise_at is not None and height >= self.rise_at else self.bps

    def changed(self, bps: Uint, height: Height, notice: Uint) -> "Commission":
        """Lower at once, higher after `notice` heights."""
        now = self.at(height)
        return steady(bps) if bps <= now else Commission(now, bps, Height(height + notice))


def steady(bps: Uint) -> Commission:
    """A commission without a rise."""
    return Commission(bps, bps, None)


@wire()
@dataclass(frozen=True, slots=True)
class ValidatorRecord:
    """The account that speaks for a validator, the name it shows to people, and how it stands.

    jailed_until: the first height to leave jail at, None outside. tombstoned_at: when it was punished for two votes.
    """

    operator: AccountId
    moniker: Name
    vrf_key: VrfKey
    commission: Commission
    bonded_at: Height
    jailed_until: Height | None
    tombstoned_at: Height | None

    @property
    def may_be_chosen(self) -> bool:
        return self.jailed_until is None and self.tombstoned_at is None

    def status(self, *, votes: bool, bonded: bool) -> Name:
        """In a word; `votes` at the next height, `bonded` enough by its operator."""
        if self.tombstoned_at is not None:
            return TOMBSTONED
        if self.jailed_until is not None:
            return JAILED
        if votes:
            return ACTIVE
        return WAITING if bonded else INACTIVE


@wire()
@dataclass(frozen=True, slots=True)
class ActiveValidator:
    """A member of the set in force, as `validator_list` shows it; jailed ones leave at the epoch's end."""

    validator: ValidatorId
    power: Power
    operator: AccountId
    moniker: Name
    stake: Amount
    commission_bps: Uint
    status: Name


# Records


def find_validator(view: View, validator: ValidatorId) -> ValidatorRecord | None:
    raw = view.get(VALIDATOR.key(validator))
    return None if raw is None else decode(ValidatorRecord, raw)


def read_validator(view: View, validator: ValidatorId) -> ValidatorRecord:
    """The validator's record. Raises NoSuchValidator."""
    record = find_validator(view, validator)
    if record is None:
        raise NoSuchValidator(validator)
    return record


def require_untainted(view: View, validator: ValidatorId) -> ValidatorRecord:
    """A validator that was never punished for signing twice. Raises NoSuchValidator, Tombstoned."""
    record = read_validator(view, validator)
    if record.tombstoned_at is not None:
        raise Tombstoned(validator, record.tombstoned_at)
    return record


def create_validator(overlay: Overlay, validator: ValidatorId, record: ValidatorRecord) -> None:
    """A new one, without stake."""
    overlay.put(VALIDATOR.key(validator), encode(record))
    overlay.put(OPERATOR.key(record.operator, validator), _PRESENT)


def write_validator(overlay: Overlay, validator: ValidatorId, record: ValidatorRecord) -> None:
    """A known one's record, whose operator stays."""
    overlay.put(VALIDATOR.key(validator), encode(record))


def validators(view: View, after: ValidatorId | None = None) -> Iterator[ValidatorId]:
    """All that were ever bonded, by key, behind `after`."""
    start = None if after is None else VALIDATOR.key(after)
    for key, _ in view.iterate(VALIDATOR.scan(), start):
        if key != start:
            yield ValidatorId(VALIDATOR.parts(key)[0])


def validators_of(view: View, operator: AccountId) -> tuple[ValidatorId, ...]:
    """The validators that an account speaks for, in force or not, sorted by key."""
    return tuple(ValidatorId(OPERATOR.parts(key)[1]) for key, _ in view.iterate(OPERATOR.scan(operator)))


# Stake and rank


def read_stake(view: View, validator: ValidatorId) -> Stake:
    raw = view.get(STAKE.key(validator))
    return NOTHING if raw is None else decode(Stake, raw)


def write_stake(overlay: Overlay, validator: ValidatorId, stake: Stake) -> None:
    """A validator's stake, with its rank if it has one."""
    before = read_stake(overlay, validator).pool.tokens
    overlay.put(STAKE.key(validator), encode(stake))
    if before != stake.pool.tokens and read_validator(overlay, validator).may_be_chosen:
        _leave_rank(overlay, validator, before)
        _take_rank(overlay, validator, stake.pool.tokens)


def jail(overlay: Overlay, validator: ValidatorId, until: Height) -> None:
    """Take a validator out of the ranks."""
    _leave_rank(overlay, validator, read_stake(overlay, validator).pool.tokens)
    write_validator(overlay, validator, replace(read_validator(overlay, validator), jailed_until=until))


def unjail(overlay: Overlay, validator: ValidatorId) -> None:
    """Let it be chosen again."""
    write_validator(overlay, validator, replace(read_validator(overlay, validator), jailed_until=None))
    _take_rank(overlay, validator, read_stake(overlay, validator).pool.tokens)


def tombstone(overlay: Overlay, validator: ValidatorId, height: Height) -> None:
    """Take a validator out of the ranks for ever."""
    record = read_validator(overlay, validator)
    if record.may_be_chosen:
        _leave_rank(overlay, validator, read_stake(overlay, validator).pool.tokens)
    write_validator(overlay, validator, replace(record, tombstoned_at=height))


def ranked(view: View) -> Iterator[tuple[ValidatorId, Amount]]:
    """Who may be chosen, with its stake: the most first, then by key."""
    for key, _ in view.iterate(RANK.scan()):
        place, validator = RANK.parts(key)
        yield ValidatorId(validator), Amount(MAX_UINT - int.from_bytes(place, "big"))


def _take_rank(overlay: Overlay, validator: ValidatorId, tokens: Amount) -> None:
    if tokens:
        overlay.put(RANK.key(be8(MAX_UINT - tokens), validator), _PRESENT)


def _leave_rank(overlay: Overlay, validator: ValidatorId, tokens: Amount) -> None:
    if tokens:
        overlay.delete(RANK.key(be8(MAX_UINT - tokens), validator))


# Who votes


def active_validators(view: View, height: Height) -> tuple[ActiveValidator, ...]:
    """Everybody who votes at `height`, sorted by key."""
    found = []
    for member in validators_at(view, height).validators:
        record = read_validator(view, member.public_key)
        active = ActiveValidator(
            validator=member.public_key,
            power=member.power,
            operator=record.operator,
            moniker=record.moniker,
            stake=read_stake(view, member.public_key).pool.tokens,
            commission_bps=record.commission.at(height),
            status=record.status(votes=True, bonded=True),
        )
        found.append(active)
    return tuple(found)
