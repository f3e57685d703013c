"""Test 5: every constraint is needed. Without it a witness appears that breaks it, or it follows from the others."""

from collections.abc import Iterable, Sequence
from typing import Final

from crypto.r1cs.audit.algebra import Span
from crypto.r1cs.audit.search import Forger
from crypto.r1cs.audit.system import System

_DEPTH: Final = 2
_NEAR: Final = 200  # cells beside those of a constraint from which a forgery may start
_PATIENCE: Final = 15_000_000  # terms after which no other cell or witness is tried for a row
_WITHIN: Final = 2_000  # nearest constraints of which one may be a combination


def idle_rows(system: System, witnesses: Sequence[Sequence[int]], rows: Iterable[int] | None = None) -> list[int]:
    """The rows without which no new witness was found, starting from these honest ones; inputs may change too."""
    return [row for row in (range(len(system.rows)) if rows is None else rows) if is_idle(system, witnesses, row)]


def is_idle(system: System, witnesses: Iterable[Sequence[int]], row: int) -> bool:
    """Whether no witness was found that breaks this row and no other, starting from these honest ones."""
    until = system.work + _PATIENCE
    return not any(_forge_without(system, row, honest, until) for honest in witnesses)


def _forge_without(system: System, row: int, honest: Sequence[int], until: int) -> bool:
    forger = Forger(system, honest, frozenset([0]), deleted=row)
    own = system.cells_of[row]

    def breaks(values: Sequence[int]) -> bool:
        return not system.holds(row, values)

    def forged(cells: Sequence[int], depth: int) -> bool:
        return any(forger.forge([cell], breaks, depth) for cell in cells if system.work <= until)

    near = sorted({c for cell in own for other in system.rows_of[cell] for c in system.cells_of[other]} - {*own})
    return forged(own, _DEPTH) or forged(near[:: len(near) // _NEAR + 1], 1)


def redundant_rows(system: System, rows: Iterable[int]) -> list[int]:
    """Those of the rows that are shown redundant: as polynomials they are linear combinations of others near them."""
    return [row for row in rows if _follows(system, row)]


def _follows(system: System, row: int) -> bool:
    others = _nearest(system, row)
    polynomials = [system.polynomial(other) for other in others]
    wanted = system.polynomial(row)
    monomials = sorted({*wanted, *(monomial for polynomial in polynomials for monomial in polynomial)})
    span = Span({monomial: rank for rank, monomial in enumerate(monomials)})
    for polynomial in polynomials:
        span.add(polynomial)
    return span.contains(wanted)


def _nearest(system: System, row: int) -> list[int]:
    """Other rows, those first that share a cell with it, then those that share one with these, up to a limit."""
    found, queue = {row}, [row]
    for known in queue:  # grows as it is gone through
        for cell in system.cells_of[known]:
            for other in system.rows_of[cell]:
                if other not in found and len(found) <= _WITHIN:
                    found.add(other)
                    queue.append(other)
    return sorted(queue[1:])
