"""Membership in the tree of notes, as `crypto.note_tree.path_root`."""

from collections.abc import Sequence
from typing import Final

from crypto import domains
from crypto.note_errors import WrongPathLength
from crypto.note_tree import ARITY
from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.poseidon import poseidon
from crypto.r1cs.wire import Wire

_BITS: Final = 2  # of a position, to a level


def path_root(cs: Builder, leaf: Wire, position: Sequence[Wire], path: Sequence[Sequence[Wire]]) -> Wire:
    """The root that a leaf's path leads to: the leaf is at that position of the tree with this root, if it is one.

    position: two bits to a level, lowest first; path: three siblings to a level, from the leaf upwards. Any field
    elements in and out. Constraints: 301 a level: 4,816 for depth 16. Raises WrongPathLength, and RangeError unless the
    bits are ranged.
    """
    depth = len(position) // _BITS
    if len(position) != _BITS * depth or len(path) != depth or any(len(row) != ARITY - 1 for row in path):
        raise WrongPathLength(len(path), depth)
    current = leaf
    for level, siblings in enumerate(path):
        low, high = position[_BITS * level : _BITS * (level + 1)]
        current = poseidon(cs, _inserted(cs, current, siblings, low, high), domains.NOTE_TREE)
    return current


def _inserted(cs: Builder, node: Wire, siblings: Sequence[Wire], low: Wire, high: Wire) -> list[Wire]:
    """Four children: `node` at the place low + 2 high, the siblings around it in order. Constraints: 4.

    Each child but one is a choice between two; the last is what is left of the sum of all four.
    """
    for bit in (low, high):
        bit.require("path_root", 0, 1)
    one, two, three = siblings
    last = cs.mul(low, high)
    first = 1 - low - high + last
    zeroth = one + cs.mul(first, node - one)
    third = three + cs.mul(last, node - three)
    lower = two + cs.mul(1 - high, node + one - zeroth - two)  # of the lower two children, the one that is not zeroth
    return [zeroth, lower, node + one + two + three - zeroth - lower - third, third]
