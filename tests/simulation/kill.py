"""Kill mutants: `python -m tests.simulation.kill NAME ... --campaign SEEDS`. One JSON line each, on stdout.

Each mutant lives in a fork of this process, which has imported nothing of the product. It must die in the schedule of
its patch, and in the random campaign of so many seeds, a tenth of them for whole nodes; 0 leave that out. `--search`
looks for a schedule instead and writes the shortest into the patch.
"""

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable

from tests.simulation import mutants

OWN_FAULTS = (AssertionError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError)


def main() -> None:
    """Prints {"mutant", "level", "directed", "campaign", "seed"}: what it died of, or null."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="all, if none is named")
    parser.add_argument("--campaign", type=int, default=0, metavar="SEEDS")
    parser.add_argument("--search", type=int, default=0, metavar="SCHEDULES")
    asked = parser.parse_args()
    for name in asked.names or mutants.names():
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            _live(name, asked.campaign, asked.search)
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(child, 0)


def _live(name: str, campaign: int, search: int) -> None:
    mutant = mutants.read(name)
    mutants.infect(mutant)
    logging.disable(logging.CRITICAL)
    from tests.simulation import levels

    if search:
        from tests.simulation.schedules import perform
        from tests.simulation.search import shortest

        found = shortest(lambda schedule: cause_of_death(lambda: perform(schedule)), search)
        if found is not None:
            mutants.keep_schedule(name, found.text())
        print(json.dumps({"mutant": name, "schedule": None if found is None else found.text()}))
        return
    directed = cause_of_death(lambda: levels.play(mutant.level, mutant.schedule)) if mutant.schedule else None
    died, seed = None, None
    for seed in range(campaign if mutant.level == "step" else campaign // 10):
        died = cause_of_death(lambda: levels.live(mutant.level, seed))  # noqa: B023 - called at once
        if died is not None:
            break
    told = {"mutant": name, "level": mutant.level, "directed": directed, "campaign": died}
    print(json.dumps({**told, "seed": None if died is None else seed}))


def cause_of_death(life: Callable[[], object]) -> str | None:
    """The promise that was broken, or the fault that the mutant made; None if it survived."""
    from tests.support.promises import BrokenPromise

    try:
        life()
    except BrokenPromise as broken:
        return type(broken).__name__
    except OWN_FAULTS as fault:
        return f"fault {type(fault).__name__}"
    return None


if __name__ == "__main__":
    main()
