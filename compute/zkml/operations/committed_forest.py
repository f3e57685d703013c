"""Decision trees behind a commitment: of each tree one path is walked, and the circuit knows but their shape."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from compute.zkml.bounds import Bounds, require_room
from compute.zkml.errors import UnsupportedModel
from compute.zkml.operations.operation import Cost, require, single
from compute.zkml.taps import Ints
from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.bits import from_bits, to_bits
from crypto.r1cs.gadgets.compare import is_non_negative
from crypto.r1cs.gadgets.lookup import Table, lookup, split
from crypto.r1cs.wire import Wire, linear

LEAF_BITS: Final = 14  # of a leaf, its sign included; each costs a constraint and its share of a commitment
OFFSET_BITS: Final = 24  # of what is added to the sum: it may be a thousand times the largest leaf
MAX_DEPTH: Final = 10
MAX_NODES: Final = 2**15  # of all trees, which is a million constraints


@dataclass(frozen=True, slots=True, eq=False)
class CommittedForest:
    """Sum of one leaf of each tree plus offset (outputs,), on levels of `bits` bits.

    Trees are complete and of one depth: node i of a tree has the children 2 i + 1 and 2 i + 2, the last level are its
    leaves. At a node the level numbered `feature` goes left if it is at most `threshold`, else right. feature and
    threshold are (trees, 2**depth - 1), leaves (trees, 2**depth, columns). One column an output; or a single one for
    several outputs, which trees then serve in turn: tree t adds to output t modulo outputs.

    All these numbers are secrets; shapes, features and bits are not. Only the path is proven. Of the nodes of its level
    one is selected by the decisions above it, so exactly one leaf is reached; a feature's number is read bit by bit
    from the table of levels; b = (level - threshold - 1 >= 0). What a tree says of numbers beyond the features is
    fixed as well, so a commitment is to one function whatever was committed.

    Constraints of a tree of depth D, with k bits to a feature's number (none of the decompositions if k = 1):
    2 (2**D - 1 - D) to select features and thresholds, k (D - 1) to decompose the features, D (bits + 1) to compare,
    (2**D - 1) columns for the leaf; and trees * D reads of a table of all levels (crypto/r1cs/gadgets/lookup.py).
    Choosing among all features at every node by one-hot vectors, instead of on the path, costs 2**D / D times as much.
    """

    features: int
    bits: int
    feature: Ints
    threshold: Ints
    leaves: Ints
    offset: Ints

    kind: ClassVar[str] = "committed forest"

    @property
    def trees(self) -> int:
        return len(self.leaves)

    @property
    def depth(self) -> int:
        return int(self.leaves.shape[1]).bit_length() - 1

    @property
    def columns(self) -> int:
        return int(self.leaves.shape[2])

    @property
    def number_bits(self) -> int:
        """Bits of a feature's number."""
        return max(1, (self.features - 1).bit_length())

    @property
    def secrets(self) -> Ints:
        """The bits of all features, lowest first; thresholds, leaves, offset."""
        bits = self.feature[..., None] >> np.arange(self.number_bits) & 1
        return np.concatenate([part.reshape(-1) for part in (bits, self.threshold, self.leaves, self.offset)])

    @property
    def limits(self) -> tuple[tuple[int, int, int], ...]:
        nodes = self.feature.size
        return (
            (nodes * self.number_bits, 1, 0),
            (nodes, self.bits, 0),
            (self.leaves.size, LEAF_BITS, 1 << (LEAF_BITS - 1)),
            (len(self.offset), OFFSET_BITS, 1 << (OFFSET_BITS - 1)),
        )

    def bounds(self, inputs: Sequence[Bounds]) -> Bounds:
        given = single(self.kind, inputs)
        self._require_shapes()
        require(self.kind, given.width == self.features, f"{self.features} inputs")
        require(self.kind, given.low.min() >= 0 and given.high.max() >> self.bits == 0, f"levels of {self.bits} bits")
        numbers = (self.feature, self.features), (self.threshold, 1 << self.bits)
        require(self.kind, all(part.min() >= 0 and part.max() < end for part, end in numbers), "nodes in range")
        signed = (self.leaves, 1 << (LEAF_BITS - 1)), (self.offset, 1 << (OFFSET_BITS - 1))
        require(self.kind, all(part.min() >= -end and part.max() < end for part, end in signed), "leaves in range")
        added = self._adding()
        leaf, start = 1 << (LEAF_BITS - 1), 1 << (OFFSET_BITS - 1)
        require_room(float(self.trees * leaf + start))
        return Bounds(-added * leaf - start, added * (leaf - 1) + start - 1)

    def _require_shapes(self) -> None:
        kind, leaves = self.kind, self.leaves
        require(kind, self.features >= 1 and 1 <= self.bits <= 16, "features, of 1 to 16 bits")
        require(kind, leaves.ndim == 3 and min(leaves.shape) > 0, "leaves by tree, place and column")
        require(kind, self.depth >= 1 and leaves.shape[1] == 1 << self.depth, "as many leaves as a complete tree has")
        nodes = (self.trees, (1 << self.depth) - 1)
        require(kind, self.feature.shape == self.threshold.shape == nodes, "a feature and a threshold for each node")
        require(kind, self.offset.ndim == 1 and self.columns in (1, len(self.offset)), "a column, or one each output")
        require_depth(self.trees, self.depth)

    def _adding(self) -> Ints:
        """How many trees add to each output."""
        outputs = len(self.offset)
        if self.columns == outputs:
            return np.full(outputs, self.trees, dtype=np.int64)
        return (self.trees + outputs - 1 - np.arange(outputs, dtype=np.int64)) // outputs

    def cost(self, inputs: Sequence[Bounds]) -> Cost:
        trees, depth, number = self.trees, self.depth, self.number_bits
        reads = trees * depth
        table = split(self.features, reads)
        selected = trees * ((1 << depth) - 1 - depth)
        cost: Cost = Counter({1: trees * ((number > 1) * number * (depth - 1) + depth * (self.bits + 1))})
        cost[1] += reads * table.hot
        cost[number + 1] += selected
        cost[self.bits + 1] += selected + reads * table.picks
        cost[2 * self.bits + 1] += table.shared + reads * table.products
        cost[LEAF_BITS + 1] += trees * ((1 << depth) - 1) * self.columns
        return +cost

    def evaluate(self, inputs: Sequence[Ints]) -> Ints:
        levels, trees = inputs[0], np.arange(self.trees)
        rows = np.arange(len(levels))[:, None]
        node = np.zeros((len(levels), self.trees), dtype=np.int64)
        for _ in range(self.depth):
            right = levels[rows, self.feature[trees, node]] > self.threshold[trees, node]
            node = 2 * node + 1 + right
        reached = self.leaves[trees, node - self.feature.shape[1]]  # (rows, trees, columns)
        if self.columns == len(self.offset):
            return np.asarray(reached.sum(axis=1) + self.offset, dtype=np.int64)
        turns = [reached[:, start :: len(self.offset), 0].sum(axis=1) for start in range(len(self.offset))]
        return np.asarray(np.stack(turns, axis=1) + self.offset, dtype=np.int64)

    def constrain(self, cs: Builder, inputs: Sequence[Sequence[Wire]], secrets: Sequence[Wire]) -> list[Wire]:
        table, outputs = Table(cs, inputs[0], self.trees * self.depth), len(self.offset)
        nodes, places, number = self.feature.shape[1], self.leaves.shape[1], self.number_bits
        ends = np.cumsum([count for count, _, _ in self.limits]).tolist()
        bits, thresholds, leaves = secrets[: ends[0]], secrets[ends[0] : ends[1]], secrets[ends[1] : ends[2]]
        added: list[list[tuple[int, Wire]]] = [[(1, start)] for start in secrets[ends[2] :]]
        for tree in range(self.trees):
            first = tree * nodes
            path = self._path(
                cs, table, bits[first * number : (first + nodes) * number], thresholds[first : first + nodes]
            )
            own = leaves[tree * places * self.columns : (tree + 1) * places * self.columns]
            for column in range(self.columns):
                leaf = lookup(cs, own[column :: self.columns], path)
                added[column if self.columns == outputs else tree % outputs].append((1, leaf))
        return [linear(parts) for parts in added]

    def _path(self, cs: Builder, table: Table, bits: Sequence[Wire], thresholds: Sequence[Wire]) -> list[Wire]:
        """A tree's decisions from the last to the first, which are the bits of the leaf's place."""
        count, path = self.number_bits, list[Wire]()
        for depth in range(self.depth):
            level = range((1 << depth) - 1, (2 << depth) - 1)
            if depth == 0:
                place = bits[:count]
            else:
                numbers = [from_bits(bits[node * count : (node + 1) * count]) for node in level]
                place = to_bits(cs, lookup(cs, numbers, path), count)
            threshold = lookup(cs, [thresholds[node] for node in level], path)
            path = [is_non_negative(cs, table.read(place) - threshold - 1, self.bits), *path]
        return path


def require_depth(trees: int, depth: int) -> None:
    """Raises UnsupportedModel for trees that are too deep, or too many of their depth."""
    nodes = trees * ((1 << depth) - 1)
    if depth > MAX_DEPTH or nodes > MAX_NODES:
        raise UnsupportedModel(
            f"{trees} committed trees of depth {depth} (all are filled up to the deepest: {nodes} nodes)",
            f"depths up to {MAX_DEPTH} and {MAX_NODES} nodes; fit fewer or shallower trees (max_depth, n_estimators), "
            "or let the trees be public (profile public-model)",
        )
