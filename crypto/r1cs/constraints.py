"""A rank-1 constraint system as flat arrays: A * B = C row by row, coefficients interned."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from crypto.field import SCALAR_FIELD

Terms = list[tuple[int, int]]  # (cell, coefficient in 1..r-1), ascending cells


@dataclass(slots=True)
class Matrix:
    """One of A, B, C in compressed rows: row i holds the terms ends[i-1]..ends[i]."""

    cells: "array[int]" = field(default_factory=lambda: array("I"))
    coefficients: "array[int]" = field(default_factory=lambda: array("I"))  # index into the interned coefficients
    ends: "array[int]" = field(default_factory=lambda: array("I"))

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
        return map(self.row, range(len(self)))

    def holds(self, row: int, cells: Sequence[int]) -> bool:
        """Whether constraint `row` is satisfied by these cell values."""
        a, b, c = (self._value(matrix, row, cells) for matrix in (self.a, self.b, self.c))
        return (a * b - c) % SCALAR_FIELD == 0

    def _terms(self, matrix: Matrix, row: int) -> Terms:
        start, end = matrix.span(row)
        values = self.coefficients
        return [(matrix.cells[i], values[matrix.coefficients[i]]) for i in range(start, end)]

    def _value(self, matrix: Matrix, row: int, cells: Sequence[int]) -> int:
        start, end = matrix.span(row)
        values, where, what = self.coefficients, matrix.cells, matrix.coefficients
        return sum(values[what[i]] * cells[where[i]] for i in range(start, end))
