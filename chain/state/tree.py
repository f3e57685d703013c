"""The authenticated tree at its newest version: computes a block's root ahead, and moves on once that is stored.

Use per block: `update(height, overlay.changes())` before the prevote, any number of times, free of side effects; on
Decide write `puts()` in the block's batch, remember `stale` for pruning, then `adopt(update)`. Older versions are read
through chain/state/tree_view.py.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Final

from chain.state.errors import DuplicateChange, StaleUpdate, VersionNotNewer
from chain.state.keys import Key
from chain.state.merkle import EMPTY_ROOT, leaf_hash
from chain.state.page_cache import PageCache
from chain.state.pages import EMPTY_PAGE, Page, Reader, load_page, page_key
from chain.state.tree_batch import Batch, Change

CACHE_BYTES: Final = 24 * 2**20


@dataclass(frozen=True, slots=True)
class TreeRoot:
    """The tree after `version`: its root hash, and the version that wrote its top page (state may not have moved)."""

    version: int
    hash: bytes
    page_version: int

    def encode(self) -> bytes:
        """The root record: hash, 32 bytes, then page_version, 8 bytes big-endian."""
        return self.hash + self.page_version.to_bytes(8, "big")


NO_TREE: Final = TreeRoot(-1, EMPTY_ROOT, 0)  # before genesis, which is version 0


def decode_root(version: int, record: bytes) -> TreeRoot:
    """The root of a root record. Raises ValueError for another length."""
    if len(record) != 40:
        raise ValueError("is no root record")
    return TreeRoot(version, record[:32], int.from_bytes(record[32:], "big"))


@dataclass(frozen=True, slots=True)
class TreeUpdate:
    """What a version adds to the tree and what it replaces. Held in memory until its block is decided, or dropped."""

    base: TreeRoot
    root: TreeRoot
    pages: list[tuple[bytes, Page]]
    records: list[tuple[bytes, bytes]]
    stale: list[bytes]  # node keys that no version from this one on reads: deleted once older versions are pruned

    def puts(self) -> Iterator[tuple[bytes, bytes]]:
        """Node keys and records to store."""
        yield from self.records
        for key, page in self.pages:
            yield key, page.encode()


class Tree:
    """Reads committed pages through `reader` and a bounded cache. For one thread: that which executes blocks."""

    def __init__(self, reader: Reader, root: TreeRoot = NO_TREE, cache_bytes: int = CACHE_BYTES) -> None:
        self._reader = reader
        self._cache = PageCache(cache_bytes)
        self.root = root

    def update(self, version: int, changes: Iterable[tuple[Key, bytes | None]]) -> TreeUpdate:
        """The tree at `version` after `changes` (value None deletes; order does not matter).

        Raises VersionNotNewer, DuplicateChange, TreeCorrupt.
        """
        if version <= self.root.version:
            raise VersionNotNewer(version, self.root.version)
        batch = Batch(version, self._load)
        before = self._top_page()
        after = batch.update_page(before, 0, _sorted_changes(changes))
        if after is before:
            root = TreeRoot(version, self.root.hash, self.root.page_version)
            return TreeUpdate(self.root, root, [], [], [])
        if before.hash:
            batch.stale.append(page_key(self.root.page_version, 0, b""))
        if after.hash:
            batch.pages.append((page_key(version, 0, b""), after))
        root = TreeRoot(version, after.hash or EMPTY_ROOT, version)
        return TreeUpdate(self.root, root, batch.pages, batch.records, batch.stale)

    def adopt(self, update: TreeUpdate) -> None:
        """Stand at `update`'s version, once its records are stored. Raises StaleUpdate."""
        if update.base != self.root:
            raise StaleUpdate(update.base.version, self.root.version)
        for key in update.stale:
            self._cache.drop(key)
        for key, page in update.pages:
            self._cache.put(key, page)
        self.root = update.root

    def _top_page(self) -> Page:
        if self.root.hash == EMPTY_ROOT:
            return EMPTY_PAGE
        return self._load(page_key(self.root.page_version, 0, b""), self.root.hash)

    def _load(self, key: bytes, expected: bytes) -> Page:
        page = self._cache.get(key)
        if page is None:
            page = load_page(self._reader, key, expected)
            self._cache.put(key, page)
        return page


def _sorted_changes(changes: Iterable[tuple[Key, bytes | None]]) -> list[Change]:
    batch: list[Change] = []
    for key, value in changes:
        path = sha256(key).digest()
        batch.append(Change(path, b"" if value is None else leaf_hash(path, value), key, value or b""))
    batch.sort()
    for one, other in pairwise(batch):
        if one.path == other.path:
            raise DuplicateChange(one.key)
    return batch
