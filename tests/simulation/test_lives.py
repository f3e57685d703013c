"""A thousand random lives of the step function and fifty of whole nodes, each to be had again by its seed."""

import os
import subprocess
import sys

import pytest

from tests.simulation.levels import LEVELS, live, story_of
from tests.simulation.mutants import ROOT

SEED_WITH_A_CRASH = {"step": 3, "stack": 1}
SEEDS = {"step": 1_000, "stack": 50}
BATCH = {"step": 125, "stack": 5}
BATCHES = [(level, first) for level in LEVELS for first in range(0, SEEDS[level], BATCH[level])]


@pytest.mark.parametrize(("level", "first"), BATCHES)
def test_whatever_goes_wrong_nodes_keep_their_promises_and_go_on_afterwards(level: str, first: int) -> None:
    for seed in range(first, first + BATCH[level]):
        lives(seed, level)


def lives(seed: int, level: str) -> None:
    """One life; if it breaks a promise, its story is what the test says."""
    try:
        live(level, seed)
    except AssertionError as broken:
        pytest.fail(f"{broken!r}\nmake simulate SEED={seed} LEVEL={level}\n{story_of(level, seed)}")


@pytest.mark.parametrize("level", LEVELS)
def test_one_seed_is_one_life_in_any_process(level: str) -> None:
    seeds = range({"step": 3, "stack": 1}[level])
    here = [live(level, seed) for seed in seeds]
    assert here == [live(level, seed) for seed in seeds]
    assert len(set(here)) == len(here)
    code = f"from tests.simulation.levels import live\nfor seed in {seeds!r}: print(live({level!r}, seed))"
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(ROOT)}
    there = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert there.stdout.split() == here


@pytest.mark.parametrize("level", LEVELS)
def test_a_story_tells_faults_messages_and_commits(level: str) -> None:
    told = story_of(level, SEED_WITH_A_CRASH[level])
    for word in ("starts", "proposal", "prevote", "precommit", "commits", "heals", "digest"):
        assert word in told
