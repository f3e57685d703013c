"""The file that keeps a validator from signing twice: the last (height, round, step) signed, with its signature.

Layout: magic 8 bytes || SHA-256 of the rest || canonical struct. It is replaced as a whole (temporary file, fsync,
rename, fsync of the folder), so after a crash it is the old state or the new one. A lock file beside it keeps a second
process from using the same state.
"""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from chain.codec import decode, encode, wire
from chain.errors import CodecError
from chain.types.scalars import ChainId, Hash, Height, Round, Signature, Uint, ValidatorId
from node.durable import DISK, Disk, Subject
from node.errors import NodeError

_MAGIC: Final = b"CLUSIGN\x01"
_HEADER_BYTES: Final = len(_MAGIC) + 32


class SignerError(NodeError):
    """Root of the errors of the signer and its state."""

    code = 7100


class SignerStateMissing(SignerError):
    """A consensus key has no state file, so nobody knows what it has signed."""

    code = 7101

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is missing, and without it this validator could sign twice and be slashed. Put the file back from "
            "where the validator last ran; if that was this very home, `cluster data repair --abstain` makes one that "
            "is silent as long as it has to be; else make a new validator key and bond with that."
        )
        self.path = str(path)


class SignerStateExists(SignerError):
    """A state file was to be made where one is already."""

    code = 7102

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} exists already; a new key gets a new state file. Choose another folder, or move the old key and "
            "its state away together."
        )
        self.path = str(path)


class SignerStateCorrupt(SignerError):
    """A state file is damaged or of an unknown version."""

    code = 7103

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be trusted: {reason}. Do not delete it, and take no older copy: this validator could sign "
            "twice. Run `cluster data repair --abstain` if the key last ran in this very home, else make a new "
            "validator key."
        )
        self.path, self.reason = str(path), reason


class SignerStateForeign(SignerError):
    """A state file belongs to another key or another chain."""

    code = 7104

    def __init__(self, what: str, expected: str, found: str) -> None:
        super().__init__(
            f"the signer's state is for {what} {found}; {expected} was expected. Use the state file that was made "
            "together with this key for this chain."
        )
        self.what, self.expected, self.found = what, expected, found


class SignerInUse(SignerError):
    """Another process has this signer's state open."""

    code = 7105

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"another process is signing with {path}. Stop it first: two processes with one key get slashed."
        )
        self.path = str(path)


class SignerStateUnwritable(SignerError):
    """The system refused to read or write the state file; nothing was signed."""

    code = 7106

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} could not be read or written: {reason}. Check its owner, folder and disk, then restart."
        )
        self.path, self.reason = str(path), reason


@wire()
@dataclass(frozen=True, slots=True)
class LastSigned:
    """What a key signed last on a chain: position, the bytes, the signature. step 0 stands for nothing yet."""

    chain_id: ChainId
    validator: ValidatorId
    height: Height
    round: Round
    step: Uint
    signing_bytes: Hash
    signature: Signature

    @property
    def position(self) -> tuple[int, int, int]:
        """(height, round, step), which only ever grows."""
        return self.height, self.round, self.step


def nothing_signed(chain_id: ChainId, validator: ValidatorId) -> LastSigned:
    """The state of a key that is fresh on this chain."""
    return LastSigned(chain_id, validator, Height(0), Round(0), Uint(0), Hash(bytes(32)), Signature(bytes(64)))


class StateFile(Protocol):
    """Where a signer keeps its state: SignerStateFile on disk, a variable in simulations."""

    def read(self) -> LastSigned:
        """The last state written."""

    def replace(self, state: LastSigned) -> None:
        """Returns once `state` survives a crash."""

    def close(self) -> None:
        """Called when the signer is not used any more."""


class SignerStateFile:
    """A state file that this process holds the lock of. `close` gives the lock back."""

    def __init__(self, path: Path, disk: Disk = DISK) -> None:
        """Raises SignerStateMissing, SignerInUse, SignerStateUnwritable."""
        self._path, self._disk = path, disk
        if not disk.exists(path):
            raise SignerStateMissing(path)
        self._lock = _lock(disk, path)

    @classmethod
    def create(cls, path: Path, state: LastSigned, disk: Disk = DISK) -> "SignerStateFile":
        """Make the file of a fresh key. Raises SignerStateExists, SignerStateUnwritable."""
        try:
            descriptor = disk.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, at=Subject.NEW_SIGNER)
        except FileExistsError as exists:
            raise SignerStateExists(path) from exists
        except OSError as refusal:
            raise SignerStateUnwritable(path, refusal.strerror or "refused") from refusal
        try:
            disk.write_synced(descriptor, _to_bytes(state), at=Subject.NEW_SIGNER)
            disk.sync_folder(path.parent, at=Subject.NEW_SIGNER)
        except OSError as failure:
            disk.remove(path, at=Subject.NEW_SIGNER)
            raise SignerStateUnwritable(path, failure.strerror or "failed") from failure
        return cls(path, disk)

    def read(self) -> LastSigned:
        """Raises SignerStateCorrupt, SignerStateUnwritable."""
        return read_state(self._path, self._disk)

    def replace(self, state: LastSigned) -> None:
        """Raises SignerStateUnwritable; then either state may be on disk, and the process must not sign on."""
        try:
            self._disk.replace_content(self._path, _to_bytes(state), at=Subject.SIGNER)
        except OSError as refusal:
            raise SignerStateUnwritable(self._path, refusal.strerror or "refused") from refusal

    def discard(self) -> None:
        """Take away the state of a key that was never saved."""
        self._disk.remove(self._path, at=Subject.NEW_SIGNER)
        self.close()

    def close(self) -> None:
        """Give the lock back."""
        self._disk.close(self._lock)


def read_state(path: Path, disk: Disk = DISK) -> LastSigned:
    """What a file says, for who only looks. Raises SignerStateCorrupt, SignerStateUnwritable."""
    try:
        data = disk.read(path)
    except OSError as refusal:
        raise SignerStateUnwritable(path, refusal.strerror or "refused") from refusal
    return _from_bytes(path, data)


def _to_bytes(state: LastSigned) -> bytes:
    body = encode(state)
    return _MAGIC + sha256(body).digest() + body


def _from_bytes(path: Path, data: bytes) -> LastSigned:
    if len(data) < _HEADER_BYTES:
        raise SignerStateCorrupt(path, f"it has {len(data)} bytes only")
    if data[: len(_MAGIC)] != _MAGIC:
        raise SignerStateCorrupt(path, "it is no signer state of a version that this program knows")
    body = data[_HEADER_BYTES:]
    if sha256(body).digest() != data[len(_MAGIC) : _HEADER_BYTES]:
        raise SignerStateCorrupt(path, "its checksum does not fit its content")
    try:
        return decode(LastSigned, body)
    except CodecError as refusal:
        raise SignerStateCorrupt(path, str(refusal)) from refusal


def _lock(disk: Disk, path: Path) -> int:
    try:
        return disk.lock(path.with_name(path.name + ".lock"))
    except BlockingIOError as taken:
        raise SignerInUse(path) from taken
    except OSError as refusal:
        raise SignerStateUnwritable(path, refusal.strerror or "refused") from refusal
