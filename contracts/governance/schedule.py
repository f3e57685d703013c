"""Changes of parameters that have passed and wait for their height."""

from dataclasses import dataclass
from typing import Final

from chain.codec import decode, encode, wire
from chain.execution.param_changes import ParamChange
from chain.state.keys import Space
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import Height

SCHEDULE: Final = Space("governance/schedule").key()


@wire()
@dataclass(frozen=True, slots=True)
class PassedChange:
    """What changes from the block at `effective` on."""

    effective: Height
    changes: tuple[ParamChange, ...]


@wire()
@dataclass(frozen=True, slots=True)
class _Schedule:
    passed: tuple[PassedChange, ...]


def passed_changes(view: View) -> tuple[PassedChange, ...]:
    """All that wait, by height, and at one height in the order in which they passed."""
    raw = view.get(SCHEDULE)
    return () if raw is None else decode(_Schedule, raw).passed


def add(overlay: Overlay, change: PassedChange) -> None:
    """Let a passed change wait for its height."""
    waiting = (*passed_changes(overlay), change)
    overlay.put(SCHEDULE, encode(_Schedule(tuple(sorted(waiting, key=lambda each: each.effective)))))


def take_due(overlay: Overlay, height: Height) -> tuple[PassedChange, ...]:
    """Those that the block at `height` is the first to follow; they wait no longer."""
    waiting = passed_changes(overlay)
    due = tuple(each for each in waiting if each.effective <= height)
    left = waiting[len(due) :]
    if due and left:
        overlay.put(SCHEDULE, encode(_Schedule(left)))
    elif due:
        overlay.delete(SCHEDULE)
    return due
