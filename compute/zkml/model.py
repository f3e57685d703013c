"""A quantised model: integers only, the same numbers for the circuit and for the NumPy reference.

Inputs are unsigned integers of `input_bits`; dense layers have int8 weights and biases at accumulator scale; between
two of them stands ReLU with a right shift. Sums cannot overflow: bounds follow from the ranges and are checked at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from compute.zkml.errors import UnsupportedModel, WrongRowLength

WEIGHT_LIMIT: Final = 127
MAX_ACCUMULATOR_BITS: Final = 60

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DenseLayer:
    """accumulator = weights @ inputs + bias; weights (outputs, inputs) within ±127, bias (outputs,).

    shift: right shift of the ReLU that follows; None for the last layer, whose accumulators are the logits.
    """

    weights: tuple[tuple[int, ...], ...]
    bias: tuple[int, ...]
    shift: int | None

    def bounds(self, inputs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Exact bounds of the accumulators for inputs within (low, high)."""
        found = []
        for row, offset in zip(self.weights, self.bias, strict=True):
            low = sum(min(w * a, w * b) for w, (a, b) in zip(row, inputs, strict=True)) + offset
            high = sum(max(w * a, w * b) for w, (a, b) in zip(row, inputs, strict=True)) + offset
            found.append((low, high))
        return found


@dataclass(frozen=True, slots=True)
class QuantisedModel:
    """Layers and the widths that follow from them."""

    input_bits: int
    layers: tuple[DenseLayer, ...]

    def __post_init__(self) -> None:
        if (
            not self.layers
            or any(layer.shift is None for layer in self.layers[:-1])
            or self.layers[-1].shift is not None
        ):
            raise UnsupportedModel("a layer order", "dense layers with ReLU between them")
        for bounds in self.layer_bounds():
            bits = max(map(magnitude_bits, bounds))
            if bits > MAX_ACCUMULATOR_BITS:
                raise UnsupportedModel(f"an accumulator of {bits} bits", f"at most {MAX_ACCUMULATOR_BITS}")

    @property
    def features(self) -> int:
        return len(self.layers[0].weights[0])

    @property
    def outputs(self) -> int:
        return len(self.layers[-1].bias)

    def layer_bounds(self) -> list[list[tuple[int, int]]]:
        """Bounds of every layer's accumulators for any input in range, as the circuit proves them.

        A ReLU with a shift is proven to leave 2**(bits - shift) - 1 at most, bits being those of its largest input.
        """
        inputs = [(0, 2**self.input_bits - 1)] * self.features
        all_bounds = []
        for layer in self.layers:
            bounds = layer.bounds(inputs)
            all_bounds.append(bounds)
            if layer.shift is not None:
                inputs = [(0, (1 << magnitude_bits(bound) >> layer.shift) - 1) for bound in bounds]
        return all_bounds

    @property
    def output_bits(self) -> int:
        """Bits of a logit plus its offset 2**(output_bits - 1): every logit then lies in 0..2**output_bits - 1."""
        return max(map(magnitude_bits, self.layer_bounds()[-1])) + 1

    def logits(self, row: Sequence[int]) -> list[int]:
        """The integer reference for one row, exact. Raises WrongRowLength."""
        if len(row) != self.features:
            raise WrongRowLength(self.features, len(row))
        return [int(value) for value in self.logits_of(np.asarray([row], dtype=np.int64))[0]]

    def logits_of(self, rows: Ints) -> Ints:
        """The integer reference for rows (n, features): logits (n, outputs)."""
        values = rows
        for layer in self.layers:
            values = values @ np.asarray(layer.weights, dtype=np.int64).T + np.asarray(layer.bias, dtype=np.int64)
            if layer.shift is not None:
                values = np.maximum(values, 0) >> layer.shift
        return values


def magnitude_bits(bound: tuple[int, int]) -> int:
    """The least k >= 1 with -2**k < low and high < 2**k."""
    return max(abs(bound[0]), abs(bound[1]), 1).bit_length()


def predicted_class(logits: Sequence[int]) -> int:
    """The class of integer logits: the first largest; for a single logit, 1 when it is positive."""
    if len(logits) == 1:
        return int(logits[0] > 0)
    return max(range(len(logits)), key=lambda index: (logits[index], -index))
