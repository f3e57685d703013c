"""From a float model to integers, step by step: scales, shifts, and a bound of what each rounding can cost.

Symmetric weights, biases at accumulator scale, power-of-two shifts that a sample calibrates. For a committed model
shifts follow from the shape alone, so that one circuit serves every model of that shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

import numpy as np

from compute.zkml import graph
from compute.zkml.bounds import Bounds, magnitude_bits
from compute.zkml.calibrate import NumbersTooLarge
from compute.zkml.committed_trees import coarse, committed_forest
from compute.zkml.encoding import Encoding, Levels, Thresholds, comparable
from compute.zkml.errors import UnsupportedModel
from compute.zkml.model import QuantisedModel, Step
from compute.zkml.operations.argmax import ArgMax
from compute.zkml.operations.clip import Clip
from compute.zkml.operations.curve import Curve
from compute.zkml.operations.forest import Forest
from compute.zkml.operations.gather import Gather
from compute.zkml.operations.leaky_relu import SLOPE_BITS, LeakyRelu
from compute.zkml.operations.linear import WEIGHT_OFFSET, Linear
from compute.zkml.operations.max_pool import MaxPool
from compute.zkml.operations.operation import Operation
from compute.zkml.operations.rescale import Relu, Rescale
from compute.zkml.operations.total import Total
from compute.zkml.taps import Floats, Ints, Taps, diagonal_taps, shared
from crypto.r1cs.gadgets.piecewise import sigmoid, tanh

HIDDEN_BITS: Final = 8  # what a value keeps after its shift, on the calibration sample
WIDE_BITS: Final = 40  # sums that feed sums are not rescaled below this where products cost nothing
WIDE_COMMITTED_BITS: Final = 16  # they are above this where every product is a cell
TOTAL_BITS: Final = 6  # what the finest branch of a sum gains, so that the others' scales fit
LEAF_BITS: Final = 20  # of the largest leaf of a tree; leaves are constants and cost nothing
EXPECTED_WEIGHT_BITS: Final = 4  # of a typical weight, where the largest has 7
LARGEST_WEIGHT: Final = WEIGHT_OFFSET - 1
CURVE_INPUT_BITS: Final = 12
CURVE_OUTPUT_BITS: Final = 12
SEGMENT_BITS: Final = 4
OFFSET_BITS: Final = 8
CURVES: Final = {graph.SIGMOID: sigmoid, graph.TANH: tanh}
TINY: Final = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A value of the integer model: element i stands for units[i] * integer + offsets[i], to within errors[i].

    expected: bits that the shape alone lets expect of its largest element, for the shifts of committed models.
    """

    number: int
    units: Floats
    offsets: Floats
    errors: Floats
    sample: Ints
    bounds: Bounds
    expected: int

    @property
    def largest(self) -> int:
        """The largest magnitude on the sample, at least 1."""
        return max(1, int(np.abs(self.sample).max()))

    @property
    def reach(self) -> Floats:
        """The largest magnitude that each element can have."""
        return np.maximum(np.abs(self.bounds.low), np.abs(self.bounds.high)).astype(np.float64)


@dataclass(slots=True)
class Lowering:
    """Integer steps in the making."""

    encoding: Encoding
    committed: bool
    steps: list[Step] = field(default_factory=list)
    maxima: list[int] = field(default_factory=list)  # of every sum of products, on the sample
    rows: Floats = field(default_factory=lambda: np.zeros((0, 0)))  # of the sample, as they are

    @property
    def widest(self) -> int:
        """Bits above which a value is rescaled before it is summed."""
        return WIDE_COMMITTED_BITS if self.committed else WIDE_BITS

    def start(self, sample: Floats) -> Value:
        """Value 0, what the encoding makes of the sample."""
        self.rows, numbers, encoding = sample, self.encoding.nearest(sample), self.encoding
        read, bounds = encoding.expand(numbers), encoding.bounds()
        if isinstance(encoding, Levels):
            pairs = [encoding.of(index) for index in range(encoding.features)]
            offsets = np.asarray([offset + encoding.zero * step for offset, step in pairs])
            steps = np.asarray([step for _, step in pairs])
            offsets[np.abs(offsets) < TINY * steps] = 0.0
            errors = np.zeros(len(steps)) if encoding.whole else steps / 2
            return Value(0, steps, offsets, errors, read, bounds, bounds.widest)
        exact = np.zeros(bounds.width)
        return Value(0, exact + 1.0, exact, exact, read, bounds, 1)

    def put(
        self, operation: Operation, inputs: Sequence[Value], layer: str, units: Floats, errors: Floats, growth: int = 0
    ) -> Value:
        """Adds a step; growth: expected bits that it adds. Raises UnsupportedModel where a sum has no room."""
        bounds = operation.bounds([value.bounds for value in inputs])
        sample = operation.evaluate([value.sample for value in inputs])
        self.steps.append(Step(operation, tuple(value.number for value in inputs), layer))
        units = np.broadcast_to(units, (bounds.width,)).astype(np.float64)
        errors = np.broadcast_to(errors, (bounds.width,)).astype(np.float64)
        expected = min(bounds.widest, max(1, max(value.expected for value in inputs) + growth))
        return Value(len(self.steps), units, np.zeros(bounds.width), errors, sample, bounds, expected)

    def node(self, operation: graph.FloatOperation, inputs: Sequence[Value], layer: str) -> Value:
        """One float operation on integer values."""
        match operation:
            case graph.Affine():
                return self.affine(operation, inputs[0], layer)
            case graph.Gather():
                return self.gather(operation, inputs, layer)
            case graph.Total():
                return self.total(operation, inputs, layer)
            case graph.Relu():
                return self.relu(self.plain(inputs[0], layer), layer)
            case graph.LeakyRelu():
                return self.leaky_relu(operation, self.plain(inputs[0], layer), layer)
            case graph.Clip():
                return self.clip(operation, self.aligned(inputs[0], layer), layer)
            case graph.Curve():
                return self.curve(operation, self.aligned(inputs[0], layer), layer)
            case graph.MaxPool():
                return self.max_pool(operation, self.aligned(inputs[0], layer), layer)
            case graph.Forest():
                return self.forest(operation, inputs[0], layer)
            case _:
                raise UnsupportedModel(f"a {type(operation).__name__}", "the operations of compute/zkml/graph.py")

    def affine(self, layer_of: graph.Affine, given: Value, layer: str) -> Value:
        given = self.narrowed(given, self.widest, layer)
        taps, real = layer_of.taps, layer_of.weights[layer_of.taps.weight_of]
        on_numbers = real * given.units[taps.columns]
        if not np.isfinite(on_numbers).all() or not np.isfinite(layer_of.bias).all():
            raise NumbersTooLarge(layer)
        by_unit = np.unique(given.units, return_inverse=True)[1].reshape(-1)[taps.columns]
        weight_of, weights = shared(on_numbers, taps.weight_of, by_unit)
        shift = taps.matrix(layer_of.weights) @ given.offsets
        bias_of, bias = shared(layer_of.bias[taps.bias_of] + shift, taps.bias_of, *_positions(shift))
        taps = Taps(taps.inputs, taps.starts, taps.columns, weight_of, bias_of)
        structural = _structural(weights, bias)
        committed = self.committed and not structural
        bias_bits = _bias_bits(taps, given.bounds) if committed else 0
        factor = 1.0 / float(np.abs(weights).max()) if structural else _factor(weights, bias, bias_bits)
        factor = 1.0 / coarse(1.0 / factor) if committed else factor
        integers = np.rint(weights * factor).astype(np.int64)
        linear = Linear(taps, integers, np.rint(bias * factor).astype(np.int64), bias_bits)
        lost = np.abs(taps.matrix(weights) - taps.matrix(integers / factor)) @ given.reach
        lost += np.abs(bias - linear.bias / factor)[bias_of]
        spread = np.abs(layer_of.taps.matrix(layer_of.weights)) @ given.errors
        growth = 0 if structural else EXPECTED_WEIGHT_BITS + (_most_taps(taps).bit_length() + 1) // 2
        made = self.put(linear, [given], layer, np.asarray(1.0 / factor), spread + lost, growth)
        self.maxima.append(made.largest)
        return made

    def gather(self, chosen: graph.Gather, inputs: Sequence[Value], layer: str) -> Value:
        units, offsets, errors = (
            np.concatenate(parts)[chosen.index]
            for parts in zip(*((value.units, value.offsets, value.errors) for value in inputs), strict=True)
        )
        return replace(self.put(Gather(chosen.index), inputs, layer, units, errors), offsets=offsets)

    def total(self, summed: graph.Total, inputs: Sequence[Value], layer: str) -> Value:
        if len(inputs) == 1 and summed.coefficients[0] > 0:  # only what one is worth changes
            scale, value = summed.coefficients[0], inputs[0]
            units, offsets, errors = (part * scale for part in (value.units, value.offsets, value.errors))
            return replace(value, units=units, offsets=offsets, errors=errors)
        values = [self.narrowed(self.aligned(value, layer), self.widest, layer) for value in inputs]
        scaled = [c * float(value.units[0]) for c, value in zip(summed.coefficients, values, strict=True)]
        finest = min((abs(unit) for unit in scaled if unit), default=1.0)
        target = finest if all(abs(unit) in (0.0, finest) for unit in scaled) else finest / 2**TOTAL_BITS
        factors = tuple(round(unit / target) for unit in scaled)
        errors = np.zeros(values[0].bounds.width)
        for c, unit, factor, value in zip(summed.coefficients, scaled, factors, values, strict=True):
            errors = errors + abs(c) * value.errors + abs(unit - factor * target) * value.reach
        return self.put(Total(factors), values, layer, np.asarray(target), errors)

    def relu(self, given: Value, layer: str) -> Value:
        shift = self.shift_for(given, max(1, int(given.sample.max())))
        units = given.units * 2.0**shift
        return self.put(Relu(shift), [given], layer, units, given.errors + (units / 2 if shift else 0.0), -shift)

    def leaky_relu(self, bent: graph.LeakyRelu, given: Value, layer: str) -> Value:
        given = self.narrowed(given, HIDDEN_BITS + 2, layer)
        slope = round(bent.slope * 2**SLOPE_BITS)
        if not 0 <= slope <= 1 << SLOPE_BITS:
            raise UnsupportedModel(
                f"a LeakyRelu of slope {bent.slope:g}", "slopes from 0 to 1", "Train it with one of these."
            )
        lost = abs(bent.slope - slope / 2**SLOPE_BITS) * given.units * np.maximum(-given.bounds.low, 0)
        return self.put(LeakyRelu(slope), [given], layer, given.units / 2**SLOPE_BITS, given.errors + lost, SLOPE_BITS)

    def clip(self, held: graph.Clip, given: Value, layer: str) -> Value:
        given = self.relu(given, layer) if held.low == 0.0 else self.narrowed(given, HIDDEN_BITS + 2, layer)
        unit = float(given.units[0])
        low = _limit(held.low, unit, int(given.bounds.low.min()), int(given.bounds.high.max()))
        high = _limit(held.high, unit, int(given.bounds.low.min()), int(given.bounds.high.max()))
        return self.put(Clip(low, high), [given], layer, given.units, given.errors + unit / 2)

    def curve(self, bent: graph.Curve, given: Value, layer: str) -> Value:
        given = self.narrowed(given, CURVE_INPUT_BITS, layer)
        table = CURVES[bent.name](Fraction(float(given.units[0])), CURVE_OUTPUT_BITS, SEGMENT_BITS, OFFSET_BITS)
        made = Curve(table.nodes, table.offset_bits, table.dropped_bits, table.centre, table.output_bits)
        steepest = 0.25 if bent.name == graph.SIGMOID else 1.0
        errors = steepest * given.errors + float(table.error)
        bits = CURVE_OUTPUT_BITS - given.expected
        return self.put(made, [given], layer, np.asarray(2.0**-CURVE_OUTPUT_BITS), errors, bits)

    def max_pool(self, pool: graph.MaxPool, given: Value, layer: str) -> Value:
        errors = given.errors[pool.windows].max(axis=1)
        return self.put(MaxPool(pool.windows), [given], layer, given.units[pool.windows[:, 0]], errors)

    def forest(self, trees: graph.Forest, given: Value, layer: str) -> Value:
        if self.committed and isinstance(self.encoding, Levels) and given.number == 0:
            made, unit, errors = committed_forest(trees, self.encoding, self.rows)
            return self.put(made, [given], layer, np.asarray(unit), errors)
        if not isinstance(self.encoding, Thresholds) or given.number != 0:
            raise UnsupportedModel(
                "trees that read a computed value",
                "trees that read the row itself",
                "Publish the trees as a model of their own.",
            )
        unit = max(float(np.abs(trees.leaves).max(initial=0.0)), float(np.abs(trees.offset).max(initial=0.0)), TINY)
        unit /= 2.0**LEAF_BITS
        starts = np.concatenate([[0], np.cumsum(self.encoding.tops)]).astype(np.int64)
        bit, known = np.full(len(trees.feature), -1, dtype=np.int64), comparable(trees.threshold, trees.single)
        for node in np.flatnonzero(trees.feature >= 0).tolist():
            feature = int(trees.feature[node])
            place = np.searchsorted(self.encoding.thresholds[feature], known[node])
            bit[node] = starts[feature] + place
        leaves = np.where((bit >= 0)[:, None], 0, np.rint(trees.leaves / unit)).astype(np.int64)
        start = trees.offset / unit
        offset = np.where(np.abs(start) < 1, np.sign(start), np.rint(start)).astype(np.int64)  # the least breaks ties
        forest = Forest(trees.roots, bit, trees.left, trees.right, leaves, offset)
        return self.put(forest, [given], layer, np.asarray(unit), np.asarray((len(trees.roots) + 2) * unit / 2))

    def argmax(self, given: Value, layer: str) -> Value:
        return self.put(ArgMax(), [given], layer, np.asarray(1.0), np.asarray(0.0))

    def plain(self, given: Value, layer: str) -> Value:
        """The value itself, or aligned where 0 does not stand for 0."""
        return self.aligned(given, layer) if np.any(given.offsets) else given

    def aligned(self, given: Value, layer: str) -> Value:
        """The value itself, or with one scale for all elements and 0 for 0: a factor and an offset for each."""
        if not np.any(given.offsets) and np.all(given.units == given.units[0]):
            return given
        finest = float(given.units.min())
        whole = all(np.all(part == np.rint(part)) for part in (given.units / finest, given.offsets / finest))
        target = finest if whole else finest / 2**TOTAL_BITS
        factors = np.rint(given.units / target).astype(np.int64)
        bias = np.rint(given.offsets / target).astype(np.int64)
        linear = Linear(diagonal_taps(given.bounds.width), factors, bias)
        lost = np.abs(given.units - factors * target) * given.reach + np.abs(given.offsets - bias * target)
        growth = int(factors.max()).bit_length()
        return self.put(linear, [given], layer, np.asarray(target), given.errors + lost, growth)

    def narrowed(self, given: Value, most: int, layer: str) -> Value:
        """The value itself, or rescaled where it can reach more than `most` bits."""
        if given.bounds.widest <= most:
            return given
        shift = self.shift_for(given, given.largest)
        units = given.units * 2.0**shift
        errors = given.errors + (units / 2 if shift else 0.0)
        return replace(self.put(Rescale(shift), [given], layer, units, errors, -shift), offsets=given.offsets)

    def shift_for(self, given: Value, largest: int) -> int:
        """How far to shift: down to HIDDEN_BITS of the sample's largest, or of what the shape lets expect."""
        return max(0, (given.expected if self.committed else largest.bit_length()) - HIDDEN_BITS)

    def model(self) -> QuantisedModel:
        return QuantisedModel(self.encoding, tuple(self.steps))


def _structural(weights: Floats, bias: Floats) -> bool:
    """Whether all weights are one positive number and nothing is added: an average, whose scale can be any."""
    return bool(len(weights)) and bool(np.all(weights == weights[0])) and weights[0] > 0 and not np.any(bias)


def _factor(weights: Floats, bias: Floats, bias_bits: int) -> float:
    """Integer = float * factor: the largest weight becomes LARGEST_WEIGHT, or the largest bias its limit."""
    factor = LARGEST_WEIGHT / max(float(np.abs(weights).max(initial=0.0)), TINY)
    if bias_bits:
        largest = float((1 << (bias_bits - 1)) - 1)
        factor = min(factor, largest / max(float(np.abs(bias).max(initial=0.0)), TINY))
    return factor


def _bias_bits(taps: Taps, given: Bounds) -> int:
    """As many bits as the sum of products can have, so that a bias may weigh as much as all else."""
    reach = np.maximum(np.abs(given.low), np.abs(given.high))
    largest = max(1, _most_taps(taps) * int(reach.max(initial=1)))
    return magnitude_bits(0, WEIGHT_OFFSET * largest) + 1


def _most_taps(taps: Taps) -> int:
    return int(np.diff(taps.starts).max(initial=1))


def _positions(shift: Floats) -> tuple[Ints, ...]:
    """Numbers that tell apart outputs whose inputs' offsets add different amounts; none where there are no offsets."""
    return (np.unique(shift, return_inverse=True)[1].reshape(-1).astype(np.int64),) if np.any(shift) else ()


def _limit(limit: float, unit: float, low: int, high: int) -> int:
    """A limit in units, held to what the value can reach."""
    return int(np.clip(np.rint(np.clip(limit / unit, -(2.0**60), 2.0**60)), low, high))
