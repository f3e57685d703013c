"""Sums of whole vectors, each times a constant: what joins two branches at one scale. Constraints: 0."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from compute.zkml.bounds import Bounds, require_room
from compute.zkml.operations.operation import Cost, Open, require
from compute.zkml.taps import Ints
from crypto.r1cs.builder import Builder
from crypto.r1cs.wire import Wire, linear


@dataclass(frozen=True, slots=True)
class Total(Open):
    """sum of factor * input, for inputs of one width."""

    factors: tuple[int, ...]

    kind: ClassVar[str] = "total"

    def bounds(self, inputs: Sequence[Bounds]) -> Bounds:
        require(self.kind, len(inputs) == len(self.factors) > 0, "a factor for each input")
        require(self.kind, len({part.width for part in inputs}) == 1, "inputs of one width")
        sizes = [abs(f) * float(2**part.widest) for f, part in zip(self.factors, inputs, strict=True)]
        require_room(sum(sizes))
        ends = [(f * part.low, f * part.high) for f, part in zip(self.factors, inputs, strict=True)]
        lows, highs = [np.minimum(*pair) for pair in ends], [np.maximum(*pair) for pair in ends]
        return Bounds(np.sum(lows, axis=0), np.sum(highs, axis=0))

    def cost(self, inputs: Sequence[Bounds]) -> Cost:
        return Counter()

    def evaluate(self, inputs: Sequence[Ints]) -> Ints:
        return np.asarray(sum(f * part for f, part in zip(self.factors, inputs, strict=True)), dtype=np.int64)

    def constrain(self, cs: Builder, inputs: Sequence[Sequence[Wire]], secrets: Sequence[Wire]) -> list[Wire]:
        return [linear(zip(self.factors, wires, strict=True)) for wires in zip(*inputs, strict=True)]
