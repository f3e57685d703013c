"""The levels of the simulation, alike for the campaign, its tests and its mutants.

live: a random life by its seed. play: a schedule that is given as JSON. Both raise a BrokenPromise.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Final

from tests.support.story import Story

_MODULES: Final = {"step": ("lives", "schedules"), "stack": ("stack_lives", "stack_schedules")}
LEVELS: Final = tuple(_MODULES)


def live(level: str, seed: int, story: Story | None = None) -> str:
    """A digest of what came of it: equal lives have one."""
    lives: Callable[[int, Story | None], str] = import_module(f"tests.simulation.{_MODULES[level][0]}").live
    return lives(seed, story)


def play(level: str, schedule: str) -> None:
    """Run it and ask for progress."""
    import_module(f"tests.simulation.{_MODULES[level][1]}").play(schedule)


def story_of(level: str, seed: int) -> str:
    """The story of a life, told by living it again."""
    story = Story()
    try:
        story.lines.append(f"digest {live(level, seed, story)}")
    except AssertionError as broken:
        story.lines.append(f"{type(broken).__name__}: {broken}")
    return story.text()
