"""Where committed state is read from: a sorted map of bytes, whatever holds it."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from typing import Protocol

from chain.state.keys import Key


class Store(Protocol):
    """Reading access to a sorted key-value map. What it shows does not change while it is being read."""

    def get(self, key: Key) -> bytes | None:
        """The value under `key`, or None."""
        ...

    def iterate(self, prefix: Key, start: Key | None = None) -> Iterator[tuple[Key, bytes]]:
        """Entries whose key begins with `prefix`, ascending, from `start` on (inclusive) when given."""
        ...


class MemoryStore:
    """A Store in memory, for tests, simulation and the client."""

    def __init__(self, entries: Iterable[tuple[Key, bytes]] = ()) -> None:
        self._values = dict(entries)
        self._keys = sorted(self._values)

    def get(self, key: Key) -> bytes | None:
        return self._values.get(key)

    def iterate(self, prefix: Key, start: Key | None = None) -> Iterator[tuple[Key, bytes]]:
        keys = keys_within(self._keys, prefix, start)
        return iter([(key, self._values[key]) for key in keys])

    def apply(self, changes: Iterable[tuple[Key, bytes | None]]) -> None:
        """Write an overlay's changes: None deletes."""
        for key, value in changes:
            if value is None:
                if self._values.pop(key, None) is not None:
                    del self._keys[bisect_left(self._keys, key)]
                continue
            if key not in self._values:
                insort(self._keys, key)
            self._values[key] = value


def keys_within(keys: list[Key], prefix: Key, start: Key | None) -> list[Key]:
    """The slice of sorted `keys` that begin with `prefix` and are not below `start`."""
    low = bisect_left(keys, prefix if start is None or start < prefix else start)
    end = after_prefix(prefix)
    return keys[low:] if end is None else keys[low : bisect_left(keys, end)]


def after_prefix(prefix: bytes) -> Key | None:
    """The least key above all that begin with `prefix`; None when there is no such bound (all bytes 0xff, or empty)."""
    stem = prefix.rstrip(b"\xff")
    return Key(stem[:-1] + bytes((stem[-1] + 1,))) if stem else None
