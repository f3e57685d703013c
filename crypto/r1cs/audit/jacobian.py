"""Test 3: with the inputs fixed, no output direction may be free at an honest witness.

The constraints' gradients span the directions that are pinned down to first order. An output whose unit vector is not
in that span can be moved continuously. What has two isolated solutions (a bit) passes here: `flips` is for that. A row
A * B = 0 where both vanish has no gradient; if B moves only with A, it says A**2 = 0 and pins A down all the same.
"""

from collections.abc import Sequence

from crypto.r1cs.audit.algebra import Span
from crypto.r1cs.audit.system import System


def free_outputs(system: System, honest: Sequence[int]) -> list[int]:
    """The output cells that the constraints leave free at this witness."""
    span = Span(system.order)
    for row in range(len(system.rows)):
        span.add(system.gradient(row, honest))
    rank = -1
    while span.rank > rank:
        rank = span.rank
        for row in range(len(system.rows)):
            _add_double_root(system, row, honest, span)
    return [cell for cell in system.outputs if not span.contains({cell: 1})]


def _add_double_root(system: System, row: int, honest: Sequence[int], span: Span[int]) -> None:
    """Adds the direction that a double root pins down, if the row has one."""
    factors = system.vanishing_factors(row, honest)
    if factors is not None and not any(map(span.contains, factors)) and span.dependent(*factors):
        span.add(factors[0])
