"""The tree at any version that is still kept: proofs, and its leaves in order for snapshots."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from chain.state.errors import TreeCorrupt
from chain.state.merkle import EMPTY_ROOT, PATH_BYTES, leaf_hash, path_of
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
from chain.state.ranges import Entry, Neighbour, Range, Sibling
from chain.state.tree import TreeRoot
from chain.types.scalars import Blob, Hash, Uint


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

    def range(self, start: bytes, max_bytes: int) -> Range:
        """Entries from the path `start` on with their proof: as many as fit into so many bytes, and at least one.

        Raises TreeCorrupt.
        """
        below = (int.from_bytes(start, "big") - 1).to_bytes(PATH_BYTES, "big") if any(start) else None
        lower = None if below is None else next(self._walk(self._top(), b"", 0, below, forward=False), None)
        entries, size, after = list[Entry](), 0, None
        for leaf in self.leaves(start):
            size += len(leaf.key) + len(leaf.value)
            if entries and size > max_bytes:
                after = Neighbour(Hash(leaf.path), Hash(sha256(leaf.value).digest()))
                break
            entries.append(Entry(Blob(leaf.key), Blob(leaf.value)))
        before = None if lower is None else self._neighbour(lower)
        first = before.path if before is not None else path_of(entries[0].key) if entries else None
        last = after.path if after is not None else path_of(entries[-1].key) if entries else first
        left = () if first is None or before is None else self._off_the_way(first, left=True)
        right = () if last is None or after is None else self._off_the_way(last, left=False)
        return Range(before, tuple(entries), after, left, right)

    def _neighbour(self, slot: Slot) -> Neighbour:
        leaf = self._leaf(slot, slot[2] or b"")
        return Neighbour(Hash(leaf.path), Hash(sha256(leaf.value).digest()))

    def _off_the_way(self, path: bytes, *, left: bool) -> tuple[Sibling, ...]:
        """What hangs off one side of the way from the root down to the leaf at `path`."""
        found: list[Sibling] = []
        page, depth = self._top(), 0
        while True:
            index = nibble(path, depth)
            for sibling, is_left, level in reversed(page.siblings(index)):
                if is_left is left:
                    found.append(Sibling(Uint(4 * depth + level), Hash(sibling)))
            slot = page.slot(index)
            if not slot[0] or slot[2] is not None:
                return tuple(found)
            depth += 1
            page = self._below(slot, depth, path)

    def _descend(self, path: bytes) -> tuple[Slot, tuple[Step, ...]]:
        """The slot where `path` ends (a leaf, its own or another, or empty) and the forks from there to the root."""
        steps: list[Step] = []
        page, depth = self._top(), 0
        while True:
            index = nibble(path, depth)
            steps[:0] = [Step(sibling, is_left) for sibling, is_left, _ in page.siblings(index)]
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
