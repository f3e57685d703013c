"""A witness program for constraints that came without one: which cell follows from which, by propagation.

From the given cells on, a constraint in which one cell is left that stands there linearly computes this cell. Where
none is, a sum of bits in powers of two is taken apart. Where neither helps, the oldest open cell of the first open
constraint is a choice of the prover: nothing computes it, and solving again leaves it as it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise

from crypto import field
from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit.system import System
from crypto.r1cs.constraints import Terms
from crypto.r1cs.errors import DivisionByZero
from crypto.r1cs.program import Hint, Linear, Step
from crypto.r1cs.wire import Wire

_P = SCALAR_FIELD


def program(system: System) -> tuple[Step, ...]:
    """Steps that compute what follows from the given cells of a system without a program."""
    return tuple(_Propagation(system).steps())


@dataclass(frozen=True, slots=True)
class _Sum:
    """rest + scale * sum of 2**place * bit is 0, or is itself a bit."""

    rest: Linear
    scale: int
    places: dict[int, int]  # by cell


class _Propagation:
    """What is known so far, and which constraints are ready to tell more."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._known: set[int] = set()
        self._open = [len(cells) for cells in system.cells_of]
        self._sums = {row: found for row in range(len(system.rows)) if (found := _bit_sum(system, row)) is not None}
        self._beside = {row: self._open[row] - len(found.places) for row, found in self._sums.items()}
        self._solvable = [row for row, count in enumerate(self._open) if count == 1]
        self._separable = [row for row, count in self._beside.items() if count == 0]
        rows = range(len(system.rows))  # constraints on one cell allow several values: they come last
        self._last = sorted(rows, key=lambda row: (len(system.cells_of[row]) == 1, row), reverse=True)

    def steps(self) -> Iterator[Step]:
        for cell in sorted(self._system.given - {0}):
            self._learn(cell)
        while True:
            if self._solvable:
                yield from self._solve(heappop(self._solvable))
            elif self._separable:
                yield from self._separate(heappop(self._separable))
            elif not self._choose():
                return

    def _learn(self, cell: int) -> None:
        self._known.add(cell)
        for row in self._system.rows_of[cell]:
            self._open[row] -= 1
            if self._open[row] == 1:
                heappush(self._solvable, row)
            if row in self._sums and cell not in self._sums[row].places:
                self._beside[row] -= 1
                if self._beside[row] == 0:
                    heappush(self._separable, row)

    def _solve(self, row: int) -> Iterator[Step]:
        cell = next((cell for cell in self._system.cells_of[row] if cell not in self._known), None)
        if cell is None:
            return
        forms = [_split(terms, (cell,)) for terms in self._system.rows[row]]
        a1, b1, c1 = (weights.get(cell, 0) for _, weights in forms)
        if a1 and b1:
            return  # quadratic: two values would do

        def solve(values: Sequence[int]) -> tuple[int]:
            a, b, c = values
            slope = (a * b1 + a1 * b - c1) % _P
            if slope == 0:
                raise DivisionByZero("propagation")
            return ((c - a * b) * field.inverse(slope),)

        yield self._step(solve, [rest for rest, _ in forms], range(cell, cell + 1))
        self._learn(cell)

    def _separate(self, row: int) -> Iterator[Step]:
        found = self._sums[row]
        bits = sorted(cell for cell in found.places if cell not in self._known)
        if len(bits) < len(found.places):
            return  # some came from elsewhere, and with them perhaps all others
        ends = [0, *(i for i, (left, right) in enumerate(pairwise(bits), start=1) if right != left + 1), len(bits)]
        for start, end in pairwise(ends):
            run = bits[start:end]
            yield self._step(
                _expansion(found.scale, [found.places[cell] for cell in run]), [found.rest], range(run[0], run[-1] + 1)
            )
        for cell in bits:
            self._learn(cell)

    def _choose(self) -> bool:
        """Makes a cell the prover's choice; False when all are known."""
        while self._last:
            cells = [cell for cell in self._system.cells_of[self._last[-1]] if cell not in self._known]
            if cells:
                self._learn(cells[-1])
                return True
            self._last.pop()
        return False

    @staticmethod
    def _step(function: Hint, inputs: Sequence[Linear], cells: range) -> Step:
        return Step("propagation", 0, 0, tuple(inputs), (None,) * len(inputs), function, cells)


def _expansion(scale: int, places: Sequence[int]) -> Hint:
    inverse = -field.inverse(scale)

    def expand(values: Sequence[int]) -> list[int]:
        number = values[0] * inverse % _P
        return [number >> place & 1 for place in places]

    return expand


def _split(terms: Terms, cells: Sequence[int]) -> tuple[Linear, dict[int, int]]:
    """A linear form as what it is without these cells, and their weights."""
    weights = {cell: weight for cell, weight in terms if cell in cells}
    rest = {cell: weight for cell, weight in terms if cell and cell not in weights}
    return Linear(Wire(rest, dict(terms).get(0, 0))), weights


def _bit_sum(system: System, row: int) -> _Sum | None:
    """The row as a sum of at least two bits in powers of two, if it is one."""
    bits = [cell for cell in system.cells_of[row] if cell in system.boolean]
    if len(bits) < 2:
        return None
    form, units = _linear_form(system, row)
    for unit in units if units is not None else (form.get(bits[0], 0), form.get(bits[-1], 0)):
        inverse = field.inverse(unit) if unit else 0
        powers = {cell: form.get(cell, 0) * inverse % _P for cell in bits}
        if all(power and power & (power - 1) == 0 for power in powers.values()) and len({*powers.values()}) == len(
            bits
        ):
            places = {cell: power.bit_length() - 1 for cell, power in powers.items()}
            return _Sum(_split(list(form.items()), bits)[0], unit, places)
    return None


def _linear_form(system: System, row: int) -> tuple[dict[int, int], tuple[int, ...] | None]:
    """L of a row that says L = 0, with units None; or of L * (L - 1) = 0, where L is the lowest bit: unit -1."""
    a, b, c = map(dict, system.rows[row])
    for left, right in ((a, b), (b, a)):
        if right.keys() <= {0}:
            scaled = {cell: weight * right.get(0, 0) % _P for cell, weight in left.items()}
            return {cell: (scaled.get(cell, 0) - c.get(cell, 0)) % _P for cell in {**scaled, **c}}, None
    if not c and {**a, 0: (a.get(0, 0) - 1) % _P} == {**b, 0: b.get(0, 0)}:
        return a, (_P - 1,)
    return {}, ()
