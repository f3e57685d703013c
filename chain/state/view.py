"""State as a rule reads it: at a height, and without a way to change it."""

from collections.abc import Iterator
from typing import Protocol

from chain.state.keys import Key
from chain.state.store import Store
from chain.types.scalars import Height


class View(Protocol):
    """What an action's check may use. Committed state, and every overlay on it, is one."""

    @property
    def height(self) -> Height:
        """The height after which the committed state below stands: the last block's, 0 after genesis."""
        ...

    def get(self, key: Key) -> bytes | None:
        """The value under `key`, or None."""
        ...

    def iterate(self, prefix: Key, start: Key | None = None) -> Iterator[tuple[Key, bytes]]:
        """Entries whose key begins with `prefix`, ascending, from `start` on (inclusive) when given."""
        ...


class StateView:
    """A Store that is known to hold the state after `height`."""

    __slots__ = ("_store", "get", "height", "iterate")

    def __init__(self, store: Store, height: Height) -> None:
        self._store = store
        self.height = height
        self.get = store.get
        self.iterate = store.iterate
