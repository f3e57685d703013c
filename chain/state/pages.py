"""Pages: four levels of the tree in one record, the unit that is read, copied on write, sealed and pruned.

A page at depth d (0..63) stands at a prefix of d nibbles and has 16 slots, one per next nibble. A slot is empty, a
leaf, or the page below. In memory a page also holds its 15 inner hashes, so that a changed slot costs four hashes, and
lies in three flat buffers: as one object per hash, the memory misses alone doubled the time of an update.
Committed pages are never changed: an update makes new ones, under keys that begin with its version.

Record (big-endian): format u8 = 1; occupied slots u16 (bit s is slot s); leaf slots u16; for each occupied slot in
order its hash, 32 bytes; then for each its version, 8 bytes; then for each leaf its path, 32 bytes.
"""

import struct
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Final

from chain.state.errors import TreeCorrupt
from chain.state.merkle import INNER_PREFIX, PATH_BYTES

SLOTS: Final = 16
FORMAT: Final = 1
_HEAD: Final = struct.Struct(">BHH")
_HASH: Final = 32
_VERSION: Final = 8

# hash (empty: nothing here), version that wrote the leaf record or the page below, path of the leaf (None: a page)
Slot = tuple[bytes, int, bytes | None]
EMPTY_SLOT: Final[Slot] = (b"", 0, None)

Reader = Callable[[bytes], bytes | None]  # a stored node by its key


def _slots_below(node: int) -> int:
    """The slots under a node, as a bit mask."""
    return 1 << (node - SLOTS) if node >= SLOTS else _slots_below(2 * node) | _slots_below(2 * node + 1)


def _every(width: int, count: int) -> tuple[slice, ...]:
    return tuple(slice(width * index, width * (index + 1)) for index in range(count))


# Where things stand in a page's buffers: nodes, the two children of a node, versions and paths of the slots.
_NODE: Final = _every(_HASH, 2 * SLOTS)
_CHILDREN: Final = _every(2 * _HASH, SLOTS)
_SLOT_HASH: Final = _NODE[SLOTS:]
_SLOT_VERSION: Final = _every(_VERSION, SLOTS)
_SLOT_PATH: Final = _every(PATH_BYTES, SLOTS)
# For each slot the forks on its way up, lowest first; for each fork the slots under its left and right child.
_FORKS_ABOVE: Final = tuple(tuple((SLOTS + slot) >> up for up in range(1, 5)) for slot in range(SLOTS))
_FORKS_ABOVE_MASK: Final = tuple(sum(1 << fork for fork in forks) for forks in _FORKS_ABOVE)
_FORKS: Final = tuple(range(SLOTS - 1, 0, -1))
_LEFT: Final = (0, *(_slots_below(2 * fork) for fork in range(1, SLOTS)))
_RIGHT: Final = (0, *(_slots_below(2 * fork + 1) for fork in range(1, SLOTS)))
_NOTHING: Final = bytes(_HASH)


class Page:
    """Four decoded levels. Node 1 is the page's top, node i forks into 2i and 2i + 1, node 16 + s is slot s."""

    __slots__ = ("_nodes", "_paths", "_versions", "leaves", "occupied")

    def __init__(self, occupied: int, leaves: int, nodes: bytearray, versions: bytearray, paths: bytearray) -> None:
        self.occupied = occupied  # slots, as bit masks
        self.leaves = leaves
        self._nodes = nodes
        self._versions = versions
        self._paths = paths

    @property
    def hash(self) -> bytes:
        """32 bytes; empty bytes when no slot is occupied."""
        return bytes(self._nodes[_NODE[1]]) if self.occupied else b""

    def slot(self, index: int) -> Slot:
        """What stands in a slot."""
        if not self.occupied >> index & 1:
            return EMPTY_SLOT
        path = bytes(self._paths[_SLOT_PATH[index]]) if self.leaves >> index & 1 else None
        version = int.from_bytes(self._versions[_SLOT_VERSION[index]], "big")
        return bytes(self._nodes[_SLOT_HASH[index]]), version, path

    def sole_leaf(self) -> Slot | None:
        """The leaf that is this page's only content (it belongs into the page above); EMPTY_SLOT when there is none."""
        if self.occupied & (self.occupied - 1) or self.occupied != self.leaves:
            return None
        return self.slot(self.occupied.bit_length() - 1) if self.occupied else EMPTY_SLOT

    def siblings(self, index: int) -> list[tuple[bytes, bool, int]]:
        """The other sides of the forks between a slot and the top, lowest first.

        Each with whether it lies left, and the level of its fork: 0 for the page's top, 3 above the slots.
        """
        found: list[tuple[bytes, bool, int]] = []
        for fork in _FORKS_ABOVE[index]:
            in_left = bool(_LEFT[fork] >> index & 1)
            if self.occupied & (_RIGHT[fork] if in_left else _LEFT[fork]):
                found.append((bytes(self._nodes[_NODE[2 * fork + in_left]]), not in_left, fork.bit_length() - 1))
        return found

    def replace(self, changed: list[tuple[int, Slot]]) -> "Page":
        """A copy with other content in some slots; at least one is given."""
        occupied, leaves = self.occupied, self.leaves
        nodes, versions, paths = self._nodes[:], self._versions[:], self._paths[:]
        forks = 0
        for index, (hash_, version, path) in changed:
            bit = 1 << index
            occupied = occupied | bit if hash_ else occupied & ~bit
            leaves = leaves & ~bit if path is None else leaves | bit
            nodes[_SLOT_HASH[index]] = hash_ or _NOTHING
            versions[_SLOT_VERSION[index]] = version.to_bytes(_VERSION, "big")
            paths[_SLOT_PATH[index]] = path or _NOTHING
            forks |= _FORKS_ABOVE_MASK[index]
        if len(changed) == 1:
            _fold(nodes, occupied, _FORKS_ABOVE[changed[0][0]])
        else:
            _fold(nodes, occupied, [fork for fork in _FORKS if forks >> fork & 1])
        return Page(occupied, leaves, nodes, versions, paths)

    def encode(self) -> bytes:
        """The page's record."""
        slots = [index for index in range(SLOTS) if self.occupied >> index & 1]
        nodes, versions, paths = self._nodes, self._versions, self._paths
        parts: list[bytes | bytearray] = [_HEAD.pack(FORMAT, self.occupied, self.leaves)]
        if len(slots) == SLOTS:
            parts += nodes[_HASH * SLOTS :], versions
        else:
            parts += [nodes[_SLOT_HASH[index]] for index in slots]
            parts += [versions[_SLOT_VERSION[index]] for index in slots]
        parts += [paths[_SLOT_PATH[index]] for index in slots if self.leaves >> index & 1]
        return b"".join(parts)


EMPTY_PAGE: Final = Page(0, 0, bytearray(2 * SLOTS * _HASH), bytearray(SLOTS * _VERSION), bytearray(SLOTS * PATH_BYTES))


def decode_page(record: bytes) -> Page:
    """The page of a record. Raises ValueError when it is malformed; whether its hash is right, the caller compares."""
    if len(record) < _HEAD.size:
        raise ValueError("is truncated")
    format_, occupied, leaves = _HEAD.unpack_from(record)
    if format_ != FORMAT or leaves & ~occupied:
        raise ValueError("has an unknown format")
    count = occupied.bit_count()
    hash_at = _HEAD.size
    version_at = hash_at + count * _HASH
    path_at = version_at + count * _VERSION
    if len(record) != path_at + leaves.bit_count() * PATH_BYTES:
        raise ValueError("has a wrong length")
    nodes, versions, paths = EMPTY_PAGE._nodes[:], EMPTY_PAGE._versions[:], EMPTY_PAGE._paths[:]
    for index in range(SLOTS):
        if not occupied >> index & 1:
            continue
        nodes[_SLOT_HASH[index]] = record[hash_at : hash_at + _HASH]
        versions[_SLOT_VERSION[index]] = record[version_at : version_at + _VERSION]
        hash_at += _HASH
        version_at += _VERSION
        if leaves >> index & 1:
            paths[_SLOT_PATH[index]] = record[path_at : path_at + PATH_BYTES]
            path_at += PATH_BYTES
    _fold(nodes, occupied, _FORKS)
    return Page(occupied, leaves, nodes, versions, paths)


def _fold(nodes: bytearray, occupied: int, forks: Iterable[int]) -> None:
    """Recompute the hashes of these forks, given from below; one with an empty side takes the other side's."""
    for fork in forks:
        if not occupied & _LEFT[fork]:
            nodes[_NODE[fork]] = nodes[_NODE[2 * fork + 1]]
        elif not occupied & _RIGHT[fork]:
            nodes[_NODE[fork]] = nodes[_NODE[2 * fork]]
        else:
            nodes[_NODE[fork]] = sha256(INNER_PREFIX + nodes[_CHILDREN[fork]]).digest()


def load_page(reader: Reader, key: bytes, expected: bytes) -> Page:
    """The stored page under `key`, whose hash its parent says is `expected`. Raises TreeCorrupt."""
    record = reader(key)
    if record is None:
        raise TreeCorrupt(key, "is missing")
    try:
        page = decode_page(record)
    except ValueError as error:
        raise TreeCorrupt(key, str(error)) from None
    if page.hash != expected:
        raise TreeCorrupt(key, f"hashes to {page.hash.hex()} instead of {expected.hex()}")
    return page


def nibble(path: bytes, depth: int) -> int:
    """The slot that `path` takes in a page at `depth`."""
    byte = path[depth >> 1]
    return byte & 15 if depth & 1 else byte >> 4


def extend_prefix(prefix: bytes, depth: int, index: int) -> bytes:
    """The prefix of the page in slot `index` of the page at `depth` under `prefix`; a half byte ends in zeros."""
    return prefix[:-1] + bytes((prefix[-1] | index,)) if depth & 1 else prefix + bytes((index << 4,))


def page_key(version: int, depth: int, path: bytes) -> bytes:
    """Where the page is stored that `version` wrote at the first `depth` nibbles of `path`."""
    prefix = path[: depth >> 1]
    if depth & 1:
        prefix += bytes((path[depth >> 1] & 0xF0,))
    return version.to_bytes(_VERSION, "big") + b"p" + bytes((depth,)) + prefix


def leaf_key(version: int, path: bytes) -> bytes:
    """Where the leaf record is stored that `version` wrote at `path`."""
    return version.to_bytes(_VERSION, "big") + b"v" + path


def encode_leaf(key: bytes, value: bytes) -> bytes:
    """A leaf record: key length u16, key, value."""
    return len(key).to_bytes(2, "big") + key + value


def decode_leaf(record: bytes) -> tuple[bytes, bytes]:
    """Key and value of a leaf record. Raises ValueError when it is truncated."""
    end = 2 + int.from_bytes(record[:2], "big")
    if len(record) < end:
        raise ValueError("is truncated")
    return record[2:end], record[end:]
