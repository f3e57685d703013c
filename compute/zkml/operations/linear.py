"""Sums of products with weights that stand in the circuit, or that a commitment hides."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from compute.zkml.bounds import MAX_ACCUMULATOR_BITS, Bounds, require_room
from compute.zkml.operations.operation import NOTHING, Cost, require, require_positions, single, span_bits, tally
from compute.zkml.taps import Ints, Taps
from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.products import products
from crypto.r1cs.wire import Wire, linear

WEIGHT_BITS: Final = 8
WEIGHT_OFFSET: Final = 128


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """weights (shared by number) and bias, at accumulator scale.

    bias_bits is 0 for constants. Otherwise weights and bias are secrets: a weight lies in -128..127, a bias in
    -2**(bias_bits - 1)..2**(bias_bits - 1) - 1, and bounds hold for all such weights: they follow from the shape alone.
    Constraints: 0 for constants; for secrets one per tap, beside their ranges and commitment.
    """

    taps: Taps
    weights: Ints
    bias: Ints
    bias_bits: int = 0

    kind: ClassVar[str] = "linear"

    @property
    def committed(self) -> bool:
        return self.bias_bits > 0

    @property
    def secrets(self) -> Ints:
        return np.concatenate([self.weights, self.bias]) if self.committed else NOTHING

    @property
    def limits(self) -> tuple[tuple[int, int, int], ...]:
        if not self.committed:
            return ()
        biases = (len(self.bias), self.bias_bits, 1 << (self.bias_bits - 1))
        return (len(self.weights), WEIGHT_BITS, WEIGHT_OFFSET), biases

    def bounds(self, inputs: Sequence[Bounds]) -> Bounds:
        given = single(self.kind, inputs)
        self._require_taps(given.width)
        self._require_numbers()
        low, high = (self._committed_reach if self.committed else self._reach)(given)
        return Bounds(low, high)

    def _require_taps(self, width: int) -> None:
        taps, kind = self.taps, self.kind
        flat = (taps.starts, taps.columns, taps.weight_of, taps.bias_of, self.weights, self.bias)
        require(kind, all(part.ndim == 1 for part in flat) and taps.outputs > 0, "flat arrays and an output")
        require(kind, taps.inputs == width, f"{width} inputs")
        require(kind, len(taps.starts) == taps.outputs + 1 and taps.starts[0] == 0, "a start for each output")
        rising = not np.any(np.diff(taps.starts) < 0)
        require(kind, rising and taps.starts[-1] == taps.count == len(taps.weight_of), "taps in order")
        require_positions(kind, taps.columns, taps.inputs, "columns")
        require_positions(kind, taps.weight_of, len(self.weights), "numbers of weights")
        require_positions(kind, taps.bias_of, len(self.bias), "numbers of biases")

    def _require_numbers(self) -> None:
        require(self.kind, 0 <= self.bias_bits < MAX_ACCUMULATOR_BITS, f"bias bits below {MAX_ACCUMULATOR_BITS}")
        halves = (WEIGHT_OFFSET, 1 << self.bias_bits >> 1) if self.committed else (1 << MAX_ACCUMULATOR_BITS,) * 2
        for values, half in zip((self.weights, self.bias), halves, strict=True):
            require(self.kind, not np.any((values < -half) | (values >= half)), f"numbers of {-half} to {half - 1}")

    def _reach(self, given: Bounds) -> tuple[Ints, Ints]:
        above = self.taps.matrix(np.maximum(self.weights, 0))
        below = self.taps.matrix(np.minimum(self.weights, 0))
        bias = self.bias[self.taps.bias_of]
        largest = np.maximum(np.abs(given.low), np.abs(given.high)).astype(np.float64)
        sizes = self.taps.matrix(np.abs(self.weights).astype(np.float64)) @ largest + np.abs(bias)
        require_room(float(sizes.max(initial=0.0)))
        return above @ given.low + below @ given.high + bias, above @ given.high + below @ given.low + bias

    def _committed_reach(self, given: Bounds) -> tuple[Ints, Ints]:
        """Each product by its corners, for weights -128..127."""
        low, high = given.low[self.taps.columns], given.high[self.taps.columns]
        lowest, highest = -WEIGHT_OFFSET, WEIGHT_OFFSET - 1
        half = 1 << (self.bias_bits - 1)
        require_room(float(np.maximum(np.abs(low), np.abs(high)).astype(np.float64).sum() * WEIGHT_OFFSET) + half)
        corners = np.stack([low * lowest, low * highest, high * lowest, high * highest])
        ones = Taps(
            len(low), self.taps.starts, np.arange(len(low)), np.zeros(len(low), dtype=np.int64), self.taps.bias_of
        )
        matrix = ones.matrix(np.ones(1, dtype=np.int64))
        return matrix @ corners.min(axis=0) - half, matrix @ corners.max(axis=0) + half - 1

    def cost(self, inputs: Sequence[Bounds]) -> Cost:
        if not self.committed:
            return Counter()
        span = (inputs[0].high - np.minimum(inputs[0].low, 0))[self.taps.columns]
        return tally(span_bits(np.zeros_like(span), span) + WEIGHT_BITS, np.ones_like(span))

    def evaluate(self, inputs: Sequence[Ints]) -> Ints:
        return np.asarray(self.taps.apply(self.weights, self.bias, inputs[0]), dtype=np.int64)

    def constrain(self, cs: Builder, inputs: Sequence[Sequence[Wire]], secrets: Sequence[Wire]) -> list[Wire]:
        values, taps = inputs[0], self.taps
        columns, numbers = taps.columns.tolist(), taps.weight_of.tolist()
        starts, bias_of = taps.starts.tolist(), taps.bias_of.tolist()
        if not self.committed:
            factors, offsets = self.weights.tolist(), self.bias.tolist()
            return [
                linear(((factors[numbers[k]], values[columns[k]]) for k in range(start, end)), offsets[bias])
                for start, end, bias in zip(starts, starts[1:], bias_of, strict=False)
            ]
        split = len(self.weights)
        made = products(cs, [secrets[number] for number in numbers], [values[column] for column in columns])
        return [
            linear([*((1, made[k]) for k in range(start, end)), (1, secrets[split + bias])])
            for start, end, bias in zip(starts, starts[1:], bias_of, strict=False)
        ]
