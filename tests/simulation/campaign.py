"""The whole campaign: `make simulate SEEDS=N`, or one life with its story: `make simulate SEED=123 LEVEL=step`.

N lives on each level, on all cores, and every mutant. Progress and failing seeds go to stderr; the last line on stdout
is JSON: seeds, violations (of safety), not_live, mutants, mutants_killed (by their schedule and by the campaign both),
seeds_per_s, and by level how many seeds and how fast.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Final

from tests.simulation import mutants
from tests.simulation.levels import LEVELS, live, story_of

CHUNK: Final = {"step": 50, "stack": 4}
MUTANT_SEEDS: Final = 3_000  # of the campaign, before a mutant counts as having survived it
PROGRESS_S: Final = 10.0

Failure = tuple[int, str, str]  # seed, promise, what was said


def live_many(level: str, first: int, count: int) -> list[Failure]:
    """So many lives from a seed on; those that broke a promise."""
    logging.disable(logging.CRITICAL)
    failures = []
    for seed in range(first, first + count):
        try:
            live(level, seed)
        except AssertionError as broken:
            failures.append((seed, type(broken).__name__, str(broken)))
    return failures


def run_level(level: str, first: int, count: int) -> tuple[list[Failure], float]:
    """All lives of a level, and how long they took."""
    began = told = time.monotonic()
    failures: list[Failure] = []
    done = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        chunks = range(first, first + count, CHUNK[level])
        jobs = {
            pool.submit(live_many, level, begin, min(CHUNK[level], first + count - begin)): begin for begin in chunks
        }
        for job in as_completed(jobs):
            done += min(CHUNK[level], first + count - jobs[job])
            for seed, promise, said in job.result():
                failures.append((seed, promise, said))
                _tell(f"{promise}: {said}\n  its story: make simulate SEED={seed} LEVEL={level}")
            if time.monotonic() - told > PROGRESS_S:
                told = time.monotonic()
                _tell(f"{level}: {done} of {count} lives, {done / (told - began):.1f} a second")
    return failures, time.monotonic() - began


def kill_mutants(seeds: int) -> list[dict[str, object]]:
    """What each mutant died of, half of them on each core."""
    names, cores = mutants.names(), os.cpu_count() or 1
    command = [sys.executable, "-m", "tests.simulation.kill", f"--campaign={seeds}"]
    running = [
        subprocess.Popen([*command, *names[core::cores]], stdout=subprocess.PIPE, text=True) for core in range(cores)
    ]
    told: list[dict[str, object]] = []
    for process in running:
        assert process.stdout is not None
        for line in process.stdout:
            told.append(json.loads(line))
            entry = told[-1]
            verdict = "killed" if _is_killed(entry) else "SURVIVES"
            _tell(
                f"mutant {entry['mutant']} {verdict}: schedule {entry['directed']}, seed {entry['seed']} "
                f"{entry['campaign']}"
            )
        process.wait()
    return told


def _is_killed(entry: dict[str, object]) -> bool:
    return entry["directed"] is not None and entry["campaign"] is not None


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if no promise was broken and every mutant died."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--level", choices=[*LEVELS, "all"], default="all")
    parser.add_argument("--seed", type=int, help="one life, with its story")
    parser.add_argument("--no-mutants", action="store_true")
    asked = parser.parse_args(arguments)
    levels = list(LEVELS) if asked.level == "all" else [asked.level]
    if asked.seed is not None:
        logging.disable(logging.CRITICAL)
        for level in levels:
            print(story_of(level, asked.seed))
        return 0
    failures: list[Failure] = []
    seconds, by_level = 0.0, {}
    for level in levels:
        failed, took = run_level(level, asked.first, asked.seeds)
        failures += failed
        seconds += took
        by_level[level] = {"seeds": asked.seeds, "seeds_per_s": round(asked.seeds / took, 1)}
    killed = [] if asked.no_mutants else kill_mutants(MUTANT_SEEDS)
    not_live = sum(promise == "Stuck" for _, promise, _ in failures)
    report = {
        "seeds": asked.seeds * len(levels),
        "violations": len(failures) - not_live,
        "not_live": not_live,
        "mutants": len(killed),
        "mutants_killed": sum(map(_is_killed, killed)),
        "seeds_per_s": round(asked.seeds * len(levels) / seconds, 1),
        **by_level,
    }
    print(json.dumps(report))
    return 1 if failures or report["mutants"] != report["mutants_killed"] else 0


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
