"""Positions of several vectors, in a new order: reshape, transpose, slice, concat. Constraints: 0."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from compute.zkml.bounds import Bounds, joined
from compute.zkml.operations.operation import Cost, Open, require, require_positions
from compute.zkml.taps import Ints
from crypto.r1cs.builder import Builder
from crypto.r1cs.wire import Wire


@dataclass(frozen=True, slots=True, eq=False)
class Gather(Open):
    """index (width,) into the inputs laid one after the other."""

    index: Ints

    kind: ClassVar[str] = "gather"

    def bounds(self, inputs: Sequence[Bounds]) -> Bounds:
        every = joined(list(inputs))
        require(self.kind, self.index.ndim == 1 and len(self.index) > 0, "a row of positions")
        require_positions(self.kind, self.index, every.width, "positions")
        return every.pick(self.index)

    def cost(self, inputs: Sequence[Bounds]) -> Cost:
        return Counter()

    def evaluate(self, inputs: Sequence[Ints]) -> Ints:
        return np.concatenate(inputs, axis=1)[:, self.index]

    def constrain(self, cs: Builder, inputs: Sequence[Sequence[Wire]], secrets: Sequence[Wire]) -> list[Wire]:
        every = [wire for wires in inputs for wire in wires]
        return [every[position] for position in self.index.tolist()]
