"""What is estimated before anything is built is what is built; what does not fit into memory is refused by numbers."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier

from compute.zkml import room
from compute.zkml.compiled import PRIVATE, PRIVATE_MODEL, PUBLIC_MODEL, Compiled, Settings, cache_folder, compile
from compute.zkml.errors import ModelTooLarge, TooManyConstraints
from compute.zkml.folder import load_ready, save_compiled, set_up
from compute.zkml.inference import COMMITTED, ENCRYPTED, OUTPUTS, PUBLIC
from compute.zkml.room import available_bytes
from crypto.groth16 import PreparedKey, verify
from crypto.r1cs.estimate import estimate
from tests.support.float_models import FEATURES, PARTS, drawn

RANDOM = np.random.default_rng(11)
SAMPLE = RANDOM.normal(size=(40, FEATURES))
LABELS = (SAMPLE[:, 0] > 0).astype(int) + (SAMPLE[:, 1] > 0)


def require_estimated(compiled: Compiled, cells_off: float = 0.0) -> None:
    said, built = compiled.cost.size, compiled.circuit.size
    assert (said.constraints, said.public) == (built.constraints, built.public)
    assert said.cells == pytest.approx(built.cells, rel=cells_off)
    assert said.terms == pytest.approx(built.terms, rel=0.06)
    moved = sum(abs(said.widths.get(width, 0) - built.widths.get(width, 0)) for width in {*said.widths, *built.widths})
    assert moved <= 0.02 * built.cells
    assert compiled.cost.estimate.prove_microseconds == pytest.approx(estimate(built).prove_microseconds, rel=0.02)


@pytest.fixture(scope="module")
def mlp() -> MLPClassifier:
    return MLPClassifier((5,), max_iter=5).fit(SAMPLE, LABELS)


@pytest.mark.parametrize("results", OUTPUTS)
@pytest.mark.parametrize("profile", [PUBLIC_MODEL, PRIVATE])
@pytest.mark.filterwarnings("ignore")
def test_every_statement_is_as_large_as_was_said(mlp: MLPClassifier, profile: str, results: str) -> None:
    require_estimated(compile(mlp, SAMPLE, settings=Settings(profile, results)))


@pytest.mark.parametrize(
    "settings", [Settings(rows=3), Settings(class_only=True), Settings(PRIVATE_MODEL, ENCRYPTED, 2)]
)
def test_batches_and_classes_are_as_large_as_was_said(mlp: MLPClassifier, settings: Settings) -> None:
    require_estimated(compile(mlp, SAMPLE, settings=settings))


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.filterwarnings("ignore")
def test_layers_whose_sums_share_elements_are_as_large_as_was_said(rows: int) -> None:
    wide = RANDOM.normal(size=(40, 50))
    network = MLPClassifier((30, 9), max_iter=2).fit(wide, LABELS)
    compiled = compile(network, wide, settings=Settings(PRIVATE, rows=rows))
    require_estimated(compiled)
    assert 0 < compiled.cost.layers[4].constraints < rows * 50 * 30  # less than its products


@pytest.mark.parametrize("class_only", [False, True])
def test_trees_are_as_large_as_was_said(class_only: bool) -> None:
    forest = RandomForestClassifier(4, max_depth=5, random_state=0).fit(SAMPLE, LABELS)
    require_estimated(compile(forest, SAMPLE, settings=Settings(class_only=class_only)))


def test_committed_trees_are_as_large_as_was_said() -> None:
    forest = RandomForestClassifier(9, max_depth=3, random_state=0).fit(SAMPLE, LABELS)
    require_estimated(compile(forest, SAMPLE, settings=Settings(PRIVATE)), cells_off=0.02)


@pytest.mark.parametrize("part", sorted(PARTS))
def test_every_operation_is_as_large_as_was_said(part: str) -> None:
    require_estimated(compile(drawn(5, [part, "relu", part]), SAMPLE))


def test_layers_share_all_that_proving_takes(mlp: MLPClassifier) -> None:
    report = compile(mlp, SAMPLE).cost
    parts = sum(report.prove_microseconds(layer) for layer in report.layers)
    assert parts == pytest.approx(report.estimate.prove_microseconds, abs=len(report.layers))


# Room


def files(root: Path, contents: dict[str, str]) -> Path:
    for name, text in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


MEMINFO = "MemTotal: 2000 kB\nMemAvailable:    1000 kB\n"


@pytest.mark.parametrize(
    ("groups", "own", "available"),
    [
        ({}, "0::/\n", 1_024_000),
        ({"a/memory.max": "max\n", "a/memory.current": "5\n"}, "0::/a\n", 1_024_000),
        ({"a/b/memory.max": "9000\n", "a/b/memory.current": "2000\n"}, "0::/a/b\n", 7_000),
        ({"a/memory.max": "3000\n", "a/memory.current": "1000\n", "a/b/memory.max": "max\n"}, "0::/a/b\n", 2_000),
        (
            {"a/memory.max": "3000", "a/memory.current": "4000", "a/memory.stat": "anon 1\ninactive_file 1500\n"},
            "0::/a\n",
            500,
        ),
        (
            {"memory/a/memory.limit_in_bytes": "800", "memory/a/memory.usage_in_bytes": "300"},
            "4:cpu:/x\n7:memory:/a\n",
            500,
        ),
    ],
)
def test_memory_is_what_the_machine_and_its_groups_leave(
    tmp_path: Path, groups: dict[str, str], own: str, available: int
) -> None:
    files(tmp_path, {"meminfo": MEMINFO, "own": own})
    root = files(tmp_path / "groups", groups)
    assert available_bytes(tmp_path / "meminfo", root, tmp_path / "own") == available


def test_where_nothing_says_how_much_there_is_nothing_is_refused(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    assert available_bytes(nothing, nothing, nothing) is None


def test_what_does_not_fit_is_refused_by_numbers(
    mlp: MLPClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = compile(mlp, SAMPLE)
    monkeypatch.setattr(room, "available_bytes", lambda: 32_000_000)
    with pytest.raises(ModelTooLarge, match=r"setting up .* 0.03 GB are free.*--force") as refused:
        compiled.setup(tmp_path)
    assert refused.value.needed == compiled.cost.estimate.setup_peak_bytes
    assert list(tmp_path.iterdir()) == []
    folder = tmp_path / "zk"
    save_compiled(folder, compiled)
    set_up(folder, compiled, cache=tmp_path, force=True)
    with pytest.raises(ModelTooLarge, match="proving"):
        load_ready(folder)
    assert load_ready(folder, force=True).keys.vk_id


def test_what_is_larger_than_was_tried_is_refused(mlp: MLPClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = compile(mlp, SAMPLE)
    monkeypatch.setattr(room, "MAX_CONSTRAINTS", compiled.cost.constraints - 1)
    with pytest.raises(TooManyConstraints, match="--force"):
        compiled.require_room()


# Compiled models in a session


@pytest.mark.parametrize("results", [PUBLIC, COMMITTED, ENCRYPTED])
def test_a_witness_is_that_of_the_proof(mlp: MLPClassifier, results: str) -> None:
    compiled = compile(mlp, SAMPLE, settings=Settings(results=results))
    numbers = compiled.encode([SAMPLE[0]])
    witness = compiled.witness(3, 4, numbers, 5)
    compiled.circuit.check(witness)
    assert witness.public[:2] == (3, 4)


def test_without_a_folder_keys_live_in_memory(
    mlp: MLPClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUSTER_HOME", str(tmp_path))
    ready = compile(mlp, SAMPLE).setup()
    assert not ready.reused and ready.keys.zkey is None and list(tmp_path.iterdir()) == []
    proof = ready.prove(SAMPLE[0])
    verify(PreparedKey(proof.verifying), proof.proven.proof, proof.public)


def test_without_a_folder_keys_that_commands_have_left_are_taken(
    mlp: MLPClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUSTER_HOME", str(tmp_path))
    kept = compile(mlp, SAMPLE).setup(cache_folder())
    ready = compile(mlp, SAMPLE).setup()
    assert ready.reused and ready.keys.vk_id == kept.keys.vk_id


def test_models_of_one_shape_share_keys(tmp_path: Path) -> None:
    first, second = (
        compile(drawn(seed, ["relu"]), SAMPLE, settings=Settings(PRIVATE)).setup(tmp_path) for seed in (2, 4)
    )
    assert (first.reused, second.reused) == (False, True)
    assert first.keys.vk_id == second.keys.vk_id
    assert first.compiled.provable.commitment != second.compiled.provable.commitment
    assert second.prove(SAMPLE[1]).said
