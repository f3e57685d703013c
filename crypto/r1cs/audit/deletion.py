"""Test 5: every constraint is needed. Without it a witness appears that breaks it, or it follows from the others."""

from collections.abc import Sequence

from crypto.r1cs.audit.algebra import Span
from crypto.r1cs.audit.search import Forger
from crypto.r1cs.audit.system import System

_DEPTH = 2


def idle_rows(system: System, witnesses: Sequence[Sequence[int]], rows: Sequence[int] | None = None) -> list[int]:
    """The rows without which no new witness was found, starting from these honest ones; inputs may change too."""
    return [
        row
        for row in (range(len(system.rows)) if rows is None else rows)
        if not any(_forge_without(system, row, honest) for honest in witnesses)
    ]


def _forge_without(system: System, row: int, honest: Sequence[int]) -> bool:
    forger = Forger(system, honest, frozenset([0]), deleted=row)
    own = system.cells_of[row]
    near = sorted({c for cell in own for other in system.rows_of[cell] for c in system.cells_of[other]} - {*own})

    def breaks(values: Sequence[int]) -> bool:
        return not system.holds(row, values)

    return bool(forger.forge(own, breaks, _DEPTH) or forger.forge(near, breaks, 1))


def redundant_rows(system: System, rows: Sequence[int]) -> list[int]:
    """Those of the rows that are shown redundant: as polynomials they are linear combinations of the other rows."""
    polynomials = [system.polynomial(row) for row in range(len(system.rows))]
    monomials = sorted({monomial for polynomial in polynomials for monomial in polynomial})
    order = {monomial: rank for rank, monomial in enumerate(monomials)}
    shown = []
    for row in rows:
        span = Span(order)
        for other, polynomial in enumerate(polynomials):
            if other != row:
                span.add(polynomial)
        if span.contains(polynomials[row]):
            shown.append(row)
    return shown
