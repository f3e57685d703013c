"""A disk in memory that keeps what was synced, and of the rest as much as chance wants, when its power is cut.

A file's content and the names in a folder are durable once `sync` and `sync_folder` have returned. Of later writes a
prefix survives a cut, the last of them perhaps torn or scrambled; of later changes of a folder's names a prefix too, in
their order. Whoever dies without a power cut loses nothing. One `Mount` is one life of a process: after `unplug`, its
calls change nothing any more. Every change is a step at which a test may stop the process (`stop_at`).
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import plyvel

from node.durable import Disk, Subject
from tests.support.simulated_leveldb import SimulatedLevelDB, Table

SCRAMBLED = 0.3  # of the cuts that leave a part of what was not synced


class Stopped(BaseException):
    """The process died inside a call to the disk. No handler of the product may catch it."""

    after = False  # whether the call was done


@dataclass(slots=True)
class Inode:
    """A file: what programs read, and what is on the platter."""

    data: bytearray = field(default_factory=bytearray)
    synced: bytes = b""

    def cut(self, rng: Random) -> None:
        lost = len(self.data) - len(self.synced)
        if lost > 0 and self.data.startswith(self.synced):
            kept = rng.randint(0, lost)
            left = bytearray(self.data[: len(self.synced) + kept])
            if kept and rng.random() < SCRAMBLED:
                left[len(self.synced) + rng.randrange(kept)] ^= 1 << rng.randrange(8)
            self.data = left
        elif bytes(self.data) != self.synced and rng.random() < 0.5:
            self.data = bytearray(self.synced)
        self.synced = bytes(self.data)


Names = dict[str, Inode]
Change = tuple[str, Inode | None]  # a name now stands for this file, or for none


@dataclass(slots=True)
class Folder:
    """Names as programs see them, as they are on the platter, and the changes between, in order."""

    names: Names = field(default_factory=dict)
    synced: Names = field(default_factory=dict)
    changes: list[tuple[Change, ...]] = field(default_factory=list)

    def change(self, *changes: Change) -> None:
        _apply(self.names, changes)
        self.changes.append(changes)

    def sync(self) -> None:
        self.synced, self.changes = dict(self.names), []

    def cut(self, rng: Random) -> None:
        for changes in self.changes[: rng.randint(0, len(self.changes))]:
            _apply(self.synced, changes)
        self.names, self.changes = dict(self.synced), []


def _apply(names: Names, changes: tuple[Change, ...]) -> None:
    for name, inode in changes:
        if inode is None:
            names.pop(name, None)
        else:
            names[name] = inode


@dataclass(slots=True)
class Crash:
    """Where a process is to die: the point's name, at the how manieth time from now, before the call or after it."""

    point: str
    hits: int = 1
    after: bool = False


class SimulatedDisk:
    """One machine's disk. `mount` gives the file system to one life of a process."""

    def __init__(self) -> None:
        self.folders: dict[Path, Folder] = {}
        self.tables: dict[Path, Table] = {}
        self.locks: set[Path] = set()
        self.steps = 0
        self.stop_at: int | None = None  # the step at which the process dies
        self.crash: Crash | None = None  # the named point at which it dies
        self.full_at: int | None = None  # the step from which on there is no room

    @property
    def full(self) -> bool:
        """Whether there is no room now."""
        return self.full_at is not None and self.steps >= self.full_at

    @full.setter
    def full(self, full: bool) -> None:
        self.full_at = self.steps if full else None

    def mount(self) -> "Mount":
        return Mount(self)

    def cut_power(self, rng: Random) -> None:
        """What was not synced is lost, or some of it."""
        for folder in self.folders.values():
            for inode in {id(inode): inode for inode in (*folder.names.values(), *folder.synced.values())}.values():
                inode.cut(rng)
            folder.cut(rng)
        for table in self.tables.values():
            table.cut(rng)

    def step(self, point: str | None = None) -> None:
        """A change begins. Raises Stopped."""
        self.steps += 1
        if self.stop_at is not None and self.steps >= self.stop_at:
            self.stop_at = None
            raise Stopped
        if self.crash is not None and self.crash.point == point:
            self.crash.hits -= 1
            if self.crash.hits == 0 and not self.crash.after:
                self.crash = None
                raise Stopped

    def done(self) -> None:
        """A change is made. Raises Stopped."""
        if self.crash is not None and self.crash.hits == 0:
            self.crash = None
            stopped = Stopped()
            stopped.after = True
            raise stopped


class Mount(Disk):
    """The `Disk` of one life of a process."""

    def __init__(self, disk: SimulatedDisk) -> None:
        self._disk = disk
        self._open: dict[int, tuple[Path, Inode]] = {}
        self._next = 3
        self._plugged = True
        self._locked: dict[int, Path] = {}

    def unplug(self) -> None:
        """The process is dead: its locks are free, and what it still does reaches nothing."""
        self._plugged = False
        self._disk.locks -= set(self._locked.values())
        self._open.clear()

    def exists(self, path: Path) -> bool:
        return path in self._disk.folders or path in self._disk.tables or self._find(path) is not None

    def make_folder(self, folder: Path, mode: int = 0o777, *, at: Subject | None = None) -> None:
        self._disk.folders.setdefault(folder, Folder())

    def names(self, folder: Path) -> list[str]:
        if folder in self._disk.tables:
            return ["CURRENT"]
        held = self._disk.folders.get(folder)
        return [] if held is None else sorted(held.names)

    def read(self, path: Path) -> bytes:
        inode = self._find(path)
        if inode is None:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        return bytes(inode.data)

    def open(self, path: Path, flags: int, mode: int = 0o600, *, at: Subject | None = None) -> int:
        inode = self._find(path)
        if inode is not None and flags & os.O_EXCL:
            raise FileExistsError(errno.EEXIST, "File exists")
        if inode is None and not flags & os.O_CREAT:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        with self._change("open", at):
            if inode is None:
                inode = Inode()
                self._disk.folders.setdefault(path.parent, Folder()).change((path.name, inode))
            elif flags & os.O_TRUNC:
                inode.data.clear()
            descriptor, self._next = self._next, self._next + 1
            self._open[descriptor] = (path, inode)
        return descriptor

    def write(self, descriptor: int, data: bytes, *, at: Subject | None = None) -> None:
        _, inode = self._open[descriptor]
        try:
            with self._change("write", at):
                inode.data += data
        except Stopped as stopped:
            if not stopped.after and self._plugged:
                inode.data += data[: len(data) // 2]
            raise

    def truncate(self, descriptor: int, size: int, *, at: Subject | None = None) -> None:
        with self._change("truncate", at):
            del self._open[descriptor][1].data[size:]

    def sync(self, descriptor: int, *, at: Subject | None = None) -> None:
        with self._change("sync", at):
            inode = self._open[descriptor][1]
            inode.synced = bytes(inode.data)

    def close(self, descriptor: int) -> None:
        self._open.pop(descriptor, None)
        self._disk.locks.discard(self._locked.pop(descriptor, Path()))

    def replace(self, old: Path, new: Path, *, at: Subject | None = None) -> None:
        with self._change("replace", at):
            if old in self._disk.tables:
                self._disk.tables[new] = self._disk.tables.pop(old)
                return
            inode = self._find(old)
            if inode is None:
                raise FileNotFoundError(errno.ENOENT, "No such file or directory")
            self._disk.folders[old.parent].change((old.name, None), (new.name, inode))

    def remove(self, path: Path, *, at: Subject | None = None) -> None:
        if self._find(path) is not None:
            with self._change("remove", at):
                self._disk.folders[path.parent].change((path.name, None))

    def remove_folder(self, folder: Path, *, at: Subject | None = None) -> None:
        if folder in self._disk.tables or folder in self._disk.folders:
            with self._change("remove_folder", at):
                self._disk.tables.pop(folder, None)
                self._disk.folders.pop(folder, None)

    def sync_folder(self, folder: Path, *, at: Subject | None = None) -> None:
        with self._change("sync_folder", at):
            self._disk.folders.setdefault(folder, Folder()).sync()

    def lock(self, path: Path) -> int:
        if path in self._disk.locks:
            raise BlockingIOError(errno.EWOULDBLOCK, "Resource temporarily unavailable")
        descriptor = self.open(path, os.O_RDWR | os.O_CREAT)
        self._disk.locks.add(path)
        self._locked[descriptor] = path
        return descriptor

    def open_leveldb(self, path: Path, *, create: bool, at: Subject | None = None) -> Any:
        with self._change("open_leveldb", at):
            table = self._disk.tables.setdefault(path, Table()) if create else self._disk.tables[path]
        return SimulatedLevelDB(table, self._require_plugged)

    def write_batch(self, batch: Any, *, at: Subject | None = None) -> None:
        try:
            with self._change("write_batch", at):
                batch.write()
        except OSError as refusal:
            raise plyvel.IOError(refusal.strerror) from refusal

    def _find(self, path: Path) -> Inode | None:
        folder = self._disk.folders.get(path.parent)
        return None if folder is None else folder.names.get(path.name)

    def _require_plugged(self) -> None:
        if not self._plugged:
            raise Stopped
        if self._disk.full:
            raise OSError(errno.ENOSPC, "No space left on device")

    @contextmanager
    def _change(self, call: str, at: Subject | None) -> Iterator[None]:
        """Around every change: a process that was to die here dies before it or after it."""
        self._require_plugged()
        self._disk.step(None if at is None else f"{at}.{call}")
        yield
        self._disk.done()
