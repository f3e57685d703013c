"""The node's database: one LevelDB, one synced batch per block, snapshots for everybody who reads.

Synchronous; the caller runs it in its one execution thread. Snapshots may be used from any thread.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import plyvel

from chain.codec import encode
from chain.execution.block import Tip
from chain.state.keys import Key
from chain.state.tree import CACHE_BYTES, NO_TREE, Tree, TreeUpdate
from chain.types.scalars import Hash, Height, TxHash, Uint
from node.durable import DISK, Disk, Subject
from node.keystore import Entropy
from node.storage import check, layout, upkeep
from node.storage.errors import (
    DatabaseCorrupt,
    DatabaseExists,
    DatabaseMissing,
    OutOfOrder,
    SealingMismatch,
    WriteFailed,
    WrongChain,
    WrongStorageKey,
    leveldb_reason,
)
from node.storage.layout import Format, at_height
from node.storage.migrations import STEPS, Step, migrate, newest
from node.storage.pruning import find_horizon, prune, prune_blocks
from node.storage.read_cache import ReadCache
from node.storage.records import Records
from node.storage.rewind import Reindexed, reindex, rewind
from node.storage.sealing import Sealed, Sealer, Unsealed
from node.storage.snapshot import Snapshot
from node.storage.storage_key import StorageKey

KEEP_VERSIONS: Final = 1000
READ_CACHE_BYTES: Final = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Settings:
    """How many heights of state and of blocks are kept, 0 for all, and how much memory reading may take, in bytes."""

    keep_versions: int = KEEP_VERSIONS
    keep_blocks: int = 0
    page_cache_bytes: int = CACHE_BYTES
    read_cache_bytes: int = READ_CACHE_BYTES


DEFAULTS: Final = Settings()


@dataclass(frozen=True, slots=True)
class BlockBatch:
    """Everything that a decided block, or genesis, adds. Byte fields are encodings that the database does not read."""

    tip: Tip
    changes: Sequence[tuple[Key, bytes | None]]
    update: TreeUpdate
    block: bytes  # empty for genesis, as is commit
    commit: bytes
    receipts: bytes
    transactions: Sequence[TxHash]
    validators: tuple[Hash, bytes] | None = None  # the block's set and its hash, where the database has it not yet


class Database:
    """An open database. Make one with `create` or `open`; it holds the folder's lock until `close`."""

    def __init__(self, db: Any, sealer: Sealer, path: Path, settings: Settings, disk: Disk = DISK) -> None:
        self._db, self._disk = db, disk
        self._sealer = sealer
        self._path = path
        self._settings = settings
        self._records = Records(db, sealer, path)
        self._load()

    def _load(self) -> None:
        """Stand where the folder does."""
        self._cache = ReadCache(self._settings.read_cache_bytes)
        self._horizon = find_horizon(self._records)
        head = check.read_head(self._records, self._path)
        self._tip: Tip | None = None if head is None else head[0]
        self._tree = Tree(self._node, NO_TREE if head is None else head[1], self._settings.page_cache_bytes)
        self._snapshot = self._take_snapshot(self._tip, ()) if self._tip is not None else None

    @classmethod
    def create(
        cls,
        path: Path,
        storage_key: StorageKey | None,
        genesis_hash: Hash,
        settings: Settings = DEFAULTS,
        *,
        entropy: Entropy = os.urandom,
        disk: Disk = DISK,
        steps: Sequence[Step] = STEPS,
    ) -> "Database":
        """A new database in a folder that is empty or absent; storage_key None switches sealing off.

        The folder gets its name when the database in it is whole, so that no crash leaves half of one. It has no head
        until genesis is committed as height 0. Raises DatabaseExists, DatabaseInUse, DatabaseCorrupt.
        """
        if disk.names(path):
            raise DatabaseExists(path)
        partial = path.with_name(path.name + ".new")
        disk.remove_folder(partial, at=Subject.NEW_DATABASE)
        disk.make_folder(partial, 0o700, at=Subject.NEW_DATABASE)
        db = open_leveldb_at(disk, partial, create=True)
        record = Format(Uint(newest(steps)), genesis_hash, storage_key is not None, key_check(storage_key))
        writes = db.write_batch(sync=True)
        writes.put(layout.FORMAT, layout.encode_own(record))
        disk.write_batch(writes, at=Subject.NEW_DATABASE)
        db.close()
        disk.replace(partial, path, at=Subject.NEW_DATABASE)
        disk.sync_folder(path.parent, at=Subject.NEW_DATABASE)
        return cls(open_leveldb_at(disk, path, create=False), sealer_for(storage_key, entropy), path, settings, disk)

    @classmethod
    def open(
        cls,
        path: Path,
        storage_key: StorageKey | None,
        genesis_hash: Hash,
        settings: Settings = DEFAULTS,
        *,
        entropy: Entropy = os.urandom,
        disk: Disk = DISK,
        steps: Sequence[Step] = STEPS,
    ) -> "Database":
        """The database of a folder, brought to this release's layout if it is of an earlier one, its head checked.

        Raises DatabaseMissing, DatabaseInUse, DatabaseCorrupt, RecordCorrupt, TreeCorrupt, SchemaUnknown,
        MigrationFailed, SealingMismatch, WrongStorageKey, WrongChain.
        """
        if not disk.names(path):
            raise DatabaseMissing(path)
        db = open_leveldb_at(disk, path, create=False)
        try:
            sealer = sealer_for(storage_key, entropy)
            migrate(db, sealer, path, _check_format(db, path, storage_key, genesis_hash), steps, disk)
            return cls(db, sealer, path, settings, disk)
        except BaseException:
            db.close()  # whatever the reason, the folder's lock is given back
            raise

    def close(self) -> None:
        """Give the folder back. Snapshots still in use raise DatabaseClosed from now on."""
        self._snapshot = None
        self._db.close()

    @property
    def tip(self) -> Tip | None:
        """The head; None until genesis is committed."""
        return self._tip

    def snapshot(self) -> Snapshot:
        """State after the head. Raises DatabaseMissing before genesis is committed."""
        if self._snapshot is None:
            raise DatabaseMissing(self._path)
        return self._snapshot

    def update_tree(self, height: Height, changes: Iterable[tuple[Key, bytes | None]]) -> TreeUpdate:
        """The tree after the head and `changes`, in memory only: its root is the state root after `height`.

        Raises VersionNotNewer, DuplicateChange, TreeCorrupt, DatabaseCorrupt, RecordCorrupt.
        """
        return self._tree.update(height, changes)

    def commit_block(self, batch: BlockBatch) -> None:
        """Store a block, or genesis, in one synced batch: all of it, or after a crash nothing.

        Raises OutOfOrder, WriteFailed, and of what pruning reads DatabaseCorrupt, RecordCorrupt.
        """
        self._check_order(batch)
        tip, height = batch.tip, batch.tip.height
        writes = self._db.write_batch(sync=True)
        for key, value in _records_of(batch):
            if value is None:
                writes.delete(key)
            else:
                writes.put(key, self._sealer.seal(key, value))
        horizon = prune(self._records, writes, self._horizon, self._floor(height, self._settings.keep_versions))
        horizon = prune_blocks(self._records, writes, horizon, self._floor(height, self._settings.keep_blocks))
        try:
            self._disk.write_batch(writes, at=Subject.GENESIS if height == 0 else Subject.BLOCK)
        except (plyvel.Error, RuntimeError, OSError) as error:
            raise WriteFailed(self._path, height, str(error)) from error
        self._horizon = horizon
        self._tree.adopt(batch.update)
        self._tip = tip
        self._snapshot = self._take_snapshot(tip, batch.changes)

    def block(self, height: Height) -> bytes | None:
        """The encoded block at `height`, or None."""
        return self._records.get(at_height(layout.BLOCK, height))

    def commit(self, height: Height) -> bytes | None:
        """The encoded commit that decided the block at `height`, or None."""
        return self._records.get(at_height(layout.COMMIT, height))

    def receipts(self, height: Height) -> bytes | None:
        """The encoded receipts of `height`, or None."""
        return self._records.get(at_height(layout.RECEIPTS, height))

    def validators(self, hash_: Hash) -> bytes | None:
        """The encoded validator set of a hash, if it was in force at a height that was committed here."""
        return self._records.get(layout.VALIDATORS + hash_)

    def find_transaction(self, hash_: TxHash) -> tuple[Height, int] | None:
        """Height and index of a committed transaction, or None."""
        record = self._records.get(layout.TRANSACTION + hash_)
        if record is None:
            return None
        height, index = layout.decode_place(record)
        return Height(height), index

    def verify(self) -> check.Verified:
        """Read and recompute everything: minutes on a large state. Raises as open does."""
        return check.verify(self._records, self.snapshot().tip, self._path)

    @property
    def first_block(self) -> Height:
        """The lowest height whose block is stored, or would be."""
        return Height(self._horizon.block)

    def rewind(self, tip: Tip, forgotten: Sequence[TxHash]) -> None:
        """Stand at an earlier kept height again, in one synced batch; `forgotten` are the transactions above it.

        Raises VersionPruned, DatabaseCorrupt, RecordCorrupt, WriteFailed.
        """
        rewind(self._records, self._sealer, self._db, self.snapshot(), tip, forgotten, self._path, self._disk)
        self._load()

    def reindex(self, blocks: Iterable[tuple[Height, Sequence[TxHash]]]) -> Reindexed:
        """Make flat state anew from the tree, and the index of transactions from what the stored blocks hold.

        Raises TreeCorrupt, DatabaseCorrupt, RecordCorrupt, WriteFailed.
        """
        made = reindex(self._records, self._sealer, self._db, self.snapshot(), blocks, self._path, self._disk)
        self._load()
        return made

    def compact(self, stopping: upkeep.Stopping) -> None:
        """Give the disk back what was deleted; from any thread but the one that closes. Raises UpkeepStopped."""
        upkeep.compact(self._db, stopping)

    def copy(self, target: Path, stopping: upkeep.Stopping) -> Height:
        """A database in another folder with all that this one holds now; its height. From any thread, as compact.

        Raises DatabaseMissing before genesis, DatabaseExists, CopyFailed, UpkeepStopped.
        """
        held = self._db.snapshot()
        try:
            upkeep.copy(held, target, stopping)
            head = check.read_head(Records(held, self._sealer, self._path), self._path)
        finally:
            held.close()
        if head is None:
            raise DatabaseMissing(self._path)
        return head[0].height

    def _floor(self, height: Height, keep: int) -> int:
        return height - keep + 1 if keep else 0

    def _check_order(self, batch: BlockBatch) -> None:
        height = batch.tip.height
        expected = 0 if self._tip is None else self._tip.height + 1
        if height != expected:
            raise OutOfOrder(height, f"block {expected} is next")
        if batch.update.base != self._tree.root or batch.update.root.version != height:
            raise OutOfOrder(height, "its tree update was computed on another head")
        if batch.update.root.hash != batch.tip.state_root:
            raise OutOfOrder(height, "its tree update has another root than its tip")

    def _take_snapshot(self, tip: Tip, changes: Iterable[tuple[Key, bytes | None]]) -> Snapshot:
        self._cache.advance(tip.height, changes)
        records = Records(self._db.snapshot(), self._sealer, self._path)
        return Snapshot(records, self._cache, tip, self._horizon.oldest)

    def _node(self, node: bytes) -> bytes | None:
        return self._records.get(layout.NODE + node)


def _records_of(batch: BlockBatch) -> Iterator[tuple[bytes, bytes | None]]:
    """LevelDB keys and values of a batch; None deletes."""
    height, update = batch.tip.height, batch.update
    for key, value in batch.changes:
        yield layout.STATE + key, value
    for node, record in update.puts():
        yield layout.NODE + node, record
    yield from layout.stale_records(height, update.stale)
    yield at_height(layout.ROOT, height), update.root.encode()
    if height > 0:
        yield at_height(layout.BLOCK, height), batch.block
        yield at_height(layout.COMMIT, height), batch.commit
    yield at_height(layout.RECEIPTS, height), batch.receipts
    for index, hash_ in enumerate(batch.transactions):
        yield layout.TRANSACTION + hash_, layout.encode_place(height, index)
    if batch.validators is not None:
        set_hash, validators = batch.validators
        yield layout.VALIDATORS + set_hash, validators
    yield layout.HEAD, encode(batch.tip)


def open_leveldb_at(disk: Disk, path: Path, *, create: bool) -> Any:
    """A folder's LevelDB. Raises DatabaseInUse, DatabaseCorrupt."""
    try:
        return disk.open_leveldb(path, create=create, at=Subject.NEW_DATABASE if create else Subject.DATABASE)
    except plyvel.Error as error:
        raise check.opening_error(path, error) from error


def sealer_for(storage_key: StorageKey | None, entropy: Entropy) -> Sealer:
    return Unsealed() if storage_key is None else Sealed(storage_key.subkey("database"), entropy)


def key_check(storage_key: StorageKey | None) -> Hash:
    return Hash(bytes(32) if storage_key is None else storage_key.subkey("database-check"))


def _check_format(db: Any, path: Path, storage_key: StorageKey | None, genesis_hash: Hash) -> Format:
    try:
        stored = db.get(layout.FORMAT, verify_checksums=True)
        record = layout.decode_own(Format, stored or b"")
    except (plyvel.Error, ValueError) as error:
        raise DatabaseCorrupt(path, leveldb_reason(error)) from error
    if record.genesis_hash != genesis_hash:
        raise WrongChain(path, record.genesis_hash, genesis_hash)
    if record.sealed != (storage_key is not None):
        raise SealingMismatch(path, sealed=record.sealed)
    if record.key_check != key_check(storage_key):
        raise WrongStorageKey(path)
    return record
