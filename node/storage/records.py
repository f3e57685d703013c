"""LevelDB with sealed values and typed errors: the only file that reads from plyvel."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import plyvel

from chain.state.store import after_prefix
from node.storage.errors import DatabaseClosed, DatabaseCorrupt, leveldb_reason
from node.storage.sealing import Sealer


class Records:
    """Reads from an open LevelDB or from one snapshot of it, whichever `source` is. Safe for threads."""

    def __init__(self, source: Any, sealer: Sealer, path: Path) -> None:
        self._source = source
        self._sealer = sealer
        self._path = path

    def get(self, key: bytes) -> bytes | None:
        """The opened value, or None. Raises DatabaseCorrupt, RecordCorrupt, DatabaseClosed."""
        try:
            stored = self._source.get(key, verify_checksums=True)
        except plyvel.Error as error:
            raise DatabaseCorrupt(self._path, leveldb_reason(error)) from error
        except RuntimeError as closed:
            raise DatabaseClosed(self._path) from closed
        return None if stored is None else self._sealer.open(key, stored)

    def require(self, key: bytes) -> bytes:
        """The opened value of a record that has to be there. Raises as get."""
        value = self.get(key)
        if value is None:
            raise DatabaseCorrupt(self._path, f"record {key!r} is missing")
        return value

    def iterate(self, prefix: bytes, start: bytes | None = None) -> Iterator[tuple[bytes, bytes]]:
        """Keys with `prefix` ascending, from `start` on, with opened values. Raises as get."""
        begin = prefix if start is None or start < prefix else start
        try:
            entries = self._source.iterator(start=begin, stop=after_prefix(prefix), verify_checksums=True)
            with entries:
                for key, stored in entries:
                    yield key, self._sealer.open(key, stored)
        except plyvel.Error as error:
            raise DatabaseCorrupt(self._path, leveldb_reason(error)) from error
        except RuntimeError as closed:
            raise DatabaseClosed(self._path) from closed

    def keys(self, prefix: bytes, start: bytes | None = None) -> Iterator[bytes]:
        """Keys with `prefix` ascending, from `start` on; nothing is opened. Raises as get."""
        begin = prefix if start is None or start < prefix else start
        try:
            entries = self._source.iterator(
                start=begin, stop=after_prefix(prefix), verify_checksums=True, include_value=False
            )
            with entries:
                yield from entries
        except plyvel.Error as error:
            raise DatabaseCorrupt(self._path, leveldb_reason(error)) from error
        except RuntimeError as closed:
            raise DatabaseClosed(self._path) from closed
