"""Pages: four levels of the tree in one record, the unit that is read, copied on write, sealed and pruned.

A page at depth d (0..63) stands at a prefix of d nibbles and has 16 slots, one per next nibble. A slot is empty, a leaf, or
the page below. In memory a page also holds its 15 inner hashes, so that a changed slot costs four hashes. Committed
pages are never changed: an update makes new ones, under keys that begin with its version.

Record (big-endian): format u8 = 1, occupied slots u16 (bit s is slot s), leaf slots u16, then for each occupied slot in order its
hash, 32 bytes; then for each its version, 8 bytes; then for each leaf its path, 32 bytes.
"""

import struct
from collections.abc import Callable
from typing import Final

from chain.state.errors import TreeCorrupt
from chain.state.merkle import INNER_PREFIX, PATH_BYTES, inner_hash, sha256

SLOTS: Final = 16
FORMAT: Final = 1
_HEAD: Final = struct.Struct(">BHH")
_HASH: Final = 32
_VERSION: Final = 8

# hash (empty bytes: nothing here), version that wrote the leaf record or the page below, path of the leaf (None: a page)
Slot = tuple[bytes, int, bytes | None]
EMPTY_SLOT: Final[Slot] = (b"", 0, None)

Reader = Callable[[bytes], bytes | None]  # a stored node by its key


class Page:
    """Four decoded levels. nodes[1] is the page's hash, nodes[i] forks into 2i and 2i + 1, nodes[16 + s] is slot s."""

    __slots__ = ("nodes", "slots")

    def __init__(self, slots: list[Slot], nodes: list[bytes]) -> None:
        self.slots = slots
        self.nodes = nodes

    @property
    def hash(self) -> bytes:
        """32 bytes; empty bytes when no slot is occupied."""
        return self.nodes[1]

    def sole_leaf(self) -> Slot | None:
        """The leaf that is this page's only content (it belongs into the page above); EMPTY_SLOT when there is none."""
        top = self.nodes[1]
        for slot in self.slots:
            if slot[0]:
                return slot if slot[2] is not None and slot[0] == top else None
        return EMPTY_SLOT

    def encode(self) -> bytes:
        """The page's record."""
        occupied = leaves = 0
        hashes: list[bytes] = []
        versions: list[int] = []
        paths: list[bytes] = []
        for index, (hash_, version, path) in enumerate(self.slots):
            if not hash_:
                continue
            occupied |= 1 << index
            hashes.append(hash_)
            versions.append(version)
            if path is not None:
                leaves |= 1 << index
                paths.append(path)
        head = _HEAD.pack(FORMAT, occupied, leaves)
        return b"".join((head, *hashes, struct.pack(f">{len(versions)}Q", *versions), *paths))


EMPTY_PAGE: Final = Page([EMPTY_SLOT] * SLOTS, [b""] * (2 * SLOTS))


def decode_page(record: bytes) -> Page:
    """The page of a record. Raises ValueError when it is malformed; whether its hash is right, the caller compares."""
    if len(record) < _HEAD.size:
        raise ValueError("is truncated")
    format_, occupied, leaves = _HEAD.unpack_from(record)
    if format_ != FORMAT or leaves & ~occupied:
        raise ValueError("has an unknown format")
    count = occupied.bit_count()
    versions_at = _HEAD.size + count * _HASH
    paths_at = versions_at + count * _VERSION
    if len(record) != paths_at + leaves.bit_count() * PATH_BYTES:
        raise ValueError("has a wrong length")
    versions = struct.unpack_from(f">{count}Q", record, versions_at)
    slots = [EMPTY_SLOT] * SLOTS
    nodes = [b""] * (2 * SLOTS)
    hash_at = _HEAD.size
    for position, index in enumerate(_BITS[occupied >> 8][0] + _BITS[occupied & 255][1]):
        raise NotImplementedError
    return Page(slots, nodes)
