"""Linear models in training: weights w[features] and a bias, score = rows @ w + bias.

With a sigmoid this is logistic regression under the log-loss, without one least squares; either way the gradient of the
summed loss is (residual @ rows, one * sum of residuals).
"""

from collections.abc import Sequence

from compute.zkml.training.network import Integers, Rows, constrain_sums, integers, residuals
from compute.zkml.training.shape import DataShape, WeightShape, require
from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.dense import dense_private
from crypto.r1cs.gadgets.piecewise import Piecewise, piecewise_linear
from crypto.r1cs.wire import Wire


class Linear:
    """Logistic regression if `table` is a sigmoid for its scores, linear regression without it."""

    def __init__(self, data: DataShape, weights: WeightShape, table: Piecewise | None) -> None:
        """Raises SpecUnusable if a label has more bits after the point than a score."""
        self.data, self.table = data, table
        score_fraction = weights.fraction + data.input_fraction
        self.residual_fraction = score_fraction if table is None else table.output_bits
        require("label_fraction", data.label_fraction, 0, self.residual_fraction)
        self.weight_count = data.features + 1
        self.gradient_fractions = (self.residual_fraction + data.input_fraction,) * self.weight_count

    def scores(self, weights: Sequence[int], rows: Rows) -> Integers:
        """(n,), of weight fraction + input fraction bits after the point."""
        scores: Integers = integers(rows) @ integers(weights[:-1]) + weights[-1] * self.data.one
        return scores

    def gradient(self, weights: Sequence[int], rows: Rows, labels: Sequence[int]) -> tuple[int, ...]:
        """(features + 1,)."""
        errors = residuals(self.table, self.scores(weights, rows), labels, self._label_unit)
        return (*(errors @ integers(rows)).tolist(), self.data.one * sum(errors.tolist()))

    def constrain(
        self, cs: Builder, weights: Sequence[Wire], rows: list[list[Wire]], labels: Sequence[Wire]
    ) -> list[Wire]:
        """Constraints: 2 a feature of each row, and for logistic regression a sigmoid a row."""
        bias = weights[-1] * self.data.one
        errors = []
        for row, label in zip(rows, labels, strict=True):
            with cs.scope("forward"):
                (said,) = dense_private(cs, [weights[:-1]], row, [bias])
            with cs.scope("sigmoid"):
                if self.table is not None:
                    said = piecewise_linear(cs, said, self.table)
                errors.append(said - label * self._label_unit)
        with cs.scope("backward"):
            return constrain_sums(cs, list(zip(*rows, strict=True)), errors, self.data.one)

    @property
    def _label_unit(self) -> int:
        """What one unit of a label is in units of a residual."""
        return 1 << self.residual_fraction - self.data.label_fraction
