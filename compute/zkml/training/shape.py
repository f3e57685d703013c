"""Fixed-point numbers of proven training: how wide data and weights are, and what their integers stand for.

A feature or weight is a signed integer of so many bits; divided by 2**fraction it is the real number. In commitments
it stands offset-binary (value + 2**(bits - 1)), which is also what makes its cell in a circuit cheap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from compute.zkml.training.errors import NumberRefused, SpecUnusable, WrongCount

MOST_BITS: Final = 32  # of one number
_FIELD_BITS: Final = 16  # of each number of a shape's element


@dataclass(frozen=True, slots=True)
class DataShape:
    """Of a data set: features of input_bits, labels of label_bits, in minibatches of `batch` rows.

    label_bits = 1 means classes 0 and 1. Wider labels are signed targets of label_fraction bits after the point.
    """

    features: int
    batch: int
    input_bits: int = 7
    input_fraction: int = 4
    label_bits: int = 1
    label_fraction: int = 0

    def __post_init__(self) -> None:
        require("features", self.features, 1, 2**_FIELD_BITS - 1)
        require("batch", self.batch, 1, 2**_FIELD_BITS - 1)
        require("input_bits", self.input_bits, 2, MOST_BITS)
        require("input_fraction", self.input_fraction, 0, MOST_BITS)
        require("label_bits", self.label_bits, 1, MOST_BITS)
        require("label_fraction", self.label_fraction, 0, MOST_BITS if self.label_bits > 1 else 0)

    @property
    def input_half(self) -> int:
        return 1 << self.input_bits - 1

    @property
    def label_half(self) -> int:
        """What is added to a label in a commitment: classes are not signed."""
        return 1 << self.label_bits - 1 if self.label_bits > 1 else 0

    @property
    def one(self) -> int:
        """The input that stands for 1, by which a bias is multiplied."""
        return 1 << self.input_fraction

    def element(self, rows: int) -> int:
        """The shape, and of how many rows, as a field element: for the root of a data set."""
        numbers = (
            self.features,
            self.batch,
            self.input_bits,
            self.input_fraction,
            self.label_bits,
            self.label_fraction,
        )
        return sum(number << _FIELD_BITS * place for place, number in enumerate((*numbers, rows)))


@dataclass(frozen=True, slots=True)
class WeightShape:
    """Of weights: signed integers of `bits`, `fraction` of them after the point."""

    bits: int = 16
    fraction: int = 12

    def __post_init__(self) -> None:
        require("weight bits", self.bits, 2, MOST_BITS)
        require("weight fraction", self.fraction, 0, MOST_BITS)

    @property
    def half(self) -> int:
        return 1 << self.bits - 1

    def require_all(self, weights: Sequence[int], count: int) -> None:
        """Raises WrongCount, NumberRefused."""
        if len(weights) != count:
            raise WrongCount("weights", count, len(weights))
        require_values("weight", weights, -self.half, self.half - 1)


def require(what: str, value: int, low: int, high: int) -> None:
    """Raises SpecUnusable unless low <= value <= high."""
    if not low <= value <= high:
        raise SpecUnusable(what, value, f"{low} to {high}")


def require_values(what: str, values: Sequence[int], low: int, high: int) -> None:
    """Raises NumberRefused at the first value outside low..high."""
    for place, value in enumerate(values):
        if not low <= value <= high:
            raise NumberRefused(what, place, value, low, high)


def dyadic_exponent(what: str, number: Fraction) -> int:
    """e with number * 2**e an integer, the least. Raises SpecUnusable unless the denominator is a power of two."""
    exponent = number.denominator.bit_length() - 1
    if number.denominator != 1 << exponent:
        raise SpecUnusable(what, number, "a fraction whose denominator is a power of two")
    return exponent
