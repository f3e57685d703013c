"""Values held between two limits."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from compute.zkml.bounds import MAX_ACCUMULATOR_BITS, Bounds, magnitude_bits
from compute.zkml.operations.operation import Cost, Open, require, single, tally
from compute.zkml.taps import Ints
from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.compare import is_non_negative
from crypto.r1cs.gadgets.select import select
from crypto.r1cs.wire import Wire, constant


@dataclass(frozen=True, slots=True)
class Clip(Open):
    """min(max(x, low), high). Constraints: bits + 2 for each limit that an element can pass."""

    low: int
    high: int

    kind: ClassVar[str] = "clip"

    def bounds(self, inputs: Sequence[Bounds]) -> Bounds:
        given, room = single(self.kind, inputs), 1 << MAX_ACCUMULATOR_BITS
        require(self.kind, -room < self.low <= self.high < room, f"limits in order, below 2**{MAX_ACCUMULATOR_BITS}")
        return Bounds(self._of(given.low), self._of(given.high))

    def cost(self, inputs: Sequence[Bounds]) -> Cost:
        low, high = inputs[0].low, inputs[0].high
        capped = np.minimum(high, self.high)
        sides = ((low - self.high, high - self.high), (np.minimum(low, self.high) - self.low, capped - self.low))
        total: Cost = Counter()
        for below, above in sides:
            crosses = (below < 0) & (above > 0)
            bits = Bounds(below, above).bits
            total += tally(np.ones_like(bits), np.where(crosses, bits + 1, 0)) + tally(bits, crosses.astype(np.int64))
        return total

    def evaluate(self, inputs: Sequence[Ints]) -> Ints:
        return self._of(inputs[0])

    def constrain(self, cs: Builder, inputs: Sequence[Sequence[Wire]], secrets: Sequence[Wire]) -> list[Wire]:
        return [self._one(cs, wire) for wire in inputs[0]]

    def _one(self, cs: Builder, wire: Wire) -> Wire:
        return _largest(cs, _smallest(cs, wire, self.high), self.low)

    def _of(self, values: Ints) -> Ints:
        return np.clip(values, self.low, self.high)


def _largest(cs: Builder, wire: Wire, limit: int) -> Wire:
    """max(wire, limit)."""
    low, high = wire.bound or (0, 0)
    if low >= limit:
        return wire
    if high <= limit:
        return constant(limit)
    above = is_non_negative(cs, wire - limit, magnitude_bits(low - limit, high - limit))
    return select(cs, above, wire, limit).bounded(limit, high)


def _smallest(cs: Builder, wire: Wire, limit: int) -> Wire:
    """min(wire, limit)."""
    return -_largest(cs, -wire, -limit)
