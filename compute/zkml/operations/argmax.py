"""The class instead of the outputs: the number of the first largest, or whether a single one is positive."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from compute.zkml.bounds import Bounds, interval, magnitude_bits
from compute.zkml.operations.operation import Cost, Open, single
from compute.zkml.taps import Ints
from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.compare import is_non_negative
from crypto.r1cs.gadgets.extremum import argmax
from crypto.r1cs.wire import Wire, constant


@dataclass(frozen=True, slots=True)
class ArgMax(Open):
    """One output. Constraints: n(bits + 2) - 1 for n values, bits + 1 for one."""

    kind: ClassVar[str] = "argmax"

    def bounds(self, inputs: Sequence[Bounds]) -> Bounds:
        return interval(1, 0, max(1, single(self.kind, inputs).width - 1))

    def cost(self, inputs: Sequence[Bounds]) -> Cost:
        low, high, count = int(inputs[0].low.min()), int(inputs[0].high.max()), inputs[0].width
        if count == 1:
            return Counter({1: magnitude_bits(low - 1, high - 1) + 1})
        bits = (high - low).bit_length()
        return Counter({1: count * (bits + 2) - 1}) if bits else Counter()

    def evaluate(self, inputs: Sequence[Ints]) -> Ints:
        values = inputs[0]
        classes = values[:, 0] > 0 if values.shape[1] == 1 else np.argmax(values, axis=1)
        return np.asarray(classes, dtype=np.int64).reshape(-1, 1)

    def constrain(self, cs: Builder, inputs: Sequence[Sequence[Wire]], secrets: Sequence[Wire]) -> list[Wire]:
        values = inputs[0]
        bounds = [wire.bound or (0, 0) for wire in values]
        if len(values) == 1:
            low, high = bounds[0]
            return [is_non_negative(cs, values[0] - 1, magnitude_bits(low - 1, high - 1)).bounded(0, 1)]
        span = max(high for _, high in bounds) - min(low for low, _ in bounds)
        if span == 0:
            return [constant(0).bounded(0, len(values) - 1)]
        return [argmax(cs, values, span.bit_length())[0]]
