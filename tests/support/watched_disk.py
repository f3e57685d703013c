"""The real disk, with somebody who is told of every named change before it is made and after it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final

from node.durable import DISK, Disk, Subject

CHANGES: Final = (
    "make_folder",
    "open",
    "write",
    "truncate",
    "sync",
    "replace",
    "remove",
    "remove_folder",
    "sync_folder",
    "open_leveldb",
    "write_batch",
)

Told = Callable[[str], None]


class WatchedDisk(Disk):
    """What `watch` makes of the node's disk. The two are told the point's name, `signer.sync` for instance."""

    before: Told
    after: Told


def _watched(change: str) -> Callable[..., Any]:
    made = getattr(Disk, change)

    @wraps(made)
    def call(self: WatchedDisk, *args: Any, at: Subject | None = None, **options: Any) -> Any:
        if at is None:
            return made(self, *args, **options)
        point = f"{at}.{change}"
        self.before(point)
        result = made(self, *args, **options)
        self.after(point)
        return result

    return call


for _change in CHANGES:
    setattr(WatchedDisk, _change, _watched(_change))


def watch(before: Told, after: Told = lambda _point: None, kind: type[WatchedDisk] = WatchedDisk) -> None:
    """From now on, in the whole process: who imported DISK has the same object."""
    DISK.__class__ = kind
    DISK.before, DISK.after = before, after  # type: ignore[attr-defined]


@contextmanager
def recording() -> Iterator[set[str]]:
    """The points that are come to meanwhile."""
    seen: set[str] = set()
    watch(seen.add)
    try:
        yield seen
    finally:
        DISK.__class__ = Disk
