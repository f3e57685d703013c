"""Back to few bits after a sum: ReLU with a shift, and the same without ReLU."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from compute.zkml.bounds import MAX_ACCUMULATOR_BITS, Bounds, magnitude_bits
from compute.zkml.operations.operation import Cost, Open, require, single, span_bits, tally
from compute.zkml.taps import Ints
from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.divide import shift_right
from crypto.r1cs.gadgets.relu import relu_shift
from crypto.r1cs.wire import Wire, constant


@dataclass(frozen=True, slots=True)
class Relu(Open):
    """max(x + half, 0) >> shift with half = 2**(shift - 1): rounds half up.

    An element that cannot be negative is only shifted; one that cannot reach half is 0. Nothing saturates: widths
    follow from what the element can reach. Constraints: bits + 2 an element, bits being those of its bound; 0 where
    the result is certain.
    """

    shift: int

    kind: ClassVar[str] = "relu"

    @property
    def half(self) -> int:
        return 1 << self.shift >> 1

    def bounds(self, inputs: Sequence[Bounds]) -> Bounds:
        given = _shiftable(self.kind, self.shift, inputs)
        low, high = given.low + self.half, given.high + self.half
        return Bounds(np.maximum(low, 0) >> self.shift, np.maximum(high, 0) >> self.shift)

    def cost(self, inputs: Sequence[Bounds]) -> Cost:
        low, high = inputs[0].low + self.half, inputs[0].high + self.half
        bits = Bounds(low, high).bits
        certain = np.maximum(low, 0) >> self.shift == np.maximum(high, 0) >> self.shift
        crosses = (low < 0) & ~certain
        decided = np.where(crosses, bits + 1, 0)
        shifted = (low >= 0) & ~certain & (self.shift > 0)
        plain = np.where(shifted, span_bits(low >> self.shift, high >> self.shift) + self.shift, 0)
        one = np.ones_like(bits)
        return tally(one, decided + plain) + tally(np.maximum(bits - self.shift, 1), crosses.astype(np.int64))

    def evaluate(self, inputs: Sequence[Ints]) -> Ints:
        return np.maximum(inputs[0] + self.half, 0) >> self.shift

    def constrain(self, cs: Builder, inputs: Sequence[Sequence[Wire]], secrets: Sequence[Wire]) -> list[Wire]:
        return [self._one(cs, wire + self.half) for wire in inputs[0]]

    def _one(self, cs: Builder, wire: Wire) -> Wire:
        low, high = wire.bound or (0, 0)
        least, most = max(low, 0) >> self.shift, max(high, 0) >> self.shift
        if least == most:
            return constant(most)
        if low >= 0:
            return shift_right(cs, wire, self.shift)
        return relu_shift(cs, wire, magnitude_bits(low, high), self.shift).bounded(0, most)


@dataclass(frozen=True, slots=True)
class Rescale(Open):
    """(x + half) >> shift: rounds half up.

    Constraints: bits(bound's span >> shift) + shift an element; 0 where the result is certain.
    """

    shift: int

    kind: ClassVar[str] = "rescale"

    def bounds(self, inputs: Sequence[Bounds]) -> Bounds:
        given = _shiftable(self.kind, self.shift, inputs)
        return Bounds(self._of(given.low), self._of(given.high))

    def cost(self, inputs: Sequence[Bounds]) -> Cost:
        if not self.shift:
            return Counter()
        spans = span_bits(self._of(inputs[0].low), self._of(inputs[0].high))
        return tally(np.ones_like(spans), np.where(spans > 0, spans + self.shift, 0))

    def evaluate(self, inputs: Sequence[Ints]) -> Ints:
        return self._of(inputs[0])

    def constrain(self, cs: Builder, inputs: Sequence[Sequence[Wire]], secrets: Sequence[Wire]) -> list[Wire]:
        return [self._one(cs, wire) for wire in inputs[0]]

    def _one(self, cs: Builder, wire: Wire) -> Wire:
        half, (low, high) = 1 << self.shift >> 1, wire.bound or (0, 0)
        least, most = low + half >> self.shift, high + half >> self.shift
        return constant(most) if least == most else shift_right(cs, wire, self.shift, rounded=True)

    def _of(self, values: Ints) -> Ints:
        return values + (1 << self.shift >> 1) >> self.shift


def _shiftable(kind: str, shift: int, inputs: Sequence[Bounds]) -> Bounds:
    require(kind, 0 <= shift <= MAX_ACCUMULATOR_BITS, f"a shift of 0 to {MAX_ACCUMULATOR_BITS}")
    return single(kind, inputs)
