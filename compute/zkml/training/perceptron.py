"""A multilayer perceptron in training: one hidden layer of ReLU units, one sigmoid output.

Weights in order: hidden layer by unit (features each, then its bias), then the output's (hidden, bias).
hidden_k = max(score_k, 0) >> shift; the gradient passes where score_k >= 0.
"""

from collections.abc import Sequence

import numpy as np

from compute.zkml.training.network import Integers, Rows, constrain_sums, integers, residuals
from compute.zkml.training.spec import StepSpec
from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.bits import from_bits, to_bits
from crypto.r1cs.gadgets.dense import dense_private
from crypto.r1cs.gadgets.piecewise import piecewise_linear
from crypto.r1cs.wire import Wire


class Perceptron:
    """Forward and backward pass, exact but for the one shift of hidden values."""

    def __init__(self, spec: StepSpec) -> None:
        """Raises PiecewiseShape."""
        self.data, self.hidden = spec.data, spec.hidden
        self.one = 1 << spec.hidden_fraction  # the hidden value that stands for 1
        self.shift = spec.weights.fraction + spec.data.input_fraction - spec.hidden_fraction
        self.table = spec.sigmoid.table(spec.weights.fraction + spec.hidden_fraction)
        self.weight_count = self.hidden * (self.data.features + 2) + 1
        inner = spec.sigmoid.output_bits + spec.weights.fraction + spec.data.input_fraction
        outer = spec.sigmoid.output_bits + spec.hidden_fraction
        self.gradient_fractions = (inner,) * (self.hidden * (self.data.features + 1)) + (outer,) * (self.hidden + 1)

    def scores(self, weights: Sequence[int], rows: Rows) -> Integers:
        """(n,), of weight fraction + hidden fraction bits after the point."""
        return self._outputs(weights, np.maximum(self._inner_scores(weights, rows), 0) >> self.shift)

    def gradient(self, weights: Sequence[int], rows: Rows, labels: Sequence[int]) -> tuple[int, ...]:
        """(hidden * (features + 2) + 1,), in the order of the weights."""
        inner = self._inner_scores(weights, rows)
        values = np.maximum(inner, 0) >> self.shift
        errors = residuals(self.table, self._outputs(weights, values), labels, 1 << self.table.output_bits)
        passed = np.where(inner >= 0, 1, 0).astype(object)
        blame = passed * np.outer(errors, integers(weights[-self.hidden - 1 : -1]))  # (n, hidden)
        hidden = np.column_stack((blame.T @ integers(rows), blame.sum(axis=0) * self.data.one))
        return (*hidden.ravel().tolist(), *(errors @ values).tolist(), self.one * sum(errors.tolist()))

    def constrain(
        self, cs: Builder, weights: Sequence[Wire], rows: list[list[Wire]], labels: Sequence[Wire]
    ) -> list[Wire]:
        """Constraints: 2 hidden (features + 2) products a row and hidden more, ReLU a unit and a sigmoid a row."""
        outer = list(weights[-self.hidden - 1 : -1])
        values: list[list[Wire]] = []
        blame: list[list[Wire]] = []
        errors: list[Wire] = []
        for row, label in zip(rows, labels, strict=True):
            hidden, signs = self._constrain_hidden(cs, weights, row)
            with cs.scope("output"):
                (score,) = dense_private(cs, [outer], hidden, [weights[-1] * self.one])
            with cs.scope("sigmoid"):
                error = piecewise_linear(cs, score, self.table) - label * (1 << self.table.output_bits)
            with cs.scope("backward"):
                blame.append([cs.mul(sign, cs.mul(error, w)) for sign, w in zip(signs, outer, strict=True)])
            values.append(hidden)
            errors.append(error)
        with cs.scope("backward"):
            columns = list(zip(*rows, strict=True))
            gradient = [
                total for unit in zip(*blame, strict=True) for total in constrain_sums(cs, columns, unit, self.data.one)
            ]
            return gradient + constrain_sums(cs, list(zip(*values, strict=True)), errors, self.one)

    def _inner_scores(self, weights: Sequence[int], rows: Rows) -> Integers:
        """(n, hidden)."""
        layer = integers(weights[: -self.hidden - 1]).reshape(self.hidden, self.data.features + 1)
        scores: Integers = integers(rows) @ layer[:, :-1].T + layer[:, -1] * self.data.one
        return scores

    def _outputs(self, weights: Sequence[int], values: Integers) -> Integers:
        scores: Integers = values @ integers(weights[-self.hidden - 1 : -1]) + weights[-1] * self.one
        return scores

    def _constrain_hidden(self, cs: Builder, weights: Sequence[Wire], row: list[Wire]) -> tuple[list[Wire], list[Wire]]:
        """Hidden values of a row and the bits that say which scores are not negative."""
        step = self.data.features + 1
        units = [weights[unit * step : (unit + 1) * step] for unit in range(self.hidden)]
        with cs.scope("forward"):
            biases = [unit[-1] * self.data.one for unit in units]
            scores = dense_private(cs, [unit[:-1] for unit in units], row, biases)
        values, signs = [], []
        with cs.scope("relu"):
            for score in scores:
                low, high = score.bound or (0, 0)
                width = max(-low, high).bit_length()
                bits = to_bits(cs, score + (1 << width), width + 1)
                signs.append(bits[width])
                values.append(cs.mul(bits[width], from_bits(bits[self.shift : width])))
        return values, signs
