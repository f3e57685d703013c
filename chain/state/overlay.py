"""Changes that lie over state until they are committed or dropped. Overlays nest: block, transaction, action."""

from bisect import insort
from collections.abc import Iterator

from chain.state.errors import EmptyValue, NotNested
from chain.state.keys import Key
from chain.state.store import keys_within
from chain.state.view import View
from chain.types.scalars import Height

Entry = tuple[Key, bytes]
_MISSING = object()


class Overlay:
    """Writes over a parent view. Dropping the overlay drops its writes; commit() hands them to the parent overlay."""

    __slots__ = ("_parent", "_sorted", "_writes", "height")

    def __init__(self, parent: View) -> None:
        self._parent = parent
        self._writes: dict[Key, bytes | None] = {}
        self._sorted: list[Key] | None = None  # built when first iterated: most overlays never are
        self.height: Height = parent.height

    def get(self, key: Key) -> bytes | None:
        """The value under `key` with this overlay's writes applied, or None."""
        if key in self._writes:
            return self._writes[key]
        return self._parent.get(key)

    def put(self, key: Key, value: bytes) -> None:
        """Set `key`. Raises EmptyValue."""
        if not value:
            raise EmptyValue(key)
        self._write(key, value)

    def delete(self, key: Key) -> None:
        """Remove `key`; nothing happens when it is absent."""
        self._write(key, None)

    def iterate(self, prefix: Key, start: Key | None = None) -> Iterator[Entry]:
        """Entries under `prefix` ascending, this overlay's writes merged in.

        Shows what was there when it was called: writing to this overlay while iterating is safe and does not show.
        """
        if self._sorted is None:
            self._sorted = sorted(self._writes)
        own = [(key, self._writes[key]) for key in keys_within(self._sorted, prefix, start)]
        below = self._parent.iterate(prefix, start)
        return _merge(own, below) if own else below

    def commit(self) -> None:
        """Hand all writes to the parent overlay and begin anew. Raises NotNested."""
        parent = self._parent
        if not isinstance(parent, Overlay):
            raise NotNested
        if parent._sorted is None:
            parent._writes.update(self._writes)
        else:
            for key, value in self._writes.items():
                parent._write(key, value)
        self.discard()

    def discard(self) -> None:
        """Forget all writes."""
        self._writes = {}
        self._sorted = None

    def changes(self) -> list[tuple[Key, bytes | None]]:
        """All writes of this overlay in order of their keys; None is a deletion."""
        return sorted(self._writes.items())

    def _write(self, key: Key, value: bytes | None) -> None:
        if self._sorted is not None and key not in self._writes:
            insort(self._sorted, key)
        self._writes[key] = value


def _merge(own: list[tuple[Key, bytes | None]], below: Iterator[Entry]) -> Iterator[Entry]:
    lower = next(below, None)
    for key, value in own:
        while lower is not None and lower[0] < key:
            yield lower
            lower = next(below, None)
        if lower is not None and lower[0] == key:
            lower = next(below, None)
        if value is not None:
            yield key, value
    while lower is not None:
        yield lower
        lower = next(below, None)
