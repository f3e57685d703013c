"""Each operation of a quantised model: circuit and reference bit for bit, ranges that hold, a cost that is the cost."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.zkml.bounds import Bounds
from compute.zkml.operations.argmax import ArgMax
from compute.zkml.operations.clip import Clip
from compute.zkml.operations.committed_forest import LEAF_BITS, OFFSET_BITS, CommittedForest
from compute.zkml.operations.curve import Curve
from compute.zkml.operations.forest import Forest
from compute.zkml.operations.gather import Gather
from compute.zkml.operations.leaky_relu import LeakyRelu
from compute.zkml.operations.linear import Linear
from compute.zkml.operations.max_pool import MaxPool
from compute.zkml.operations.operation import Operation
from compute.zkml.operations.rescale import Relu, Rescale
from compute.zkml.operations.total import Total
from compute.zkml.taps import Ints, Taps
from crypto.r1cs.audit import audit, differential
from crypto.r1cs.gadgets.piecewise import sigmoid, tanh
from tests.support.operations import Pair, assert_right, built, ints, named, pairs, ranges, rows_in, vectors

some = settings(max_examples=25, deadline=None)
few = settings(max_examples=15, deadline=None)


@st.composite
def taps(draw: st.DrawFn) -> tuple[Taps, int, int]:
    """Any sparse sums of up to three inputs, weights and biases shared: (taps, weights, biases)."""
    inputs, weights, biases = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 2))
    sums = draw(st.lists(st.lists(st.integers(0, inputs - 1), max_size=3), min_size=1, max_size=3))
    columns = [column for one in sums for column in one]
    weight_of = [draw(st.integers(0, weights - 1)) for _ in columns]
    bias_of = [draw(st.integers(0, biases - 1)) for _ in sums]
    starts = np.cumsum([0, *map(len, sums)])
    return Taps(inputs, ints(starts), ints(columns), ints(weight_of), ints(bias_of)), weights, biases


@some
@given(taps(), st.data())
def test_sums_with_constants(shape: tuple[Taps, int, int], data: st.DataObject) -> None:
    places, weights, biases = shape
    numbers = st.one_of(st.sampled_from((-128, -1, 0, 1, 127)), st.integers(-(2**15), 2**15))
    chosen = [ints(data.draw(st.lists(numbers, min_size=n, max_size=n))) for n in (weights, biases)]
    given_ = data.draw(vectors().filter(lambda drawn: drawn.width == places.inputs))
    linear = Linear(places, *chosen)
    assert_right(linear, [given_], rows_in(data, [given_]))
    matrix = linear.taps.matrix(linear.weights).toarray()
    said = linear.bounds([given_])
    if len(set(zip(places.rows.tolist(), places.columns.tolist(), strict=True))) == places.count:
        for number, factors in enumerate(matrix):  # the range is exact
            for rising, limit in ((True, said.high), (False, said.low)):
                row = np.where((factors > 0) == rising, given_.high, given_.low)
                assert linear.evaluate([row.reshape(1, -1)])[0, number] == limit[number]


@few
@given(taps(), st.data())
def test_sums_with_committed_weights(shape: tuple[Taps, int, int], data: st.DataObject) -> None:
    """The range holds for any weights: it is the same whatever they are."""
    places, weights, biases = shape
    bits = data.draw(st.integers(1, 20))
    half = 1 << (bits - 1)
    numbers = st.one_of(st.sampled_from((-128, -1, 0, 127)), st.integers(-128, 127))
    offsets = st.one_of(st.sampled_from((-half, half - 1)), st.integers(-half, half - 1))
    chosen = [
        ints(data.draw(st.lists(each, min_size=n, max_size=n))) for each, n in ((numbers, weights), (offsets, biases))
    ]
    given_ = data.draw(vectors().filter(lambda drawn: drawn.width == places.inputs))
    linear = Linear(places, chosen[0], chosen[1], bits)
    assert_right(linear, [given_], rows_in(data, [given_]))
    other = Linear(places, ints([0] * weights), ints([0] * biases), bits)
    assert [part.tolist() for part in (linear.bounds([given_]).low, linear.bounds([given_]).high)] == [
        part.tolist() for part in (other.bounds([given_]).low, other.bounds([given_]).high)
    ]


ELEMENTWISE: dict[str, Callable[[st.DrawFn], Operation]] = {
    "relu": lambda draw: Relu(draw(st.one_of(st.integers(0, 12), st.integers(0, 45)))),
    "rescale": lambda draw: Rescale(draw(st.one_of(st.integers(0, 12), st.integers(0, 45)))),
    "leaky relu": lambda draw: LeakyRelu(draw(st.sampled_from((0, 1, 3, 64, 255, 256)))),
    "clip": lambda draw: Clip(*draw(pairs())),
    "gather": lambda draw: Gather(ints(draw(st.lists(st.just(0), min_size=1, max_size=3)))),
    "argmax": lambda draw: ArgMax(),
}


@pytest.mark.parametrize("kind", sorted(ELEMENTWISE))
@some
@given(st.data())
def test_what_takes_one_vector(kind: str, data: st.DataObject) -> None:
    operation, given_ = ELEMENTWISE[kind](data.draw), data.draw(vectors())
    assert_right(operation, [given_], rows_in(data, [given_]))


@pytest.mark.parametrize("operation", [Relu(2), Relu(0), Rescale(2), LeakyRelu(3), Clip(-3, 5)], ids=str)
@pytest.mark.parametrize("pair", [(-9, 11), (-12, -1), (1, 13), (-5, 0), (0, 6), (4, 4), (-2, 1)])
def test_ranges_are_those_of_all_values(operation: Operation, pair: Pair) -> None:
    values = operation.evaluate([np.arange(pair[0], pair[1] + 1, dtype=np.int64).reshape(-1, 1)])
    said = operation.bounds([ranges(pair)])
    assert (said.low[0], said.high[0]) == (values.min(), values.max())


@pytest.mark.parametrize("kind", [Relu, Rescale])
def test_a_result_that_is_certain_costs_nothing(kind: type[Relu | Rescale]) -> None:
    for shift in (8, 20, 60):
        assert_right(kind(shift), [ranges((-100, 100))], [[[-100]], [[0]], [[100]]])
        assert built(kind(shift), [ranges((-100, 100))])[2] == 0
    assert_right(kind(4), [ranges((40, 50), (55, 60))], [[[40, 55]], [[50, 60]], [[47, 56]]])
    assert built(kind(4), [ranges((42, 50))])[2] == 0


@some
@given(st.data())
def test_curves(data: st.DataObject) -> None:
    made = data.draw(st.sampled_from((sigmoid, tanh)))
    unit = Fraction(1, data.draw(st.sampled_from((1, 3, 16, 100, 900))))
    table = made(unit, 12, data.draw(st.integers(0, 4)), data.draw(st.integers(0, 8)))
    curve = Curve(table.nodes, table.offset_bits, table.dropped_bits, table.centre, table.output_bits)
    edge = st.one_of(st.sampled_from((0, -1, 1, 1023, -1024)), st.integers(-(2**14), 2**14))
    ends = sorted(data.draw(st.lists(edge, min_size=2, max_size=2)))
    given_ = ranges((ends[0], ends[1]))
    rows = rows_in(data, [given_])
    assert_right(curve, [given_], rows)
    for (row,) in rows:
        assert curve.evaluate([ints([row])]).tolist() == [[table.value(row[0])]]


@some
@given(vectors(4), st.data())
def test_the_largest_of_windows(given_: Bounds, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 4))
    position = st.integers(0, given_.width - 1)
    windows = data.draw(st.lists(st.lists(position, min_size=size, max_size=size), min_size=1, max_size=3))
    assert_right(MaxPool(ints(windows)), [given_], rows_in(data, [given_]))


@some
@given(st.data())
def test_branches_join(data: st.DataObject) -> None:
    count, width = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 2))
    inputs = [ranges(*(data.draw(pairs(-(2**30), 2**30)) for _ in range(width))) for _ in range(count)]
    factors = data.draw(st.lists(st.sampled_from((-65, -1, 0, 1, 64)), min_size=count, max_size=count))
    assert_right(Total(tuple(factors)), inputs, rows_in(data, inputs))
    index = data.draw(st.lists(st.integers(0, count * width - 1), min_size=1, max_size=5))
    assert_right(Gather(ints(index)), inputs, rows_in(data, inputs))


@st.composite
def forests(draw: st.DrawFn) -> tuple[Forest, int]:
    """Trees of any shape on up to four bits; the root may be a leaf."""
    width, outputs = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    roots: list[int] = []
    bit, left, right = list[int](), list[int](), list[int]()
    for _ in range(draw(st.integers(1, 3))):
        roots.append(len(bit))
        waiting = [(None, draw(st.integers(0, 3)))]
        while waiting:
            parent, depth = waiting.pop(0)
            node = len(bit)
            inner = depth > 0 and draw(st.booleans())
            bit.append(draw(st.integers(0, width - 1)) if inner else -1)
            left.append(0)
            right.append(0)
            if parent is not None:
                (left if left[parent] == 0 else right)[parent] = node
            if inner:
                waiting += [(node, depth - 1), (node, depth - 1)]
    leaves = [[draw(st.integers(-(2**20), 2**20)) for _ in range(outputs)] for _ in bit]
    kept = np.where((ints(bit) >= 0)[:, None], 0, ints(leaves))
    offset = [draw(st.integers(-9, 9)) for _ in range(outputs)]
    return Forest(ints(roots), ints(bit), ints(left), ints(right), kept, ints(offset)), width


@some
@given(forests())
def test_trees(drawn: tuple[Forest, int]) -> None:
    forest, width = drawn
    rows = [[[number >> i & 1 for i in range(width)]] for number in range(1 << width)]
    assert_right(forest, [ranges(*[(0, 1)] * width)], rows)
    said, all_rows = forest.bounds([ranges(*[(0, 1)] * width)]), ints([row[0] for row in rows])
    if len(forest.roots) == 1 and len(set(forest.bit.tolist())) - 1 == np.count_nonzero(forest.bit >= 0):
        values = forest.evaluate([all_rows])  # every leaf can be reached, so the range is exact
        assert (said.low.tolist(), said.high.tolist()) == (values.min(axis=0).tolist(), values.max(axis=0).tolist())


@st.composite
def committed_forests(draw: st.DrawFn) -> CommittedForest:
    """Complete trees; with one column for two outputs they serve them in turn."""
    trees, depth, features, bits = (draw(st.integers(1, most)) for most in (3, 3, 9, 4))
    outputs = draw(st.integers(1, 2))
    columns = draw(st.sampled_from(sorted({1, outputs})))
    nodes = (1 << depth) - 1

    def numbers(low: int, high: int, *shape: int) -> Ints:
        number, size = st.one_of(st.sampled_from((low, high)), st.integers(low, high)), int(np.prod(shape))
        return ints(draw(st.lists(number, min_size=size, max_size=size))).reshape(shape)

    leaf, start = 1 << (LEAF_BITS - 1), 1 << (OFFSET_BITS - 1)
    return CommittedForest(
        features,
        bits,
        numbers(0, features - 1, trees, nodes),
        numbers(0, (1 << bits) - 1, trees, nodes),
        numbers(-leaf, leaf - 1, trees, nodes + 1, columns),
        numbers(-start, start - 1, outputs),
    )


@some
@given(committed_forests(), st.data())
def test_committed_trees(forest: CommittedForest, data: st.DataObject) -> None:
    """A row takes the path that a walk from the root takes; the range is that of all trees of the shape."""
    given_ = ranges(*[(0, (1 << forest.bits) - 1)] * forest.features)
    rows = rows_in(data, [given_])
    assert_right(forest, [given_], rows)
    outputs = len(forest.offset)
    for (row,) in rows:
        walked = forest.offset.copy()
        for tree in range(forest.trees):
            node = 0
            while node < forest.feature.shape[1]:
                node = 2 * node + 1 + (row[forest.feature[tree, node]] > forest.threshold[tree, node])
            leaf = forest.leaves[tree, node - forest.feature.shape[1]]
            walked += leaf if forest.columns == outputs else np.where(np.arange(outputs) == tree % outputs, leaf, 0)
        assert forest.evaluate([ints([row])])[0].tolist() == walked.tolist()
    other = CommittedForest(
        *(forest.features, forest.bits, 0 * forest.feature, 0 * forest.threshold, 0 * forest.leaves, 0 * forest.offset)
    )
    pairs_of = [(said.low.tolist(), said.high.tolist()) for said in (forest.bounds([given_]), other.bounds([given_]))]
    assert pairs_of[0] == pairs_of[1] and other.limits == forest.limits


# Audits: what each operation leaves to its prover, with ranges of the inputs proven.

TREES = Forest(
    roots=ints([0, 1]),
    bit=ints([0, 1, -1, 2, -1, -1, -1, -1]),
    left=ints([2, 4, 0, 6, 0, 0, 0, 0]),
    right=ints([3, 5, 0, 7, 0, 0, 0, 0]),
    leaves=ints([[0], [0], [5], [0], [-3], [2], [7], [-1]]),
    offset=ints([1]),
)
SECRET_TREES = CommittedForest(
    3, 1, ints([[2, 0, 1]]), ints([[0, 0, 0]]), ints([[[5], [-3], [8191], [-8192]]]), ints([-7])
)
SECRET_STUMPS = CommittedForest(
    2, 2, ints([[1], [0]]), ints([[1], [2]]), ints([[[5], [-3]], [[1], [2]]]), ints([0, -(2**23)])
)
PICK = Taps(2, ints([0, 2, 3]), ints([0, 1, 1]), ints([0, 1, 0]), ints([0, 0]))
AUDITED: dict[str, tuple[Operation, list[Bounds], list[list[list[int]]]]] = {
    "sums with constants": (Linear(PICK, ints([3, -2]), ints([4])), [ranges((0, 3), (-2, 1))], [[[0, -2]], [[3, 1]]]),
    "sums with secrets": (Linear(PICK, ints([-5, 7]), ints([-1]), 2), [ranges((0, 1), (-2, 1))], [[[0, -2]], [[1, 1]]]),
    "relu": (Relu(2), [ranges((-13, 13))], [[[-13]], [[-2]], [[0]], [[13]]]),
    "relu above 0": (Relu(1), [ranges((1, 6))], [[[1]], [[6]]]),
    "relu that leaves nothing": (Relu(6), [ranges((-9, 9))], [[[-9]], [[9]]]),
    "rescale": (Rescale(2), [ranges((-8, 7))], [[[-8]], [[-2]], [[0]], [[7]]]),
    "leaky relu": (LeakyRelu(64), [ranges((-7, 7))], [[[-7]], [[0]], [[7]]]),
    "clip": (Clip(-2, 3), [ranges((-7, 7))], [[[-7]], [[-2]], [[0]], [[3]], [[7]]]),
    "curve": (Curve((0, 3, 5), 1, 1, 8, 4), [ranges((-15, 15))], [[[-15]], [[0]], [[3]], [[15]]]),
    "pool": (MaxPool(ints([[0, 1, 1], [1, 2, 0]])), [ranges((-2, 3), (0, 3), (1, 2))],
             [[[3, 3, 2]], [[-2, 0, 1]], [[3, 0, 1]], [[-2, 3, 2]], [[0, 1, 2]], [[-2, 0, 2]]]),
    "gather": (Gather(ints([1, 0, 1])), [ranges((0, 3), (-1, 2))], [[[3, -1]]]),
    "total": (Total((3, -2)), [ranges((0, 3)), ranges((-1, 2))], [[[3], [-1]], [[0], [2]]]),
    "argmax of one": (ArgMax(), [ranges((-4, 4))], [[[-4]], [[0]], [[1]], [[4]]]),
    "argmax": (ArgMax(), [ranges((-2, 1), (-1, 1), (-2, 0))], [[[1, 1, 0]], [[-2, -1, 0]], [[0, 0, 0]]]),
    "committed trees": (SECRET_TREES, [ranges((0, 1), (0, 1), (0, 1))], [[[0, 0, 0]], [[1, 0, 1]], [[1, 1, 1]]]),
    "committed trees in turn": (SECRET_STUMPS, [ranges((0, 3), (0, 3))], [[[2, 1]], [[3, 2]]]),
    "trees": (TREES, [ranges((0, 1), (0, 1), (0, 1))], [[[0, 0, 0]], [[1, 0, 0]], [[1, 1, 1]]]),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(AUDITED))
def test_no_output_can_be_forged(name: str) -> None:
    operation, inputs, rows = AUDITED[name]
    circuit, _, _ = built(operation, inputs, ranged=True)
    cases = [named(operation, row) for row in rows]
    report = audit(circuit, cases)
    assert report.findings == ()
    beyond = named(operation, [[high + 1 for high in given.high.tolist()] for given in inputs])
    assert differential(circuit, [beyond], lambda inputs: None) == []
