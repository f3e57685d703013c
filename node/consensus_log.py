"""The write-ahead log of consensus: what `step` was given, a file per height, so that a crash forgets no vote or lock.

A record is head || payload; head = magic 4 || index u32 || length u32 || kind u8 || synced u8 || checksum 8 (BLAKE2b
over height, the fields before it, and the payload). Under a storage key the magic is another one and the payload is
nonce 24 || XChaCha20-Poly1305, with the height and the head's fields as associated data.

Own messages are synced before they are published, and with them everything before them; other records may be lost in a
power cut, never in a crash of the process alone. So a damaged tail without synced records is dropped, and damage before
a synced record is corruption.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from hashlib import blake2b
from pathlib import Path
from struct import Struct
from typing import Final

from chain.codec import decode, encode, wire
from chain.consensus.inputs import INPUTS, Input
from chain.errors import CodecError
from chain.types.scalars import Height
from crypto.sealedbox import AEAD_NONCE_BYTES, AEAD_OVERHEAD, CiphertextRefused, aead_open, aead_seal
from node.durable import DISK, Disk, Subject
from node.errors import NodeError

Entropy = Callable[[int], bytes]

_CLEAR: Final = b"CLG\x01"
_SEALED: Final = b"CLS\x01"
_FIELDS: Final = Struct(">4sIIBB")
_CHECKSUM_BYTES: Final = 8
_HEAD_BYTES: Final = _FIELDS.size + _CHECKSUM_BYTES
_MAX_PAYLOAD: Final = 4 * 2**20
_ADVICE: Final = (
    "Votes may be missing from it, and with them a lock. Stop the node and run `cluster data repair`: it sets the file "
    "aside, and this validator is silent until the chain has passed this height."
)


class LogError(NodeError):
    """Root of the errors of the consensus log."""

    code = 7120


class LogCorrupt(LogError):
    """A record is damaged although later ones were synced: the disk lost what it had promised."""

    code = 7121

    def __init__(self, path: Path, offset: int, reason: str) -> None:
        super().__init__(f"{path} is damaged at byte {offset}: {reason}. {_ADVICE}")
        self.path, self.offset, self.reason = str(path), offset, reason


class LogSealed(LogError):
    """The log was written under another storage key, or is sealed and no key was given, or the other way round."""

    code = 7122

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} does not open with this node's storage key. Give the key that the node ran with last."
        )
        self.path = str(path)


class LogVersion(LogError):
    """A whole record is not of this program's format."""

    code = 7124

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} was written by another version of this program: {reason} Start the version that wrote it, let it "
            "pass this height, and update then."
        )
        self.path, self.reason = str(path), reason


class LogUnwritable(LogError):
    """The system refused to read or write the log; nothing may be signed or published any more."""

    code = 7123

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} could not be read or written: {reason}. Check its owner, folder and disk, then restart."
        )
        self.path, self.reason = str(path), reason


class _Kind(IntEnum):
    INPUT = 1
    BODY = 2


@wire()
@dataclass(frozen=True, slots=True)
class _Entry:
    event: Input


@dataclass(frozen=True, slots=True)
class _Record:
    kind: int
    synced: bool
    fields: bytes
    payload: bytes

    @property
    def size(self) -> int:
        return _HEAD_BYTES + len(self.payload)


class ConsensusLog:
    """One height's log is open at a time. Blocking: append_own waits for the disk."""

    def __init__(
        self, folder: Path, storage_key: bytes | None = None, *, entropy: Entropy = os.urandom, disk: Disk = DISK
    ) -> None:
        """The folder is made if needed. storage_key is 32 bytes, or None for a log in the clear."""
        if not disk.exists(folder):
            disk.make_folder(folder, at=Subject.LOG_FOLDER)
            disk.sync_folder(folder.parent, at=Subject.LOG_FOLDER)  # else a power cut takes the log with its folder
        self._folder, self._key, self._entropy, self._disk = folder, storage_key, entropy, disk
        self._magic = _CLEAR if storage_key is None else _SEALED
        self._height = Height(0)
        self._index = 0
        self._descriptor: int | None = None

    def replay(self, height: Height) -> tuple[tuple[Input, ...], tuple[bytes, ...]]:
        """Open the log of a height for appending; the inputs it holds, and the encoded blocks, each in order.

        A half-written tail is cut off. Raises LogCorrupt, LogSealed, LogVersion, LogUnwritable.
        """
        records = self._open(height)
        opened = [(record.kind, self._unseal(record)) for record in records]
        inputs = tuple(self._decode(content) for kind, content in opened if kind == _Kind.INPUT)
        return inputs, tuple(content for kind, content in opened if kind == _Kind.BODY)

    def append(self, event: Input) -> None:
        """Add an input. Raises LogUnwritable, after which the process must stop; so do the other methods."""
        self._append(_Kind.INPUT, encode(_Entry(event)), at=Subject.LOG_INPUT)

    def append_own(self, event: Input) -> None:
        """Add an own vote or proposal; once this returns, it and all before it survive a power cut."""
        self._append(_Kind.INPUT, encode(_Entry(event)), at=Subject.LOG_OWN)

    def append_body(self, block: bytes) -> None:
        """Add an encoded block, before the input that says how it was judged."""
        self._append(_Kind.BODY, block, at=Subject.LOG_BODY)

    def sync(self) -> None:
        """Make everything so far durable: called before signing, so that a replay asks for that signature again."""
        self._sync(Subject.LOG_FENCE)

    def end_height(self, height: Height) -> None:
        """The block of `height` is committed: what follows is height + 1's.

        Logs before `height` are removed; its own stays one height longer, in case the database loses its last block.
        Raises LogUnwritable.
        """
        self.close()
        self._height = Height(height + 1)
        oldest = self.path(height).name
        try:
            for name in self._disk.names(self._folder):
                if name.endswith(".log") and name < oldest:
                    self._disk.remove(self._folder / name, at=Subject.OLD_LOG)
        except OSError as refusal:
            raise LogUnwritable(self._folder, refusal.strerror or "refused") from refusal

    def close(self) -> None:
        if self._descriptor is not None:
            self._disk.close(self._descriptor)
            self._descriptor = None

    def path(self, height: Height) -> Path:
        """The file of a height."""
        return self._folder / f"{height:020d}.log"

    def _open(self, height: Height) -> list[_Record]:
        self.close()
        self._height = height
        path = self.path(height)
        try:
            descriptor = self._disk.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, at=Subject.NEW_LOG)
            self._descriptor = descriptor
            data = self._disk.read(path)
            if not data:  # new, or made by a life that ended before the folder was synced
                self._disk.sync_folder(self._folder, at=Subject.NEW_LOG)
            records = list(self._read(data))
            self._index = len(records)
            whole = sum(record.size for record in records)
            if whole < len(data):
                self._disk.truncate(descriptor, whole, at=Subject.TORN_LOG)
                self._disk.sync(descriptor, at=Subject.TORN_LOG)
        except OSError as refusal:
            raise LogUnwritable(path, refusal.strerror or "refused") from refusal
        return records

    def _append(self, kind: _Kind, content: bytes, *, at: Subject) -> None:
        sync = at is Subject.LOG_OWN
        if self._descriptor is None:
            self._open(self._height)
        overhead = 0 if self._key is None else AEAD_NONCE_BYTES + AEAD_OVERHEAD
        fields = _FIELDS.pack(self._magic, self._index, len(content) + overhead, kind, sync)
        payload = content if self._key is None else self._seal(self._key, fields, content)
        self._write(fields + _checksum(self._height, fields, payload) + payload, at)
        if sync:
            self._sync(at)
        self._index += 1

    def _write(self, data: bytes, at: Subject) -> None:
        try:
            self._disk.write(self._require_open(), data, at=at)
        except OSError as refusal:
            raise LogUnwritable(self.path(self._height), refusal.strerror or "refused") from refusal

    def _sync(self, at: Subject) -> None:
        try:
            self._disk.sync(self._require_open(), at=at)
        except OSError as refusal:
            raise LogUnwritable(self.path(self._height), refusal.strerror or "refused") from refusal

    def _require_open(self) -> int:
        if self._descriptor is None:
            raise LogUnwritable(self.path(self._height), "it is closed")
        return self._descriptor

    def _seal(self, key: bytes, fields: bytes, content: bytes) -> bytes:
        nonce = self._entropy(AEAD_NONCE_BYTES)
        return nonce + aead_seal(key, nonce, content, self._associated(fields))

    def _associated(self, fields: bytes) -> bytes:
        return self._height.to_bytes(8, "big") + fields

    def _read(self, data: bytes) -> Iterator[_Record]:
        """The whole records from the start; stops at a torn tail. Raises LogCorrupt."""
        if data[: len(self._magic)] == (_SEALED if self._key is None else _CLEAR):
            raise LogSealed(self.path(self._height))
        offset = index = 0
        while offset < len(data):
            record = self._parse(data, offset)
            if record is None or _FIELDS.unpack(record.fields)[1] != index:
                self._require_torn_tail(data, offset)
                return
            yield record
            offset, index = offset + record.size, index + 1

    def _parse(self, data: bytes, offset: int) -> _Record | None:
        """The record at an offset, or None unless a whole one with the right checksum stands there."""
        head = data[offset : offset + _HEAD_BYTES]
        if len(head) < _HEAD_BYTES:
            return None
        fields = head[: _FIELDS.size]
        magic, _, length, kind, synced = _FIELDS.unpack(fields)
        payload = data[offset + _HEAD_BYTES : offset + _HEAD_BYTES + length]
        if magic != self._magic or length > _MAX_PAYLOAD or len(payload) < length:
            return None
        if _checksum(self._height, fields, payload) != head[_FIELDS.size :]:
            return None
        return _Record(kind, bool(synced), fields, payload)

    def _require_torn_tail(self, data: bytes, offset: int) -> None:
        later = data.find(self._magic, offset)
        while later >= 0:
            record = self._parse(data, later)
            if record is not None and record.synced:
                reason = f"the record there is broken, but one at byte {later} was synced after it"
                raise LogCorrupt(self.path(self._height), offset, reason)
            later = data.find(self._magic, later + 1)

    def _unseal(self, record: _Record) -> bytes:
        if self._key is None:
            return record.payload
        nonce, sealed = record.payload[:AEAD_NONCE_BYTES], record.payload[AEAD_NONCE_BYTES:]
        try:
            return aead_open(self._key, nonce, sealed, self._associated(record.fields))
        except CiphertextRefused as refusal:
            raise LogSealed(self.path(self._height)) from refusal

    def _decode(self, content: bytes) -> Input:
        try:
            return decode(_Entry, content, limit=_MAX_PAYLOAD, unions={Input: INPUTS}).event
        except CodecError as refusal:
            raise LogVersion(self.path(self._height), str(refusal)) from refusal


def _checksum(height: Height, fields: bytes, payload: bytes) -> bytes:
    return blake2b(height.to_bytes(8, "big") + fields + payload, digest_size=_CHECKSUM_BYTES).digest()
