"""Which inputs each output sums, and with which weight: dense, convolution, pooling and scaling alike.

Weights are shared by number, as a convolution shares its kernel: a committed model commits to each weight once.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Taps:
    """output i = bias[bias_of[i]] + sum of weights[weight_of[k]] * input[columns[k]] for k in starts[i]..starts[i + 1].

    starts (outputs + 1,), columns and weight_of (taps,), bias_of (outputs,); `inputs` is the width of the input.
    """

    inputs: int
    starts: Ints
    columns: Ints
    weight_of: Ints
    bias_of: Ints

    @property
    def outputs(self) -> int:
        return len(self.bias_of)

    @property
    def count(self) -> int:
        """Multiply-accumulates."""
        return len(self.columns)

    @property
    def rows(self) -> Ints:
        """The output that each tap belongs to (taps,)."""
        return np.repeat(np.arange(self.outputs, dtype=np.int64), np.diff(self.starts))

    @property
    def is_diagonal(self) -> bool:
        """Whether each output reads one input alone."""
        return bool(np.all(np.diff(self.starts) == 1))

    def matrix(self, weights: Numbers) -> Any:
        """The (outputs, inputs) matrix, sparse."""
        shape = (self.outputs, self.inputs)
        return sparse.csr_matrix((weights[self.weight_of], self.columns, self.starts), shape=shape)

    def apply(self, weights: Numbers, bias: Numbers, values: Numbers) -> Numbers:
        """The outputs (n, outputs) for values (n, inputs); exact for integers that do not overflow."""
        product: Numbers = (self.matrix(weights) @ values.T).T
        return product + bias[self.bias_of]

    def picked(self, index: Ints, width: int) -> "Taps":
        """The same outputs where the input is `wider[index]` of a wider input."""
        return Taps(width, self.starts, index[self.columns], self.weight_of, self.bias_of)

    def chosen(self, index: Ints) -> "Taps":
        """The outputs of these numbers, in this order."""
        lengths = np.diff(self.starts)[index]
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        within = np.arange(starts[-1], dtype=np.int64) - np.repeat(starts[:-1], lengths)
        taps = np.repeat(self.starts[:-1][index], lengths) + within
        return Taps(self.inputs, starts, self.columns[taps], self.weight_of[taps], self.bias_of[index])


def dense_taps(outputs: int, inputs: int) -> Taps:
    """A full matrix, weight number = output * inputs + input, a bias for each output."""
    starts = np.arange(outputs + 1, dtype=np.int64) * inputs
    columns = np.tile(np.arange(inputs, dtype=np.int64), outputs)
    numbers = np.arange(outputs * inputs, dtype=np.int64)
    return Taps(inputs, starts, columns, numbers, np.arange(outputs, dtype=np.int64))


def diagonal_taps(width: int) -> Taps:
    """One input an output, with a weight and a bias of its own."""
    numbers = np.arange(width, dtype=np.int64)
    return Taps(width, np.arange(width + 1, dtype=np.int64), numbers, numbers, numbers)


def shared(values: Numbers, *numbers: Ints) -> tuple[Ints, Numbers]:
    """New numbers for entries that agree in all the old `numbers`, and the value of each: (number of each, values)."""
    if not len(values):
        return np.zeros(0, dtype=np.int64), values
    keys = np.stack(numbers, axis=1)
    _, first, number = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return number.reshape(-1).astype(np.int64), values[first]
