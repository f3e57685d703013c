"""Decision trees on threshold bits: every comparison was made when the row became bits, what is left is the path."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from compute.zkml.bounds import Bounds, require_room
from compute.zkml.operations.operation import Cost, Open, require, single
from compute.zkml.taps import Ints
from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.products import products
from crypto.r1cs.wire import Wire, constant, linear

_ROWS_AT_ONCE: Final = 256  # a table of rows and trees is held in memory


@dataclass(frozen=True, slots=True, eq=False)
class Forest(Open):
    """Sum of one leaf of each tree, (outputs,), plus offset.

    At node i the bit numbered bit[i] decides: 0 goes to left[i], 1 to right[i]; a leaf has bit -1 and its row of
    `leaves` (nodes, outputs). Parents stand before their children. That a node is reached is a bit: at the root 1, at a
    right child its parent's times the node's, at the left one the parent's less the right one's. So of each tree just
    one leaf is reached. Constraints: one for each inner node below a root.
    """

    roots: Ints
    bit: Ints
    left: Ints
    right: Ints
    leaves: Ints
    offset: Ints

    kind: ClassVar[str] = "forest"

    def bounds(self, inputs: Sequence[Bounds]) -> Bounds:
        given = single(self.kind, inputs)
        require(self.kind, bool(np.all(given.low >= 0) and np.all(given.high <= 1)), "bits to decide by")
        self._require_trees(given.width)
        return self._reach()

    def _require_trees(self, width: int) -> None:
        """Every node is a root or the child of one earlier node: what follows children comes to an end."""
        kind, nodes = self.kind, len(self.bit)
        flat = (self.roots, self.bit, self.left, self.right, self.offset)
        require(kind, all(part.ndim == 1 for part in flat) and len(self.offset) > 0, "flat arrays and an output")
        require(kind, len(self.left) == len(self.right) == nodes, "two children for each node")
        require(kind, self.leaves.shape == (nodes, len(self.offset)), "a row of leaves for each node")
        inner = np.flatnonzero(self.bit >= 0)
        require(kind, self.bit.min() >= -1 and self.bit.max() < width, f"bits below {width}")
        left, right = self.left[inner], self.right[inner]
        require(kind, bool(np.all(left > inner) and np.all(right > inner)), "parents before their children")
        found = np.sort(np.concatenate([self.roots, left, right]))
        require(kind, np.array_equal(found, np.arange(nodes)), "each node once, as a root or a child")
        sizes = np.abs(self.leaves.astype(np.float64)).max() * len(self.roots)
        require_room(float(sizes + np.abs(self.offset.astype(np.float64)).max()))

    def _reach(self) -> Bounds:
        low, high = self.leaves.copy(), self.leaves.copy()
        for node in np.flatnonzero(self.bit >= 0)[::-1].tolist():
            pair = [self.left[node], self.right[node]]
            low[node], high[node] = low[pair].min(axis=0), high[pair].max(axis=0)
        return Bounds(low[self.roots].sum(axis=0) + self.offset, high[self.roots].sum(axis=0) + self.offset)

    def cost(self, inputs: Sequence[Bounds]) -> Cost:
        inner = int(np.count_nonzero(self.bit >= 0)) - int(np.count_nonzero(self.bit[self.roots] >= 0))
        return Counter({1: inner}) if inner else Counter()

    def evaluate(self, inputs: Sequence[Ints]) -> Ints:
        total = np.tile(self.offset, (len(inputs[0]), 1))
        for start in range(0, len(total), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            for ends in self._ends(inputs[0][rows]).T:
                total[rows] += self.leaves[ends]
        return np.asarray(total, dtype=np.int64)

    def _ends(self, bits: Ints) -> Ints:
        """The node in which each row (n, bits) ends in each tree: (n, trees)."""
        node, rows = np.tile(self.roots, (len(bits), 1)), np.arange(len(bits))[:, None]
        while np.any(inner := self.bit[node] >= 0):
            taken = bits[rows, np.maximum(self.bit[node], 0)]
            node = np.where(inner, np.where(taken == 0, self.left[node], self.right[node]), node)
        return node

    def constrain(self, cs: Builder, inputs: Sequence[Sequence[Wire]], secrets: Sequence[Wire]) -> list[Wire]:
        reached: dict[int, Wire] = dict.fromkeys(self.roots.tolist(), constant(1))
        level = [node for node in self.roots.tolist() if self.bit[node] >= 0]
        while level:
            bits = [inputs[0][int(self.bit[node])] for node in level]
            rights = [self._times(cs, reached[node], bit) for node, bit in zip(level, bits, strict=True)]
            below = []
            for node, right in zip(level, rights, strict=True):
                left_child, right_child = int(self.left[node]), int(self.right[node])
                reached[right_child], reached[left_child] = right, (reached[node] - right).bounded(0, 1)
                below += [child for child in (left_child, right_child) if self.bit[child] >= 0]
            level = below
        bounds = self._reach()
        ends = [node for node in reached if self.bit[node] < 0]
        return [
            linear(
                ((int(self.leaves[node, output]), reached[node]) for node in ends), int(self.offset[output])
            ).bounded(int(bounds.low[output]), int(bounds.high[output]))
            for output in range(len(self.offset))
        ]

    def _times(self, cs: Builder, reached: Wire, bit: Wire) -> Wire:
        """Whether the right child is reached; a root is, whatever the row."""
        return bit if reached.is_constant else products(cs, [reached], [bit])[0]
