"""Rows of an input that do not travel on chain: an encrypted blob, known by its hash, in a file named after it.

Whoever asks hands <SHA-256 in hex>.rows to the providers that may lock, by any means: the file tells nothing without
the key that the task seals to them, and it cannot be exchanged for another. Providers keep such files in one folder.
"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from client.errors import InputRowsDamaged, InputRowsTooLarge
from client.whole_files import write_whole

MAX_ROWS_BYTES: Final = 16 * 2**20
_SUFFIX: Final = ".rows"


@dataclass(frozen=True, slots=True)
class SealedRows:
    """An encrypted blob of rows."""

    data: bytes

    @property
    def digest(self) -> bytes:
        """What the task's sealed input names it by: 32 bytes."""
        return sha256(self.data).digest()


def rows_file_name(digest: bytes) -> str:
    """The name under which a blob travels and lies in a provider's folder."""
    return digest.hex() + _SUFFIX


def save_rows(folder: Path, rows: SealedRows) -> Path:
    """Write a blob into a folder, made if need be, whole or not at all. Raises InputRowsTooLarge, OSError."""
    if len(rows.data) > MAX_ROWS_BYTES:
        raise InputRowsTooLarge(len(rows.data), MAX_ROWS_BYTES)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / rows_file_name(rows.digest)
    write_whole(path, rows.data, private=True)
    return path


def read_rows(folder: Path, digest: bytes) -> bytes | None:
    """The blob of this digest from a folder, None where there is no readable file of its name.

    Raises InputRowsDamaged for a file that is too large or holds something else.
    """
    path = folder / rows_file_name(digest)
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            data = file.read(MAX_ROWS_BYTES + 1)
    except OSError:
        return None
    require_digest(data, digest)
    return data


def require_digest(data: bytes, digest: bytes) -> None:
    """Raises InputRowsDamaged unless the data may be, and is, what the digest names."""
    if len(data) > MAX_ROWS_BYTES or sha256(data).digest() != digest:
        raise InputRowsDamaged(rows_file_name(digest), len(data), MAX_ROWS_BYTES)
