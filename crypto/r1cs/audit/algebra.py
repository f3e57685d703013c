"""Sparse linear algebra over the field: enough to ask whether a vector lies in the span of others."""

from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

from crypto.field import SCALAR_FIELD, inverse

Key = TypeVar("Key", bound=Hashable)


class Span(Generic[Key]):
    """A growing span of sparse vectors, kept in echelon form; the latest coordinate of a vector is its pivot.

    `order` ranks coordinates. A constraint usually brings one new cell, so pivots at the newest cell keep rows short.
    """

    def __init__(self, order: Mapping[Key, int]) -> None:
        self._order = order
        self._rows: dict[Key, dict[Key, int]] = {}

    @property
    def rank(self) -> int:
        return len(self._rows)

    def add(self, vector: Mapping[Key, int]) -> bool:
        """Adds a vector; whether it was outside the span."""
        rest = self._reduce(vector)
        if not rest:
            return False
        pivot = max(rest, key=self._order.__getitem__)
        scale = inverse(rest[pivot])
        self._rows[pivot] = {key: value * scale % SCALAR_FIELD for key, value in rest.items()}
        return True

    def contains(self, vector: Mapping[Key, int]) -> bool:
        return not self._reduce(vector)

    def dependent(self, left: Mapping[Key, int], right: Mapping[Key, int]) -> bool:
        """Whether two vectors outside the span are multiples of each other up to the span."""
        wider = Span(self._order)
        wider._rows = dict(self._rows)
        wider.add(left)
        return wider.contains(right)

    def _reduce(self, vector: Mapping[Key, int]) -> dict[Key, int]:
        """The vector less multiples of the rows, by falling pivots; stops at the first coordinate without a row."""
        rest = {key: value % SCALAR_FIELD for key, value in vector.items() if value % SCALAR_FIELD}
        while rest:
            pivot = max(rest, key=self._order.__getitem__)
            row = self._rows.get(pivot)
            if row is None:
                break
            factor = rest[pivot]
            for key, value in row.items():
                total = (rest.get(key, 0) - factor * value) % SCALAR_FIELD
                if total:
                    rest[key] = total
                else:
                    rest.pop(key, None)
        return rest
