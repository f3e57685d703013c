"""Whose stake it is: delegations, stake on its way back, and what both are owed. Moves the money with the books.

Stake that was asked for stands behind votes until the set without it acts, and evidence against those votes counts for
`unbonding` heights more. So all stake that was asked for in one epoch, of one validator, lies in one pool named by the
last height that it backs: a slash for votes of height h takes from the pools named h or later, however many people own
them, and an owner takes its shares' worth when the delay is over.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from chain.codec import decode, encode, wire
from chain.execution import accounts
from chain.params import StakingParams
from chain.state.keys import HEIGHT, ID, Space, be8
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import AccountId, Amount, Height, Uint, ValidatorId
from contracts.staking.errors import NoDelegation, NothingUnbonding
from contracts.staking.pools import EMPTY, SCALE, Fraction, Pool
from contracts.staking.state import BONDED, REWARDS, UNBONDING_STAKE, read_stake, read_validator, write_stake

MAX_UNBONDINGS: Final = 8  # epochs of which an account may have stake on its way from one validator

DELEGATION: Final = Space("staking/delegation", (ID, ID))  # validator, delegator
UNBONDING: Final = Space("staking/unbonding", (ID, ID))  # validator, delegator
UNBONDING_POOL: Final = Space("staking/unbonding-pool", (ID, HEIGHT))  # validator, last height backed
STAKED_WITH: Final = Space("staking/staked-with", (ID, ID))  # delegator, validator

_PRESENT: Final = b"\x01"


@wire()
@dataclass(frozen=True, slots=True)
class Delegation:
    """Shares of a validator's pool, and what one share had earned when its rewards were last paid."""

    shares: Uint
    since: Fraction


@wire()
@dataclass(frozen=True, slots=True)
class Unbonding:
    """Shares of the pool of stake that backs votes until `backs_until`; to be had from `release_at` on."""

    backs_until: Height
    release_at: Height
    shares: Uint


@wire()
@dataclass(frozen=True, slots=True)
class Unbondings:
    """All that an account has asked of one validator and not taken, the oldest first."""

    entries: tuple[Unbonding, ...]


def epoch_end(height: Height, params: StakingParams) -> Height:
    """The last height of the epoch that `height` is in."""
    return Height(-(-height // params.epoch_blocks) * params.epoch_blocks)


def backs_until(height: Height, params: StakingParams) -> Height:
    """The last height whose votes are backed by stake that leaves at `height`: a set acts two after its epoch."""
    return Height(epoch_end(height, params) + 1)


def pool_of(view: View, validator: ValidatorId, height: Height, params: StakingParams) -> Height:
    """The pool that stake leaves into at `height`, by the last height that it backs.

    What leaves a tombstoned validator backs nothing any more, and goes into a pool beside: no pool that was slashed
    takes anybody in, so nobody pays for rounding there.
    """
    tainted = read_validator(view, validator).tombstoned_at is not None
    return Height(backs_until(height, params) + tainted)


# Reading


def find_delegation(view: View, validator: ValidatorId, delegator: AccountId) -> Delegation | None:
    raw = view.get(DELEGATION.key(validator, delegator))
    return None if raw is None else decode(Delegation, raw)


def require_delegation(view: View, validator: ValidatorId, delegator: AccountId) -> Delegation:
    """Raises NoDelegation."""
    record = find_delegation(view, validator, delegator)
    if record is None:
        raise NoDelegation(validator, delegator)
    return record


def staked(view: View, validator: ValidatorId, delegator: AccountId) -> Amount:
    """What an account's stake with a validator is worth, without what is on its way back."""
    record = find_delegation(view, validator, delegator)
    return Amount(0) if record is None else read_stake(view, validator).pool.worth(record.shares)


def earned(view: View, validator: ValidatorId, delegator: AccountId) -> Amount:
    """The rewards that an account would be paid now."""
    record = find_delegation(view, validator, delegator)
    return Amount(0) if record is None else Amount(_owed(view, validator, record) // SCALE)


def unbondings(view: View, validator: ValidatorId, delegator: AccountId) -> tuple[Unbonding, ...]:
    raw = view.get(UNBONDING.key(validator, delegator))
    return () if raw is None else decode(Unbondings, raw).entries


def require_unbonding(view: View, validator: ValidatorId, delegator: AccountId) -> Unbonding:
    """The oldest. Raises NothingUnbonding."""
    entries = unbondings(view, validator, delegator)
    if not entries:
        raise NothingUnbonding(validator, delegator)
    return entries[0]


def unbonding_worth(view: View, validator: ValidatorId, entry: Unbonding) -> Amount:
    """What an owner would get of it."""
    return _read_pool(view, validator, entry.backs_until).worth(entry.shares)


def unbonding_pools(view: View, validator: ValidatorId, first: Height) -> Iterator[tuple[Height, Pool]]:
    """Of stake that backs votes of `first` or later, in order."""
    start = UNBONDING_POOL.key(validator, be8(first))
    for key, raw in view.iterate(UNBONDING_POOL.scan(validator), start):
        yield Height(int.from_bytes(UNBONDING_POOL.parts(key)[1], "big")), decode(Pool, raw)


def staked_with(view: View, delegator: AccountId) -> Iterator[ValidatorId]:
    """The validators where an account has stake, or some on its way back, by key."""
    return (ValidatorId(STAKED_WITH.parts(key)[1]) for key, _ in view.iterate(STAKED_WITH.scan(delegator)))


# Moving


def pay_rewards(overlay: Overlay, validator: ValidatorId, delegator: AccountId) -> Amount:
    """Pay an account what it has earned, to the nano-CLU; what is left of one is carried for all."""
    record = require_delegation(overlay, validator, delegator)
    stake, paid = read_stake(overlay, validator).settled(_owed(overlay, validator, record))
    write_stake(overlay, validator, stake)
    _write_delegation(overlay, validator, delegator, replace(record, since=stake.per_share))
    if paid:
        accounts.withdraw(overlay, REWARDS, delegator, paid)
    return paid


def delegate(overlay: Overlay, validator: ValidatorId, delegator: AccountId, tokens: Amount) -> Amount:
    """Stake an account's money, after paying what it has earned; those rewards. Raises InsufficientBalance."""
    accounts.deposit(overlay, delegator, BONDED, tokens)
    record = find_delegation(overlay, validator, delegator)
    paid = Amount(0) if record is None else pay_rewards(overlay, validator, delegator)
    stake = read_stake(overlay, validator)
    pool, shares = stake.pool.joined(tokens)
    write_stake(overlay, validator, replace(stake, pool=pool))
    held = 0 if record is None else record.shares
    _write_delegation(overlay, validator, delegator, Delegation(Uint(held + shares), stake.per_share))
    overlay.put(STAKED_WITH.key(delegator, validator), _PRESENT)
    return paid


def unbond(overlay: Overlay, validator: ValidatorId, delegator: AccountId, tokens: Amount, entry: Unbonding) -> Amount:
    """Take `tokens`, which it has, out of an account's stake and set them on their way; the rewards that were paid.

    entry: until when they back votes and are held; its shares are found here.
    """
    paid = pay_rewards(overlay, validator, delegator)
    record, stake = require_delegation(overlay, validator, delegator), read_stake(overlay, validator)
    all_of_it = stake.pool.worth(record.shares) == tokens
    shares = record.shares if all_of_it else stake.pool.shares_worth(tokens)
    pool, left = stake.pool.left(shares)
    write_stake(overlay, validator, replace(stake, pool=pool))
    _write_delegation(overlay, validator, delegator, replace(record, shares=Uint(record.shares - shares)))
    accounts.move(overlay, BONDED, UNBONDING_STAKE, left)
    _set_on_its_way(overlay, validator, delegator, left, entry)
    return paid


def release(overlay: Overlay, validator: ValidatorId, delegator: AccountId) -> Amount:
    """Pay out the oldest stake that an account has asked for; its worth, which a slash may have made nothing."""
    oldest, *others = unbondings(overlay, validator, delegator)
    pool, tokens = _read_pool(overlay, validator, oldest.backs_until).left(oldest.shares)
    write_pool(overlay, validator, oldest.backs_until, pool)
    _write_unbondings(overlay, validator, delegator, tuple(others))
    if tokens:
        accounts.withdraw(overlay, UNBONDING_STAKE, delegator, tokens)
    if not others and find_delegation(overlay, validator, delegator) is None:
        overlay.delete(STAKED_WITH.key(delegator, validator))
    return tokens


def write_pool(overlay: Overlay, validator: ValidatorId, backed: Height, pool: Pool) -> None:
    """A pool of stake on its way back; nothing is stored of one that nobody has shares of."""
    key = UNBONDING_POOL.key(validator, be8(backed))
    if pool.shares:
        overlay.put(key, encode(pool))
    else:
        overlay.delete(key)


def _set_on_its_way(
    overlay: Overlay, validator: ValidatorId, delegator: AccountId, tokens: Amount, entry: Unbonding
) -> None:
    """Into the pool of its epoch, beside what the account has asked for in the same epoch."""
    pool, shares = _read_pool(overlay, validator, entry.backs_until).joined(tokens)
    write_pool(overlay, validator, entry.backs_until, pool)
    before = unbondings(overlay, validator, delegator)
    same = [known for known in before if known.backs_until == entry.backs_until]
    others = tuple(known for known in before if known.backs_until != entry.backs_until)
    held = sum(known.shares for known in same)
    latest = max((known.release_at for known in same), default=entry.release_at)
    merged = replace(entry, shares=Uint(held + shares), release_at=max(entry.release_at, latest))
    _write_unbondings(overlay, validator, delegator, (*others, merged))


def _owed(view: View, validator: ValidatorId, record: Delegation) -> int:
    return read_stake(view, validator).owed(record.shares, record.since)


def _read_pool(view: View, validator: ValidatorId, backed: Height) -> Pool:
    raw = view.get(UNBONDING_POOL.key(validator, be8(backed)))
    return EMPTY if raw is None else decode(Pool, raw)


def _write_delegation(overlay: Overlay, validator: ValidatorId, delegator: AccountId, record: Delegation) -> None:
    key = DELEGATION.key(validator, delegator)
    if record.shares:
        overlay.put(key, encode(record))
    else:
        overlay.delete(key)


def _write_unbondings(
    overlay: Overlay, validator: ValidatorId, delegator: AccountId, entries: tuple[Unbonding, ...]
) -> None:
    key = UNBONDING.key(validator, delegator)
    if entries:
        overlay.put(key, encode(Unbondings(entries)))
    else:
        overlay.delete(key)
