"""Change some cells, solve the rest again, repair what broke: the forger that the other tests send out.

Solving again goes through the circuit in the order in which it was built. A step of the witness program fills its cells
from the cells as they are now, so honest gadgets follow a changed choice; a constraint that then fails is repaired by
its newest cell that is still free. What fails at the end is repaired by other cells, or by another binary expansion of
the same field element, to a bounded depth.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit.expansion import expansions
from crypto.r1cs.audit.system import System
from crypto.r1cs.circuit import Inputs
from crypto.r1cs.errors import DivisionByZero
from crypto.r1cs.program import Step

_NEIGHBOURS: Final = 6  # cells of a constraint whose values are tried in each other's place
_SUGGESTING: Final = 12  # constraints of a cell that suggest values for it
_ATTEMPTED_ROWS, _FEWEST_ATTEMPTS, _MOST_ATTEMPTS = 10_000, 12, 500
Pins = Mapping[int, int]
Accept = Callable[[Sequence[int]], bool]


class Attempt:
    """Cell values that differ from a known assignment in a few places, and the constraints that this touches."""

    def __init__(self, system: System, values: Sequence[int], broken: Iterable[int]) -> None:
        self.values = list(values)
        self.changed: set[int] = set()
        self.touched = set(broken)
        self._rows_of = system.rows_of

    def put(self, cell: int, value: int) -> None:
        if self.values[cell] != value:
            self.values[cell] = value
            self.changed.add(cell)
            self.touched.update(self._rows_of[cell])


class Forger:
    """Looks for other witnesses, from one that is known. `given` cells stay, row `deleted` need not hold."""

    def __init__(
        self, system: System, known: Sequence[int], given: frozenset[int] | None = None, deleted: int | None = None
    ) -> None:
        self.system = system
        self.known = known
        self.given = system.given if given is None else given
        self.deleted = deleted
        own = system.cells_of[deleted] if deleted is not None else ()
        self._freed = own if len(own) == 1 else ()  # a bit whose booleanity is deleted may be anything
        self._bits = system.boolean - {*self._freed}
        self._left = 0
        self._broken = [row for row in range(len(system.rows)) if row != deleted and not system.holds(row, known)]

    def forge(self, cells: Iterable[int], accept: Accept, depth: int) -> list[int] | None:
        """Values that satisfy the circuit and that `accept` wants, from a change of one of the cells.

        Candidates that no constraint suggests get one repair at most, others up to `depth`; a bounded number of
        attempts is made for each cell, fewer in a large circuit.
        """
        for cell in cells:
            self._left = min(max(_ATTEMPTED_ROWS // len(self.system.rows), _FEWEST_ATTEMPTS), _MOST_ATTEMPTS)
            starts = list(candidates(self.system, cell, self.known))
            for repairs in range(depth + 1):
                for value, allowed in starts:
                    if allowed or repairs <= 1:
                        found = self._search({cell: value}, accept, repairs)
                        if found is not None:
                            return found
        return None

    def _search(self, pins: Pins, accept: Accept, depth: int) -> list[int] | None:
        if self._left == 0 or not all(self._allows(cell, value) for cell, value in pins.items()):
            return None
        self._left -= 1
        attempt = self._solve_again(pins)
        broken = next((row for row in sorted(attempt.touched) if self._fails(row, attempt.values)), None)
        if broken is None:
            return attempt.values if accept(attempt.values) else None
        if depth == 0:
            return None
        for repair in self._repairs(broken, attempt.values, pins):
            found = self._search({**pins, **repair}, accept, depth - 1)
            if found is not None:
                return found
        return None

    def _fails(self, row: int, values: Sequence[int]) -> bool:
        return row != self.deleted and not self.system.holds(row, values)

    def _solve_again(self, pins: Pins) -> Attempt:
        """The pinned cells as told and the others following; constraints may remain broken."""
        attempt = Attempt(self.system, self.known, self._broken)
        for cell, value in pins.items():
            attempt.put(cell, value)
        settled = set(pins)
        row = 0
        for step, sources in zip(self.system.circuit.steps, self.system.sources, strict=True):
            self._settle(range(row, step.position), attempt, settled)
            row = step.position
            if attempt.changed.isdisjoint(sources):
                continue
            for cell, value in zip(step.cells, tolerant_values(step, attempt.values), strict=True):
                if cell not in settled:
                    attempt.put(cell, value)
        self._settle(range(row, len(self.system.rows)), attempt, settled)
        return attempt

    def _settle(self, rows: range, attempt: Attempt, settled: set[int]) -> None:
        """Repairs each broken row in turn by a cell that a deleted constraint left free, else by the newest."""
        for row in rows:
            if row not in attempt.touched or not self._fails(row, attempt.values):
                continue
            cells = self.system.cells_of[row]
            first = [cell for cell in self._freed if cell in cells]
            movable = [cell for cell in (*first, *cells) if cell not in settled and cell not in self.given]
            for cell, value in self.system.fixes(row, movable, attempt.values, self._bits):
                attempt.put(cell, value)
                settled.add(cell)
                break

    def _allows(self, cell: int, value: int) -> bool:
        """False for a bit that should be neither 0 nor 1, unless it was made free."""
        return value in (0, 1) or cell not in self._bits

    def _repairs(self, row: int, values: Sequence[int], pins: Pins) -> Iterator[Pins]:
        """Changes of cells that are not pinned, after which the row holds: bits together, then each cell alone."""
        movable = [cell for cell in self.system.cells_of[row] if cell not in pins and cell not in self.given]
        bits = [cell for cell in movable if cell in self._bits]
        yield from expansions(self.system, row, bits, values)
        for cell, value in self.system.fixes(row, movable, values, self._bits):
            yield {cell: value}


def tolerant_values(step: Step, values: Sequence[int]) -> list[int]:
    """What a step computes, whatever its inputs; the cells as they are where there is no honest value."""
    try:
        return [value % SCALAR_FIELD for value in step.values(values, strict=False)]
    except DivisionByZero:
        return [values[cell] for cell in step.cells]


def tolerant_solution(system: System, inputs: Inputs) -> list[int]:
    """All cells for inputs that may have no witness: the program run to its end, refusing nothing."""
    values = [1] + [0] * (system.circuit.cell_count - 1)
    for name, place in system.circuit.inputs.items():
        given = inputs[name]
        for cell, value in zip(place.cells, (given,) if isinstance(given, int) else given, strict=True):
            values[cell] = (value - place.offset) % SCALAR_FIELD
    for step in system.circuit.steps:
        values[step.cells.start : step.cells.stop] = tolerant_values(step, values)
    return values


def candidates(system: System, cell: int, honest: Sequence[int]) -> Iterator[tuple[int, bool]]:
    """Values to try for a cell, and whether a constraint by itself allows it: other roots first, then near misses and
    what its neighbours hold."""
    value = honest[cell]
    rows = system.rows_of[cell][:_SUGGESTING]
    allowed = [root for row in rows for root in system.roots(row, cell, honest)]
    near = [value + 1, value - 1, 1 - value, -value, 2 * value + 3]
    beside = [honest[other] for row in rows for other in system.cells_of[row][:_NEIGHBOURS]]
    seen = {value}
    for number, other in enumerate((*allowed, *near, *beside)):
        if other % SCALAR_FIELD not in seen:
            seen.add(other % SCALAR_FIELD)
            yield other % SCALAR_FIELD, number < len(allowed)
