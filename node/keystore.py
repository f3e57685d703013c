"""Key files: one record of crypto/keystore.py per file, readable by its owner alone.

A file is made once and never overwritten: it is created exclusively with mode 0600, synced with its folder, and taken
away again if writing it fails, so a key that was announced is a key that is on disk.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from crypto.keys import SEED_BYTES, SecretKey
from crypto.keystore import (
    MAX_RECORD_BYTES,
    NONCE_BYTES,
    SALT_BYTES,
    Cost,
    KeyRecord,
    KeyRecordCorrupt,
    PassphraseNeeded,
    WrongPassphrase,
    decode_record,
    decrypt_key,
    encrypt_key,
    unprotected_key,
)
from node.durable import DISK, Subject
from node.errors import NodeError

Entropy = Callable[[int], bytes]

_MISSING: Final = {
    "account": "make a key with `cluster keys new`",
    "validator": (
        "restore the file from its backup; never make a new validator key in its place, that is another validator"
    ),
    "storage": (
        "restore the file from its backup; without that key the database does not open, and is to be fetched anew"
    ),
}  # by the purpose of the key


class KeyFileError(NodeError):
    """Root of the errors of key files."""

    code = 7050


class KeyFileExists(KeyFileError):
    """A key file was to be made where a file is already."""

    code = 7051

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} exists already, and a key file is never overwritten. Choose another name, or move it away."
        )
        self.path = str(path)


class KeyFileMissing(KeyFileError):
    """A key file is not there."""

    code = 7052

    def __init__(self, path: Path, purpose: str = "account") -> None:
        advice = _MISSING.get(purpose, "restore the file from its backup")
        super().__init__(f"no key file at {path}. Check the path, or {advice}.")
        self.path, self.purpose = str(path), purpose


class KeyFileExposed(KeyFileError):
    """Others than its owner may read or write a key file, or it is not a regular file."""

    code = 7053

    def __init__(self, path: Path, mode: int) -> None:
        super().__init__(
            f"key file {path} has mode {stat.filemode(mode)}; a regular file that only its owner may read was "
            f"expected. Run `chmod 600 {path}`; if others could read it, move to a new key."
        )
        self.path, self.mode = str(path), mode


class KeyFileUnreadable(KeyFileError):
    """The system refused to read or write a key file."""

    code = 7054

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"key file {path} could not be read or written: {reason}. Check its owner, folder and disk.")
        self.path, self.reason = str(path), reason


class KeyFileCorrupt(KeyFileError):
    """A key file holds no key record."""

    code = 7055

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"key file {path} is damaged: {reason}. Restore it from a backup.")
        self.path, self.reason = str(path), reason


class KeyFilePurpose(KeyFileError):
    """A key file was made for another purpose than it is used for."""

    code = 7056

    def __init__(self, path: Path, expected: str, found: str) -> None:
        super().__init__(
            f"key file {path} holds a key for purpose {found!r}; one for {expected!r} was expected. "
            "Name the right file: a key is used for one purpose only."
        )
        self.path, self.expected, self.found = str(path), expected, found


def create_key(
    path: Path, purpose: str, passphrase: str, *, entropy: Entropy = os.urandom, cost: Cost | None = None
) -> SecretKey:
    """Make a new key and its file, protected by a passphrase; takes a fifth of a second at the default cost.

    Raises KeyFileExists, KeyFileUnreadable, PurposeInvalid, PassphraseNeeded.
    """
    secret = SecretKey(entropy(SEED_BYTES))
    save_key(path, secret, purpose, passphrase, entropy=entropy, cost=cost)
    return secret


def create_unprotected_key(path: Path, purpose: str, *, entropy: Entropy = os.urandom) -> SecretKey:
    """Make a new key whose file whoever reads it can use: for development networks. Raises as create_key."""
    secret = SecretKey(entropy(SEED_BYTES))
    save_unprotected_key(path, secret, purpose)
    return secret


def save_key(
    path: Path,
    secret: SecretKey,
    purpose: str,
    passphrase: str,
    *,
    entropy: Entropy = os.urandom,
    cost: Cost | None = None,
) -> None:
    """Write a key that exists already (import, change of passphrase) to a new protected file. Raises as create_key."""
    _write_new(path, encrypt_key(secret, purpose, passphrase, entropy(SALT_BYTES), entropy(NONCE_BYTES), cost))


def save_unprotected_key(path: Path, secret: SecretKey, purpose: str) -> None:
    """Write a key that exists already to a new unprotected file. Raises as create_key."""
    _write_new(path, unprotected_key(secret, purpose))


def load_key(path: Path, purpose: str, passphrase: str | None = None) -> SecretKey:
    """The key of a file. passphrase is None for an unprotected one.

    Raises KeyFileMissing, KeyFileExposed, KeyFileUnreadable, KeyFileCorrupt, KeyFilePurpose, and of crypto/keystore.py
    KeyRecordVersion, KeyCostTooHigh, PassphraseNeeded, PassphraseUnexpected, WrongPassphrase, KeyMemoryLacking.
    """
    record = read_record(path, purpose)
    if record.purpose != purpose:
        raise KeyFilePurpose(path, purpose, record.purpose)
    try:
        return decrypt_key(record, passphrase)
    except KeyRecordCorrupt as corrupt:
        raise KeyFileCorrupt(path, corrupt.reason) from corrupt
    except WrongPassphrase as refusal:
        raise WrongPassphrase(record.public, str(path)) from refusal
    except PassphraseNeeded as refusal:
        raise PassphraseNeeded(str(path)) from refusal


def read_record(path: Path, purpose: str = "account") -> KeyRecord:
    """What a key file says without its passphrase: purpose, public key, whether it is protected. Raises as load_key.

    purpose: what the key is to be for; it says what to do where there is no file, and is not compared.
    """
    try:
        return decode_record(_read(path, purpose))
    except KeyRecordCorrupt as corrupt:
        raise KeyFileCorrupt(path, corrupt.reason) from corrupt


def _read(path: Path, purpose: str) -> bytes:
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode) or mode & closed_to_others(path):
                raise KeyFileExposed(path, mode)
            return file.read(MAX_RECORD_BYTES + 1)
    except FileNotFoundError as missing:
        raise KeyFileMissing(path, purpose) from missing
    except OSError as refusal:
        raise KeyFileUnreadable(path, refusal.strerror or "refused") from refusal


def closed_to_others(path: Path) -> int:
    """The permission bits that a file with a secret must not have.

    A systemd credential belongs to root and is lent to the service by an access list, whose mask shows as a group's
    right to read; its folder is closed to everybody else (systemd.exec, LoadCredential).
    """
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials and path.resolve().parent == Path(credentials).resolve():
        return stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP
    return stat.S_IRWXO | stat.S_IRWXG


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # else a named pipe would block the program for ever


def _write_new(path: Path, record: bytes) -> None:
    try:
        descriptor = DISK.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, at=Subject.KEY)
    except FileExistsError as exists:
        raise KeyFileExists(path) from exists
    except OSError as refusal:
        raise KeyFileUnreadable(path, refusal.strerror or "refused") from refusal
    try:
        DISK.write_synced(descriptor, record, at=Subject.KEY)
        DISK.sync_folder(path.parent, at=Subject.KEY)
    except OSError as failure:
        DISK.remove(path, at=Subject.KEY)
        raise KeyFileUnreadable(path, failure.strerror or "failed") from failure
