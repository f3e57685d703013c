"""A stretch of the tree that proves itself: every entry whose path lies in it, and that there is no other.

    before | entries ... | after       consecutive leaves; the outer two as (path, hash of the value) only
    left, right                        hashes of what hangs off the way from the root to the outermost leaves

The root is recomputed from all of these. It fixes which leaves follow each other: whatever lies left of `before` or
right of `after` is hidden in hashes, and between them nothing can be, since leaves and forks hash differently. So the
entries are all that state has from `start`, which `before` lies below, up to the path of `after`. Depths of siblings
only say how to put the hashes together; a wrong one leads to another root or to the same leaves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Final, NamedTuple

from chain.codec import wire
from chain.state.errors import InvalidProof
from chain.state.merkle import EMPTY_ROOT, LEAF_PREFIX, MAX_DEPTH, PATH_BYTES, inner_hash, leaf_hash, path_of
from chain.types.scalars import Blob, Hash, Uint

FIRST_PATH: Final = bytes(PATH_BYTES)


@wire()
@dataclass(frozen=True, slots=True)
class Entry:
    """What state holds under a key."""

    key: Blob
    value: Blob


@wire()
@dataclass(frozen=True, slots=True)
class Neighbour:
    """A leaf of which only the place matters."""

    path: Hash
    value_hash: Hash


@wire()
@dataclass(frozen=True, slots=True)
class Sibling:
    """The other side of the fork at bit `depth` on the way to an outermost leaf."""

    depth: Uint
    hash: Hash


@wire()
@dataclass(frozen=True, slots=True)
class Range:
    """Entries in order of their paths. left and right go from the root downwards; None: there the tree ends."""

    before: Neighbour | None
    entries: tuple[Entry, ...]
    after: Neighbour | None
    left: tuple[Sibling, ...]
    right: tuple[Sibling, ...]

    @property
    def until(self) -> bytes | None:
        """The path from which on more is to be asked for; None at the end of the tree."""
        return None if self.after is None else self.after.path


class _Node(NamedTuple):
    """A subtree at a place, read as a number of 256 bits: its first bits count, the rest is zero."""

    place: int
    hash: bytes


def verify_range(root: bytes, start: bytes, range_: Range) -> None:
    """`root` commits to exactly these entries from the path `start` (32 bytes, inclusive) up to `until`.

    Raises InvalidProof.
    """
    leaves = _leaves(range_)
    if not leaves:
        if root != EMPTY_ROOT or range_.left or range_.right:
            raise InvalidProof("it holds nothing, but the tree is not empty")
        return
    if range_.before is not None and range_.before.path >= start:
        raise InvalidProof("the leaf before it does not stand before its start")
    if range_.before is None and range_.left:
        raise InvalidProof("something stands left of it, but no leaf is shown there")
    if range_.after is None and range_.right:
        raise InvalidProof("something stands right of it, but no leaf is shown there")
    if range_.after is not None and range_.after.path < start:
        raise InvalidProof("the leaf after it stands before its start")
    if range_.entries and path_of(range_.entries[0].key) < start:
        raise InvalidProof("its first entry stands before its start")
    computed = _fold([*_hidden(range_.left, leaves[0].place, 1), *leaves, *_hidden(range_.right, leaves[-1].place, 0)])
    if computed != root:
        raise InvalidProof(f"it leads to root {computed.hex()}, not to {root.hex()}")


def _leaves(range_: Range) -> list[_Node]:
    """All shown leaves. Raises InvalidProof unless their paths ascend and no value is empty."""
    if not all(entry.value for entry in range_.entries):
        raise InvalidProof("it has an empty value, which no leaf holds")
    paths = [path_of(entry.key) for entry in range_.entries]
    leaves = [_leaf(path, leaf_hash(path, entry.value)) for path, entry in zip(paths, range_.entries, strict=True)]
    for neighbour, place in ((range_.before, 0), (range_.after, len(leaves) + 1)):
        if neighbour is not None:
            hash_ = sha256(LEAF_PREFIX + neighbour.path + neighbour.value_hash).digest()
            leaves.insert(place, _leaf(neighbour.path, hash_))
    if any(left.place >= right.place for left, right in pairwise(leaves)):
        raise InvalidProof("its leaves are not in order of their paths")
    return leaves


def _leaf(path: bytes, hash_: bytes) -> _Node:
    return _Node(int.from_bytes(path, "big"), hash_)


def _hidden(siblings: tuple[Sibling, ...], place: int, own_bit: int) -> list[_Node]:
    """What hangs off the way to `place`, in order of the tree; the way's own bit at each fork is `own_bit`."""
    if any(above.depth >= below.depth for above, below in pairwise(siblings)):
        raise InvalidProof("its siblings do not go down from the root")
    nodes = []
    for sibling in siblings:
        if sibling.depth >= MAX_DEPTH:
            raise InvalidProof(f"a sibling is at depth {sibling.depth}, and no tree is deeper than {MAX_DEPTH}")
        shift = MAX_DEPTH - 1 - sibling.depth
        if place >> shift & 1 != own_bit:
            raise InvalidProof("a sibling stands on the wrong side")
        nodes.append(_Node((place >> shift ^ 1) << shift, sibling.hash))
    return nodes if own_bit else nodes[::-1]


def _fold(nodes: Iterable[_Node]) -> bytes:
    """The root over subtrees in order: neighbours that part deepest are joined first."""
    stack: list[tuple[bytes, int]] = []  # a hash, and the bit at which it parts from the one below it in the stack
    before: int | None = None
    for place, hash_ in nodes:
        parting = -1 if before is None else MAX_DEPTH - (place ^ before).bit_length()
        while len(stack) > 1 and stack[-1][1] > parting:
            _join(stack)
        stack.append((hash_, parting))
        before = place
    while len(stack) > 1:
        _join(stack)
    return stack[0][0]


def _join(stack: list[tuple[bytes, int]]) -> None:
    right, _ = stack.pop()
    left, parting = stack.pop()
    stack.append((inner_hash(left, right), parting))
