"""Trees behind a commitment: they decide as the floats do, to within what is said; a circuit knows a shape."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor, RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from compute.zkml.compiled import PRIVATE, PRIVATE_MODEL, Settings, compile
from compute.zkml.encoding import Levels
from compute.zkml.errors import UnsupportedModel
from compute.zkml.graph import CLASSIFICATION, IDENTITY, REGRESSION, FloatModel, Forest, Node
from compute.zkml.importers.scikit import import_scikit
from compute.zkml.inference import PUBLIC, Inference, Private, Weights, model_commitment
from compute.zkml.operations.committed_forest import CommittedForest
from compute.zkml.quantise import Quantised, quantise
from crypto.groth16 import FalseProof, PreparedKey, verify
from crypto.poseidon import ValueTooWide
from crypto.r1cs.errors import CircuitError
from crypto.r1cs.r1cs_file import write_r1cs

RANDOM = np.random.default_rng(23)
ROWS = RANDOM.normal(size=(60, 3))
LABELS = (ROWS[:, 0] * ROWS[:, 1] + ROWS[:, 2] > 0).astype(int)
SALT = 5


def made(model: Any, sample: Any = ROWS, **settings: Any) -> Quantised:
    return quantise(import_scikit(model), sample, committed=True, **settings)


def forest_of(quantised: Quantised) -> CommittedForest:
    (step,) = quantised.model.steps
    assert isinstance(step.operation, CommittedForest)
    return step.operation


def small(seed: int, trees: int = 3, depth: int = 2) -> Quantised:
    """Trees of one shape: the deepest fills it, others end early."""
    random = np.random.default_rng(seed)
    return made(RandomForestClassifier(trees, max_depth=depth, random_state=seed).fit(ROWS, random.integers(0, 2, 60)))


def hand_made(features: tuple[int, ...], thresholds: tuple[float, ...], leaves: tuple[float, ...]) -> FloatModel:
    """A tree that leans to the right: each of its nodes has a leaf to the left, the last a leaf on both sides."""
    inner = len(features)
    values = np.zeros((2 * inner + 1, 1))
    values[inner:, 0] = leaves
    forest = Forest(
        roots=np.asarray([0]),
        feature=np.asarray([*features, *[-1] * (inner + 1)]),
        threshold=np.asarray([*thresholds, *[0.0] * (inner + 1)]),
        left=np.asarray([inner + i for i in range(inner)] + [0] * (inner + 1)),
        right=np.asarray([*range(1, inner), 2 * inner] + [0] * (inner + 1)),
        leaves=values,
        offset=np.zeros(1),
        offsets=np.zeros(2),
        steps=np.ones(2),
        single=False,
    )
    return FloatModel(2, (Node(forest, (0,)),), ("trees",), REGRESSION, (), IDENTITY, "trees")


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**16), st.sampled_from((4, 8, 12)))
def test_no_row_in_range_is_further_off_than_is_said(seed: int, bits: int) -> None:
    random = np.random.default_rng(seed)
    targets = ROWS @ random.normal(size=3) + 40
    model = GradientBoostingRegressor(n_estimators=4, max_depth=3, random_state=seed).fit(ROWS, targets)
    quantised = made(model, bits=bits)
    levels = quantised.model.encoding
    assert isinstance(levels, Levels)
    rows = np.asarray(levels.offsets) + random.uniform(0, (1 << bits) - 1, (300, 3)) * np.asarray(levels.steps)
    numbers = np.asarray([levels.numbers(row) for row in rows.tolist()])
    off = np.abs(model.predict(rows) - quantised.model.logits_of(numbers)[:, 0] * quantised.unit)
    assert off.max() <= quantised.fidelity.worst_error
    assert quantised.fidelity.sample_error <= quantised.fidelity.worst_error
    assert quantised.fidelity.worst_error < 2 * float(np.ptp(targets)) + 1


def test_whole_numbers_take_the_very_path_of_the_floats() -> None:
    rows = RANDOM.integers(0, 16, (80, 3)).astype(float)
    labels = rows[:, 0] + rows[:, 1] > rows[:, 2] * 2
    for model in (DecisionTreeClassifier(max_depth=4), make_pipeline(StandardScaler(), DecisionTreeClassifier())):
        quantised = made(model.fit(rows, labels), rows)
        assert quantised.model.encoding.bits == 4
        assert quantised.fidelity.worst_error < 1e-3 and quantised.fidelity.agreement == 1.0
        everything = np.stack(np.meshgrid(*[np.arange(16)] * 3), axis=-1).reshape(-1, 3)
        said = quantised.model.logits_of(everything).argmax(axis=1)
        assert np.array_equal(said.astype(bool), model.predict(everything.astype(float)))


def test_leaves_that_come_early_are_filled_up_and_certain_ways_are_taken() -> None:
    rows = np.asarray([[0.0, 0.0], [15.0, 15.0]])
    model = hand_made((0, 1, 0), (3.5, 7.0, 11.0), (1.0, 2.0, 3.0, 4.0))
    forest = forest_of(quantise(model, rows, committed=True))
    assert forest.feature.tolist() == [[0, 0, 1, 0, 0, 0, 0]]
    assert forest.threshold.tolist() == [[3, 15, 7, 15, 15, 15, 11]]
    by_leaf = np.rint(forest.leaves[0, :, 0] / forest.leaves.max() * 4).tolist()
    assert by_leaf == [1, 1, 1, 1, 2, 2, 3, 4]
    below, above = (hand_made((0, 1), (where, 7.0), (1.0, 2.0, 3.0)) for where in (-2.0, 99.0))
    for model, left, right in ((below, 2, 3), (above, 1, 1)):  # no level lies on both sides of the first threshold
        quantised = quantise(model, rows, committed=True)
        said = quantised.model.logits_of(np.asarray([[5, 0], [5, 7], [5, 8]]))[:, 0] * quantised.unit
        assert np.allclose(said, [left, left, right], atol=1e-3)
        assert forest_of(quantised).depth == 2


def test_a_threshold_among_rows_of_one_level_goes_with_most_of_them() -> None:
    """Level 8 of 0..15 is cut at 8.1: the sample's rows there, all above, are to go right."""
    sample = np.asarray([[0.5, 0.0], [8.2, 0.0], [8.3, 0.0], [8.4, 0.0], [7.6, 1.0]])
    for rows, wanted in ((sample, 0), (np.concatenate([sample, [[8.05, 0.0]] * 4]), 1)):
        model = hand_made((0,), (8.1,), (1.0, 2.0))
        quantised = quantise(model, rows, committed=True, bits=4)
        number = int(quantised.model.encoding.nearest(np.asarray([[8.1, 0.0]]))[0, 0])
        assert set(quantised.model.encoding.nearest(rows[1:4])[:, 0].tolist()) == {number}
        assert forest_of(quantised).threshold.tolist() == [[number - 1 + wanted]]


def test_trees_of_one_shape_have_one_circuit() -> None:
    first, second = small(1), small(2)
    circuits = [write_r1cs(Inference(one.model).constrain()) for one in (first, second, small(1, trees=4))]
    assert circuits[0] == circuits[1] != circuits[2]
    assert first.model.secrets.tolist() != second.model.secrets.tolist()
    assert circuits[0] != write_r1cs(Inference(quantise(first.source, ROWS).model).constrain())


def test_another_tree_has_another_commitment() -> None:
    model = small(1).model
    forest = forest_of(small(1))
    values, seen = model.secrets.tolist(), {model_commitment(model, Weights(tuple(model.secrets.tolist()), SALT))}
    nodes, places = forest.feature.size, forest.leaves.shape[1] * forest.columns
    starts = np.cumsum([0, *(count for count, _, _ in model.limits)]).tolist()
    other = next(i for i in range(1, places) if values[starts[2] + i] != values[starts[2]])
    swapped = list(values)
    swapped[starts[2]], swapped[starts[2] + other] = values[starts[2] + other], values[starts[2]]
    changes = [swapped]
    for start in starts[:-1]:
        changes.append([*values[:start], values[start] ^ 1, *values[start + 1 :]])
    for change in changes:
        seen.add(model_commitment(model, Weights(tuple(change), SALT)))
    seen.add(model_commitment(model, Weights(tuple(values), SALT + 1)))
    assert len(seen) == 2 + len(changes) and nodes == 9
    statement, private = Inference(model), Private((1, 2, 3), SALT)
    circuit = statement.constrain()
    for place, value in ((starts[0], 2), (starts[1], 1024), (starts[2], 2**13), (starts[3], -(2**23) - 1)):
        beyond = Weights((*values[:place], value, *values[place + 1 :]), SALT)
        with pytest.raises(ValueTooWide):
            model_commitment(model, beyond)
        public = statement.compute(0, 1, private, Weights(tuple(values), SALT))
        with pytest.raises(CircuitError):
            circuit.check(circuit.solve(statement.inputs(public, private, beyond)))


def test_classes_in_turn_share_a_column() -> None:
    labels = RANDOM.integers(0, 3, 60)
    model = GradientBoostingClassifier(n_estimators=2, max_depth=2, random_state=0).fit(ROWS, labels)
    quantised = made(model)
    forest = forest_of(quantised)
    assert (forest.trees, forest.columns, len(forest.offset)) == (6, 1, 3)
    numbers = quantised.model.encoding.nearest(ROWS)
    near = np.abs(quantised.model.logits_of(numbers) * quantised.unit - quantised.source.outputs(ROWS)).max(axis=1)
    assert np.mean(near < 1e-3) > 0.9
    assert quantised.source.kind == CLASSIFICATION and quantised.fidelity.agreement > 0.9


@pytest.mark.parametrize(("trees", "depth"), [(1, 11), (40, 10)])
def test_trees_that_are_too_deep_or_too_many_are_refused(trees: int, depth: int) -> None:
    chain = hand_made((0,) * depth, tuple(range(depth)), tuple(range(depth + 1)))
    (node,) = chain.nodes
    assert isinstance(node.operation, Forest)
    many = replace(chain, nodes=(Node(replace(node.operation, roots=np.zeros(trees, dtype=np.int64)), (0,)),))
    with pytest.raises(UnsupportedModel, match=f"{trees} committed trees of depth {depth} .*max_depth"):
        quantise(many, np.asarray([[0.0, 0.0], [20.0, 20.0]]), committed=True)


def test_boosted_trees_on_tumours_cost_and_decide_what_is_said() -> None:
    """Golden: 50 trees of depth 3 on 30 features."""
    data = load_breast_cancer()
    held_out = np.arange(len(data.data)) % 5 == 4
    train, targets = data.data[~held_out], data.target[~held_out]
    model = GradientBoostingClassifier(n_estimators=50, max_depth=3, random_state=0).fit(train, targets)
    private = Settings(profile=PRIVATE)
    compiled = compile(model, train, rows=data.data[held_out], labels=data.target[held_out], settings=private)
    costs = {layer.name: layer.constraints for layer in compiled.cost.layers}
    assert costs == {"range of rows": 300, "commit rows": 262, "range of weights": 10874, "commit weights": 1828,
                     "trees": 6364, "outputs": 3}  # fmt: skip
    assert len(compiled.circuit.constraints) == compiled.cost.constraints == 19631
    manifest = compiled.manifest
    assert manifest.score_float is not None and manifest.score_quantised is not None
    assert manifest.agreement > 0.99 and manifest.score_quantised > manifest.score_float - 0.01


@pytest.mark.parametrize("profile", [PRIVATE_MODEL, PRIVATE])
def test_a_secret_tree_is_proven(profile: str, tmp_path: Path) -> None:
    model = DecisionTreeClassifier(max_depth=2, random_state=0).fit(ROWS, LABELS)
    compiled = compile(model, ROWS, settings=Settings(profile=profile, results=PUBLIC))
    proof = compiled.setup(tmp_path).prove(ROWS[0])
    verify(PreparedKey(proof.verifying), proof.proven.proof, proof.public)
    assert proof.said == [str(model.predict(ROWS[:1])[0])]
    other = DecisionTreeClassifier(max_depth=2, random_state=0).fit(ROWS, 1 - LABELS)
    again = compile(other, ROWS, settings=Settings(profile=profile, results=PUBLIC))
    assert again.provable.commitment != compiled.provable.commitment
    later = again.setup(tmp_path).prove(ROWS[0])
    assert later.verifying == proof.verifying and later.said != proof.said
    with pytest.raises(FalseProof):
        verify(PreparedKey(proof.verifying), later.proven.proof, proof.public)
