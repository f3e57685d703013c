"""The benchmark of proofs measures real ones and prints what it promises, without peers too; batches share a task."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import zkml
from benchmarks.proofs.batches import batch
from benchmarks.proofs.case import Row, measured
from benchmarks.proofs.large import large
from benchmarks.proofs.models import digits_mlp

pytestmark = pytest.mark.slow

KEYS = [
    *("task", "constraints", "setup_s", "prove_cpu_s", "verify_ms", "proof_bytes", "key_mb"),
    *("accuracy_float", "accuracy_proven", "peer", "peer_prove_cpu_s", "peer_verify_ms", "peer_proof_bytes"),
]
ELEMENT = 32  # bytes of a field element


@pytest.fixture(autouse=True)
def one_proof(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No repetitions: nothing here looks at a time."""
    monkeypatch.setattr("benchmarks.proofs.case.SHORT_SECONDS", 0.0)
    yield


def test_a_row_has_the_promised_fields_and_stands_without_peers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def here(function: object, name: str, folder: Path, rounds: int) -> tuple[Row, Row | None]:
        case = digits_mlp()
        return measured(case, folder, rounds), case.ezkl

    monkeypatch.setattr("benchmarks.zkml.isolated", here)
    monkeypatch.setattr("tests.support.snarkjs.installed", lambda package="snarkjs": False)
    monkeypatch.setattr("benchmarks.proofs.peers.ezkl_installed", lambda: False)
    monkeypatch.setattr("benchmarks.zkml.ezkl_installed", lambda: False)
    zkml.main(["digits-mlp"])
    printed = capsys.readouterr()
    row = json.loads(printed.out)
    assert list(row)[: len(KEYS)] == KEYS
    assert row["peer"] is None and "EZKL and snarkjs not installed" in printed.err
    assert row["proof_bytes"] == 128 and row["constraints"] < 1_332 and row["accuracy_proven"] > 0.9


def test_rows_share_what_a_task_puts_on_a_chain() -> None:
    one, many = batch(1), batch(4)
    for name in ("chain_bytes_per_prediction", "state_bytes_per_prediction"):
        # 253 classes of one bit fill an element: 1,024 rows have four more of them than one row
        assert (one[name] + 4 * 2 * ELEMENT) / 1024 <= one[name] / 50
        assert many[name] * 4 <= one[name] + ELEMENT
    assert many["public_inputs"] == one["public_inputs"]
    assert many["constraints"] < 4 * one["constraints"]


def test_a_generated_network_is_proven_within_the_error_that_it_states() -> None:
    row = large(side=10, channels=(1, 2))
    assert row["off_by"] <= row["stated_error"] and row["off_by"] < 0.1 * row["outputs_spread"]
    assert row["proof_bytes"] == 128
