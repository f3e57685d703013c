"""A rank-1 constraint system as flat arrays: A * B = C row by row, coefficients interned."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby, islice, pairwise
from operator import mul, sub

from crypto.field import SCALAR_FIELD

Terms = list[tuple[int, int]]  # (cell, coefficient in 1..r-1), ascending cells


class Interned(dict[int, int]):
    """Coefficients by number: `interned[value]` is the number of value mod r, given when it is first asked for.

    It is a dict that also knows values by how they were written (-1 beside r - 1), so that a look-up needs no division.
    """

    def __init__(self) -> None:
        super().__init__()
        self.values_in_order: list[int] = []

    def __missing__(self, value: int) -> int:
        reduced = value % SCALAR_FIELD
        if reduced != value:
            number = self[reduced]
        else:
            number = len(self.values_in_order)
            self.values_in_order.append(value)
        self[value] = number
        return number


@dataclass(slots=True)
class Matrix:
    """One of A, B, C in compressed rows: row i holds the terms ends[i-1]..ends[i]."""

    cells: "array[int]" = field(default_factory=lambda: array("I"))
    coefficients: "array[int]" = field(default_factory=lambda: array("I"))  # index into the interned coefficients
    ends: "array[int]" = field(default_factory=lambda: array("I"))

    def append(self, *parts: "array[int]") -> None:
        """A row: cells, coefficients, and again cells, coefficients, for as many parts as it has."""
        for cells in parts[::2]:
            self.cells.extend(cells)
        for coefficients in parts[1::2]:
            self.coefficients.extend(coefficients)
        self.ends.append(len(self.cells))

    def append_each(self, cells: "array[int]", coefficients: "array[int]", terms: int, rows: int | None = None) -> None:
        """Many rows of equally many terms; `rows` must be said for rows of none."""
        start = len(self.cells)
        self.cells.extend(cells)
        self.coefficients.extend(coefficients)
        if rows is None:
            self.ends.extend(range(start + terms, len(self.cells) + 1, terms))
        else:
            self.ends.extend(array("I", (start,)) * rows)

    def span(self, row: int) -> tuple[int, int]:
        return (self.ends[row - 1] if row else 0), self.ends[row]


@dataclass(frozen=True, slots=True)
class Constraints:
    """All constraints of a circuit, with the scope that each was made in."""

    a: Matrix
    b: Matrix
    c: Matrix
    coefficients: tuple[int, ...]
    scope_of: "array[int]"
    scopes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.a.ends)

    def scope(self, row: int) -> str:
        return self.scopes[self.scope_of[row]]

    def row(self, row: int) -> tuple[Terms, Terms, Terms]:
        """The terms of A, B and C of one constraint."""
        return self._terms(self.a, row), self._terms(self.b, row), self._terms(self.c, row)

    def rows(self) -> Iterator[tuple[Terms, Terms, Terms]]:
        return zip(*map(self._all_terms, (self.a, self.b, self.c)), strict=True)

    def cells_outside(self, scope: str) -> set[int]:
        """The cells that stand in some constraint that was not made in this scope."""
        found: set[int] = set()
        row = 0
        for number, run in groupby(self.scope_of):
            start, row = row, row + len(list(run))
            if self.scopes[number] != scope:
                for matrix in (self.a, self.b, self.c):
                    found.update(matrix.cells[matrix.span(start)[0] : matrix.ends[row - 1]])
        return found

    def holds(self, row: int, cells: Sequence[int]) -> bool:
        """Whether constraint `row` is satisfied by these cell values."""
        a, b, c = (self._value(matrix, row, cells) for matrix in (self.a, self.b, self.c))
        return (a * b - c) % SCALAR_FIELD == 0

    def violated(self, cells: Sequence[int]) -> Iterator[int]:
        """The rows that these cell values do not satisfy, in order."""
        a, b, c = (self._values(matrix, cells) for matrix in (self.a, self.b, self.c))
        for row, remainder in enumerate(map(sub, map(mul, a, b), c)):
            if remainder and remainder % SCALAR_FIELD:
                yield row

    def _values(self, matrix: Matrix, cells: Sequence[int]) -> Iterator[int]:
        """The matrix times the cells, row by row, not reduced."""
        factors = map(self.coefficients.__getitem__, matrix.coefficients)
        products = map(mul, factors, map(cells.__getitem__, matrix.cells))
        for start, end in pairwise(chain((0,), matrix.ends)):
            yield sum(islice(products, end - start)) if end > start + 1 else next(products) if end > start else 0

    def _all_terms(self, matrix: Matrix) -> Iterator[Terms]:
        terms = zip(matrix.cells, map(self.coefficients.__getitem__, matrix.coefficients), strict=True)
        return (list(islice(terms, end - start)) for start, end in pairwise(chain((0,), matrix.ends)))

    def _terms(self, matrix: Matrix, row: int) -> Terms:
        start, end = matrix.span(row)
        values = self.coefficients
        return [(matrix.cells[i], values[matrix.coefficients[i]]) for i in range(start, end)]

    def _value(self, matrix: Matrix, row: int, cells: Sequence[int]) -> int:
        start, end = matrix.span(row)
        values, where, what = self.coefficients, matrix.cells, matrix.coefficients
        return sum(values[what[i]] * cells[where[i]] for i in range(start, end))
