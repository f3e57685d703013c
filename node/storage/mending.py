"""What a damaged database still holds, read past the checks that refuse it: for `cluster data repair` alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from node.durable import DISK, Subject
from node.storage.database import open_leveldb_at, sealer_for
from node.storage.errors import DatabaseCorrupt, RecordCorrupt
from node.storage.layout import BLOCK, COMMIT, RECEIPTS, at_height
from node.storage.records import Records
from node.storage.storage_key import StorageKey


@contextmanager
def _opened(path: Path, storage_key: StorageKey | None) -> Iterator[tuple[Any, Records]]:
    db = open_leveldb_at(DISK, path, create=False)
    try:
        yield db, Records(db, sealer_for(storage_key, os.urandom), path)
    finally:
        db.close()


def stored_blocks(path: Path, storage_key: StorageKey | None) -> Iterator[tuple[bytes, bytes]]:
    """Encoded blocks from 1 on, each with its commit, up to the first that does not open.

    Raises DatabaseInUse, DatabaseCorrupt when the folder does not open at all.
    """
    with _opened(path, storage_key) as (_, records):
        height = 1
        while (block := _readable(records, BLOCK, height)) and (commit := _readable(records, COMMIT, height)):
            yield block, commit
            height += 1


def forget_holes(path: Path, storage_key: StorageKey | None, head: int) -> None:
    """Let go of every block at and below the highest that is not all there, as pruning would. Raises as above.

    A head that is not all there is kept: nothing would be left, and who reads it will say so.
    """
    spaces = (BLOCK, COMMIT, RECEIPTS)
    with _opened(path, storage_key) as (db, records):
        hole = next(
            (height for height in range(head, 0, -1) if not all(_readable(records, space, height) for space in spaces)),
            0,
        )
        if hole in (0, head):
            return
        batch = db.write_batch(sync=True)
        for space in spaces:
            for height in range(hole + 1):
                batch.delete(at_height(space, height))
        DISK.write_batch(batch, at=Subject.REPAIR)


def _readable(records: Records, space: bytes, height: int) -> bytes | None:
    try:
        return records.get(at_height(space, height))
    except (DatabaseCorrupt, RecordCorrupt):
        return None
