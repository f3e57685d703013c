"""A model as floats, in the form that every importer gives it: flat vectors and few operations.

Value 0 is the row, value i + 1 what node i makes of earlier values; the last is the output. Values are (n, width).
Importers keep shapes to themselves: a reshape, a transpose or a slice arrives as a choice of positions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from compute.zkml.taps import Floats, Ints, Taps

CLASSIFICATION: Final = "classification"
REGRESSION: Final = "regression"
SOFTMAX: Final = "softmax"
LOGISTIC: Final = "logistic"
IDENTITY: Final = "identity"
LINKS: Final = (IDENTITY, LOGISTIC, SOFTMAX)
SIGMOID: Final = "sigmoid"
TANH: Final = "tanh"
EVERY: Final = slice(None)


class FloatOperation(Protocol):
    """One step of a float model."""

    def apply(self, values: Sequence[Floats]) -> Floats:
        """Its output (n, width) from its inputs."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """Dense, convolution, average pool, batch normalisation, scaling: sums of products with constants."""

    taps: Taps
    weights: Floats
    bias: Floats

    def apply(self, values: Sequence[Floats]) -> Floats:
        return np.asarray(self.taps.apply(self.weights, self.bias, values[0]), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Gather:
    """Positions of the inputs, laid one after the other: reshape, transpose, slice, concat."""

    index: Ints

    def apply(self, values: Sequence[Floats]) -> Floats:
        return np.concatenate(values, axis=1)[:, self.index]


@dataclass(frozen=True, slots=True)
class Total:
    """sum of coefficient * input, for inputs of one width."""

    coefficients: tuple[float, ...]

    def apply(self, values: Sequence[Floats]) -> Floats:
        total = np.zeros_like(values[0])
        for coefficient, value in zip(self.coefficients, values, strict=True):
            total = total + coefficient * value
        return total


@dataclass(frozen=True, slots=True)
class Relu:
    """max(x, 0)."""

    def apply(self, values: Sequence[Floats]) -> Floats:
        return np.maximum(values[0], 0.0)


@dataclass(frozen=True, slots=True)
class LeakyRelu:
    """x where x >= 0, else slope * x."""

    slope: float

    def apply(self, values: Sequence[Floats]) -> Floats:
        return np.where(values[0] >= 0, values[0], self.slope * values[0])


@dataclass(frozen=True, slots=True)
class Clip:
    """min(max(x, low), high)."""

    low: float
    high: float

    def apply(self, values: Sequence[Floats]) -> Floats:
        return np.clip(values[0], self.low, self.high)


@dataclass(frozen=True, slots=True)
class Curve:
    """A saturating function, approximated in the circuit: sigmoid or tanh."""

    name: str

    def apply(self, values: Sequence[Floats]) -> Floats:
        if self.name == TANH:
            return np.tanh(values[0])
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * values[0])), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class MaxPool:
    """The largest of each window; windows (outputs, size) hold positions, padding repeats one."""

    windows: Ints

    def apply(self, values: Sequence[Floats]) -> Floats:
        return np.asarray(values[0][:, self.windows].max(axis=2), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Decision trees on the row, their leaves summed: (n, outputs).

    Nodes of all trees in one table: at node i, feature[i] <= threshold[i] goes to left[i], else to right[i]; a leaf has
    feature -1 and its row of `leaves` (nodes, outputs). roots names the trees. Before the comparison a value x becomes
    (x - offsets[feature]) / steps[feature], rounded to float32 where `single`, as scikit-learn and ONNX compare.
    """

    roots: Ints
    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    leaves: Floats
    offset: Floats  # (outputs,), added to the sum
    offsets: Floats  # (features,)
    steps: Floats  # (features,)
    single: bool = True

    def compared(self, values: Floats, feature: int | slice = EVERY) -> Floats:
        """What the thresholds meet, of rows (n, features), or of values (n,) of one feature."""
        scaled = (values - self.offsets[feature]) / self.steps[feature]
        return scaled.astype(np.float32).astype(np.float64) if self.single else scaled

    def apply(self, values: Sequence[Floats]) -> Floats:
        compared = self.compared(values[0])
        total = np.tile(self.offset, (len(compared), 1))
        every = np.arange(len(compared))
        for root in self.roots:
            node = np.full(len(compared), root)
            while np.any(inner := self.feature[node] >= 0):
                goes_left = compared[every, np.maximum(self.feature[node], 0)] <= self.threshold[node]
                node = np.where(inner, np.where(goes_left, self.left[node], self.right[node]), node)
            total += self.leaves[node]
        return total


@dataclass(frozen=True, slots=True)
class Node:
    """An operation and the numbers of the values that it reads."""

    operation: FloatOperation
    inputs: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FloatModel:
    """features: width of the row. classes: their names, for a regression none.

    link: what makes probabilities of the outputs (softmax, logistic), read by people and never proven.
    class_only: the model itself says no more than the class (ArgMax at its end).
    layers: a name for each node, for cost reports.
    """

    features: int
    nodes: tuple[Node, ...]
    layers: tuple[str, ...]
    kind: str
    classes: tuple[str, ...]
    link: str
    architecture: str
    class_only: bool = False

    def outputs(self, rows: Floats) -> Floats:
        """The outputs (n, outputs) of raw rows (n, features), before the link."""
        values = [np.asarray(rows, dtype=np.float64)]
        for node in self.nodes:
            values.append(node.operation.apply([values[number] for number in node.inputs]))
        return values[-1]

    def predictions(self, rows: Floats) -> Floats | Ints:
        """Class numbers (n,) of a classifier, or a regressor's outputs (n, outputs)."""
        outputs = self.outputs(rows)
        return classes_of(outputs) if self.kind == CLASSIFICATION else outputs


def classes_of(outputs: Floats | Ints) -> Ints:
    """Class numbers of outputs (n, outputs); a single output says 1 when positive."""
    if outputs.shape[1] == 1:
        return np.asarray(outputs[:, 0] > 0, dtype=np.int64)
    return np.asarray(np.argmax(outputs, axis=1), dtype=np.int64)
