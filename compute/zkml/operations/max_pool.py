"""The largest of each window."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from compute.zkml.bounds import Bounds, magnitude_bits
from compute.zkml.operations.operation import Cost, Open, require, require_positions, single
from compute.zkml.taps import Ints
from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.extremum import maximum
from crypto.r1cs.wire import Wire


@dataclass(frozen=True, slots=True, eq=False)
class MaxPool(Open):
    """windows (outputs, size) of positions; a position that stands twice in a window counts once.

    Constraints: bits + 2 for each further position of a window, bits being those of the difference.
    """

    windows: Ints

    kind: ClassVar[str] = "max-pool"

    def bounds(self, inputs: Sequence[Bounds]) -> Bounds:
        given = single(self.kind, inputs)
        require(self.kind, self.windows.ndim == 2 and self.windows.size > 0, "windows of positions")
        require_positions(self.kind, self.windows, given.width, "positions")
        return Bounds(given.low[self.windows].max(axis=1), given.high[self.windows].max(axis=1))

    def cost(self, inputs: Sequence[Bounds]) -> Cost:
        total: Cost = Counter()
        low, high = inputs[0].low, inputs[0].high
        for window in self.windows.tolist():
            most = (int(low[window[0]]), int(high[window[0]]))
            for position in list(dict.fromkeys(window))[1:]:
                value = (int(low[position]), int(high[position]))
                difference = (most[0] - value[1], most[1] - value[0])
                most = (max(most[0], value[0]), max(most[1], value[1]))
                if difference[0] < 0 < difference[1]:
                    bits = magnitude_bits(*difference)
                    total[1] += bits + 1
                    total[bits] += 1
        return total

    def evaluate(self, inputs: Sequence[Ints]) -> Ints:
        return np.asarray(inputs[0][:, self.windows].max(axis=2), dtype=np.int64)

    def constrain(self, cs: Builder, inputs: Sequence[Sequence[Wire]], secrets: Sequence[Wire]) -> list[Wire]:
        return [_largest(cs, [inputs[0][i] for i in dict.fromkeys(window)]) for window in self.windows.tolist()]


def _largest(cs: Builder, window: Sequence[Wire]) -> Wire:
    largest = window[0]
    for value in window[1:]:
        low, high = (largest - value).bound or (0, 0)
        if low >= 0 or high <= 0:
            largest = largest if low >= 0 else value
        else:
            largest = maximum(cs, largest, value, magnitude_bits(low, high))
    return largest
