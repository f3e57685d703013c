"""From any float model to integers: the stated error bounds every row, and nothing about the model is lost."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.zkml import graph
from compute.zkml.encoding import Levels
from compute.zkml.errors import UnsupportedModel
from compute.zkml.graph import IDENTITY, REGRESSION, Affine, FloatModel, Forest, Node
from compute.zkml.inference import Inference
from compute.zkml.model import QuantisedModel
from compute.zkml.operations.linear import Linear
from compute.zkml.quantise import Quantised, quantise
from compute.zkml.simplify import simplify
from compute.zkml.taps import Floats, Ints, dense_taps
from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.r1cs_file import write_r1cs
from tests.support.float_models import FEATURES, PARTS, Net, drawn

RANDOM = np.random.default_rng(17)
SAMPLE = RANDOM.normal(size=(30, FEATURES))
ROUNDING = 1e-9  # of the floats that the error is compared in

some = settings(max_examples=30, deadline=None)
few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 2**32 - 1)
parts = st.lists(st.sampled_from(sorted(PARTS)), max_size=4)


def distances(made: Quantised, numbers: Ints, jitter: Floats) -> Floats:
    """How far each encoded row's outputs lie from the float model's, at worst (n,); jitter in steps, within +-1/2."""
    levels = made.model.encoding
    assert isinstance(levels, Levels)
    exact = np.all(np.asarray(levels.steps) == 1.0) and levels.offsets == (0.0,)
    rows = np.asarray(levels.offsets) + (numbers + (0.0 if exact else jitter)) * np.asarray(levels.steps)
    ours = made.model.logits_of(numbers) * made.unit
    return np.asarray(np.abs(made.source.outputs(rows) - ours).max(axis=1), dtype=np.float64)


def worst_found(made: Quantised, random: np.random.Generator, rounds: int = 4) -> float:
    """Random rows and corners, then from the worst of them on whatever change of one feature makes it worse."""
    top, features = made.model.encoding.tops[0], made.model.features
    numbers = random.integers(0, top + 1, (120, features))
    numbers[::3] = np.where(random.random((40, features)) < 0.5, 0, top)
    jitter = random.choice([-0.5, 0.5, 0.0], (120, features))
    for _ in range(rounds):
        found = distances(made, numbers, jitter)
        place = int(found.argmax())
        numbers, jitter = np.tile(numbers[place], (8 * features + 1, 1)), np.tile(jitter[place], (8 * features + 1, 1))
        for feature in range(features):
            block = slice(1 + 8 * feature, 9 + 8 * feature)
            numbers[block, feature] = [0, top, 0, top, *random.integers(0, top + 1, 4)]
            jitter[block, feature] = [-0.5, 0.5, 0.5, -0.5, *random.choice([-0.5, 0.5], 4)]
    return float(distances(made, numbers, jitter).max())


@some
@given(seeds, parts, st.booleans())
def test_no_row_is_further_off_than_is_said(seed: int, chosen: list[str], committed: bool) -> None:
    made = quantise(drawn(seed, chosen), SAMPLE, committed=committed)
    worst = worst_found(made, np.random.default_rng(seed))
    assert worst <= made.fidelity.worst_error * (1 + ROUNDING) + ROUNDING
    assert made.fidelity.sample_error <= made.fidelity.worst_error * (1 + ROUNDING) + ROUNDING


@pytest.mark.parametrize("part", sorted(PARTS))
def test_every_part_keeps_its_word(part: str) -> None:
    for seed in (1, 2):
        made = quantise(drawn(seed, [part, "relu", part]), SAMPLE)
        worst = worst_found(made, np.random.default_rng(seed), rounds=8)
        assert made.fidelity.worst_error / 300 < worst <= made.fidelity.worst_error * (1 + ROUNDING)


def affine(weights: list[list[float]], bias: list[float]) -> Affine:
    matrix = np.asarray(weights)
    return Affine(dense_taps(*matrix.shape), matrix.reshape(-1), np.asarray(bias))


SUMS = affine([[127, -63], [31, 127]], [5, -100])  # whole numbers, so that nothing is lost in them
ONE_LOSS: dict[str, list[graph.FloatOperation]] = {
    "weights": [affine([[1.0, 0.1234]], [0.377])],
    "relu": [SUMS, graph.Relu(), affine([[1, -1]], [0])],
    "relu and pool": [SUMS, graph.Relu(), graph.Gather(np.asarray([1, 0])), graph.MaxPool(np.asarray([[0, 1]]))],
    "rescale": [affine([[127, 127], [127, -127]], [0, 0]), graph.LeakyRelu(0.5)],
    "slope": [affine([[-1, 0], [0, 1]], [0, 0]), graph.LeakyRelu(0.013)],
    "limits": [graph.Clip(-0.4, 2.3)],
    "limit above 0": [graph.Clip(0.0, 2.3)],
    "scales of branches": [graph.Total((1.0, 0.3))],
    "sigmoid": [graph.Curve(graph.SIGMOID)],
    "tanh": [graph.Curve(graph.TANH)],
    "rounded, then sigmoid": [affine([[0.5, 0.25]], [-1]), graph.Relu(), graph.Curve(graph.SIGMOID)],
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(ONE_LOSS))
def test_the_error_counts_every_loss(what: str) -> None:
    """All 64 rows of a model that loses in one place only: the worst comes near to what is said, and not beyond it."""
    nodes = [Node(one, (number,)) for number, one in enumerate(ONE_LOSS[what])]
    if isinstance(nodes[0].operation, graph.Total):
        nodes = [Node(nodes[0].operation, (0, 0))]
    model = FloatModel(2, tuple(nodes), tuple(map(str, range(len(nodes)))), REGRESSION, (), IDENTITY, what)
    rows = np.asarray([[a, b] for a in range(8) for b in range(8)])
    made = quantise(model, rows.astype(np.float64))
    assert made.model.encoding == Levels(2, 3, (0.0,), (1.0,), whole=True)
    worst = float(distances(made, rows, np.zeros(rows.shape)).max())
    assert made.fidelity.worst_error / 3 < worst <= made.fidelity.worst_error * (1 + ROUNDING)
    assert made.fidelity.sample_error == worst


@pytest.mark.parametrize("committed", [False, True])
def test_the_error_counts_the_rounding_of_the_row(committed: bool) -> None:
    net = Net(np.random.default_rng(8))
    net.dense(1)
    made = quantise(net.model(), SAMPLE, bits=4, committed=committed)
    worst = worst_found(made, np.random.default_rng(8), rounds=12)
    assert 0.9 * made.fidelity.worst_error < worst <= made.fidelity.worst_error * (1 + ROUNDING)


@some
@given(seeds, parts)
def test_fewer_steps_say_the_same(seed: int, chosen: list[str]) -> None:
    model = drawn(seed, chosen)
    simple = simplify(model)
    assert len(simple.nodes) == len(simple.layers) <= len(model.nodes)
    np.testing.assert_allclose(simple.outputs(SAMPLE), model.outputs(SAMPLE), rtol=1e-9, atol=1e-9)


def test_normalisation_melts_into_a_convolution_that_stays_shared() -> None:
    net = Net(np.random.default_rng(3), 12)
    net.convolution(3, 2)
    net.normalisation(2)
    model = net.model()
    (node,) = simplify(model).nodes
    assert isinstance(node.operation, Affine)
    assert (len(node.operation.weights), len(node.operation.bias)) == (3 * 2, 2)
    rows = RANDOM.normal(size=(5, 12))
    np.testing.assert_allclose(simplify(model).outputs(rows), model.outputs(rows), rtol=1e-12)
    made = quantise(model, RANDOM.normal(size=(30, 12)), committed=True)
    (step,) = made.model.steps
    assert isinstance(step.operation, Linear)
    assert (len(step.operation.weights), len(step.operation.bias)) == (3 * 2, 2)


def test_reordering_melts_away_and_a_pool_comes_before_its_activation() -> None:
    net = Net(np.random.default_rng(4))
    net.dense(6)
    net.permutation()
    net.add(graph.Relu())
    net.pool(2)
    net.permutation()
    net.dense(2)
    kinds = [type(node.operation).__name__ for node in simplify(net.model()).nodes]
    assert kinds == ["Affine", "MaxPool", "Relu", "Affine"]


def test_a_model_too_wide_for_its_integers_is_refused() -> None:
    net = Net(np.random.default_rng(5))
    net.dense(4)
    for _ in range(3):
        net.residual()
    assert quantise(net.model(), SAMPLE).model.ranges[-1].widest < 60
    wide = FloatModel(1, (Node(graph.Total((1.0,) * 3), (0, 0, 0)),), ("total",), REGRESSION, (), IDENTITY, "x")
    huge = replace(wide, nodes=(Node(graph.Total((1e30, 1.0, 1e-30)), (0, 0, 0)),))
    sample = np.asarray([[0.0], [1.0], [2.0]])
    assert quantise(wide, sample).model.logits((3,)) == [9]
    with pytest.raises(UnsupportedModel, match="accumulator"):
        quantise(huge, sample)


@few
@given(seeds, parts, st.booleans())
def test_the_circuit_of_any_model_is_its_reference_and_costs_what_was_said(
    seed: int, chosen: list[str], committed: bool
) -> None:
    model = quantise(drawn(seed, chosen), SAMPLE, committed=committed).model
    cs = Builder()
    out = cs.output_array("out", model.outputs)
    _, read = model.encoding.constrain(cs, cs.private_array("row", model.features))
    runs = [cs.private_array(f"w{number}", run[0], -run[2]) for number, run in enumerate(model.limits)]
    secrets = [
        cs.proven(wire, -offset, (1 << bits) - 1 - offset)
        for wires, (_, bits, offset) in zip(runs, model.limits, strict=True)
        for wire in wires
    ]
    wires = model.constrain(cs, read, secrets)
    costs = [step.operation.cost([model.ranges[number] for number in step.inputs]) for step in model.steps]
    assert cs.constraint_count == model.encoding.cost() + sum(cost.total() for cost in costs)
    for place, wire in zip(out, wires, strict=True):
        cs.define(place, wire)
    circuit, top = cs.build(), model.encoding.tops[0]
    given_secrets, used = {}, 0
    for number, (count, _, _) in enumerate(model.limits):
        given_secrets[f"w{number}"] = model.secrets[used : used + count].tolist()
        used += count
    for row in ([0] * FEATURES, [top] * FEATURES, np.random.default_rng(seed).integers(0, top + 1, FEATURES).tolist()):
        found = circuit.solve({"row": row, **given_secrets}).public
        assert [value if value < SCALAR_FIELD // 2 else value - SCALAR_FIELD for value in found] == model.logits(row)


# Trees


def trees_of(random: np.random.Generator, thresholds: Floats, single: bool, scaled: bool) -> Forest:
    """Complete trees of depth 2 with leaves far apart."""
    count = 3
    feature = np.tile([0, 0, 0, -1, -1, -1, -1], count)
    inner = feature >= 0
    feature[inner] = random.integers(0, 2, inner.sum())
    base = np.repeat(np.arange(count) * 7, 7)
    left, right = np.tile([1, 3, 5, 0, 0, 0, 0], count) + base, np.tile([2, 4, 6, 0, 0, 0, 0], count) + base
    return Forest(
        roots=np.arange(count) * 7,
        feature=feature,
        threshold=np.where(inner, random.choice(thresholds, len(feature)), 0.0),
        left=left,
        right=right,
        leaves=np.where(inner[:, None], 0.0, np.arange(len(feature))[:, None] ** 2.0),
        offset=np.asarray([0.25]),
        offsets=np.asarray([0.1, -3.0]) if scaled else np.zeros(2),
        steps=np.asarray([0.7, 11.0]) if scaled else np.ones(2),
        single=single,
    )


@pytest.mark.parametrize("scaled", [False, True], ids=["raw", "scaled"])
@pytest.mark.parametrize("single", [False, True], ids=["double", "single"])
@settings(max_examples=10, deadline=None)
@given(seeds)
def test_trees_decide_as_the_floats_do_at_every_threshold_and_beside_it(single: bool, scaled: bool, seed: int) -> None:
    random = np.random.default_rng(seed)
    known = np.asarray([0.1, -2.5, 1 / 3, 1e-40, 16777217.0, 3.0, *random.normal(size=2)])
    forest = trees_of(random, known, single, scaled)
    model = FloatModel(2, (Node(forest, (0,)),), ("trees",), REGRESSION, (), IDENTITY, "trees")
    values = np.concatenate([known, known.astype(np.float32).astype(np.float64)])
    for toward in (-np.inf, np.inf):
        beside = np.nextafter(known.astype(np.float32), np.float32(toward)).astype(np.float64)
        halfway = (beside + known.astype(np.float32).astype(np.float64)) / 2  # ties of the rounding to float32
        values = np.concatenate([values, np.nextafter(known, toward), beside, halfway, np.nextafter(halfway, toward)])
    rows = random.choice(values, (400, 2)) * forest.steps + forest.offsets
    made = quantise(model, rows[:20])
    numbers = np.asarray([made.model.encoding.numbers(row) for row in rows.tolist()])
    ours = made.model.logits_of(numbers) * made.unit
    assert float(np.abs(ours - model.outputs(rows)).max()) <= made.fidelity.worst_error < 0.5
    assert np.array_equal(numbers, made.model.encoding.nearest(rows))


# One circuit for every model of a shape


def perceptron(seed: int, hidden: int = 4) -> FloatModel:
    net = Net(np.random.default_rng(seed))
    net.dense(hidden)
    net.add(graph.Relu())
    net.dense(3)
    return scaled_by(net.model(), 10.0 ** (seed % 5 - 2))


def network(seed: int, channels: int = 2) -> FloatModel:
    """Convolution, normalisation, ReLU, pool, average, dense."""
    net = Net(np.random.default_rng(seed))
    net.convolution(3, channels)
    net.normalisation(channels)
    net.add(graph.Relu())
    net.pool(2)
    net.average()
    net.dense(2)
    return scaled_by(net.model(), 10.0 ** (seed % 5 - 2))


def scaled_by(model: FloatModel, factor: float) -> FloatModel:
    """Weights of another size: shifts that a sample calibrates would differ."""
    first, *rest = model.nodes
    assert isinstance(first.operation, Affine)
    bigger = replace(first.operation, weights=factor * first.operation.weights, bias=factor * first.operation.bias)
    return replace(model, nodes=(replace(first, operation=bigger), *rest))


def circuit_of(model: QuantisedModel) -> bytes:
    return write_r1cs(Inference(model).constrain())


@pytest.mark.parametrize("shape", [perceptron, network], ids=["perceptron", "convolutions"])
def test_models_of_one_shape_have_one_circuit_where_weights_are_committed(shape: Callable[..., FloatModel]) -> None:
    first, second, third = (quantise(shape(seed), SAMPLE, committed=True).model for seed in (1, 3, 9))
    assert circuit_of(first) == circuit_of(second) == circuit_of(third)
    assert first.secrets.tolist() != second.secrets.tolist()
    assert circuit_of(quantise(shape(1, 3), SAMPLE, committed=True).model) != circuit_of(first)
    open_ones = [quantise(shape(seed), SAMPLE).model for seed in (1, 3)]
    assert circuit_of(open_ones[0]) != circuit_of(open_ones[1])


@pytest.mark.parametrize("shape", [perceptron, network], ids=["perceptron", "convolutions"])
def test_a_committed_model_stays_close_to_the_floats(shape: Callable[..., FloatModel]) -> None:
    for seed in (1, 4):
        made = quantise(shape(seed), SAMPLE, committed=True)
        spread = float(np.ptp(made.source.outputs(SAMPLE)))
        assert made.fidelity.sample_error < 0.1 * spread


def test_neither_the_sample_nor_equal_channels_change_a_committed_circuit() -> None:
    """Where 0 lies among the levels, and which weights happen to be equal, are no part of a shape."""
    model = network(1)
    circuit = circuit_of(quantise(model, SAMPLE, committed=True).model)
    for moved in (SAMPLE - 3.0, 5.0 * SAMPLE + 1.0, -SAMPLE):
        assert moved.min() < 0 and circuit_of(quantise(model, moved, committed=True).model) == circuit
    second = model.nodes[1].operation
    assert isinstance(second, Affine) and second.taps.is_diagonal and len(second.weights) == 2
    alike = replace(second, weights=np.full(2, 0.5), bias=np.full(2, 0.25))
    twins = replace(model, nodes=(model.nodes[0], replace(model.nodes[1], operation=alike), *model.nodes[2:]))
    assert circuit_of(quantise(twins, SAMPLE, committed=True).model) == circuit


# Branches of several scales


@pytest.mark.parametrize("operation", [graph.Clip(-0.5, 1.0), graph.Curve(graph.TANH), graph.Relu()], ids=str)
def test_values_of_several_scales_are_brought_to_one(operation: graph.FloatOperation) -> None:
    """Two features of different ranges, neither from 0, meet in one operation without a layer before it."""
    sample = np.random.default_rng(0).uniform([-3.0, 10.0], [1.0, 400.0], (200, 2))
    nodes = (Node(graph.Gather(np.asarray([1, 0, 1])), (0,)), Node(operation, (1,)))
    made = quantise(FloatModel(2, nodes, ("order", "act"), REGRESSION, (), IDENTITY, "mixed"), sample)
    outputs = made.model.logits_of(made.model.encoding.nearest(sample)) * made.unit
    assert float(np.abs(outputs - made.source.outputs(sample)).max()) <= made.fidelity.worst_error
    assert made.fidelity.worst_error < 0.02 * 400


def test_a_model_that_only_reorders_its_row_is_proven_too() -> None:
    sample = np.random.default_rng(0).uniform([-3.0, 10.0], [1.0, 400.0], (200, 2))
    nodes = (Node(graph.Gather(np.asarray([1, 0])), (0,)),)
    made = quantise(FloatModel(2, nodes, ("order",), REGRESSION, (), IDENTITY, "order"), sample)
    outputs = made.model.logits_of(made.model.encoding.nearest(sample)) * made.unit
    assert float(np.abs(outputs - sample[:, ::-1]).max()) <= made.fidelity.worst_error < 2.0
