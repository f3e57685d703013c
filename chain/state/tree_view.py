"""The tree at any version that is still kept: proofs, and its leaves in order for snapshots."""

from collections.abc import Iterator
from dataclasses import dataclass

from chain.state.errors import TreeCorrupt
from chain.state.merkle import EMPTY_ROOT, leaf_hash, path_of
from chain.state.pages import (
    EMPTY_PAGE,
    SLOTS,
    Page,
    Reader,
    Slot,
    decode_leaf,
    extend_prefix,
    leaf_key,
    load_page,
    nibble,
    page_key,
)
from chain.state.proofs import ExistenceProof, NonExistenceProof, Proof, Step
from chain.state.tree import TreeRoot


@dataclass(frozen=True, slots=True)
class Leaf:
    """An entry of state as the tree holds it."""

    path: bytes
    key: bytes
    value: bytes


class TreeView:
    """The tree at one version. Reads through `reader` and keeps nothing: as thread-safe as the reader is."""

    def __init__(self, reader: Reader, root: TreeRoot) -> None:
        self._reader = reader
        self.root = root

    def get(self, key: bytes) -> bytes | None:
        """The value under `key` at this version. Raises TreeCorrupt."""
        path = path_of(key)
        slot, _ = self._descend(path)
        return self._leaf(slot, path).value if slot[2] == path else None

    def prove(self, key: bytes) -> Proof:
        """That `key` is there with its value, or that it is not there. Raises TreeCorrupt."""
        path = path_of(key)
        slot, steps = self._descend(path)
        if slot[2] == path:
            return ExistenceProof(path, self._leaf(slot, path).value, steps)
        left = next(self._walk(self._top(), b"", 0, path, forward=False), None)
        right = next(self._walk(self._top(), b"", 0, path, forward=True), None)
        return NonExistenceProof(path, self._prove_leaf(left), self._prove_leaf(right))

    def leaves(self, start: bytes | None = None) -> Iterator[Leaf]:
        """All entries in order of their paths, from the path `start` (inclusive) on. Raises TreeCorrupt."""
        for slot in self._walk(self._top(), b"", 0, start, forward=True):
            yield self._leaf(slot, slot[2] or b"")

    def _descend(self, path: bytes) -> tuple[Slot, tuple[Step, ...]]:
        """The slot where `path` ends (a leaf, its own or another, or empty) and the forks from there to the root."""
        steps: list[Step] = []
        page, depth = self._top(), 0
        while True:
            index = nibble(path, depth)
            steps[:0] = [Step(sibling, is_left) for sibling, is_left in page.siblings(index)]
            slot = page.slot(index)
            if not slot[0] or slot[2] is not None:
                return slot, tuple(steps)
            depth += 1
            page = self._below(slot, depth, path)

    def _walk(self, page: Page, prefix: bytes, depth: int, bound: bytes | None, *, forward: bool) -> Iterator[Slot]:
        """The leaves under `page` from `bound` (inclusive) onwards, ascending (forward) or descending.

        The page stands at `depth` under `prefix`; None says that all its leaves are wanted.
        """
        edge = None if bound is None else nibble(bound, depth)
        for index in range(SLOTS) if forward else range(SLOTS - 1, -1, -1):
            slot = page.slot(index)
            if not slot[0] or (edge is not None and (index < edge if forward else index > edge)):
                continue
            within = bound if index == edge else None
            path = slot[2]
            if path is None:
                there = extend_prefix(prefix, depth, index)
                yield from self._walk(self._below(slot, depth + 1, there), there, depth + 1, within, forward=forward)
            elif within is None or (path >= within if forward else path <= within):
                yield slot

    def _prove_leaf(self, slot: Slot | None) -> ExistenceProof | None:
        if slot is None or slot[2] is None:
            return None
        _, steps = self._descend(slot[2])
        return ExistenceProof(slot[2], self._leaf(slot, slot[2]).value, steps)

    def _leaf(self, slot: Slot, path: bytes) -> Leaf:
        node = leaf_key(slot[1], path)
        record = self._reader(node)
        if record is None:
            raise TreeCorrupt(node, "is missing")
        try:
            key, value = decode_leaf(record)
        except ValueError as error:
            raise TreeCorrupt(node, str(error)) from None
        if path_of(key) != path or leaf_hash(path, value) != slot[0]:
            raise TreeCorrupt(node, "has another hash than its page says")
        return Leaf(path, key, value)

    def _top(self) -> Page:
        if self.root.hash == EMPTY_ROOT:
            return EMPTY_PAGE
        return load_page(self._reader, page_key(self.root.page_version, 0, b""), self.root.hash)

    def _below(self, slot: Slot, depth: int, path: bytes) -> Page:
        return load_page(self._reader, page_key(slot[1], depth, path), slot[0])
