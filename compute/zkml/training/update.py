"""The update w' = w - rate * (gradient / batch + decay * w), exact, rounded once, half up.

All factors are fractions with a power of two below, so with a common exponent s
    w' = (w * keep - gradient * move + 2**(s - 1)) >> s.
A weight that would leave its range has no proof: it is neither wrapped nor clipped.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from compute.zkml.training.errors import WeightLeavesRange
from compute.zkml.training.shape import WeightShape, dyadic_exponent
from compute.zkml.training.spec import StepSpec
from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.bits import from_bits, to_bits
from crypto.r1cs.gadgets.boolean import assert_boolean
from crypto.r1cs.wire import Wire, linear

_WIDEST: Final = 2**240  # of what is rounded: nothing near the field, where a second quotient would fit


class Update:
    """Of one weight whose summed gradient has so many fraction bits."""

    def __init__(self, spec: StepSpec, gradient_fraction: int) -> None:
        self.shape: WeightShape = spec.weights
        keep = 1 - spec.rate * spec.decay
        move = spec.rate * Fraction(2**self.shape.fraction, spec.data.batch * 2**gradient_fraction)
        self.shift = max(dyadic_exponent("the step", keep), dyadic_exponent("the step", move), 1)
        self._keep, self._move = int(keep * 2**self.shift), int(move * 2**self.shift)
        self._round = 1 << self.shift - 1

    def apply(self, place: int, weight: int, gradient: int) -> int:
        """The new weight. Raises WeightLeavesRange, naming its place."""
        updated = weight * self._keep - gradient * self._move + self._round >> self.shift
        half = self.shape.half
        if not -half <= updated < half:
            raise WeightLeavesRange(place, updated, -half, half - 1)
        return updated

    def constrain(self, cs: Builder, weight: Wire, gradient: Wire) -> Wire:
        """The same for bounded wires; the new weight is ranged. Constraints: weight bits + shift.

        Raises RangeError if the sum is not bounded. A weight that leaves its range makes the solver raise ValueRefused.
        """
        total = linear(((self._keep, weight), (-self._move, gradient)), self._round)
        total.require("update", -_WIDEST, _WIDEST)
        half, shift, bits = self.shape.half, self.shift, self.shape.bits
        domain = [(-half << shift, (half << shift) - 1)]
        cells = cs.hint(
            "update", lambda v: [(v[0] >> shift) + half >> i & 1 for i in range(bits)], [total], bits, domain
        )
        updated = from_bits([assert_boolean(cs, cell) for cell in cells]) - half
        to_bits(cs, total - updated * (1 << shift), shift)
        return updated


def updates(spec: StepSpec, fractions: Sequence[int]) -> list[Update]:
    """One for each weight; equal ones are shared."""
    made = {fraction: Update(spec, fraction) for fraction in set(fractions)}
    return [made[fraction] for fraction in fractions]
