"""Sigmoid and tanh, piecewise linear, as crypto/r1cs/gadgets/piecewise.py proves them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Final

import numpy as np

from compute.zkml.bounds import MAX_ACCUMULATOR_BITS, Bounds, interval
from compute.zkml.operations.operation import Cost, Open, require, single
from compute.zkml.taps import Ints
from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.piecewise import Piecewise, piecewise_linear
from crypto.r1cs.wire import Wire

MOST_SEGMENTS: Final = 2**12


@dataclass(frozen=True, slots=True)
class Curve(Open):
    """The table of a `Piecewise`, applied to each element. Its error is accounted for where the table is made."""

    nodes: tuple[int, ...]
    offset_bits: int
    dropped_bits: int
    centre: int
    output_bits: int

    kind: ClassVar[str] = "curve"

    @property
    def table(self) -> Piecewise:
        shape = (self.offset_bits, self.dropped_bits, self.centre, self.output_bits)
        return Piecewise(self.nodes, *shape, error=Fraction(0))

    def bounds(self, inputs: Sequence[Bounds]) -> Bounds:
        self._require_table()
        return interval(single(self.kind, inputs).width, self.centre - self._highest, self.centre + self._highest)

    @property
    def _highest(self) -> int:
        return max(self.nodes) << self.offset_bits

    def _require_table(self) -> None:
        segments, shape = len(self.nodes) - 1, (self.offset_bits, self.dropped_bits, self.output_bits)
        require(self.kind, 0 < segments <= MOST_SEGMENTS and segments & (segments - 1) == 0, "2**k segments")
        require(self.kind, self.nodes[0] == 0 and min(self.nodes) == 0, "nodes that start at 0 and stay above")
        require(self.kind, all(0 <= bits <= MAX_ACCUMULATOR_BITS for bits in shape), "widths that can be")
        largest = self._highest + abs(self.centre)
        require(self.kind, largest < 1 << MAX_ACCUMULATOR_BITS, f"values below 2**{MAX_ACCUMULATOR_BITS}")

    def cost(self, inputs: Sequence[Bounds]) -> Cost:
        total: Cost = Counter()
        widths = np.maximum(np.maximum(-inputs[0].low, inputs[0].high), 0)
        for width, count in Counter(int(value).bit_length() for value in widths).items():
            for bits, number in _cost_of(self.table, width).items():
                total[bits] += count * number
        return total

    def evaluate(self, inputs: Sequence[Ints]) -> Ints:
        magnitude = np.abs(inputs[0]) >> self.dropped_bits
        segments = len(self.nodes) - 1
        segment = np.minimum(magnitude >> self.offset_bits, segments)
        nodes, slopes = np.asarray(self.nodes, dtype=np.int64), np.asarray([*self.table.slopes, 0], dtype=np.int64)
        half = (nodes[segment] << self.offset_bits) + slopes[segment] * (magnitude & (1 << self.offset_bits) - 1)
        return np.asarray(np.where(inputs[0] >= 0, self.centre + half, self.centre - half), dtype=np.int64)

    def constrain(self, cs: Builder, inputs: Sequence[Sequence[Wire]], secrets: Sequence[Wire]) -> list[Wire]:
        table = self.table
        low, high = self.centre - self._highest, self.centre + self._highest
        return [piecewise_linear(cs, wire, table).bounded(low, high) for wire in inputs[0]]


def _cost_of(table: Piecewise, width: int) -> Cost:
    """Of one input of so many bits, by building it."""
    cs = Builder()
    wire = cs.proven(cs.private("x", offset=-(2**width - 1)), -(2**width - 1), 2**width - 1)
    piecewise_linear(cs, wire, table)
    bits = cs.constraint_count - CHOICES
    return Counter({1: max(bits, 0), table.output_bits: min(CHOICES, cs.constraint_count)})


CHOICES: Final = 8  # of a curve's constraints, about those that make wide wires
