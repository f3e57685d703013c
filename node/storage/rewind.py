"""Going back to an earlier height that is still kept, and making anew what follows from the rest.

The tree keeps what versions read: pages and leaf records of later versions are dropped, and what later versions had
made stale is live again. Flat state follows from the leaf records among both: later ones say which keys moved, stale
ones what they held before.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import plyvel

from chain.codec import encode
from chain.execution.block import Tip
from chain.state.pages import decode_leaf
from chain.types.scalars import Height, TxHash
from node.durable import Disk, Subject
from node.storage import layout
from node.storage.errors import DatabaseCorrupt, WriteFailed, leveldb_reason
from node.storage.layout import at_height
from node.storage.records import Records
from node.storage.sealing import Sealer
from node.storage.snapshot import Snapshot

BATCH_RECORDS: Final = 4_096
_VERSION: Final = 8
_LEAF_MARK: Final = b"v"


@dataclass(frozen=True, slots=True)
class Reindexed:
    """What was written anew: entries of state, and places of transactions."""

    entries: int
    transactions: int


def rewind(
    records: Records,
    sealer: Sealer,
    db: Any,
    snapshot: Snapshot,
    tip: Tip,
    forgotten: Sequence[TxHash],
    path: Path,
    disk: Disk,
) -> None:
    """See Database.rewind. All of it is one synced batch: afterwards the folder stands at `tip`, or where it stood."""
    snapshot.tree(tip.height)  # is that version kept?
    state: dict[bytes, bytes | None] = dict.fromkeys(_moved(records, tip.height))
    state.update(_earlier(records, tip.height, path))
    batch = db.write_batch(sync=True)
    for key, value in state.items():
        if value is None:
            batch.delete(layout.STATE + key)
        else:
            batch.put(layout.STATE + key, sealer.seal(layout.STATE + key, value))
    for space in (layout.NODE, layout.STALE, layout.ROOT, layout.BLOCK, layout.COMMIT, layout.RECEIPTS):
        for key in _keys_above(records, space, tip.height):
            batch.delete(key)
    for hash_ in forgotten:
        batch.delete(layout.TRANSACTION + hash_)
    batch.put(layout.HEAD, sealer.seal(layout.HEAD, encode(tip)))
    _write(disk, batch, path, tip.height)


def reindex(
    records: Records,
    sealer: Sealer,
    db: Any,
    snapshot: Snapshot,
    blocks: Iterable[tuple[Height, Sequence[TxHash]]],
    path: Path,
    disk: Disk,
) -> Reindexed:
    """See Database.reindex. What is right already is written again; what belongs nowhere is removed."""
    writes = _Writes(db, sealer, path, snapshot.height, disk)
    known, entries, places = set[bytes](), 0, 0
    for leaf in snapshot.tree(snapshot.height).leaves():
        writes.put(layout.STATE + leaf.key, leaf.value)
        known.add(layout.STATE + leaf.key)
        entries += 1
    for height, hashes in blocks:
        for index, hash_ in enumerate(hashes):
            writes.put(layout.TRANSACTION + hash_, layout.encode_place(height, index))
            known.add(layout.TRANSACTION + hash_)
            places += 1
    for space in (layout.STATE, layout.TRANSACTION):
        for key in records.keys(space):
            if key not in known:
                writes.delete(key)
    writes.flush()
    return Reindexed(entries, places)


class _Writes:
    """Synced batches of a bounded size. Cut off in between, `reindex` is run again."""

    def __init__(self, db: Any, sealer: Sealer, path: Path, height: int, disk: Disk) -> None:
        self._db, self._sealer, self._path, self._height, self._disk = db, sealer, path, height, disk
        self._batch, self._count = db.write_batch(sync=True), 0

    def put(self, key: bytes, value: bytes) -> None:
        self._batch.put(key, self._sealer.seal(key, value))
        self._counted()

    def delete(self, key: bytes) -> None:
        self._batch.delete(key)
        self._counted()

    def flush(self) -> None:
        _write(self._disk, self._batch, self._path, self._height)
        self._batch, self._count = self._db.write_batch(sync=True), 0

    def _counted(self) -> None:
        self._count += 1
        if self._count == BATCH_RECORDS:
            self.flush()


def _moved(records: Records, height: int) -> Iterator[bytes]:
    """The keys that versions above `height` wrote."""
    for node, record in records.iterate(layout.NODE, at_height(layout.NODE, height + 1)):
        if _is_leaf(node[len(layout.NODE) :]):
            yield decode_leaf(record)[0]


def _earlier(records: Records, height: int, path: Path) -> Iterator[tuple[bytes, bytes]]:
    """What `height` held under the keys that later versions wrote or deleted."""
    for _, record in records.iterate(layout.STALE, at_height(layout.STALE, height + 1)):
        for node in layout.listed_nodes(record):
            if _is_leaf(node) and int.from_bytes(node[:_VERSION], "big") <= height:
                try:
                    yield decode_leaf(records.require(layout.NODE + node))
                except ValueError as error:
                    raise DatabaseCorrupt(path, f"leaf record {node.hex()} {error}") from error


def _is_leaf(node: bytes) -> bool:
    return node[_VERSION : _VERSION + 1] == _LEAF_MARK


def _keys_above(records: Records, space: bytes, height: int) -> Iterator[bytes]:
    return records.keys(space, at_height(space, height + 1))


def _write(disk: Disk, batch: Any, path: Path, height: int) -> None:
    try:
        disk.write_batch(batch, at=Subject.REWIND)
    except (plyvel.Error, RuntimeError) as error:
        raise WriteFailed(path, height, leveldb_reason(error)) from error
