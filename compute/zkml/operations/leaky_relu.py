"""ReLU that lets a share of the negative part through."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from compute.zkml.bounds import Bounds, require_room
from compute.zkml.operations.operation import Cost, Open, require
from compute.zkml.operations.rescale import Relu
from compute.zkml.taps import Ints
from crypto.r1cs.builder import Builder
from crypto.r1cs.wire import Wire

SLOPE_BITS: Final = 8


@dataclass(frozen=True, slots=True)
class LeakyRelu(Open):
    """slope * x + (2**SLOPE_BITS - slope) * max(x, 0): 2**SLOPE_BITS times x where x >= 0, slope times x below.

    Slope is an integer from 0 to 2**SLOPE_BITS. The output is wider by SLOPE_BITS; nothing is rounded.
    Constraints: bits + 2 an element.
    """

    slope: int

    kind: ClassVar[str] = "leaky-relu"

    def bounds(self, inputs: Sequence[Bounds]) -> Bounds:
        positive = RELU.bounds(inputs)
        require(self.kind, 0 <= self.slope <= 1 << SLOPE_BITS, f"a slope of 0 to {1 << SLOPE_BITS}")
        require_room(2.0 ** (inputs[0].widest + SLOPE_BITS + 2))
        rest = (1 << SLOPE_BITS) - self.slope
        return Bounds(
            self.slope * inputs[0].low + rest * positive.low, self.slope * inputs[0].high + rest * positive.high
        )

    def cost(self, inputs: Sequence[Bounds]) -> Cost:
        return RELU.cost(inputs)

    def evaluate(self, inputs: Sequence[Ints]) -> Ints:
        rest = (1 << SLOPE_BITS) - self.slope
        return np.asarray(self.slope * inputs[0] + rest * np.maximum(inputs[0], 0), dtype=np.int64)

    def constrain(self, cs: Builder, inputs: Sequence[Sequence[Wire]], secrets: Sequence[Wire]) -> list[Wire]:
        rest = (1 << SLOPE_BITS) - self.slope
        positive = RELU.constrain(cs, inputs, ())
        return [self.slope * wire + rest * relu for wire, relu in zip(inputs[0], positive, strict=True)]


RELU: Final = Relu(0)
