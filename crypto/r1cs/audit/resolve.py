"""Solving again after a change: what read a changed cell is computed anew, a constraint that breaks is repaired.

Work goes by turns (see `System`), only through what the change touches. A step of the witness program fills its cells
from the cells as they are now, so honest gadgets follow a changed choice. A constraint that then fails is repaired by
a cell that is still free: the newest that nothing before relied on, else, where inputs may change, an input, else the
newest. What an input changes behind it waits for another pass through the turns. The first constraint that nothing
repairs ends the attempt.

So a change inside a hash goes forward to the digest, and where that is an input (the root of a tree, a lock that a
register holds) the input follows it, and all that is made of the input. No hash is inverted.
"""

from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush
from typing import Final

from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit.system import System
from crypto.r1cs.errors import DivisionByZero
from crypto.r1cs.program import Step

Pins = Mapping[int, int]
_PASSES: Final = 4  # through the turns; each after the first for what an input changed behind it


class Attempt:
    """Cell values that differ from a known assignment in a few places; `broken` is the first constraint that fails."""

    def __init__(
        self, system: System, known: Sequence[int], given: frozenset[int], deleted: int | None, freed: Sequence[int]
    ) -> None:
        self.values = list(known)
        self.broken: int | None = None
        self._system, self._given, self._deleted, self._freed = system, given, deleted, freed
        self._agenda: list[int] = []
        self._planned: set[int] = set()
        self._late: set[int] = set()
        self._touched: set[int] = set()
        self._settled: set[int] = set()
        self._now = -1

    def run(self, pins: Pins, suspect: Iterable[int]) -> "Attempt":
        """Pins cells and lets the others follow. `suspect` rows failed before anything was changed."""
        self._settled.update(pins)
        for row in suspect:
            self._touch(row)
        for cell, value in pins.items():
            self._put(cell, value)
        self._pass()
        for _ in range(_PASSES - 1):
            if self.broken is None or not self._late:
                break
            self._begin_again()
            self._pass()
        return self

    def _begin_again(self) -> None:
        self._agenda = sorted(self._late)  # a sorted list is a heap
        self._planned, self._late = self._late, set()
        self._now, self.broken = -1, None

    def _pass(self) -> None:
        while self._agenda:
            self._now = heappop(self._agenda)
            step, row = self._system.whose_turn(self._now)
            if step is not None:
                self._follow(self._system.circuit.steps[step])
            elif self._fails(row) and not self._repair(row):
                self.broken, self._late = row, set()  # another pass would not get further
                return
        self.broken = next(filter(self._fails, sorted(self._touched)), None)

    def _put(self, cell: int, value: int) -> None:
        if self.values[cell] == value:
            return
        self.values[cell] = value
        for row in self._system.rows_of[cell]:
            self._touch(row)
        for turn in self._system.readers[cell]:
            self._plan(turn)

    def _touch(self, row: int) -> None:
        self._touched.add(row)
        self._plan(self._system.turns_of[row])

    def _plan(self, turn: int) -> None:
        """What had its turn already waits for the next pass."""
        if turn <= self._now:
            self._late.add(turn)
        elif turn not in self._planned:
            self._planned.add(turn)
            heappush(self._agenda, turn)

    def _fails(self, row: int) -> bool:
        return row != self._deleted and not self._system.holds(row, self.values)

    def _follow(self, step: Step) -> None:
        self._system.work += sum(len(wire.cells) for wire in step.inputs) + len(step.cells)
        for cell, value in zip(step.cells, tolerant_values(step, self.values), strict=True):
            if cell not in self._settled:
                self._put(cell, value)

    def _repair(self, row: int) -> bool:
        """Repairs a row by a cell that a deleted constraint left free, else by the one that comes first; whether one
        did."""
        cells = self._system.cells_of[row]
        first = [cell for cell in self._freed if cell in cells]
        movable = [cell for cell in (*first, *cells) if cell not in self._settled and cell not in self._given]
        bits = self._system.boolean.difference(self._freed) if first else self._system.boolean
        for cell, value in self._system.fixes(row, sorted(movable, key=self._reach), self.values, bits):
            self._put(cell, value)
            self._settled.add(cell)
            return True
        return False

    def _reach(self, cell: int) -> int:
        """0 for a cell that was left free or that no constraint before now relies on, 1 for an input, 2 for others."""
        if cell in self._freed:
            return 0
        turns = self._system.turns_of
        if all(turns[row] >= self._now or row == self._deleted for row in self._system.rows_of[cell]):
            return 0
        return 1 if cell in self._system.given else 2


def tolerant_values(step: Step, values: Sequence[int]) -> list[int]:
    """What a step computes, whatever its inputs; the cells as they are where there is no honest value."""
    try:
        return [value % SCALAR_FIELD for value in step.values(values, strict=False)]
    except DivisionByZero:
        return [values[cell] for cell in step.cells]
