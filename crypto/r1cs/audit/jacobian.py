"""Test 3: with the inputs fixed, no output direction may be free at an honest witness.

The constraints' gradients span the directions that are pinned down to first order. An output whose unit vector is not
in that span can be moved continuously. What has two isolated solutions (a bit) passes here: `flips` is for that. A row
A * B = 0 where both vanish has no gradient; if B moves only with A, it says A**2 = 0 and pins A down all the same.

Nearly all cells of a circuit are pinned by a gradient whose other cells are pinned already. Only the rest goes through
elimination, so the test takes about as long as evaluating the constraints.
"""

from collections.abc import Iterable, Mapping, Sequence

from crypto.r1cs.audit.algebra import Span
from crypto.r1cs.audit.system import System


def free_outputs(system: System, honest: Sequence[int]) -> list[int]:
    """The output cells that the constraints leave free at this witness."""
    gradients = [_nonzero(system.gradient(row, honest).items()) for row in range(len(system.rows))]
    system.work += sum(system.sizes)
    pinned = _peel(system, gradients)
    span = Span(system.order)
    for gradient in gradients:
        span.add(_without(gradient, pinned))
    roots = [factors for row in range(len(system.rows)) if (factors := system.vanishing_factors(row, honest))]
    rest = [(_without(a, pinned), _without(b, pinned)) for a, b in roots]
    rank = -1
    while span.rank > rank:
        rank = span.rank
        for factors in rest:
            if not any(map(span.contains, factors)) and span.dependent(*factors):
                span.add(factors[0])  # a double root, which pins this direction
    return [cell for cell in system.outputs if cell not in pinned and not span.contains({cell: 1})]


def _peel(system: System, gradients: Sequence[Mapping[int, int]]) -> set[int]:
    """The cells that are pinned one after the other, each by a gradient in which it is the only one not yet pinned."""
    left = [len(gradient) for gradient in gradients]
    ready = [row for row, count in enumerate(left) if count == 1]
    pinned: set[int] = set()
    while ready:
        row = ready.pop()
        cell = next((cell for cell in gradients[row] if cell not in pinned), None)
        if cell is None:
            continue
        pinned.add(cell)
        for other in system.rows_of[cell]:
            if cell in gradients[other]:
                left[other] -= 1
                if left[other] == 1:
                    ready.append(other)
    return pinned


def _nonzero(items: Iterable[tuple[int, int]]) -> dict[int, int]:
    return {cell: slope for cell, slope in items if slope}


def _without(vector: Mapping[int, int], pinned: set[int]) -> dict[int, int]:
    return {cell: value for cell, value in vector.items() if cell not in pinned}
