"""Bringing a database of an earlier release to this release's layout, at opening, by registered steps.

A step yields chunks; each is one synced batch together with the place behind it, so a step that was cut off goes on
there and no record is rewritten twice. The format record names the new layout from the first batch on: a release of
the old layout then refuses the folder, whether all of it is migrated yet or not. A released step never changes.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import plyvel

from chain.codec import decode, encode
from chain.execution.block import Tip
from chain.execution.validator_schedule import DELAY, validators_at
from chain.state import keys
from chain.state.keys import Key
from chain.types.scalars import Blob, Height, Uint
from node.durable import DISK, Disk, Subject
from node.storage import layout
from node.storage.errors import DatabaseCorrupt, MigrationFailed, SchemaUnknown, leveldb_reason
from node.storage.layout import Format, Migration
from node.storage.records import Records
from node.storage.sealing import Sealer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records to write, None to delete, and the place from which the step goes on once they are written."""

    changes: Sequence[tuple[bytes, bytes | None]]
    cursor: bytes


@dataclass(frozen=True, slots=True)
class Step:
    """From one layout to the next. `run` begins at a cursor that an earlier chunk named; empty is the beginning."""

    what: str
    run: Callable[[Records, bytes], Iterator[Chunk]]


def _keep_validators(records: Records, _cursor: bytes) -> Iterator[Chunk]:
    """Layout 2 has validator sets by their hash, for light clients: those that state at the head still knows."""
    stored = records.get(layout.HEAD)
    if stored is None or records.get(layout.STATE + keys.VALIDATORS) is None:
        return
    view = _Flat(records, decode(Tip, stored).height)
    known = [validators_at(view, Height(view.height + ahead)) for ahead in range(DELAY + 1)]
    yield Chunk([(layout.VALIDATORS + each.hash(), encode(each)) for each in known], b"")


STEPS: Final = (Step("validator sets by their hash", _keep_validators),)  # the first one leads from layout 1 to 2


def newest(steps: Sequence[Step]) -> int:
    """The layout that the last step leads to."""
    return 1 + len(steps)


SCHEMA: Final = newest(STEPS)


def migrate(
    db: Any, sealer: Sealer, path: Path, found: Format, steps: Sequence[Step] = STEPS, disk: Disk = DISK
) -> None:
    """Do what is left of the steps. Raises SchemaUnknown, MigrationFailed, DatabaseCorrupt, RecordCorrupt."""
    target = newest(steps)
    if not 1 <= found.schema <= target:
        raise SchemaUnknown(found.schema, target)
    progress = _read_progress(db, path)
    if progress is None:
        if found.schema == target:
            return
        progress = Migration(Uint(found.schema), Blob(b""))
    batches = _Batches(db, sealer, path, target, disk)
    if found.schema != target:
        batches.write((), progress, replace(found, schema=Uint(target)))
    records = Records(db, sealer, path)
    while progress.reached < target:
        step, reached = steps[progress.reached - 1], progress.reached
        log.info("the database goes from layout %s to %s: %s", reached, reached + 1, step.what)
        for chunk in step.run(records, progress.cursor):
            batches.write(chunk.changes, Migration(reached, Blob(chunk.cursor)))
        progress = Migration(Uint(reached + 1), Blob(b""))
        batches.write((), progress)
    log.info("the database has layout %s", target)


class _Batches:
    """Writes batches: records, progress and, at first, the format, all or nothing."""

    def __init__(self, db: Any, sealer: Sealer, path: Path, target: int, disk: Disk) -> None:
        self._db, self._sealer, self._path, self._target, self._disk = db, sealer, path, target, disk

    def write(
        self, changes: Sequence[tuple[bytes, bytes | None]], progress: Migration, record: Format | None = None
    ) -> None:
        """One synced batch. Raises MigrationFailed."""
        batch = self._db.write_batch(sync=True)
        for key, value in changes:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, self._sealer.seal(key, value))
        if progress.reached == self._target:
            batch.delete(layout.MIGRATION)
        else:
            batch.put(layout.MIGRATION, layout.encode_own(progress))
        if record is not None:
            batch.put(layout.FORMAT, layout.encode_own(record))
        try:
            self._disk.write_batch(batch, at=Subject.MIGRATION)
        except (plyvel.Error, RuntimeError) as error:
            raise MigrationFailed(self._path, progress.reached, self._target, leveldb_reason(error)) from error


class _Flat:
    """State at the head, for what only looks entries up."""

    def __init__(self, records: Records, height: Height) -> None:
        self._records, self.height = records, height

    def get(self, key: Key) -> bytes | None:
        return self._records.get(layout.STATE + key)

    def iterate(self, prefix: Key, start: Key | None = None) -> Iterator[tuple[Key, bytes]]:
        skip = len(layout.STATE)
        for key, value in self._records.iterate(layout.STATE + prefix, None if start is None else layout.STATE + start):
            yield Key(key[skip:]), value


def _read_progress(db: Any, path: Path) -> Migration | None:
    try:
        stored = db.get(layout.MIGRATION, verify_checksums=True)
        return None if stored is None else layout.decode_own(Migration, stored)
    except (plyvel.Error, ValueError) as error:
        raise DatabaseCorrupt(path, leveldb_reason(error)) from error
