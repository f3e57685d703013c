"""The shortest schedule that kills a mutant: tried at random, then shrunk while it still kills in the same way."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from tests.simulation.schedules import RoundPlan, Schedule, random_schedule

Deadly = Callable[[Schedule], str | None]
ENOUGH = 12  # deadly schedules, of which the smallest is shrunk


def shortest(dies: Deadly, tries: int) -> Schedule | None:
    """Of so many random schedules. None if nothing killed."""
    found: list[tuple[int, int, Schedule, str]] = []
    for number in range(tries):
        schedule = random_schedule(Random(f"search {number}"))
        cause = dies(schedule)
        if cause is not None and not cause.startswith("fault"):
            found.append((_size(schedule), number, schedule, cause))
            if len(found) == ENOUGH:
                break
    if not found:
        return None
    _, _, schedule, cause = min(found, key=lambda entry: entry[:2])
    return _shrunk(schedule, lambda smaller: dies(smaller) == cause)


def _size(schedule: Schedule) -> int:
    plans = sum(2 + len(plan.groups) + len(plan.deaf) for plan in schedule.rounds)
    return plans + 4 * len(schedule.crashes) + (3 if schedule.liar else 0)


def _shrunk(schedule: Schedule, still_deadly: Callable[[Schedule], bool]) -> Schedule:
    smaller = next((other for other in _smaller(schedule) if still_deadly(other)), None)
    return schedule if smaller is None else _shrunk(smaller, still_deadly)


def _smaller(schedule: Schedule) -> Iterator[Schedule]:
    """Everything that is one step simpler."""
    for index, crash in enumerate(schedule.crashes):
        rest = schedule.crashes[:index], schedule.crashes[index + 1 :]
        yield replace(schedule, crashes=rest[0] + rest[1])
        if crash.forgets:
            yield replace(schedule, crashes=(*rest[0], replace(crash, forgets=False), *rest[1]))
    if schedule.duplicate:
        yield replace(schedule, duplicate=0.0)
    if schedule.liar:
        yield replace(schedule, liar=None)
    if schedule.rounds:
        yield replace(schedule, rounds=schedule.rounds[:-1])
    for index, plan in enumerate(schedule.rounds):
        for simpler in _simpler(plan):
            rounds = (*schedule.rounds[:index], simpler, *schedule.rounds[index + 1 :])
            yield replace(schedule, rounds=rounds)
    for milliseconds in range(500, schedule.milliseconds, 500):
        yield replace(schedule, milliseconds=milliseconds)


def _simpler(plan: RoundPlan) -> Iterator[RoundPlan]:
    for index in range(len(plan.deaf)):
        yield replace(plan, deaf=plan.deaf[:index] + plan.deaf[index + 1 :])
    for one in range(len(plan.groups)):
        for other in range(one):
            rest = [group for index, group in enumerate(plan.groups) if index not in (one, other)]
            together = tuple(sorted(plan.groups[one] + plan.groups[other]))
            yield replace(plan, groups=(*rest, together))
