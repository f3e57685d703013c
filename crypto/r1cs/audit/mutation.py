"""Test 2: change one cell of an honest witness and nothing else. Necessary and weak: see `flips` and `deletion`."""

from collections.abc import Sequence

from crypto.r1cs.audit.search import candidates
from crypto.r1cs.audit.system import System


def loose_cells(system: System, honest: Sequence[int]) -> list[int]:
    """The cells, beside the inputs, that some other value fits as well. An output among them is a forgery."""
    found = []
    values = list(honest)
    for cell in system.free:
        for value, _ in candidates(system, cell, honest):
            values[cell] = value
            if all(system.holds(row, values) for row in system.rows_of[cell]):
                found.append(cell)
                break
        values[cell] = honest[cell]
    return found
