"""The disk, as everything that must survive a power cut uses it: the one seam between the node and its files.

What is written may be lost until `sync`, and a name made, renamed or removed in a folder until `sync_folder`. The
signer's state, the consensus log, the database, keys, configuration and genesis go through a `Disk`;
tests/support/simulated_disk.py is one that loses power.

Every call that changes something says `at` what it works. The subject and the call together name a crash point,
`signer.sync` for instance: where tests kill a node. node/crash_points.py lists them; here `at` has no effect.
"""

import os
import shutil
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

READABLE: Final = 0o644  # the mode of what holds nothing secret


class Subject(StrEnum):
    """What a change of the disk is about."""

    HOME = "home"
    CONFIG = "config"
    GENESIS_FILE = "genesis-file"
    KEY = "key"
    NEW_SIGNER = "new-signer"
    SIGNER = "signer"
    LOG_FOLDER = "log-folder"
    NEW_LOG = "new-log"
    TORN_LOG = "torn-log"
    LOG_INPUT = "log-input"
    LOG_BODY = "log-body"
    LOG_FENCE = "log-fence"
    LOG_OWN = "log-own"
    OLD_LOG = "old-log"
    NEW_DATABASE = "new-database"
    DATABASE = "database"
    MIGRATION = "migration"
    GENESIS = "genesis"
    BLOCK = "block"
    SNAPSHOT = "snapshot"
    ADDRESSES = "addresses"
    EVIDENCE = "evidence"
    RESTORE = "restore"
    REWIND = "rewind"
    HANDOVER = "handover"
    REPAIR = "repair"
    RESYNC = "resync"


class Disk:
    """The system's files. Every method raises OSError as the system call behind it does."""

    def exists(self, path: Path) -> bool:
        return path.exists()

    def make_folder(self, folder: Path, mode: int = 0o777, *, at: Subject | None = None) -> None:
        """Parents included; a folder that is there stays as it is."""
        folder.mkdir(mode=mode, parents=True, exist_ok=True)

    def names(self, folder: Path) -> list[str]:
        """What lies in a folder, sorted; nothing if there is no such folder."""
        return sorted(os.listdir(folder)) if folder.exists() else []

    def read(self, path: Path) -> bytes:
        return path.read_bytes()

    def open(self, path: Path, flags: int, mode: int = 0o600, *, at: Subject | None = None) -> int:
        """A descriptor for this process alone; a file made here is its owner's alone, unless `mode` says more."""
        return os.open(path, flags | os.O_CLOEXEC, mode)

    def write(self, descriptor: int, data: bytes, *, at: Subject | None = None) -> None:
        """All of data, at the descriptor's place."""
        while data:
            data = data[os.write(descriptor, data) :]

    def truncate(self, descriptor: int, size: int, *, at: Subject | None = None) -> None:
        os.ftruncate(descriptor, size)

    def sync(self, descriptor: int, *, at: Subject | None = None) -> None:
        """Wait until the disk has the file's content."""
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def replace(self, old: Path, new: Path, *, at: Subject | None = None) -> None:
        """Give a file another name of the same folder, in place of whatever has it; a folder replaces an empty one."""
        old.replace(new)

    def remove(self, path: Path, *, at: Subject | None = None) -> None:
        """A file that is not there is removed already."""
        path.unlink(missing_ok=True)

    def remove_folder(self, folder: Path, *, at: Subject | None = None) -> None:
        """With all that is in it; one that is not there is removed already."""
        if folder.exists():
            shutil.rmtree(folder)

    def sync_folder(self, folder: Path, *, at: Subject | None = None) -> None:
        """Wait until the disk has the names in a folder."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def lock(self, path: Path) -> int:
        """A descriptor that no other process has while it is open. Raises BlockingIOError when one has."""
        import fcntl  # absent on systems that only run the client

        descriptor = self.open(path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise
        return descriptor

    def open_leveldb(self, path: Path, *, create: bool, at: Subject | None = None) -> Any:
        """A plyvel.DB that exists, or with `create` that did not. Raises plyvel.Error."""
        from node.storage.leveldb import open_leveldb  # 25 ms that commands with a key file do not need

        return open_leveldb(path, create=create)

    def write_batch(self, batch: Any, *, at: Subject | None = None) -> None:
        """What a plyvel batch holds, as a whole. Raises plyvel.Error, RuntimeError when the database is closed."""
        batch.write()

    def write_synced(self, descriptor: int, data: bytes, *, at: Subject | None = None) -> None:
        """Write all of data to a fresh descriptor, wait until the disk has it, and close."""
        try:
            self.write(descriptor, data, at=at)
            self.sync(descriptor, at=at)
        finally:
            self.close(descriptor)

    def replace_content(self, path: Path, data: bytes, mode: int = 0o600, *, at: Subject | None = None) -> None:
        """A file's content, exchanged as a whole: whatever happens meanwhile, it has the old one or this one."""
        fresh = path.with_name(path.name + ".new")
        descriptor = self.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode, at=at)
        self.write_synced(descriptor, data, at=at)
        self.replace(fresh, path, at=at)
        self.sync_folder(path.parent, at=at)


DISK: Final = Disk()
