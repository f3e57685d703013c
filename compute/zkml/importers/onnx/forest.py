"""The table of a forest, from trees whose nodes compare in any of ONNX's six ways."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from compute.zkml.graph import Affine, Forest, Gather
from compute.zkml.importers.errors import ImportTooLarge
from compute.zkml.importers.onnx.call import Call
from compute.zkml.importers.onnx.tensors import Computed, laid_out
from compute.zkml.taps import Floats, Ints

MAX_TREE_NODES: Final = 1 << 20
LEAF: Final = -1


class Split(NamedTuple):
    """A node as ONNX writes it: where `mode` holds for x[feature] and threshold, on to `then`, else to `otherwise`."""

    mode: str
    feature: int
    threshold: float
    then: int
    otherwise: int


class _Point(NamedTuple):
    """A place in a tree that becomes a node of the table; second: the lower of the two that an equality needs."""

    source: int
    second: bool = False


@dataclass
class Trees:
    """splits by number; numbers without a split are leaves, whose rows of outputs stand in `leaves` (none: zeros).

    single: whether values and thresholds are compared as float32.
    """

    splits: dict[int, Split]
    leaves: dict[int, Floats]
    roots: list[int]
    outputs: int
    single: bool = True

    def at_most(self, value: float, strictly: bool = False) -> float:
        """The largest number that is compared and is <= value, or < value: x < t is x <= at_most(t, strictly=True)."""
        if self.single:
            return single_at_most(value, strictly)
        return float(np.nextafter(value, -np.inf)) if strictly else value


@dataclass
class _Table:
    feature: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    leaf_of: list[int] = field(default_factory=list)

    def add(self, feature: int, threshold: float, source: int) -> int:
        self.feature.append(feature)
        self.threshold.append(threshold)
        self.left.append(LEAF)
        self.right.append(LEAF)
        self.leaf_of.append(source)
        return len(self.feature) - 1


def single_at_most(value: float, strictly: bool = False) -> float:
    """The largest float32 that is <= value, or < value."""
    rounded = np.float32(value)
    if float(rounded) > value or (strictly and float(rounded) >= value):
        rounded = np.nextafter(rounded, np.float32(-np.inf))
    return float(rounded)


def forest_of(call: Call, trees: Trees, offset: Floats) -> Computed:
    """The (1, outputs) sums of leaves plus offset. Raises NodeMalformed, OperatorUnsupported, ImportTooLarge."""
    columns, offsets, steps = _row(call, call.computed(0))
    _require_trees(call, trees, len(columns))
    table, roots = _Table(), []
    for root in trees.roots:
        roots.append(len(table.feature))
        _plant(call, trees, table, _Point(root))
    features = np.array(table.feature, dtype=np.int64)
    call.sketch.reserve(len(features) * trees.outputs, call.name)
    leaves = np.zeros((len(features), trees.outputs))
    for number in np.flatnonzero(features < 0).tolist():
        leaves[number] = trees.leaves.get(table.leaf_of[number], 0.0)
    forest = Forest(
        roots=np.array(roots, dtype=np.int64),
        feature=np.where(features < 0, LEAF, columns[np.maximum(features, 0)]),
        threshold=np.array(table.threshold),
        left=np.array(table.left, dtype=np.int64),
        right=np.array(table.right, dtype=np.int64),
        leaves=leaves,
        offset=offset,
        offsets=offsets,
        steps=steps,
        single=trees.single,
    )
    return laid_out(call.sketch.emit(forest, (0,), trees.outputs, call.name), (1, trees.outputs))


def _require_trees(call: Call, trees: Trees, features: int) -> None:
    """Each node has at most one parent, so that walks end; features exist; numbers are finite."""
    children = [child for split in trees.splits.values() for child in (split.then, split.otherwise)]
    seen = set(children)
    if len(seen) != len(children) or seen.intersection(trees.roots):
        raise call.malformed("a tree node has two parents, or a root has one")
    if any(not 0 <= split.feature < features for split in trees.splits.values()):
        raise call.malformed(f"a tree asks for a feature beyond the {features} there are")
    call.finite(np.array([split.threshold for split in trees.splits.values()]), "a threshold")
    for leaf in trees.leaves.values():
        call.finite(leaf, "a leaf")


def _plant(call: Call, trees: Trees, table: _Table, root: _Point) -> None:
    """Adds the nodes below a point, parents before children."""
    waiting: list[tuple[_Point, list[int], int]] = [(root, [], 0)]
    while waiting:
        point, slots, parent = waiting.pop()
        split = trees.splits.get(point.source)
        if split is None:
            number = table.add(LEAF, 0.0, point.source)
        else:
            threshold, left, right = _normal(call, trees, split, point)
            number = table.add(split.feature, threshold, point.source)
            waiting += [(right, table.right, number), (left, table.left, number)]
        if slots:
            slots[parent] = number
        if number >= MAX_TREE_NODES:
            raise ImportTooLarge(f"the forest of node {call.name!r} (tree nodes)", number + 1, MAX_TREE_NODES)


def _normal(call: Call, trees: Trees, split: Split, point: _Point) -> tuple[float, _Point, _Point]:
    """As x <= threshold: (threshold, left, right). x == t is x <= t and not x < t: two nodes, the way out copied."""
    then, otherwise = _Point(split.then), _Point(split.otherwise)
    if split.mode in ("BRANCH_GT", "BRANCH_GTE", "BRANCH_NEQ"):
        then, otherwise = otherwise, then
    if split.mode in ("BRANCH_LEQ", "BRANCH_GT"):
        return trees.at_most(split.threshold), then, otherwise
    if split.mode in ("BRANCH_LT", "BRANCH_GTE"):
        return trees.at_most(split.threshold, strictly=True), then, otherwise
    if split.mode not in ("BRANCH_EQ", "BRANCH_NEQ"):
        raise call.unsupported(f"a tree compares by {split.mode!r}", "split sets of values into equalities")
    if point.second:
        return trees.at_most(split.threshold, strictly=True), otherwise, then
    return trees.at_most(split.threshold), _Point(point.source, second=True), otherwise


def _row(call: Call, source: Computed) -> tuple[Ints, Floats, Floats]:
    """(columns, offsets, steps): feature i of the trees is (row[columns[i]] - offsets[column]) / steps[column].

    Raises OperatorUnsupported where the trees read more than the row, moved and scaled.
    """
    if len(source.shape) > 2 or source.shape[:-1] not in ((), (1,)):
        raise call.malformed(f"its input must be (1, features), not {source.shape}")
    value, columns = source.value, source.positions.reshape(-1)
    scale, shift = np.ones(len(columns)), np.zeros(len(columns))
    while value:
        node = call.sketch.nodes[value - 1]
        operation = node.operation
        if isinstance(operation, Gather) and len(node.inputs) == 1:
            columns = operation.index[columns]
        elif isinstance(operation, Affine) and operation.taps.is_diagonal:
            taps = operation.taps
            # The later steps are scale * x + shift, this one is weight * x + bias.
            shift = shift + scale * operation.bias[taps.bias_of[columns]]
            scale = scale * operation.weights[taps.weight_of[columns]]
            columns = taps.columns[columns]
        else:
            raise call.unsupported(
                "its trees read computed features", "trees are supported on the row itself, chosen and scaled"
            )
        value = node.inputs[0]
    if np.any(scale <= 0):
        raise call.unsupported("a feature is scaled by zero or less", "scale features by positive numbers")
    offsets, steps = np.zeros(call.sketch.widths[0]), np.ones(call.sketch.widths[0])
    offsets[columns], steps[columns] = -shift / scale, 1.0 / scale
    if not (np.array_equal(offsets[columns], -shift / scale) and np.array_equal(steps[columns], 1.0 / scale)):
        raise call.unsupported("a feature reaches the trees in two scalings", "scale each feature once")
    return columns, offsets, steps
