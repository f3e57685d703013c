"""The node's storage key: read from a key file outside the data folder, one subkey for each thing that is sealed.

The file is a key record (crypto/keystore.py) for purpose "storage": under a passphrase, or unprotected, as a systemd
credential is. It never lies in the data folder. An unprotected file on the same disk as the data seals against
nobody who takes the disk, and `status` says so.
"""

import hmac
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from crypto import domains
from crypto.keystore import Cost
from node.keystore import Entropy, create_key, create_unprotected_key, load_key
from node.storage.errors import StorageKeyInData

PURPOSE: Final = "storage"


@dataclass(frozen=True, slots=True)
class StorageKey:
    """32 secret bytes, and whether somebody with the disk alone could read them."""

    secret: bytes = field(repr=False)
    unprotected: bool

    def subkey(self, use: str) -> bytes:
        """The 32-byte key for one use ("database", "log"): HMAC-SHA256 under domains.STORAGE."""
        return hmac.digest(self.secret, domains.STORAGE + b"/" + use.encode("ascii"), "sha256")


def create_storage_key(
    path: Path, data: Path, passphrase: str | None, *, entropy: Entropy = os.urandom, cost: Cost | None = None
) -> StorageKey:
    """Make a storage key and its file; passphrase None leaves it unprotected. Raises StorageKeyInData, KeyFileError."""
    _check_outside(path, data)
    if passphrase is None:
        return _storage_key(create_unprotected_key(path, PURPOSE, entropy=entropy).seed, path, data, protected=False)
    return _storage_key(
        create_key(path, PURPOSE, passphrase, entropy=entropy, cost=cost).seed, path, data, protected=True
    )


def load_storage_key(path: Path, data: Path, passphrase: str | None = None) -> StorageKey:
    """The storage key of a file. Raises StorageKeyInData, KeyFileError, and KeystoreError (a wrong passphrase)."""
    _check_outside(path, data)
    return _storage_key(load_key(path, PURPOSE, passphrase).seed, path, data, protected=passphrase is not None)


def _storage_key(seed: bytes, path: Path, data: Path, *, protected: bool) -> StorageKey:
    return StorageKey(seed, unprotected=not protected and _device(path) == _device(data))


def _check_outside(path: Path, data: Path) -> None:
    if path.resolve().is_relative_to(data.resolve()):
        raise StorageKeyInData(path, data)


def _device(path: Path) -> int:
    """The file system that holds `path`, or will: that of its nearest folder that exists."""
    there = path.resolve()
    while not there.exists():
        there = there.parent
    return there.stat().st_dev
