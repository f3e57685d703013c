"""From trees of any shape to complete ones on levels, whose numbers can stand behind a commitment."""

import math
from functools import cache
from typing import Final

import numpy as np

from compute.zkml.encoding import Levels
from compute.zkml.graph import Forest
from compute.zkml.operations.committed_forest import LEAF_BITS, OFFSET_BITS, CommittedForest, require_depth
from compute.zkml.taps import Floats, Ints

TINY: Final = 1e-12
UNITS_AN_OCTAVE: Final = 8  # costs a committed number an eighth of a bit at most


def committed_forest(trees: Forest, levels: Levels, rows: Floats) -> tuple[CommittedForest, float, Floats]:
    """Complete trees of one depth, what one unit of their sum is worth, and its error (outputs,) at worst.

    Above a leaf that ends early its tree goes on, whatever is compared, to copies of it. A threshold between two levels
    becomes the lower one, or a neighbour where more of the `rows` (n, features) that reach the node then go the same
    way as before. Raises UnsupportedModel for trees that are too deep or too many.
    """
    shape = _Shape(trees)
    require_depth(len(trees.roots), shape.depth)
    unit = max(
        float(np.abs(trees.leaves).max(initial=0.0)) / ((1 << (LEAF_BITS - 1)) - 1),
        float(np.abs(trees.offset).max(initial=0.0)) / ((1 << (OFFSET_BITS - 1)) - 1),
        TINY,
    )
    unit = coarse(unit)
    nodes, outputs = (1 << shape.depth) - 1, len(trees.offset)
    feature, threshold = (np.zeros((len(trees.roots), nodes), dtype=np.int64) for _ in range(2))
    leaves = np.zeros((len(trees.roots), nodes + 1, outputs))
    filler = _Filler(trees, levels, rows)
    for tree, root in enumerate(trees.roots.tolist()):
        filler.fill(root, feature[tree], threshold[tree], leaves[tree])
    whole = np.rint(leaves / unit).astype(np.int64)
    start = trees.offset / unit
    offset = np.where(np.abs(start) < 1, np.sign(start), np.rint(start)).astype(np.int64)  # the least breaks ties
    made = CommittedForest(levels.features, levels.bits, feature, threshold, _in_turn(whole), offset)
    rounding = (len(trees.roots) + 2) * unit / 2
    return made, unit, np.full(outputs, rounding) + (0.0 if filler.exact else shape.spread)


def coarse(unit: float) -> float:
    """The least power of 2**(1/8) not below: units are published, and would tell a committed model's largest number."""
    return float(2.0 ** (math.ceil(UNITS_AN_OCTAVE * math.log2(unit)) / UNITS_AN_OCTAVE))


class _Shape:
    """How deep trees are, and how far apart their leaves: by how much another path changes the sum, at worst."""

    def __init__(self, trees: Forest) -> None:
        depth = np.zeros(len(trees.feature), dtype=np.int64)
        low, high = trees.leaves.copy(), trees.leaves.copy()
        for node in _from_the_leaves(trees):
            pair = [int(trees.left[node]), int(trees.right[node])]
            depth[node] = 1 + depth[pair].max()
            low[node], high[node] = low[pair].min(axis=0), high[pair].max(axis=0)
        self.depth = max(1, int(depth[trees.roots].max()))
        self.spread = (high - low)[trees.roots].sum(axis=0)


def _from_the_leaves(trees: Forest) -> list[int]:
    """All inner nodes, children before their parents."""
    order, waiting = list[int](), trees.roots.tolist()
    while waiting:
        node = waiting.pop()
        if trees.feature[node] >= 0:
            order.append(node)
            waiting += [int(trees.left[node]), int(trees.right[node])]
    return order[::-1]


class _Filler:
    """Lays trees out as complete ones."""

    def __init__(self, trees: Forest, levels: Levels, rows: Floats) -> None:
        self._trees, self._levels = trees, levels
        self._compared, self._numbers = trees.compared(rows), levels.nearest(rows)
        self._top = (1 << levels.bits) - 1
        self._middle = cache(self._middle_of)
        self.exact = levels.whole

    def fill(self, root: int, feature: Ints, threshold: Ints, leaves: Floats) -> None:
        """Fills a tree's nodes, and leaves (nodes + 1, outputs)."""
        trees, nodes = self._trees, len(feature)
        waiting = [(root, 0, np.arange(len(self._numbers)))]
        while waiting:
            node, place, reaching = waiting.pop()
            chosen = int(trees.feature[node])
            if place >= nodes:
                leaves[place - nodes] = trees.leaves[node]
            elif chosen < 0:
                threshold[place] = self._top
                waiting += [(node, 2 * place + 1, reaching), (node, 2 * place + 2, reaching)]
            else:
                found = self._threshold(node, chosen, reaching)
                goes_left = self._compared[reaching, chosen] <= trees.threshold[node]
                left, right = int(trees.left[node]), int(trees.right[node])
                if found < 0:  # below all levels: its right subtree takes its place
                    waiting.append((right, place, reaching[~goes_left]))
                    continue
                feature[place], threshold[place] = chosen, found
                waiting.append((left, 2 * place + 1, reaching[goes_left]))
                waiting.append((right, 2 * place + 2, reaching[~goes_left]))

    def _threshold(self, node: int, feature: int, reaching: Ints) -> int:
        """The highest level that goes left, -1 if none does: by the levels' middles, or a neighbour if rows say so."""
        limit = float(self._trees.threshold[node])
        by_middle = int(np.searchsorted(self._middle(feature), limit, side="right")) - 1
        goes_left, numbers = self._compared[reaching, feature] <= limit, self._numbers[reaching, feature]
        candidates = [number for number in (by_middle, by_middle - 1, by_middle + 1) if -1 <= number <= self._top]
        return min(candidates, key=lambda number: int(np.count_nonzero((numbers <= number) != goes_left)))

    def _middle_of(self, feature: int) -> Floats:
        """What a feature's levels are when they are compared."""
        offset, step = self._levels.of(feature)
        return self._trees.compared(np.arange(self._top + 1, dtype=np.float64) * step + offset, feature)


def _in_turn(leaves: Ints) -> Ints:
    """Leaves (trees, places, outputs) in one column where each tree serves one output, in turn."""
    outputs = leaves.shape[2]
    serves = np.arange(outputs) == (np.arange(len(leaves)) % outputs)[:, None]
    if outputs == 1 or np.any(leaves[~np.broadcast_to(serves[:, None, :], leaves.shape)]):
        return leaves
    return np.asarray(leaves.sum(axis=2, keepdims=True), dtype=np.int64)
