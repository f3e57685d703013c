"""Sealing at rest: what stands between a record and the disk.

A sealed record is a random nonce of 24 bytes, then XChaCha20-Poly1305 of the value with the LevelDB key as associated
data, so that a record opens under its own key only. Keys and sizes are not hidden.
"""

import os
from typing import Protocol

from crypto.sealedbox import AEAD_NONCE_BYTES, CiphertextRefused, SealLength, aead_open, aead_seal
from node.keystore import Entropy
from node.storage.errors import RecordCorrupt


class Sealer(Protocol):
    """How values are written and read again; `key` is the LevelDB key."""

    def seal(self, key: bytes, value: bytes) -> bytes: ...

    def open(self, key: bytes, sealed: bytes) -> bytes:
        """Raises RecordCorrupt."""
        ...


class Sealed:
    """Under a 32-byte subkey of the node's storage key."""

    def __init__(self, subkey: bytes, entropy: Entropy = os.urandom) -> None:
        self._subkey = subkey
        self._entropy = entropy

    def seal(self, key: bytes, value: bytes) -> bytes:
        nonce = self._entropy(AEAD_NONCE_BYTES)
        return nonce + aead_seal(self._subkey, nonce, value, key)

    def open(self, key: bytes, sealed: bytes) -> bytes:
        try:
            return aead_open(self._subkey, sealed[:AEAD_NONCE_BYTES], sealed[AEAD_NONCE_BYTES:], key)
        except (CiphertextRefused, SealLength) as refusal:
            raise RecordCorrupt(key) from refusal


class Unsealed:
    """Sealing switched off, so that anybody may see what it hides; LevelDB's checksums still find damage."""

    def seal(self, key: bytes, value: bytes) -> bytes:
        return value

    def open(self, key: bytes, sealed: bytes) -> bytes:
        return sealed
