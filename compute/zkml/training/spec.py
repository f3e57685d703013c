"""What a training step fixes in its circuit: shapes, learning rate, decay, and how the sigmoid is approximated."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from compute.zkml.training.errors import SpecUnusable
from compute.zkml.training.shape import MOST_BITS, DataShape, WeightShape, dyadic_exponent, require
from crypto.r1cs.gadgets.piecewise import Piecewise, sigmoid


@dataclass(frozen=True, slots=True)
class SigmoidShape:
    """Of the piecewise linear sigmoid: see `crypto.r1cs.gadgets.piecewise.sigmoid`."""

    output_bits: int = 14
    segment_bits: int = 4
    offset_bits: int = 4

    def table(self, input_fraction: int) -> Piecewise:
        """For inputs of so many bits after the point. Raises PiecewiseShape."""
        return sigmoid(Fraction(1, 2**input_fraction), self.output_bits, self.segment_bits, self.offset_bits)


_WEIGHTS: Final = WeightShape()
_SIGMOID: Final = SigmoidShape()


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One step of minibatch SGD on the mean log-loss plus decay / 2 * |weights|**2, labels 0 and 1.

    hidden = 0 is logistic regression; else one hidden layer of so many ReLU units, whose values keep hidden_fraction
    bits after the point. rate and decay are fractions with a power of two below, as the size of a minibatch is one.
    Raises SpecUnusable.
    """

    data: DataShape
    hidden: int = 0
    weights: WeightShape = _WEIGHTS
    rate: Fraction = Fraction(1, 2)
    decay: Fraction = Fraction(0)
    sigmoid: SigmoidShape = _SIGMOID
    hidden_fraction: int = 6

    def __post_init__(self) -> None:
        require("hidden", self.hidden, 0, 4096)
        if self.hidden:
            require("hidden_fraction", self.hidden_fraction, 0, self.weights.fraction + self.data.input_fraction)
        require("label_bits", self.data.label_bits, 1, 1)
        for what, number in (("batch", Fraction(1, self.data.batch)), ("rate", self.rate), ("decay", self.decay)):
            require(f"the exponent of {what}", dyadic_exponent(what, number), 0, MOST_BITS)
        if not 0 < self.rate <= 2**8 or not 0 <= self.decay * self.rate < 1:
            raise SpecUnusable("rate and decay", (self.rate, self.decay), "0 < rate <= 256 and 0 <= rate * decay < 1")
