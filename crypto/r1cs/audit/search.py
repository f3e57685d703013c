"""Change some cells, solve the rest again, repair what broke: the forger that the other tests send out.

What solving again (`resolve`) leaves broken is repaired by other cells of the constraint, or by another binary
expansion of the same field element, to a bounded depth and in a bounded number of attempts.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit.expansion import aliases, expansions
from crypto.r1cs.audit.resolve import Attempt, Pins, tolerant_values
from crypto.r1cs.audit.system import System
from crypto.r1cs.circuit import Inputs

_NEIGHBOURS: Final = 6  # cells of a constraint whose values are tried in each other's place
_SUGGESTING: Final = 12  # constraints of a cell that suggest values for it
_FEWEST_ATTEMPTS, _MOST_ATTEMPTS = 12, 500  # for one cell; between them as many as _WORK terms allow
_WORK: Final = 100_000
_COPIED: Final = 50  # cells that are copied in the time of a term

Accept = Callable[[Sequence[int]], bool]


class Forger:
    """Looks for other witnesses, from one that is known and of which the `broken` rows fail.

    `given` cells stay, row `deleted` need not hold.
    """

    def __init__(
        self,
        system: System,
        known: Sequence[int],
        given: frozenset[int] | None = None,
        deleted: int | None = None,
        broken: Sequence[int] = (),
    ) -> None:
        self.system = system
        self.known = known
        self.given = system.given if given is None else given
        self.deleted = deleted
        own = system.cells_of[deleted] if deleted is not None else ()
        self._freed = own if len(own) == 1 else ()  # a bit whose booleanity is deleted may be anything
        self._bits = system.boolean.difference(self._freed) if self._freed else system.boolean
        self._attempts, self._until = 0, 0
        self._broken = broken

    def forge(self, cells: Iterable[int], accept: Accept, depth: int) -> list[int] | None:
        """Values that satisfy the circuit and that `accept` wants, from a change of one of the cells.

        Candidates that no constraint suggests get one repair at most, others up to `depth`; a bounded number of
        attempts is made for each cell, fewer where one reaches far.
        """
        for cell in cells:
            self._attempts, self._until = 0, self.system.work + _WORK
            starts = list(candidates(self.system, cell, self.known))
            for repairs in range(depth + 1):
                for value, allowed in starts:
                    if allowed or repairs <= 1:
                        found = self._search({cell: value}, accept, repairs)
                        if found is not None:
                            return found
        return None

    def _search(self, pins: Pins, accept: Accept, depth: int) -> list[int] | None:
        if self._spent() or not all(self._allows(cell, value) for cell, value in pins.items()):
            return None
        self._attempts += 1
        self.system.work += len(self.known) // _COPIED
        attempt = Attempt(self.system, self.known, self.given, self.deleted, self._freed).run(pins, self._broken)
        if attempt.broken is None:
            return attempt.values if accept(attempt.values) else None
        if depth == 0:
            return None
        for repair in self._repairs(attempt.broken, attempt.values, pins):
            found = self._search({**pins, **repair}, accept, depth - 1)
            if found is not None:
                return found
        return None

    def _spent(self) -> bool:
        over = self.system.work > self._until and self._attempts >= _FEWEST_ATTEMPTS
        return over or self._attempts >= _MOST_ATTEMPTS

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
    if cell not in system.boolean:
        allowed += [alias for row in rows for alias in aliases(system, row, cell, honest)]
    near = [value + 1, value - 1, 1 - value, -value, 2 * value + 3]
    beside = [honest[other] for row in rows for other in system.cells_of[row][:_NEIGHBOURS]]
    seen = {value}
    for number, other in enumerate((*allowed, *near, *beside)):
        if other % SCALAR_FIELD not in seen:
            seen.add(other % SCALAR_FIELD)
            yield other % SCALAR_FIELD, number < len(allowed)
