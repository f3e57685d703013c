"""State after one committed height, as RPC, ingress and the executor read it; safe for threads."""

from collections.abc import Iterator

from chain.execution.block import Tip
from chain.state.keys import Key
from chain.state.proofs import Proof
from chain.state.tree import decode_root
from chain.state.tree_view import TreeView
from chain.types.scalars import Height
from node.storage.errors import VersionPruned
from node.storage.layout import NODE, ROOT, STATE, at_height
from node.storage.read_cache import ReadCache
from node.storage.records import Records


class Snapshot:
    """A Store and a View. What it shows never changes; letting go of it frees what LevelDB keeps for it."""

    __slots__ = ("_cache", "_records", "height", "oldest", "tip")

    def __init__(self, records: Records, cache: ReadCache, tip: Tip, oldest: int) -> None:
        self._records = records
        self._cache = cache
        self.oldest = oldest
        self.tip = tip
        self.height: Height = tip.height

    def get(self, key: Key) -> bytes | None:
        """The value under `key`, or None. Raises DatabaseCorrupt, RecordCorrupt, DatabaseClosed."""
        value = self._cache.lookup(self.height, key)
        if isinstance(value, bytes) or value is None:
            return value
        found = self._records.get(STATE + key)
        self._cache.remember(self.height, key, found)
        return found

    def iterate(self, prefix: Key, start: Key | None = None) -> Iterator[tuple[Key, bytes]]:
        """Entries under `prefix` ascending, from `start` on. Raises as get."""
        skip = len(STATE)
        for key, value in self._records.iterate(STATE + prefix, None if start is None else STATE + start):
            yield Key(key[skip:]), value

    def tree(self, height: int) -> TreeView:
        """The tree after any kept height up to this one. Raises VersionPruned."""
        record = self._records.get(at_height(ROOT, height)) if 0 <= height <= self.height else None
        if record is None:
            raise VersionPruned(height, self.oldest, self.height)
        return TreeView(self._node, decode_root(height, record))

    def prove(self, key: Key, height: int) -> Proof:
        """That state after `height` holds `key`, or not, against that height's root (in header height + 1).

        Raises VersionPruned, TreeCorrupt.
        """
        return self.tree(height).prove(key)

    def _node(self, node: bytes) -> bytes | None:
        return self._records.get(NODE + node)
