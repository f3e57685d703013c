"""Which validator set is in force at which height, in state. A change made at h acts from h + 2."""

from dataclasses import dataclass
from typing import Final

from chain.codec import decode, encode, wire
from chain.state import keys
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import Height
from chain.types.validators import ValidatorSet

DELAY: Final = 2


@wire()
@dataclass(frozen=True, slots=True)
class _Entry:
    first_height: Height
    validators: ValidatorSet


@wire()
@dataclass(frozen=True, slots=True)
class _Schedule:
    entries: tuple[_Entry, ...]


def validators_at(view: View, height: Height) -> ValidatorSet:
    """The set that votes at `height`. Raises LookupError for a height before the sets that state still knows."""
    for entry in reversed(_read(view).entries):
        if entry.first_height <= height:
            return entry.validators
    raise LookupError(f"state knows no validator set for height {height}")


def set_validators(overlay: Overlay, validators: ValidatorSet, first_height: Height, current: Height) -> None:
    """Let `validators` act from `first_height`; sets that ended before `current` - 1 are forgotten."""
    known = _read(overlay).entries if overlay.get(keys.VALIDATORS) is not None else ()
    later = [entry for entry in known if entry.first_height < first_height] + [_Entry(first_height, validators)]
    while len(later) > 1 and later[1].first_height < current:
        later.pop(0)
    overlay.put(keys.VALIDATORS, encode(_Schedule(tuple(later))))


def _read(view: View) -> _Schedule:
    raw = view.get(keys.VALIDATORS)
    if raw is None:
        raise LookupError("state holds no validator set: genesis was not applied")
    return decode(_Schedule, raw)
