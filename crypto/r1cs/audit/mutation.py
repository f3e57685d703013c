"""Test 2: change one cell of an honest witness and nothing else. Necessary and weak: see `flips` and `deletion`."""

from collections.abc import Iterable, Sequence

from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit.search import candidates
from crypto.r1cs.audit.system import System


def loose_cells(system: System, honest: Sequence[int], cells: Iterable[int] | None = None) -> list[int]:
    """The cells, beside the inputs, that some other value fits as well. An output among them is a forgery."""
    return [cell for cell in cells or system.free if other_value(system, honest, cell) is not None]


def other_value(system: System, honest: Sequence[int], cell: int) -> int | None:
    """Another value that fits this cell, all else unchanged, if one is found."""
    values = list(honest)
    return next((value for value, _ in candidates(system, cell, honest) if _fits(system, values, cell, value)), None)


def is_unbound(system: System, honest: Sequence[int], cell: int) -> bool:
    """Whether no constraint notices what this cell holds: neither of two values that have nothing to do with it."""
    values = list(honest)
    return all(_fits(system, values, cell, (factor * honest[cell] + 3) % SCALAR_FIELD) for factor in (1, 2))


def _fits(system: System, values: list[int], cell: int, value: int) -> bool:
    """Whether all constraints hold when this one cell of `values` is changed for a moment."""
    before, values[cell] = values[cell], value
    fits = all(system.holds(row, values) for row in system.rows_of[cell])
    values[cell] = before
    return fits
