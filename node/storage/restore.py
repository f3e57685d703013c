"""A database that is filled with the state of one height, chunk by chunk, and becomes a node's when all of it is there.

It lies beside the database's place as `NAME.restore` until then, so a node never starts on half a state. Every chunk is
one synced batch with the place behind it: after a kill it goes on there. The tree grows at one version, whose pages are
written over as they fill; they are held against the trusted root chunk by chunk, and once more as a whole.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import plyvel

from chain.codec import decode, encode, wire
from chain.errors import CodecError
from chain.execution.block import Tip
from chain.state.keys import Key
from chain.state.merkle import path_of
from chain.state.ranges import Range, verify_range
from chain.state.tree import NO_TREE, Tree, TreeRoot
from chain.types.scalars import Blob, Hash, TxHash, Uint
from node.durable import DISK, Disk, Subject
from node.keystore import Entropy
from node.storage import layout
from node.storage.check import opening_error
from node.storage.database import key_check, sealer_for
from node.storage.errors import DatabaseCorrupt, DatabaseExists, WriteFailed
from node.storage.layout import Format, at_height
from node.storage.migrations import SCHEMA
from node.storage.records import Records
from node.storage.storage_key import StorageKey

SUFFIX: Final = ".restore"
PROGRESS: Final = b"m/restore"
_END: Final = Blob(b"")


@dataclass(frozen=True, slots=True)
class Restored:
    """What a database keeps of a snapshot's block. Byte fields are encodings that the database does not read."""

    tip: Tip
    block: bytes
    commit: bytes
    receipts: bytes
    transactions: Sequence[TxHash]
    validators: Sequence[tuple[Hash, bytes]]


@wire()
@dataclass(frozen=True, slots=True)
class _Progress:
    """The tip that is to be reached, the tree so far, and where each segment goes on (empty: it is done)."""

    tip: Tip
    root: Hash
    places: tuple[Blob, ...]


class Restore:
    """One per folder. `places` are the paths from which each segment goes on, None where it is done."""

    def __init__(self, db: Any, path: Path, storage_key: StorageKey | None, entropy: Entropy, disk: Disk) -> None:
        self._db, self._path, self._disk = db, path, disk
        self._sealer = sealer_for(storage_key, entropy)
        self._records = Records(db, self._sealer, path)
        stored = self._records.get(PROGRESS)
        try:
            self._progress = decode(_Progress, stored or b"")
        except CodecError as error:
            raise DatabaseCorrupt(path, f"its progress record is malformed ({error})") from error
        tip = self._progress.tip
        root = TreeRoot(tip.height - 1, self._progress.root, tip.height)
        self._tree = Tree(lambda node: self._records.get(layout.NODE + node), root)

    @classmethod
    def begin(
        cls,
        path: Path,
        storage_key: StorageKey | None,
        genesis_hash: Hash,
        restored: Restored,
        segments: int,
        *,
        entropy: Entropy = os.urandom,
        disk: Disk = DISK,
    ) -> "Restore":
        """Begin anew beside `path`, dropping what was begun before. `segments` divide the paths evenly: 1 to 256.

        Raises DatabaseExists when `path` holds something, DatabaseInUse, DatabaseCorrupt, WriteFailed.
        """
        if disk.names(path):
            raise DatabaseExists(path)
        discard(path, disk)
        partial = _beside(path)
        disk.make_folder(partial, 0o700, at=Subject.RESTORE)
        db = _open(disk, partial, create=True)
        sealer = sealer_for(storage_key, entropy)
        starts = tuple(Blob(bytes((256 * index // segments,)) + bytes(31)) for index in range(segments))
        batch = db.write_batch(sync=True)
        format_ = Format(Uint(SCHEMA), genesis_hash, storage_key is not None, key_check(storage_key))
        batch.put(layout.FORMAT, layout.encode_own(format_))
        progress = _Progress(restored.tip, Hash(NO_TREE.hash), starts)
        for key, value in [*_block_records(restored), (PROGRESS, encode(progress))]:
            batch.put(key, sealer.seal(key, value))
        _write(disk, batch, partial, restored.tip.height)
        return cls(db, path, storage_key, entropy, disk)

    @classmethod
    def resume(
        cls, path: Path, storage_key: StorageKey | None, *, entropy: Entropy = os.urandom, disk: Disk = DISK
    ) -> "Restore | None":
        """Go on with what was begun beside `path`; None when nothing was.

        Raises DatabaseInUse, DatabaseCorrupt, RecordCorrupt.
        """
        partial = _beside(path)
        if not disk.names(partial):
            return None
        return cls(_open(disk, partial, create=False), path, storage_key, entropy, disk)

    @property
    def tip(self) -> Tip:
        return self._progress.tip

    @property
    def places(self) -> tuple[bytes | None, ...]:
        return tuple(place or None for place in self._progress.places)

    @property
    def is_complete(self) -> bool:
        return not any(self._progress.places)

    def add(self, segment: int, start: bytes, chunk: Range) -> int:
        """Write a chunk that goes on where its segment stands; how many entries were new. Raises InvalidProof.

        One that does not go on there, since another came first, is left out. Raises WriteFailed, TreeCorrupt.
        """
        if self._progress.places[segment] != start:
            return 0
        verify_range(self.tip.state_root, start, chunk)
        end = self._end(segment)
        entries = [entry for entry in chunk.entries if end is None or path_of(entry.key) < end]
        until = chunk.until
        place = _END if until is None or (end is not None and until >= end) else Blob(until)
        batch = self._db.write_batch(sync=True)
        update = self._tree.update(self.tip.height, [(Key(entry.key), entry.value) for entry in entries])
        for entry in entries:
            self._put(batch, layout.STATE + entry.key, entry.value)
        for node, record in update.puts():
            self._put(batch, layout.NODE + node, record)
        places = (*self._progress.places[:segment], place, *self._progress.places[segment + 1 :])
        progress = replace(self._progress, root=Hash(update.root.hash), places=places)
        self._put(batch, PROGRESS, encode(progress))
        _write(self._disk, batch, self._path, self.tip.height)
        self._progress = progress
        self._tree.adopt(update)
        self._tree.root = replace(update.root, version=self.tip.height - 1, page_version=self.tip.height)
        return len(entries)

    def finish(self) -> None:
        """Give the folder its name, once its state has the trusted root. Raises DatabaseCorrupt, WriteFailed."""
        tip = self.tip
        if not self.is_complete or self._progress.root != tip.state_root:
            raise DatabaseCorrupt(self._path, f"its state has root {self._progress.root.hex()}, not the trusted one")
        batch = self._db.write_batch(sync=True)
        root = TreeRoot(tip.height, tip.state_root, tip.height)
        self._put(batch, at_height(layout.ROOT, tip.height), root.encode())
        self._put(batch, layout.HEAD, encode(tip))
        batch.delete(PROGRESS)
        _write(self._disk, batch, self._path, tip.height)
        self.close()
        self._disk.replace(_beside(self._path), self._path, at=Subject.RESTORE)
        self._disk.sync_folder(self._path.parent, at=Subject.RESTORE)

    def close(self) -> None:
        """Give the folder's lock back; what is there stays, to be resumed."""
        self._db.close()

    def _end(self, segment: int) -> bytes | None:
        """Where the next segment began."""
        count = len(self._progress.places)
        return None if segment + 1 == count else bytes((256 * (segment + 1) // count,)) + bytes(31)

    def _put(self, batch: Any, key: bytes, value: bytes) -> None:
        batch.put(key, self._sealer.seal(key, value))


def discard(path: Path, disk: Disk = DISK) -> None:
    """Remove what was begun beside `path`."""
    disk.remove_folder(_beside(path), at=Subject.RESTORE)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)


def _block_records(restored: Restored) -> list[tuple[bytes, bytes]]:
    height = restored.tip.height
    return [
        (at_height(layout.BLOCK, height), restored.block),
        (at_height(layout.COMMIT, height), restored.commit),
        (at_height(layout.RECEIPTS, height), restored.receipts),
        *(
            (layout.TRANSACTION + hash_, layout.encode_place(height, index))
            for index, hash_ in enumerate(restored.transactions)
        ),
        *((layout.VALIDATORS + hash_, encoded) for hash_, encoded in restored.validators),
    ]


def _open(disk: Disk, path: Path, *, create: bool) -> Any:
    try:
        return disk.open_leveldb(path, create=create, at=Subject.RESTORE)
    except plyvel.Error as error:
        raise opening_error(path, error) from error


def _write(disk: Disk, batch: Any, path: Path, height: int) -> None:
    try:
        disk.write_batch(batch, at=Subject.RESTORE)
    except (plyvel.Error, RuntimeError) as error:
        raise WriteFailed(path, height, str(error)) from error
