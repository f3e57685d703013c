"""What an operator may do with an open database while the chain goes on: compact it, copy it.

Both work in a thread of their own beside the one that commits blocks; LevelDB allows it, and neither holds the
interpreter's lock while the disk works. Both end early when the node stops, so that its end does not wait for them.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import plyvel

from node.durable import DISK, Subject
from node.storage.errors import CopyFailed, DatabaseExists, UpkeepStopped, leveldb_reason

BATCH_BYTES: Final = 4 * 2**20
_SPACES: Final = 256  # keys are compacted by their first byte, so that there is a place to stop in between

Stopping = Callable[[], bool]


def compact(db: Any, stopping: Stopping) -> None:
    """Let LevelDB write its tables anew without what was deleted. Raises UpkeepStopped."""
    for first in range(_SPACES):
        if stopping():
            raise UpkeepStopped("compacting")
        db.compact_range(start=bytes((first,)), stop=bytes((first + 1,)) if first + 1 < _SPACES else None)


def copy(snapshot: Any, target: Path, stopping: Stopping) -> None:
    """Every record of a LevelDB snapshot, sealed as it lies there, as a database in a folder that is empty or absent.

    The folder has its name only once all of it is on disk. Raises DatabaseExists, CopyFailed, UpkeepStopped.
    """
    if DISK.names(target):
        raise DatabaseExists(target)
    partial = target.with_name(target.name + ".partial")
    try:
        DISK.remove_folder(partial, at=Subject.SNAPSHOT)
        DISK.make_folder(partial, 0o700, at=Subject.SNAPSHOT)
        _fill(partial, snapshot, stopping)
        if target.exists():
            target.rmdir()
        DISK.replace(partial, target, at=Subject.SNAPSHOT)
        DISK.sync_folder(target.parent, at=Subject.SNAPSHOT)
    except OSError as error:
        raise CopyFailed(target, error.strerror or str(error)) from error
    except plyvel.Error as error:
        raise CopyFailed(target, leveldb_reason(error)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _fill(folder: Path, snapshot: Any, stopping: Stopping) -> None:
    copied = DISK.open_leveldb(folder, create=True, at=Subject.SNAPSHOT)
    try:
        batch, waiting = copied.write_batch(sync=True), 0
        for key, value in snapshot.iterator(verify_checksums=True, fill_cache=False):
            batch.put(key, value)
            waiting += len(key) + len(value)
            if waiting >= BATCH_BYTES:
                if stopping():
                    raise UpkeepStopped("copying")
                DISK.write_batch(batch, at=Subject.SNAPSHOT)
                batch, waiting = copied.write_batch(sync=True), 0
        DISK.write_batch(batch, at=Subject.SNAPSHOT)
    finally:
        copied.close()


def size_of(folder: Path) -> int:
    """Bytes of the files in a folder; what vanishes meanwhile counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total
