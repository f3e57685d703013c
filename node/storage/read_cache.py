"""State of the newest height, opened and kept, so that hot keys cost neither LevelDB nor the seal."""

from collections.abc import Iterable
from threading import Lock
from typing import Final

from chain.state.keys import Key

MISS: Final = object()
_ENTRY_BYTES: Final = 200  # CPython: two bytes objects and a dictionary entry


class ReadCache:
    """Bounded by bytes; safe for threads. Serves one height: readers of an older one always miss.

    Two generations, as in chain/state/page_cache.py: what is used moves into the young one, and when that is full the
    old one is dropped whole. Absent keys are remembered too.
    """

    def __init__(self, max_bytes: int) -> None:
        self._half = max_bytes // 2
        self._lock = Lock()
        self._height = -1
        self._young: dict[Key, bytes | None] = {}
        self._old: dict[Key, bytes | None] = {}
        self._young_bytes = 0

    def lookup(self, height: int, key: Key) -> object:
        """The value under `key` at `height` (None: known to be absent), or MISS."""
        with self._lock:
            if height != self._height:
                return MISS
            if key in self._young:
                return self._young[key]
            if key not in self._old:
                return MISS
            value = self._old.pop(key)
            self._insert(key, value)
            return value

    def remember(self, height: int, key: Key, value: bytes | None) -> None:
        """What a reader of `height` found on disk; ignored when the chain has moved on meanwhile."""
        with self._lock:
            if height == self._height:
                self._insert(key, value)

    def advance(self, height: int, changes: Iterable[tuple[Key, bytes | None]]) -> None:
        """Serve `height` from now on, which differs from the height before by `changes`."""
        with self._lock:
            self._height = height
            for key, value in changes:
                self._old.pop(key, None)
                self._insert(key, value)

    def _insert(self, key: Key, value: bytes | None) -> None:
        before = self._young.get(key, MISS)
        if before is MISS:
            self._young_bytes += _ENTRY_BYTES + len(key)
        elif isinstance(before, bytes):
            self._young_bytes -= len(before)
        self._young[key] = value
        self._young_bytes += len(value) if value is not None else 0
        if self._young_bytes > self._half:
            self._old, self._young = self._young, {}
            self._young_bytes = 0
