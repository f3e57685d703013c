"""The product with one rule broken: each mutant dies in its schedule, which the product survives, and in the campaign.

See tests/simulation/mutants.py. The campaign against every mutant is part of `make simulate` and of `make long`.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation import mutants
from tests.simulation.levels import play
from tests.simulation.mutants import ROOT
from tests.support.long_runs import long

STEP = [name for name in mutants.names() if mutants.read(name).level == "step"]
STACK = [name for name in mutants.names() if name not in STEP]
SAFETY_DEATHS = {"Disagreement", "InvalidCommit", "SignedTwice", "LockForgotten"}
CAMPAIGN = 3_000  # seeds until a mutant counts as having survived


def killed(*arguments: str) -> dict[str, dict[str, object]]:
    """What each mutant died of."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation.kill", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {entry["mutant"]: entry for entry in map(json.loads, done.stdout.splitlines())}


def test_there_are_enough_of_them_and_most_break_safety() -> None:
    assert len(mutants.names()) >= 12
    assert all(mutants.read(name).title.endswith(".") for name in mutants.names())


@pytest.mark.parametrize("name", STEP)
def test_the_product_survives_the_schedule_that_kills_a_mutant(name: str) -> None:
    play("step", mutants.read(name).schedule)


@pytest.mark.slow
def test_each_mutant_of_the_step_dies_in_its_schedule() -> None:
    deaths = killed(*STEP)
    assert [name for name in STEP if deaths[name]["directed"] is None] == []
    by_name = {name: deaths[name]["directed"] for name in STEP}
    assert by_name["quorum_of_half"] == "Disagreement"
    assert by_name["prevote_without_lock"] in SAFETY_DEATHS
    assert by_name["sign_state_lost"] == "SignedTwice"
    assert by_name["evidence_ignored"] == "EvidenceMissing"
    assert by_name["no_prevote_timeout"] == "Stuck"


def test_a_patch_that_no_longer_fits_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (mutants.FOLDER / "quorum_of_half.patch").read_text(encoding="utf-8")
    (tmp_path / "quorum_of_half.patch").write_text(text.replace("3 * power", "4 * power"), encoding="utf-8")
    monkeypatch.setattr(mutants, "FOLDER", tmp_path)
    with pytest.raises(mutants.PatchDoesNotFit, match=r"validators\.py has this 0 times"):
        mutants.read("quorum_of_half")


def test_what_is_imported_already_cannot_be_broken_any_more() -> None:
    with pytest.raises(RuntimeError, match="too late for quorum_of_half"):
        mutants.infect(mutants.read("quorum_of_half"))


@long
def test_each_mutant_of_whole_nodes_dies_in_its_schedule_and_the_product_does_not() -> None:
    deaths = killed(*STACK)
    assert [name for name in STACK if deaths[name]["directed"] is None] == []
    assert deaths["catch_up_without_commit_check"]["directed"] == "Disagreement"
    assert deaths["money_made"]["directed"] == "MoneyChanged"
    for name in STACK:
        play("stack", mutants.read(name).schedule)


@long
@pytest.mark.parametrize("name", mutants.names())
def test_the_campaign_kills_each_mutant(name: str) -> None:
    assert killed(name, f"--campaign={CAMPAIGN}")[name]["campaign"] is not None
