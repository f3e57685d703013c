"""What a name in an ONNX graph may stand for while it is imported, for one row."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from compute.zkml.errors import ModelError
from compute.zkml.taps import Ints

Constant = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """A tensor made from the row: where in value number `value` each of its elements stands.

    positions has the tensor's shape, so that a reshape, a transpose or a slice moves positions and computes nothing.
    """

    value: int
    positions: Ints

    @property
    def shape(self) -> tuple[int, ...]:
        return self.positions.shape

    def at(self, positions: Ints) -> "Computed":
        return Computed(self.value, positions)


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What `link` makes of scores (a Softmax, a Sigmoid, a classifier's second output): read by people, never proven.

    pair: shown as two columns, of a single score s: (-s, s) before the link, (1 - p, p) after a logistic one.
    operator and node made it, for refusals where it is not at the end.
    """

    scores: Computed
    link: str
    operator: str
    node: str
    classes: tuple[str, ...] = ()
    pair: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, 2) if self.pair else self.scores.shape


@dataclass(frozen=True, slots=True, eq=False)
class Complement:
    """1 - p of a single probability, as exporters write the other class."""

    scored: Scored

    @property
    def shape(self) -> tuple[int, ...]:
        return self.scored.shape


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """The class that the scores say; only an output may read it."""

    scored: Scored


@dataclass(frozen=True, slots=True, eq=False)
class Refused:
    """What cannot be imported; it matters only when the output needs it."""

    error: ModelError


Tensor = Constant | Computed | Scored | Complement | Label | Refused


def laid_out(value: int, shape: tuple[int, ...]) -> Computed:
    """A whole value, as a tensor of this shape."""
    return Computed(value, np.arange(prod(shape), dtype=np.int64).reshape(shape))
