"""More honest witnesses, from one: its inputs changed a little, step by step, and everything solved again.

Which constraint is needed depends on where one stands: that of the second branch shows only in the second branch. The
walk is the same every time.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit.resolve import Attempt
from crypto.r1cs.audit.system import System

_STEPS: Final = 16


def neighbours(system: System, honest: Sequence[int]) -> Iterator[list[int]]:
    """Other witnesses that satisfy all constraints, each from a change of the inputs of the one before."""
    seen = {_inputs(system, honest)}
    now = list(honest)
    for step in range(_STEPS):
        pins = dict(_moved(system, now, step))
        attempt = Attempt(system, now, frozenset([0]), None, ()).run(pins, ())
        if attempt.broken is None and _inputs(system, attempt.values) not in seen:
            now = attempt.values
            seen.add(_inputs(system, now))
            yield now


def _moved(system: System, now: Sequence[int], step: int) -> Iterator[tuple[int, int]]:
    """New input values: in turn those of each array rotated, one cell one more or less, all cells of one alike."""
    arrays = [place.cells for place in system.circuit.inputs.values()]
    kind, number = step % 4, step // 4
    for cells in arrays:
        if kind == 0:
            yield from ((cell, now[other]) for cell, other in zip(cells, (*cells[1:], cells[0]), strict=True))
        elif kind == 3:
            yield from ((cell, now[cells[number % len(cells)]]) for cell in cells)
        else:
            cell = cells[number % len(cells)]
            yield cell, (now[cell] + (1 if kind == 1 else -1 - number)) % SCALAR_FIELD


def _inputs(system: System, values: Sequence[int]) -> tuple[int, ...]:
    return tuple(values[cell] for place in system.circuit.inputs.values() for cell in place.cells)
