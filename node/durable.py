"""The disk, as everything that must survive a power cut uses it: the one seam between the node and its files.

What is written may be lost until `sync`, and a name made, renamed or removed in a folder until `sync_folder`. The
signer's state, the consensus log and the database go through a `Disk`; tests/support/simulated_disk.py is one that
loses power.
"""

import os
from pathlib import Path
from typing import Any, Final


class Disk:
    """The system's files. Every method raises OSError as the system call behind it does."""

    def exists(self, path: Path) -> bool:
        return path.exists()

    def make_folder(self, folder: Path, mode: int = 0o777) -> None:
        """Parents included; a folder that is there stays as it is."""
        folder.mkdir(mode=mode, parents=True, exist_ok=True)

    def names(self, folder: Path) -> list[str]:
        """What lies in a folder, sorted; nothing if there is no such folder."""
        return sorted(os.listdir(folder)) if folder.exists() else []

    def read(self, path: Path) -> bytes:
        return path.read_bytes()

    def open(self, path: Path, flags: int) -> int:
        """A descriptor for this process alone; a file made here is its owner's alone."""
        return os.open(path, flags | os.O_CLOEXEC, 0o600)

    def write(self, descriptor: int, data: bytes) -> None:
        """All of data, at the descriptor's place."""
        while data:
            data = data[os.write(descriptor, data) :]

    def truncate(self, descriptor: int, size: int) -> None:
        os.ftruncate(descriptor, size)

    def sync(self, descriptor: int) -> None:
        """Wait until the disk has the file's content."""
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def replace(self, old: Path, new: Path) -> None:
        """Give a file another name of the same folder, in place of whatever has it."""
        old.replace(new)

    def remove(self, path: Path) -> None:
        """A file that is not there is removed already."""
        path.unlink(missing_ok=True)

    def sync_folder(self, folder: Path) -> None:
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

    def open_leveldb(self, path: Path, *, create: bool) -> Any:
        """A plyvel.DB that exists, or with `create` that did not. Raises plyvel.Error."""
        from node.storage.leveldb import open_leveldb  # 25 ms that commands with a key file do not need

        return open_leveldb(path, create=create)

    def write_synced(self, descriptor: int, data: bytes) -> None:
        """Write all of data to a fresh descriptor, wait until the disk has it, and close."""
        try:
            self.write(descriptor, data)
            self.sync(descriptor)
        finally:
            self.close(descriptor)


DISK: Final = Disk()
