"""A wallet's copy of an object's note tree: enough to prove that its own notes stand there, and little more.

Of 256 leaves that are complete and hold no note of one's own only their root is kept; a node may have told it. So
scanning hashes nothing, and a tree of a million notes takes 170 kB. What a node told falsely shows as a root that the
chain never had, before anything is proven from it (client/notes/wallet.py).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from client.notes.errors import WitnessMissing
from crypto.note_tree import ARITY, DEPTH, Path, Siblings, empty_root, node, tree_path, tree_root

SUBTREE_HEIGHT: Final = 4
SUBTREE: Final = ARITY**SUBTREE_HEIGHT


@dataclass(slots=True)
class WalletTree:
    """rows[h]: the complete nodes of height SUBTREE_HEIGHT + h; kept: the leaves of complete subtrees with notes of
    one's own, by the subtree's number; last: the leaves behind all complete subtrees.
    """

    rows: list[list[int]] = field(default_factory=lambda: [[] for _ in range(DEPTH - SUBTREE_HEIGHT)])
    kept: dict[int, list[int]] = field(default_factory=dict)
    last: list[int] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self.rows[0]) * SUBTREE + len(self.last)

    def append(self, leaves: Sequence[int], own: Collection[int], known: Mapping[int, int]) -> None:
        """Leaves at the end. own: positions whose witnesses will be asked for, those of earlier leaves included;
        known: roots of complete subtrees by their number, as a node tells them; others are computed, 60 ms each.
        """
        marked = {position // SUBTREE for position in own}
        for leaf in leaves:
            self.last.append(leaf)
            if len(self.last) == SUBTREE:
                number = len(self.rows[0])
                if number in marked:
                    self.kept[number] = self.last
                root = known.get(number)
                self._complete(tree_root(self.last, SUBTREE_HEIGHT) if root is None else root)
                self.last = []

    def root(self) -> int:
        """The tree's root."""
        edges = self._edges()
        row = [*self.rows[-1], edges[-1]]
        return node([*row, *[empty_root(DEPTH - 1)] * (ARITY - len(row))])

    def witness(self, position: int) -> Path:
        """The path of the own note at a position. Raises WitnessMissing where no own note was said to be."""
        number = position // SUBTREE
        leaves = self.last if number == len(self.rows[0]) else self.kept.get(number, [])
        if position % SUBTREE >= len(leaves):
            raise WitnessMissing(position, self.size)
        below = tree_path(leaves, position % SUBTREE, SUBTREE_HEIGHT)
        edges = self._edges()
        return (*below, *(self._siblings(height, number, edges[height]) for height in range(len(self.rows))))

    def forget(self, own: Iterable[int]) -> None:
        """Keep leaves of complete subtrees only where they are needed for notes at these positions."""
        needed = {position // SUBTREE for position in own}
        self.kept = {number: leaves for number, leaves in self.kept.items() if number in needed}

    def _complete(self, subtree: int) -> None:
        """A complete subtree, and all nodes above it that it completes."""
        finished = subtree
        for row in self.rows:
            row.append(finished)
            if len(row) % ARITY:
                return
            finished = node(row[-ARITY:])

    def _edges(self) -> list[int]:
        """At each height of `rows` the node behind the complete ones; it may be empty."""
        edges = [tree_root(self.last, SUBTREE_HEIGHT)]
        for height, row in enumerate(self.rows[:-1]):
            waiting = row[len(row) - len(row) % ARITY :]
            if not waiting and edges[-1] == empty_root(SUBTREE_HEIGHT + height):
                edges.append(empty_root(SUBTREE_HEIGHT + height + 1))
                continue
            filled = [*waiting, edges[-1]]
            edges.append(node([*filled, *[empty_root(SUBTREE_HEIGHT + height)] * (ARITY - len(filled))]))
        return edges

    def _siblings(self, height: int, number: int, edge: int) -> Siblings:
        """Of the path of a subtree: the three nodes beside its ancestor at a height of `rows`."""
        row, index = self.rows[height], number // ARITY**height
        start = index // ARITY * ARITY
        group = [
            row[place] if place < len(row) else edge if place == len(row) else empty_root(SUBTREE_HEIGHT + height)
            for place in range(start, start + ARITY)
        ]
        del group[index % ARITY]
        return group[0], group[1], group[2]
