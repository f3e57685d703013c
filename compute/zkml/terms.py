"""How many terms the rows of a model's circuit have, known before it is built: memory and keys go by them.

A sum with constant weights makes no row of its own, but every row that reads it repeats all its terms. So each value
is followed by how many cells its elements are sums of: through the taps by counting, through other operations by
building one element of each kind that occurs. Cells are exact; terms are off by what meets again in a sum, a few
percent.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

import numpy as np

from compute.zkml.bounds import Bounds, joined
from compute.zkml.encoding import Levels, Thresholds
from compute.zkml.inference import COMMITTED, PUBLIC, Inference
from compute.zkml.operations.argmax import ArgMax
from compute.zkml.operations.clip import Clip
from compute.zkml.operations.committed_forest import CommittedForest
from compute.zkml.operations.forest import Forest
from compute.zkml.operations.gather import Gather
from compute.zkml.operations.linear import Linear
from compute.zkml.operations.max_pool import MaxPool
from compute.zkml.operations.operation import Cost, Operation
from compute.zkml.operations.rescale import Relu, Rescale
from compute.zkml.operations.total import Total
from compute.zkml.taps import Ints
from crypto.poseidon import PACKED_BITS, vector_chunks
from crypto.r1cs.builder import Builder
from crypto.r1cs.estimate import Size
from crypto.r1cs.gadgets.poseidon import poseidon
from crypto.r1cs.wire import Wire

FULL_WIDTH: Final = 254
_SECRET_TERMS: Final = 2  # its cell and the offset that makes it signed
_PRODUCT_TERMS: Final = 2  # its cell and its lower bound
_TREES: Final = 6  # of a committed forest that are built
_IN_POSEIDON: Final = 3  # rows that repeat an input


@dataclass(frozen=True, slots=True)
class Extent:
    """Terms of the rows, and cells by width, of some part of a circuit."""

    terms: int = 0
    cells: Cost = field(default_factory=Counter)

    def __add__(self, other: "Extent") -> "Extent":
        return Extent(self.terms + other.terms, self.cells + other.cells)

    def times(self, count: int) -> "Extent":
        """The same part so many times."""
        return Extent(self.terms * count, Counter({width: cells * count for width, cells in self.cells.items()}))


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How many cells each element of a value is a sum of (width,), and at most how many different ones there are."""

    counts: Ints
    cells: int


def extents(statement: Inference) -> list[Extent]:
    """The parts of a statement's circuit in their order: rows, their commitment, weights and their commitment if they
    are committed, the layers in the order of their first step, outputs."""
    model, rows = statement.model, statement.rows
    reading, read = _encoding(statement)
    parts = [reading.times(rows), _rows_committed(statement)]
    if model.committed:
        parts += [_weights(statement), _weights_committed(statement)]
    layers: dict[str, Extent] = {}
    values = [read]
    for step in model.steps:
        bounds, given = [model.ranges[i] for i in step.inputs], [values[i] for i in step.inputs]
        extent, made = _step(step.operation, bounds, given)
        values.append(made)
        layers[step.layer] = layers.get(step.layer, Extent()) + extent.times(rows)
    return [*parts, *layers.values(), _outputs(statement, values[-1])]


def _step(operation: Operation, bounds: Sequence[Bounds], given: Sequence[Spread]) -> tuple[Extent, Spread]:
    match operation:
        case Linear() if not operation.committed:
            pattern = operation.taps.matrix((operation.weights != 0).astype(np.int64))
            return Extent(), Spread(np.minimum(pattern @ given[0].counts, given[0].cells), given[0].cells)
        case Linear():
            return _products(operation, bounds[0], given[0])
        case Gather():
            counts = np.concatenate([spread.counts for spread in given])[operation.index]
            return Extent(), Spread(counts, sum(spread.cells for spread in given))
        case Total():
            cells = sum(spread.cells for spread in given)
            return Extent(), Spread(np.minimum(np.sum([spread.counts for spread in given], axis=0), cells), cells)
        case Forest():
            return _forest(operation, given[0])
        case CommittedForest():
            return _committed_forest(operation, bounds[0])
        case MaxPool() | ArgMax():
            return _choices(operation, joined(list(bounds)), given[0])
        case _:
            return _each(operation, bounds[0], given[0])


def _products(operation: Linear, bounds: Bounds, given: Spread) -> tuple[Extent, Spread]:
    taps, cells = operation.taps, operation.cost([bounds])
    counts, made = given.counts[taps.columns], np.diff(taps.starts) + 1
    terms = int(counts.sum()) + (_SECRET_TERMS + _PRODUCT_TERMS) * taps.count
    distinct = int(made.sum())
    for group in operation.shared(bounds):
        first, *others = group.outputs
        start, end, bits = taps.starts[first], taps.starts[first + 1], group.all_bits
        reads = int(end - start)
        lowest = reads + len(group.outputs) + bits  # of how many the total's lowest bit is a sum
        again = int(counts[start:end].sum()) + (1 + _PRODUCT_TERMS) * reads
        terms += 2 * lowest + 3 * (bits - 1) - len(others) * again
        cells[1] -= 1  # the lowest bit is none
        distinct += bits - 1 - len(others) * reads
        made[others], made[first] = group.bits, lowest - group.bits
    return Extent(terms, cells), Spread(made, distinct)


def _each(operation: Operation, bounds: Bounds, given: Spread) -> tuple[Extent, Spread]:
    """Of an operation that treats each element alone: one of each kind is built."""
    total, counts = Extent(), np.zeros(bounds.width, dtype=np.int64)
    ends = [end - edge for edge in _edges(operation) for end in (bounds.low, bounds.high)]
    kinds = np.stack([_kinds(end) for end in (*ends, bounds.high - bounds.low)], axis=1)
    for kind in np.unique(kinds, axis=0):
        members = np.flatnonzero((kinds == kind).all(axis=1))
        first = bounds.pick(members[:1])
        one, more = (_built(operation, first, terms) for terms in (1, 2))
        beyond = given.counts[members] - 1
        total += one[0].times(len(members)) + Extent((more[0].terms - one[0].terms) * int(beyond.sum()))
        counts[members] = np.maximum(one[1] + (more[1] - one[1]) * beyond, 0)
    return total, Spread(counts, int(counts.sum()))


def _edges(operation: Operation) -> tuple[int, ...]:
    """Where an element's kind changes: on which side of these it can lie, and how far away."""
    match operation:
        case Clip():
            return operation.low, operation.high
        case Relu() | Rescale():
            return (-(1 << operation.shift >> 1),)
        case _:
            return (0,)


def _choices(operation: MaxPool | ArgMax, bounds: Bounds, given: Spread) -> tuple[Extent, Spread]:
    """The largest of many: one window of each kind is built, of values that are sums of as many cells as on average."""
    if isinstance(operation, ArgMax):
        extent, count = _built(operation, bounds, max(1, round(float(given.counts.mean()))))
        return extent, Spread(np.asarray([count]), count)
    lows, highs = _kinds(bounds.low)[operation.windows], _kinds(bounds.high)[operation.windows]
    sizes = np.asarray([len(set(window)) for window in operation.windows.tolist()])[:, None]
    terms = np.rint(given.counts[operation.windows].mean(axis=1)).astype(np.int64)[:, None]
    _, firsts, number = np.unique(
        np.concatenate([lows, highs, sizes, terms], axis=1), axis=0, return_index=True, return_inverse=True
    )
    total, counts = Extent(), np.zeros(len(sizes), dtype=np.int64)
    for kind, first in enumerate(firsts.tolist()):
        window = list(dict.fromkeys(operation.windows[first].tolist()))
        alone = replace(operation, windows=np.arange(len(window), dtype=np.int64)[None])
        extent, count = _built(alone, bounds.pick(np.asarray(window)), max(1, int(terms[first, 0])))
        members = np.flatnonzero(number.reshape(-1) == kind)
        total += extent.times(len(members))
        counts[members] = count
    return total, Spread(counts, int(counts.sum()))


def _built(operation: Operation, bounds: Bounds, terms: int) -> tuple[Extent, int]:
    """What the operation makes of elements that are sums of so many cells, and of how many the result is one."""
    cs = Builder()
    ends = zip(bounds.low.tolist(), bounds.high.tolist(), strict=True)
    wires = [Wire(dict.fromkeys(_numbers(cs, number, terms), 1), 0, end) for number, end in enumerate(ends)]
    made = operation.constrain(cs, [wires], ())
    size = cs.build().size
    return _beside(size, terms * len(wires)), max(len(wire.terms) for wire in made)


def _numbers(cs: Builder, number: int, terms: int) -> list[int]:
    return [cell for wire in cs.private_array(str(number), terms) for cell in wire.terms]


def _forest(operation: Forest, given: Spread) -> tuple[Extent, Spread]:
    """A row for each inner node below a root; the left child's sum is its parent's and the right child's cell."""
    bit, left, right = operation.bit.tolist(), operation.left.tolist(), operation.right.tolist()
    counts, roots = given.counts.tolist(), set(operation.roots.tolist())
    reached, terms, made, inputs = [0] * len(bit), 0, 0, 0
    for node, number in enumerate(bit):
        if number < 0:
            continue
        if node in roots:
            reached[left[node]] = reached[right[node]] = counts[number]
            inputs += counts[number]
        else:
            terms += reached[node] + counts[number] + 1
            reached[left[node]], reached[right[node]] = reached[node] + 1, 1
            made += 1
    cells = min(inputs, given.cells) + made
    used = np.minimum(((operation.leaves != 0) * np.asarray(reached)[:, None]).sum(axis=0), cells)
    return Extent(terms, Counter({1: made})), Spread(used.astype(np.int64), cells)


def _committed_forest(operation: CommittedForest, bounds: Bounds) -> tuple[Extent, Spread]:
    """A few of the trees are built, which are all of one shape; each width of cells grows as its constraints do."""
    few = min(operation.trees, max(_TREES, 2 * len(operation.offset)))
    feature, threshold, leaves = (part[:few] for part in (operation.feature, operation.threshold, operation.leaves))
    sample = replace(operation, feature=feature, threshold=threshold, leaves=leaves)
    cs = Builder()
    levels = [
        wire.bounded(low, high)
        for wire, low, high in zip(
            cs.private_array("levels", bounds.width), bounds.low.tolist(), bounds.high.tolist(), strict=True
        )
    ]
    secrets = [
        (wire - offset).bounded(-offset, (1 << bits) - 1 - offset)
        for number, (count, bits, offset) in enumerate(sample.limits)
        for wire in cs.private_array(str(number), count)
    ]
    made = sample.constrain(cs, [levels], secrets)
    built = _beside(cs.build().size, len(levels) + len(secrets))
    all_cost, own_cost = operation.cost([bounds]), sample.cost([bounds])
    cells = {width: count * all_cost[width] // max(1, own_cost[width]) for width, count in built.cells.items()}
    terms = built.terms * sum(all_cost.values()) // max(1, sum(own_cost.values()))
    counts = np.asarray([len(wire.terms) * operation.trees // few for wire in made], dtype=np.int64)
    return Extent(terms, Counter(cells)), Spread(counts, int(counts.sum()))


def _encoding(statement: Inference) -> tuple[Extent, Spread]:
    """Of one row: each feature, or one of each kind, is built."""
    encoding = statement.model.encoding
    if isinstance(encoding, Levels):
        one = replace(encoding, features=1, offsets=encoding.offsets[:1], steps=encoding.steps[:1])
        extent, counts = _read(one)
        return extent.times(encoding.features), Spread(np.asarray(counts * encoding.features), encoding.features)
    total, read = Extent(), list[int]()
    for top in encoding.tops:
        extent, counts = _thermometer(top)
        total, read = total + extent, read + counts
    return total, Spread(np.asarray(read, dtype=np.int64), sum(total.cells.values()))


@lru_cache(maxsize=256)
def _thermometer(top: int) -> tuple[Extent, list[int]]:
    return _read(Thresholds((tuple(map(float, range(top))),), (0.0,), (1.0,)))


def _read(encoding: Levels | Thresholds) -> tuple[Extent, list[int]]:
    """Of a row of one feature: its extent, its own cell included, and the cells of each element that is read."""
    cs = Builder()
    _, wires = encoding.constrain(cs, cs.private_array("row", 1))
    size = cs.build().size
    return _beside(size, 0), [len(wire.terms) for wire in wires]


def _rows_committed(statement: Inference) -> Extent:
    numbers, per = statement.rows * statement.model.features, PACKED_BITS // statement.model.encoding.bits
    if not statement.keyed:
        return _commitment(_packed([1] * numbers, per))[0] + _SALT
    own, salt = _permutation(2)
    return _commitment(_packed([1] * numbers, per), salt)[0] + own + _SALT


def _weights(statement: Inference) -> Extent:
    """Their ranges; each is a cell of its own."""
    total = Extent()
    for count, bits, _ in statement.model.limits:
        total += _read(Levels(1, bits, (0.0,), (1.0,)))[0].times(count)
    return total


def _weights_committed(statement: Inference) -> Extent:
    packed: list[int] = []
    for count, bits, _ in statement.model.limits:
        packed += _packed([1] * count, PACKED_BITS // bits)
    return _commitment(packed)[0] + _SALT


def _outputs(statement: Inference, last: Spread) -> Extent:
    """ctx and task bound, results packed and tied to public cells; 2 or 3 more of these than results."""
    per = PACKED_BITS // statement.model.output_bits
    packed = [min(count, last.cells * statement.rows) for count in _packed(last.counts.tolist() * statement.rows, per)]
    own = Counter({FULL_WIDTH: 3 + statement.model.committed + statement.elements})
    bound = Extent(3, Counter({FULL_WIDTH: 1}))
    if statement.outputs == PUBLIC:
        return Extent(sum(packed) + 3 * len(packed), own) + bound + bound
    pad, digest = _permutation(4)
    pads = Extent(0, own) + bound + pad
    if statement.outputs == COMMITTED:
        return pads + _commitment(packed, digest)[0]
    return pads + pad.times(len(packed) - 1) + Extent(sum(packed) + (digest + 2) * len(packed))


def _packed(counts: Sequence[int], per: int) -> list[int]:
    return [sum(counts[start : start + per]) for start in range(0, len(counts), per)]


_SALT: Final = Extent(0, Counter({FULL_WIDTH: 1}))


def _commitment(elements: Sequence[int], salt: int = 1) -> tuple[Extent, int]:
    """Of elements that are sums of so many cells, tied to a public cell; and the cells of the digest."""
    permutations, size = vector_chunks(len(elements))
    one, digest = _permutation(size + 2)
    chained = salt + digest * (permutations - 1)
    given = _IN_POSEIDON * (sum(elements) + chained - (size + 1) * permutations)
    return one.times(permutations) + Extent(given + digest + 2), digest


@lru_cache(maxsize=32)
def _permutation(width: int) -> tuple[Extent, int]:
    """One of so many lanes, whose inputs are a cell each; and of how many cells its digest is a sum."""
    cs = Builder()
    digest = poseidon(cs, cs.private_array("inputs", width - 1))
    size = cs.build().size
    return _beside(size, width - 1), len(digest.terms)


def _beside(size: Size, inputs: int) -> Extent:
    """What was built beside cell 0 and so many inputs of unknown width."""
    return Extent(size.terms, Counter(size.widths) - Counter({1: 1, FULL_WIDTH: inputs}))


def _kinds(values: Ints) -> Ints:
    """Equal for numbers of one sign and width."""
    lengths = np.asarray([int(value).bit_length() for value in np.abs(values)], dtype=np.int64)
    return np.where(values < 0, -1 - lengths, lengths)
