"""One version's changes applied to the tree: recursion over pages, writing nothing, so that it can be thrown away."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from chain.state.pages import EMPTY_PAGE, EMPTY_SLOT, Page, Slot, encode_leaf, leaf_key, nibble, page_key

PageLoader = Callable[[bytes, bytes], Page]  # (page key, expected hash) -> committed page


class Change(NamedTuple):
    """One leaf of a batch: `hash` is empty when the key is deleted. Sorts by path."""

    path: bytes
    hash: bytes
    key: bytes
    value: bytes


@dataclass(slots=True)
class Batch:
    """Collects what `version` adds, and what it makes stale (keys of pages and leaf records).

    `pages` are those changed, kept decoded for the cache; `records` are leaf records and pages that are new altogether.
    """

    version: int
    load: PageLoader
    pages: list[tuple[bytes, Page]] = field(default_factory=list)
    records: list[tuple[bytes, bytes]] = field(default_factory=list)
    stale: list[bytes] = field(default_factory=list)

    def update_page(self, page: Page, depth: int, changes: list[Change]) -> Page:
        """`page` (at `depth`) with the changes, sorted by path; the very same object when none of them alters it."""
        changed: list[tuple[int, Slot]] = []
        for index, group in _by_slot(changes, depth):
            before = page.slot(index)
            after = self._update_slot(before, depth, group)
            if after[0] != before[0]:
                changed.append((index, after))
        return page.replace(changed) if changed else page

    def _update_slot(self, before: Slot, depth: int, changes: list[Change]) -> Slot:
        hash_, version, path = before
        if hash_ and path is None:
            return self._update_below(before, page_key(version, depth + 1, changes[0].path), depth + 1, changes)
        leaves = self._merge_leaves(before, path, changes)
        if not leaves:
            return EMPTY_SLOT
        return leaves[0] if len(leaves) == 1 else self._build(leaves, depth + 1)

    def _update_below(self, before: Slot, key: bytes, depth: int, changes: list[Change]) -> Slot:
        page = self.load(key, before[0])
        after = self.update_page(page, depth, changes)
        if after is page:
            return before
        self.stale.append(key)
        alone = after.sole_leaf()  # deletions may leave one leaf, which moves up, or nothing
        if alone is not None:
            return alone
        self.pages.append((page_key(self.version, depth, changes[0].path), after))
        return after.hash, self.version, None

    def _merge_leaves(self, before: Slot, path: bytes | None, changes: list[Change]) -> list[Slot]:
        """The leaves of a slot that was empty or one leaf, in order of their paths."""
        leaves: list[Slot] = []
        kept = before if path is not None else None
        for change in changes:
            if change.path == path:
                kept = None
                if change.hash == before[0]:
                    leaves.append(before)
                    continue
                self.stale.append(leaf_key(before[1], change.path))
            elif kept is not None and path is not None and path < change.path:
                leaves.append(kept)
                kept = None
            if change.hash:
                self.records.append((leaf_key(self.version, change.path), encode_leaf(change.key, change.value)))
                leaves.append((change.hash, self.version, change.path))
        if kept is not None:
            leaves.append(kept)
        return leaves

    def _build(self, leaves: list[Slot], depth: int) -> Slot:
        """A new page at `depth` over two or more sorted leaves, with what it needs below."""
        slots: list[tuple[int, Slot]] = []
        start = 0
        while start < len(leaves):
            index = nibble(leaves[start][2] or b"", depth)
            end = start + 1
            while end < len(leaves) and nibble(leaves[end][2] or b"", depth) == index:
                end += 1
            below = leaves[start] if end == start + 1 else self._build(leaves[start:end], depth + 1)
            slots.append((index, below))
            start = end
        page = EMPTY_PAGE.replace(slots)
        self.records.append((page_key(self.version, depth, leaves[0][2] or b""), page.encode()))
        return page.hash, self.version, None


def _by_slot(changes: list[Change], depth: int) -> Iterator[tuple[int, list[Change]]]:
    if len(changes) == 1:
        yield nibble(changes[0].path, depth), changes
        return
    start = 0
    while start < len(changes):
        index = nibble(changes[start].path, depth)
        end = start + 1
        while end < len(changes) and nibble(changes[end].path, depth) == index:
            end += 1
        yield index, changes[start:end]
        start = end
