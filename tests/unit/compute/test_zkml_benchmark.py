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
from benchmarks.proofs.prototype import PUBLISHED, FalseProof, StandIn, machine, repeated
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit, Witness

pytestmark = pytest.mark.slow

KEYS = [
    *("task", "constraints", "setup_s", "prove_cpu_s", "verify_ms", "proof_bytes", "key_mb"),
    *("accuracy_float", "accuracy_proven", "peer", "peer_prove_cpu_s", "peer_verify_ms", "peer_proof_bytes"),
]
BESIDE = {
    *("prototype_constraints", "prototype_setup_s", "prototype_setup_cpu_s", "prototype_setup_ratio"),
    *("prototype_prove_cpu_s", "prototype_prove_ratio", "prototype_published_setup_s"),
    *("prototype_published_prove_cpu_s", "machine_verify_ms", "machine_factor"),
}
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
        return measured(case, folder, 1, PUBLISHED[name]), case.ezkl

    monkeypatch.setattr("benchmarks.zkml.isolated", here)
    monkeypatch.setattr("tests.support.snarkjs.installed", lambda package="snarkjs": False)
    monkeypatch.setattr("benchmarks.proofs.peers.ezkl_installed", lambda: False)
    monkeypatch.setattr("benchmarks.zkml.ezkl_installed", lambda: False)
    zkml.main(["digits-mlp"])
    printed = capsys.readouterr()
    row = json.loads(printed.out)
    assert list(row)[: len(KEYS)] == KEYS
    assert row.keys() >= BESIDE and row["prototype_constraints"] == 1_332
    assert row["peer"] is None and "EZKL and snarkjs not installed" in printed.err
    assert row["proof_bytes"] == 128 and row["constraints"] < 1_332 and row["accuracy_proven"] > 0.9


def test_the_stand_in_proves_as_many_constraints_as_the_prototype_had(tmp_path: Path) -> None:
    circuit = _cube()
    witness = circuit.solve({"x": 3})
    more, cells = repeated(circuit, witness, 2 * len(circuit.constraints) + 1)
    assert len(more.constraints) == 2 * len(circuit.constraints) + 1
    more.check(cells)
    assert cells.public == witness.public and more.public_count == 1
    assert more.cell_count == 1 + 4 + 4 + 2  # 1; public cube, x, square, cube; again; x, square
    stand_in = StandIn(more, cells, tmp_path)
    stand_in.prover(stand_in.set_up())()
    machine()()


def test_a_copy_stands_on_wires_of_its_own_and_a_false_one_is_not_timed(tmp_path: Path) -> None:
    circuit = _cube()
    more, cells = repeated(circuit, circuit.solve({"x": 3}), 2 * len(circuit.constraints))
    false = Witness((*cells.cells[:-1], cells.cells[-1] + 1), cells.public_count)
    assert more.violated(false.cells) and min(more.violated(false.cells)) >= len(circuit.constraints)
    stand_in = StandIn(more, false, tmp_path)
    with pytest.raises(FalseProof):
        stand_in.prover(stand_in.set_up())


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


def _cube() -> Circuit:
    """The public cube of a private number, in two constraints."""
    builder = Builder()
    cube, x = builder.output("cube"), builder.private("x")
    square = builder.mul(x, x)
    builder.define(cube, builder.mul(square, x))
    return builder.build()
