"""A snapshot as a file: the head, then the state in chunks, each provable against the signed root, then a checksum.

    "cluster-state 1\\n"                       what it is, and the version of this form
    u32 length || encoding                    a SnapshotHead, then Ranges in order of their paths
    u32 0 || SHA-256 of all before            so that damage is told from lies

Lengths are big-endian. Everything stands in the open: who reads the file reads what the chain's validators hold.
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from chain.codec import decode, encode
from chain.errors import CodecError
from chain.state.errors import InvalidProof
from chain.state.ranges import FIRST_PATH, Range
from chain.state.tree_view import TreeView
from chain.types.scalars import Height
from node.snapshots.errors import SnapshotFileUnusable
from node.snapshots.head import SnapshotHead, decode_head, exportable
from node.storage.database import Database
from node.storage.restore import Restore

MAGIC: Final = b"cluster-state 1\n"
CHUNK_BYTES: Final = 256 * 1024
MAX_RECORD: Final = 2 * 2**20
UNDECODED: Final = "a part of it is not of the form that this version writes"
_LENGTH: Final = 4
_CHECKSUM: Final = 32


def write_snapshot(database: Database, height: Height, path: Path, advance: Callable[[float], None]) -> int:
    """Export the state after `height`; how many entries it has. `advance` hears the share that is done, 0 to 1.

    Raises NothingToExport, VersionPruned, TreeCorrupt, OSError (FileExistsError: nothing is overwritten).
    """
    head, view = exportable(database, height), database.snapshot().tree(height)
    with path.open("xb") as file:
        try:
            return _write_all(_Writer(file), head, view, advance)
        except BaseException:
            path.unlink()  # half a snapshot is none
            raise


def _write_all(writer: "_Writer", head: SnapshotHead, view: TreeView, advance: Callable[[float], None]) -> int:
    entries, start = 0, FIRST_PATH
    writer.record(encode(head))
    while True:
        chunk = view.range(start, CHUNK_BYTES)
        writer.record(encode(chunk))
        entries += len(chunk.entries)
        if chunk.until is None:
            writer.finish()
            advance(1.0)
            return entries
        start = chunk.until
        advance(int.from_bytes(start[:2], "big") / 65_536)


def read_head(path: Path) -> SnapshotHead:
    """The head of a file, not believed yet. Raises SnapshotFileUnusable, OSError."""
    with path.open("rb") as file:
        return _Reader(file, path).head()


def restore_state(path: Path, restore: Restore, advance: Callable[[float], None]) -> int:
    """Write a file's chunks into a restore of one segment, each proven; how many entries it has.

    Raises SnapshotFileUnusable, OSError, and as Restore.add.
    """
    with path.open("rb") as file:
        reader = _Reader(file, path)
        reader.head()
        entries, start = 0, restore.places[0]
        for encoded in reader.records():
            if start is None:
                raise SnapshotFileUnusable(path, "it goes on after the end of the state")
            try:
                entries += restore.add(0, start, decode(Range, encoded))
            except CodecError as error:
                raise SnapshotFileUnusable(path, UNDECODED) from error
            except InvalidProof as error:
                raise SnapshotFileUnusable(path, f"a part of the state in it is not proven, {error.reason}") from error
            start = restore.places[0]
            advance(1.0 if start is None else int.from_bytes(start[:2], "big") / 65_536)
    if start is not None:
        raise SnapshotFileUnusable(path, "it ends before the state does")
    return entries


class _Writer:
    def __init__(self, file: BinaryIO) -> None:
        self._file, self._sum = file, sha256()
        self._write(MAGIC)

    def record(self, encoded: bytes) -> None:
        self._write(len(encoded).to_bytes(_LENGTH, "big"))
        self._write(encoded)

    def finish(self) -> None:
        self._write(bytes(_LENGTH))
        self._file.write(self._sum.digest())

    def _write(self, data: bytes) -> None:
        self._sum.update(data)
        self._file.write(data)


class _Reader:
    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path, self._sum = file, path, sha256()
        if self._read(len(MAGIC)) != MAGIC:
            raise SnapshotFileUnusable(path, "it does not begin as one of this version does")

    def head(self) -> SnapshotHead:
        encoded = self._record()
        if encoded is None:
            raise SnapshotFileUnusable(self._path, "it is empty")
        try:
            return decode_head(encoded)
        except CodecError as error:
            raise SnapshotFileUnusable(self._path, UNDECODED) from error

    def records(self) -> Iterator[bytes]:
        while (encoded := self._record()) is not None:
            yield encoded

    def _record(self) -> bytes | None:
        """The next record; None behind the last one, whose checksum held."""
        length = int.from_bytes(self._read(_LENGTH), "big")
        if length > MAX_RECORD:
            raise SnapshotFileUnusable(self._path, f"a record claims {length} bytes")
        if length:
            return self._read(length)
        if self._file.read(_CHECKSUM + 1) != self._sum.digest():
            raise SnapshotFileUnusable(self._path, "its checksum is wrong")
        return None

    def _read(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) != size:
            raise SnapshotFileUnusable(self._path, "it is cut off")
        self._sum.update(data)
        return data
