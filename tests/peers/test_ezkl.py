"""EZKL proves the same MLP for the same row and finds the same class; ours is faster by what the benchmark promises."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.proofs.case import Case, Row, measured
from benchmarks.proofs.models import CASES
from benchmarks.proofs.peers import ezkl, ezkl_installed
from compute.dev_keys import DevKeys
from compute.zkml.artifact import model_keys
from compute.zkml.example_models import digits
from compute.zkml.inference import Private
from compute.zkml.model import predicted_class
from compute.zkml.prover import InferenceProver
from tests.support.long_runs import long

PROOF_BYTES = 128

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not ezkl_installed(), reason="EZKL is not installed: run tests/peers/setup.sh"),
]


@pytest.fixture(scope="module")
def public_case() -> Case:
    return CASES["digits-mlp"]()


@pytest.fixture(scope="module")
def theirs(public_case: Case, tmp_path_factory: pytest.TempPathFactory) -> Row:
    """EZKL's proof of the public MLP, and what it took."""
    return ezkl(request_of(public_case), tmp_path_factory.mktemp("ezkl"))


def request_of(case: Case) -> Row:
    assert case.ezkl is not None
    return case.ezkl


def test_ezkl_finds_the_same_class_in_the_same_row(theirs: Row, tmp_path: Path) -> None:
    example = digits()
    manifest, row = example.provable.manifest, example.rows[0]
    numbers = tuple(manifest.quantise(row.tolist()))
    ours = InferenceProver(example.provable, model_keys(DevKeys(tmp_path), example.provable)).prove(1, 2, numbers, 3)
    assert theirs["valid"]
    assert ours.outputs == example.provable.statement.compute(1, 2, Private(numbers, 3)).outputs
    logits = example.provable.model.logits(numbers)
    assert predicted_class(logits) == int(np.argmax(theirs["logits"]))
    scaled = np.asarray(logits) * manifest.unit
    assert np.abs(scaled - np.asarray(theirs["logits"])).max() <= manifest.worst_error + 0.1
    assert len(ours.proof) == PROOF_BYTES < theirs["proof_bytes"]


def test_a_public_model_is_proven_at_least_sixty_times_faster(
    public_case: Case, theirs: Row, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compare(measured(public_case, tmp_path, 20), theirs, 60, capsys)


@long  # EZKL's setup and proof take three minutes
def test_a_private_committed_model_is_proven_at_least_six_times_faster(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES["digits-mlp-private"]()
    theirs = ezkl(request_of(case), tmp_path_factory.mktemp("ezkl"))
    compare(measured(case, tmp_path, 5), theirs, 6, capsys)


def compare(ours: Row, theirs: Row, times: int, capsys: pytest.CaptureFixture[str]) -> None:
    """CPU time of both in one run, and what it says is printed side by side."""
    with capsys.disabled():
        print("\nEZKL:", {name: value for name, value in theirs.items() if name != "logits"}, "\nours:", ours)
    assert theirs["valid"]
    assert ours["proof_bytes"] == PROOF_BYTES < theirs["proof_bytes"]
    assert ours["prove_cpu_s"] * times <= theirs["prove_cpu_s"]
    assert ours["verify_ms"] < theirs["verify_ms"]
