"""What the node uses of plyvel, in memory: sorted keys, batches that are applied whole, snapshots that do not change.

A batch written with `sync` is durable with everything before it; of later ones a power cut keeps as many as chance
wants, in their order.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from random import Random

Values = dict[bytes, bytes]
Writes = list[tuple[bytes, bytes | None]]


class Shown:
    """What reads see: values that nobody changes any more once a snapshot holds them."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self._keys: list[bytes] | None = None

    def keys(self) -> list[bytes]:
        if self._keys is None:
            self._keys = sorted(self.values)
        return self._keys


class Table:
    """A database's content, and how to take back what is not on the platter."""

    def __init__(self) -> None:
        self.shown = Shown({})
        self.shared = False  # a snapshot holds `shown`
        self._undo: list[Writes] = []

    def apply(self, writes: Writes, *, sync: bool) -> None:
        self._undo.append([(key, self.shown.values.get(key)) for key, _ in writes])
        self._put(writes)
        if sync:
            self._undo.clear()

    def cut(self, rng: Random) -> None:
        for back in reversed(self._undo[rng.randint(0, len(self._undo)) :]):
            self._put(back)
        self._undo.clear()

    def _put(self, writes: Writes) -> None:
        self.shown = Shown(dict(self.shown.values) if self.shared else self.shown.values)
        self.shared = False
        for key, value in writes:
            if value is None:
                self.shown.values.pop(key, None)
            else:
                self.shown.values[key] = value


class SimulatedSnapshot:
    """Reads, as of one moment."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown

    def get(self, key: bytes, *, verify_checksums: bool = False) -> bytes | None:
        return self._shown.values.get(key)

    def iterator(self, *, start: bytes, stop: bytes | None, verify_checksums: bool = False) -> "Entries":
        return Entries(self._shown, start, stop)


class Entries:
    """Keys and values in order; closed by `with`."""

    def __init__(self, shown: Shown, start: bytes, stop: bytes | None) -> None:
        self._shown, self._start, self._stop = shown, start, stop

    def __enter__(self) -> "Entries":
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing is held."""

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        keys = self._shown.keys()
        end = len(keys) if self._stop is None else bisect_left(keys, self._stop)
        for index in range(bisect_left(keys, self._start), end):
            yield keys[index], self._shown.values[keys[index]]


class SimulatedLevelDB:
    """An open database. `change` is called before every write and may stop the process there."""

    def __init__(self, table: Table, change: Callable[[], None]) -> None:
        self._table, self._change = table, change

    def get(self, key: bytes, *, verify_checksums: bool = False) -> bytes | None:
        return self._table.shown.values.get(key)

    def put(self, key: bytes, value: bytes, *, sync: bool) -> None:
        self.write([(key, value)], sync=sync)

    def iterator(self, *, start: bytes, stop: bytes | None, verify_checksums: bool = False) -> Entries:
        return Entries(self._table.shown, start, stop)

    def snapshot(self) -> SimulatedSnapshot:
        self._table.shared = True
        return SimulatedSnapshot(self._table.shown)

    def write_batch(self, *, sync: bool) -> "SimulatedBatch":
        return SimulatedBatch(self, sync)

    def write(self, writes: Writes, *, sync: bool) -> None:
        self._change()
        self._table.apply(writes, sync=sync)

    def close(self) -> None:
        """Nothing is held."""


class SimulatedBatch:
    """Writes that are applied together."""

    def __init__(self, db: SimulatedLevelDB, sync: bool) -> None:
        self._db, self._sync = db, sync
        self._writes: Writes = []

    def put(self, key: bytes, value: bytes) -> None:
        self._writes.append((key, value))

    def delete(self, key: bytes) -> None:
        self._writes.append((key, None))

    def write(self) -> None:
        self._db.write(self._writes, sync=self._sync)
