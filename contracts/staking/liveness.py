"""Who does not sign: missing precommits over a sliding window of heights, and jail.

A block's last commit says who signed the block before; whoever votes at that height and is not named, missed it. Only
misses are written, by height, so that blocks which all have signed cost nothing. Some of the window's misses may be the
proposers' doing, who choose which precommits they carry (up to 1/3 of the power may be left out); that is why no less
than half of a window may be missed.
"""

from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Final

from chain.codec import decode, encode, wire
from chain.execution.action import Event
from chain.execution.context import BlockContext
from chain.execution.validator_schedule import validators_at
from chain.state.keys import HEIGHT, ID, Space, be8
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import Height, Uint, ValidatorId
from contracts.staking.events import ValidatorJailed
from contracts.staking.state import jail, read_validator

MISSED: Final = Space("staking/missed", (HEIGHT, ID))  # height, validator
LIVENESS: Final = Space("staking/liveness", (ID,))
FORGOTTEN: Final = 4  # times max_validators: misses that the end of one block may forget, after a window got shorter

_PRESENT: Final = b"\x01"


@wire()
@dataclass(frozen=True, slots=True)
class Liveness:
    """missed: precommits missing in the window, of heights from `counted_from` on."""

    counted_from: Height
    missed: Uint


ALWAYS_THERE: Final = Liveness(Height(0), Uint(0))


def read_liveness(view: View, validator: ValidatorId) -> Liveness:
    raw = view.get(LIVENESS.key(validator))
    return ALWAYS_THERE if raw is None else decode(Liveness, raw)


def count_absences(overlay: Overlay, block: BlockContext) -> tuple[Event, ...]:
    """Count who is missing in the block's last commit, forget what has left the window, jail who missed too much."""
    commit = block.last_commit
    if commit is None or commit.height == 0:
        return ()
    _forget(overlay, block)
    signed = {entry.validator for entry in commit.signatures}
    jailed: list[Event] = []
    for member in validators_at(overlay, commit.height).validators:
        if member.public_key not in signed:
            jailed += _miss(overlay, member.public_key, commit.height, block)
    return tuple(jailed)


def _miss(overlay: Overlay, validator: ValidatorId, height: Height, block: BlockContext) -> list[Event]:
    """One miss; who is out already misses nothing."""
    if not read_validator(overlay, validator).may_be_chosen:
        return []
    params, known = block.params.staking, read_liveness(overlay, validator)
    missed = Uint(known.missed + 1)
    if missed <= params.max_missed:
        overlay.put(MISSED.key(be8(height), validator), _PRESENT)
        _write(overlay, validator, Liveness(known.counted_from, missed))
        return []
    until = Height(block.height + params.jail_heights)
    jail(overlay, validator, until)
    _write(overlay, validator, Liveness(Height(height + 1), Uint(0)))
    return [ValidatorJailed(validator, missed, until)]


def _forget(overlay: Overlay, block: BlockContext) -> None:
    """Misses of heights that lie before the window of the last commit's height."""
    params = block.params.staking
    oldest = block.height - params.liveness_window
    places = (MISSED.parts(key) for key, _ in overlay.iterate(MISSED.scan()))
    gone = takewhile(lambda place: int.from_bytes(place[0], "big") < oldest, places)
    for raw_height, raw_validator in list(islice(gone, FORGOTTEN * params.max_validators)):
        overlay.delete(MISSED.key(raw_height, raw_validator))
        known = read_liveness(overlay, ValidatorId(raw_validator))
        if int.from_bytes(raw_height, "big") >= known.counted_from:
            _write(overlay, ValidatorId(raw_validator), Liveness(known.counted_from, Uint(known.missed - 1)))


def _write(overlay: Overlay, validator: ValidatorId, liveness: Liveness) -> None:
    if liveness == ALWAYS_THERE:
        overlay.delete(LIVENESS.key(validator))
    else:
        overlay.put(LIVENESS.key(validator), encode(liveness))
