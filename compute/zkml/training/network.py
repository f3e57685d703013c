"""What both models in training share: numbers as exact Python integers, and the sum of products over a minibatch."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.dense import dense_private
from crypto.r1cs.gadgets.piecewise import Piecewise
from crypto.r1cs.wire import Wire, as_wire, linear

Integers = npt.NDArray[Any]  # of Python integers: no width to overflow
Rows = Sequence[Sequence[int]]


class Network(Protocol):
    """A model with its loss: the gradient of a minibatch, written twice.

    A gradient is a sum over the minibatch, one integer for each weight; divided by 2**gradient_fractions it is real.
    """

    weight_count: int
    gradient_fractions: tuple[int, ...]

    def scores(self, weights: Sequence[int], rows: Rows) -> Integers:
        """Integers (n,) whose sign is the class: positive says 1."""

    def gradient(self, weights: Sequence[int], rows: Rows, labels: Sequence[int]) -> tuple[int, ...]:
        """The gradient of the summed loss, in plain integers."""

    def constrain(
        self, cs: Builder, weights: Sequence[Wire], rows: list[list[Wire]], labels: Sequence[Wire]
    ) -> list[Wire]:
        """The same as a circuit, for ranged wires."""


def integers(values: Sequence[Any]) -> Integers:
    """An array whose elements stay Python integers."""
    return np.array(values, dtype=object)


def residuals(table: Piecewise | None, scores: Integers, labels: Sequence[int], label_unit: int) -> Integers:
    """What the model says less what the label says, (n,): table.value(score), or the score itself without a table."""
    said = scores if table is None else integers([table.value(score) for score in scores.tolist()])
    difference: Integers = said - integers(labels) * label_unit
    return difference


def constrain_sums(cs: Builder, columns: Sequence[Sequence[Wire]], factors: Sequence[Wire], one: int) -> list[Wire]:
    """For each column sum_i column_i * factor_i, and at the end one * sum_i factor_i: the gradient of a layer's unit.

    Constraints: one a product.
    """
    sums = dense_private(cs, columns, factors, [as_wire(0)] * len(columns))
    return [*sums, linear((one, factor) for factor in factors)]
