"""Sums of products with weights that stand in the circuit, or that a commitment hides."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from compute.zkml.bounds import MAX_ACCUMULATOR_BITS, Bounds, require_room
from compute.zkml.operations.operation import NOTHING, Cost, require, require_positions, single, span_bits
from compute.zkml.operations.slots import Offset, Slots, slots, slotted_sums
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
    Constraints: 0 for constants; for secrets one per tap, or fewer where outputs share an element (`slots`), beside the
    ranges and the commitment of the secrets.
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

    def shared(self, given: Bounds) -> list[Slots]:
        """Outputs whose sums share an element, for inputs in these ranges."""
        return slots(self.taps, Bounds(*self._committed_reach(given)))

    def cost(self, inputs: Sequence[Bounds]) -> Cost:
        if not self.committed:
            return Counter()
        taps, span = self.taps, (inputs[0].high - np.minimum(inputs[0].low, 0))[self.taps.columns]
        widths = span_bits(np.zeros_like(span), span) + WEIGHT_BITS
        alone, cost = np.ones(taps.outputs, dtype=bool), Cost()
        for group in self.shared(inputs[0]):
            alone[list(group.outputs)] = False
            read = slice(taps.starts[group.outputs[0]], taps.starts[group.outputs[0] + 1])
            cost += Counter((widths[read] + group.all_bits - group.bits).tolist()) + Counter({1: group.all_bits})
        return cost + Counter(widths[alone[taps.rows]].tolist())

    def evaluate(self, inputs: Sequence[Ints]) -> Ints:
        return np.asarray(self.taps.apply(self.weights, self.bias, inputs[0]), dtype=np.int64)

    def constrain(self, cs: Builder, inputs: Sequence[Sequence[Wire]], secrets: Sequence[Wire]) -> list[Wire]:
        if self.committed:
            split = len(self.weights)
            return self._secret_sums(cs, inputs[0], secrets[:split], secrets[split:])
        values, taps = inputs[0], self.taps
        columns, numbers, starts = taps.columns.tolist(), taps.weight_of.tolist(), taps.starts.tolist()
        factors, offsets = self.weights.tolist(), self.bias.tolist()
        return [
            linear(((factors[numbers[k]], values[columns[k]]) for k in range(start, end)), offsets[bias])
            for start, end, bias in zip(starts, starts[1:], taps.bias_of.tolist(), strict=False)
        ]

    def _secret_sums(
        self, cs: Builder, values: Sequence[Wire], weights: Sequence[Wire], biases: Sequence[Wire]
    ) -> list[Wire]:
        taps, given = self.taps, _bounds_of(values)
        columns, numbers, starts = taps.columns.tolist(), taps.weight_of.tolist(), taps.starts.tolist()
        own = [biases[number] for number in taps.bias_of.tolist()]
        low, high = (part.tolist() for part in self._committed_reach(given))
        made: dict[int, Wire] = {}
        for group in self.shared(given):
            reads = [range(starts[output], starts[output + 1]) for output in group.outputs]
            factors = [[weights[numbers[k]] for k in across] for across in zip(*reads, strict=True)]
            offsets = [Offset(own[output], low[output], high[output]) for output in group.outputs]
            sums = slotted_sums(cs, group.bits, factors, [values[columns[k]] for k in reads[0]], offsets)
            made |= zip(group.outputs, sums, strict=True)
        rest = [output for output in range(taps.outputs) if output not in made]
        reads = [range(starts[output], starts[output + 1]) for output in rest]
        taps_left = [k for read in reads for k in read]
        each = iter(products(cs, [weights[numbers[k]] for k in taps_left], [values[columns[k]] for k in taps_left]))
        for output, read in zip(rest, reads, strict=True):
            made[output] = linear([*((1, next(each)) for _ in read), (1, own[output])])
        return [made[output] for output in range(taps.outputs)]


def _bounds_of(wires: Sequence[Wire]) -> Bounds:
    low, high = zip(*(wire.bound or (0, 0) for wire in wires), strict=True)
    return Bounds(np.asarray(low, dtype=np.int64), np.asarray(high, dtype=np.int64))
