"""What signing twice costs: a share of all stake behind the votes, burnt, and the validator's place for ever.

Evidence comes in blocks, which validators put there who saw both votes, and by `staking.report_double_vote` from
anybody. Either is carried out at the block's end, so that a report costs its sender the same whatever it moves.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from chain.execution import accounts
from chain.execution.action import Event
from chain.execution.context import BlockContext
from chain.params import Params
from chain.state.keys import ID, Space, be8
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import Amount, Height, Uint, ValidatorId
from contracts.staking.delegations import unbonding_pools, write_pool
from contracts.staking.errors import EvidenceTooOld, Tombstoned
from contracts.staking.events import DoubleSignerPunished
from contracts.staking.state import (
    BONDED,
    UNBONDING_STAKE,
    read_stake,
    read_validator,
    require_untainted,
    tombstone,
    write_stake,
)

REPORTED: Final = Space("staking/reported", (ID,))  # validators that this block's transactions have reported


def require_punishable(view: View, validator: ValidatorId, at: Height, height: Height, params: Params) -> None:
    """A double vote of height `at`, shown at `height`, still costs its validator something.

    Raises NoSuchValidator, Tombstoned, EvidenceTooOld.
    """
    require_untainted(view, validator)
    if view.get(REPORTED.key(validator)) is not None:
        raise Tombstoned(validator, height)
    oldest = height - params.staking.unbonding
    if at < oldest:
        raise EvidenceTooOld(at, height, oldest)


def report(overlay: Overlay, validator: ValidatorId, at: Height) -> None:
    """Note a double vote of height `at`, to be punished at the end of this block."""
    overlay.put(REPORTED.key(validator), be8(at))


def punish_reported(overlay: Overlay, block: BlockContext) -> tuple[Event, ...]:
    """Punish whom this block's transactions and its evidence accuse, each once."""
    happened: list[Event] = []
    for validator, at in list(_reported(overlay)):
        overlay.delete(REPORTED.key(validator))
        happened.append(_punish(overlay, validator, at, block))
    for piece in block.evidence:
        if read_validator(overlay, piece.first.validator).tombstoned_at is None:
            happened.append(_punish(overlay, piece.first.validator, piece.first.height, block))
    return tuple(happened)


def _reported(view: View) -> Iterator[tuple[ValidatorId, Height]]:
    for key, raw in view.iterate(REPORTED.scan()):
        yield ValidatorId(REPORTED.parts(key)[0]), Height(int.from_bytes(raw, "big"))


def _punish(overlay: Overlay, validator: ValidatorId, at: Height, block: BlockContext) -> Event:
    bps = block.params.staking.slash_bps
    tombstone(overlay, validator, block.height)
    stake = read_stake(overlay, validator)
    pool, burnt = stake.pool.slashed(bps)
    write_stake(overlay, validator, replace(stake, pool=pool))
    accounts.burn_holding(overlay, BONDED, burnt)
    burnt_unbonding = _slash_unbonding(overlay, validator, at, bps)
    accounts.burn_holding(overlay, UNBONDING_STAKE, burnt_unbonding)
    return DoubleSignerPunished(validator, at, burnt, burnt_unbonding)


def _slash_unbonding(overlay: Overlay, validator: ValidatorId, at: Height, bps: Uint) -> Amount:
    """Take from the stake on its way back that stood behind votes of `at`; how much."""
    total = 0
    for backed, pool in list(unbonding_pools(overlay, validator, at)):
        slashed, lost = pool.slashed(bps)
        write_pool(overlay, validator, backed, slashed)
        total += lost
    return Amount(total)
