"""Pages: four levels of the tree in one record, the unit that is read, copied on write, sealed and pruned.

A page at depth d (0..63) stands at a prefix of d nibbles and has 16 slots, one per next nibble. A slot is empty, a
leaf, or the page below. In memory a page also holds its 15 inner hashes, so that a changed slot costs four hashes.
Committed pages are never changed: an update makes new ones, under keys that begin with its version.

Record (big-endian): format u8 = 1; occupied slots u16 (bit s is slot s); leaf slots u16; for each occupied slot in
order its hash, 32 bytes; then for each its version, 8 bytes; then for each leaf its path, 32 bytes.
"""

import struct
from collections.abc import Callable
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


# For each slot, the nodes on its way to the top as a bit mask: what a change of that slot makes stale.
FORKS_ABOVE: Final = tuple(sum(1 << ((SLOTS + slot) >> up) for up in range(1, 5)) for slot in range(SLOTS))
ALL_FORKS: Final = (1 << SLOTS) - 2

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
    versions = iter(struct.unpack_from(f">{count}Q", record, versions_at))
    slots = [EMPTY_SLOT] * SLOTS
    nodes = [b""] * (2 * SLOTS)
    hash_at = _HEAD.size
    path_at = paths_at
    for index in range(SLOTS):
        if not occupied >> index & 1:
            continue
        path = None
        if leaves >> index & 1:
            path = record[path_at : path_at + PATH_BYTES]
            path_at += PATH_BYTES
        nodes[SLOTS + index] = hash_ = record[hash_at : hash_at + _HASH]
        hash_at += _HASH
        slots[index] = (hash_, next(versions), path)
    fold(nodes, ALL_FORKS)
    return Page(slots, nodes)


def load_page(reader: Reader, key: bytes, expected: bytes) -> Page:
    """The stored page under `key`, whose hash its parent says is `expected`. Raises TreeCorrupt."""
    record = reader(key)
    if record is None:
        raise TreeCorrupt(key, "is missing")
    try:
        page = decode_page(record)
    except ValueError as error:
        raise TreeCorrupt(key, str(error)) from None
    if page.nodes[1] != expected:
        raise TreeCorrupt(key, f"hashes to {page.nodes[1].hex()} instead of {expected.hex()}")
    return page


def fold(nodes: list[bytes], forks: int) -> None:
    """Recompute the inner hashes nodes[i] for which bit i of `forks` is set, from below."""
    for i in range(SLOTS - 1, 0, -1):
        if forks >> i & 1:
            left, right = nodes[2 * i], nodes[2 * i + 1]
            nodes[i] = sha256(INNER_PREFIX + left + right).digest() if left and right else left or right


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
