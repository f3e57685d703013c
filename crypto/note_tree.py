"""The tree of all notes: 4-ary, depth 16, Poseidon, filled from the left, never changed behind its last leaf.

node = P[TREE](c0, c1, c2, c3); an empty leaf is 0, so an empty subtree of each height has one known root. Whoever
appends needs only the frontier: of each level the complete nodes left of the next leaf that have no parent yet.
Appending a batch hashes each touched node once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

from crypto import domains
from crypto.note_errors import DamagedFrontier, NoteTreeFull, PositionOutOfRange, WrongPathLength
from crypto.poseidon import poseidon

ARITY: Final = 4
DEPTH: Final = 16
CAPACITY: Final = ARITY**DEPTH
EMPTY_LEAF: Final = 0

Siblings = tuple[int, int, int]
Path = tuple[Siblings, ...]  # from the leaf upwards, the other three children in order


def node(children: Sequence[int]) -> int:
    """The parent of four nodes."""
    return poseidon(children, domains.NOTE_TREE)


@cache
def empty_root(height: int) -> int:
    """The root of a subtree of that height without a note; height 0 is a leaf."""
    return EMPTY_LEAF if height == 0 else node((empty_root(height - 1),) * ARITY)


class Complete(NamedTuple):
    """A node over leaves that are all there: it never changes again."""

    height: int
    number: int  # among the nodes of that height
    value: int


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree by its right edge. levels[h]: the complete nodes of height h that wait for siblings, at most three.

    `depth` is smaller in tests only.
    """

    size: int
    levels: tuple[tuple[int, ...], ...]
    depth: int = DEPTH

    def __post_init__(self) -> None:
        """Raises DamagedFrontier."""
        shape = tuple(map(len, self.levels))
        if not 0 <= self.size < ARITY**self.depth or shape != _digits(self.size, self.depth):
            raise DamagedFrontier(self.size)

    def append(self, leaves: Sequence[int]) -> "Appended":
        """The tree with these leaves at its end. Raises NoteTreeFull (one place stays free, as the edge is open)."""
        capacity = ARITY**self.depth - 1
        if self.size + len(leaves) > capacity:
            raise NoteTreeFull(self.size, len(leaves), capacity)
        complete: list[Complete] = []
        levels: list[tuple[int, ...]] = []
        new, first = list(leaves), self.size
        for height, waiting in enumerate(self.levels):
            row = [*waiting, *new]
            start = first - len(waiting)  # index of row[0] at this height, a multiple of four
            complete += [Complete(height, first + i, value) for i, value in enumerate(new)]
            whole = len(row) // ARITY * ARITY
            new = [node(row[i : i + ARITY]) for i in range(0, whole, ARITY)]
            levels.append(tuple(row[whole:]))
            first = start // ARITY
        return Appended(Frontier(self.size + len(leaves), tuple(levels), self.depth), tuple(complete))

    def root(self) -> int:
        """The tree's root, what is not there being empty. At most `depth` hashes."""
        edge = EMPTY_LEAF
        for height, waiting in enumerate(self.levels):
            row = [*waiting, edge, *[empty_root(height)] * (ARITY - 1 - len(waiting))]
            edge = node(row)
        return edge


@dataclass(frozen=True, slots=True)
class Appended:
    """A frontier after a batch, and the nodes that the batch completed, leaves first."""

    frontier: Frontier
    complete: tuple[Complete, ...]


def empty_frontier(depth: int = DEPTH) -> Frontier:
    """The tree without notes."""
    return Frontier(0, ((),) * depth, depth)


def tree_root(leaves: Sequence[int], depth: int = DEPTH) -> int:
    """The root of a whole list of leaves, built level by level: what appending in batches must equal."""
    return _levels(leaves, depth)[depth][0]


def tree_path(leaves: Sequence[int], position: int, depth: int = DEPTH) -> Path:
    """The siblings of the leaf at `position`, from below, by building the whole tree. Raises PositionOutOfRange."""
    if not 0 <= position < len(leaves):
        raise PositionOutOfRange(position, len(leaves))
    path = []
    for height, row in enumerate(_levels(leaves, depth)[:depth]):
        index = position // ARITY**height
        start = index // ARITY * ARITY
        group = [row[i] if i < len(row) else empty_root(height) for i in range(start, start + ARITY)]
        del group[index % ARITY]
        path.append((group[0], group[1], group[2]))
    return tuple(path)


def path_root(leaf: int, position: int, path: Sequence[Sequence[int]], depth: int = DEPTH) -> int:
    """The root that a leaf's path leads to. Raises WrongPathLength, PositionOutOfRange."""
    if len(path) != depth or any(len(siblings) != ARITY - 1 for siblings in path):
        raise WrongPathLength(len(path), depth)
    if not 0 <= position < ARITY**depth:
        raise PositionOutOfRange(position, ARITY**depth)
    current = leaf
    for siblings, digit in zip(path, _digits(position, depth), strict=True):
        current = node([*siblings[:digit], current, *siblings[digit:]])
    return current


def _levels(leaves: Sequence[int], depth: int) -> list[list[int]]:
    """Every level of the tree from the leaves up, without what is empty; the last one is the root alone."""
    rows = [list(leaves)]
    for height in range(depth):
        row = rows[-1] or [empty_root(height)]
        filled = [*row, *[empty_root(height)] * (-len(row) % ARITY)]
        rows.append([node(filled[i : i + ARITY]) for i in range(0, len(filled), ARITY)])
    return rows


def _digits(number: int, depth: int) -> tuple[int, ...]:
    """`number` to base four, the lowest digit first."""
    return tuple(number // ARITY**height % ARITY for height in range(depth))
