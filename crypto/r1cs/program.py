"""The witness program: an ordered list of steps, each of which fills some cells from cells that are known before it.

A step may be told to leave a cell as it is (pinned), so that an auditor can change one choice and solve the rest again.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter, mul
from typing import Any, NamedTuple

from crypto.field import SCALAR_FIELD
from crypto.r1cs.errors import Bound, ValueRefused
from crypto.r1cs.wire import Wire

Hint = Callable[[Sequence[int]], Sequence[int]]


class Linear:
    """A wire made ready for evaluation over the witness cells."""

    __slots__ = ("_pick", "cells", "constant", "factors", "high", "low")

    def __init__(self, wire: Wire) -> None:
        self.cells = tuple(wire.terms)
        self.factors = tuple(wire.terms.values())
        self.constant = wire.constant
        self.low, self.high = wire.bound or (0, SCALAR_FIELD - 1)
        self._pick: Callable[[Any], Any] | None = itemgetter(*self.cells) if len(self.cells) > 1 else None

    def value(self, witness: Sequence[int]) -> int:
        """The wire's value as an integer in its bound, or in low..low + r - 1 if the witness breaks the bound."""
        if self._pick is not None:
            total: int = sum(map(mul, self.factors, self._pick(witness)), self.constant)
        elif self.cells:
            total = self.constant + self.factors[0] * witness[self.cells[0]]
        else:
            total = self.constant
        if self.low <= total <= self.high:
            return total
        return (total - self.low) % SCALAR_FIELD + self.low


class Step(NamedTuple):
    """Fills `cells` with function(values of inputs), reduced into the field."""

    gadget: str
    phase: int
    position: int  # how many constraints were made before it
    inputs: tuple[Linear, ...]
    domain: tuple[Bound | None, ...]
    function: Hint
    cells: range

    def values(self, witness: Sequence[int], strict: bool = True) -> Sequence[int]:
        """What the step computes from this witness. Raises ValueRefused if strict and an input is out of its domain."""
        arguments = [linear.value(witness) for linear in self.inputs]
        if strict:
            for value, bound in zip(arguments, self.domain, strict=True):
                if bound is not None and not bound[0] <= value <= bound[1]:
                    raise ValueRefused(self.gadget, value, bound)
        return self.function(arguments)

    def run(self, witness: list[int], pinned: Mapping[int, int], strict: bool = True) -> None:
        start, stop = self.cells.start, self.cells.stop
        witness[start:stop] = [
            value if 0 <= value < SCALAR_FIELD else value % SCALAR_FIELD for value in self.values(witness, strict)
        ]
        if pinned:
            for cell in self.cells:
                if cell in pinned:
                    witness[cell] = pinned[cell]
