"""How a row becomes the integers that are committed, and what the first operation of a model reads of them.

Levels: evenly spaced numbers. Thresholds: between which of its trees' thresholds a value lies, so that trees decide as
the float model does, exactly.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from compute.zkml.bounds import Bounds, interval
from compute.zkml.errors import ModelError, NotFinite, RowOutOfRange, WrongRowLength
from compute.zkml.taps import Floats, Ints
from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.bits import assert_range
from crypto.r1cs.gadgets.thermometer import thermometer
from crypto.r1cs.wire import Wire

MAX_BITS: Final = 16


class NotWhole(ModelError):
    """A value with a fraction, for a model that was calibrated on whole numbers; it is refused, never rounded."""

    code = 6169

    def __init__(self, feature: int, value: float) -> None:
        super().__init__(
            f"feature {feature} (the first is 0) is {value!r}; the model takes whole numbers. Give one, or publish a "
            "model whose calibration sample has fractions."
        )
        self.feature, self.value = feature, value


class Encoding(Protocol):
    """From a row to integers of `bits` bits each, one a feature."""

    @property
    def features(self) -> int: ...

    @property
    def bits(self) -> int: ...

    @property
    def tops(self) -> tuple[int, ...]:
        """The largest number of each feature."""
        ...

    def numbers(self, row: Sequence[float]) -> list[int]:
        """A row's integers. Raises WrongRowLength, NotFinite, RowOutOfRange, NotWhole."""
        ...

    def nearest(self, rows: Floats) -> Ints:
        """Integers of rows (n, features); values out of range go to its end. For calibration only."""
        ...

    def bounds(self) -> Bounds:
        """Of what the model reads."""
        ...

    def expand(self, numbers: Ints) -> Ints:
        """What the model reads (n, width) of integers (n, features)."""
        ...

    def cost(self) -> int:
        """Constraints of `constrain`, all of them bits."""
        ...

    def constrain(self, cs: Builder, numbers: Sequence[Wire]) -> tuple[list[Wire], list[Wire]]:
        """Proves the numbers' ranges; the numbers with their bounds, and what the model reads."""
        ...


@dataclass(frozen=True, slots=True)
class Levels:
    """number = round((value - offset) / step), 0..2**bits - 1; the model reads number - zero.

    One offset and step for each feature, or one for all. whole: only levels are taken, nothing between two of them, so
    that no row is rounded.
    """

    features: int
    bits: int
    offsets: tuple[float, ...]
    steps: tuple[float, ...]
    zero: int = 0
    whole: bool = False

    @property
    def tops(self) -> tuple[int, ...]:
        return ((1 << self.bits) - 1,) * self.features

    def numbers(self, row: Sequence[float]) -> list[int]:
        top = (1 << self.bits) - 1
        found = []
        for index, value in enumerate(checked_row(row, self.features)):
            offset, step = self.of(index)
            if not 0 <= (number := round(max(-1.0, min((value - offset) / step, top + 1.0)))) <= top:
                raise RowOutOfRange(index, value, offset, offset + top * step)
            if self.whole and number * step + offset != value:
                raise NotWhole(index, value)
            found.append(number)
        return found

    def of(self, feature: int) -> tuple[float, float]:
        """Offset and step of a feature."""
        offset, step = (values[feature if len(values) > 1 else 0] for values in (self.offsets, self.steps))
        return offset, step

    def nearest(self, rows: Floats) -> Ints:
        scaled = (rows - np.asarray(self.offsets)) / np.asarray(self.steps)
        return np.asarray(np.clip(np.rint(scaled), 0, (1 << self.bits) - 1), dtype=np.int64)

    def bounds(self) -> Bounds:
        return interval(self.features, -self.zero, (1 << self.bits) - 1 - self.zero)

    def expand(self, numbers: Ints) -> Ints:
        return numbers - self.zero

    def cost(self) -> int:
        return self.features * self.bits

    def constrain(self, cs: Builder, numbers: Sequence[Wire]) -> tuple[list[Wire], list[Wire]]:
        ranged = [assert_range(cs, number, self.bits) for number in numbers]
        return ranged, [number - self.zero for number in ranged]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """number = how many of a feature's thresholds lie below the value; the model reads a bit for each threshold.

    Compared is (value - offset) / step, rounded to float32 where `single`, as trees of scikit-learn and ONNX compare.
    thresholds: ascending, for each feature, of single precision where `single`; offsets and steps as for Levels. No
    finite value is out of range.
    """

    thresholds: tuple[tuple[float, ...], ...]
    offsets: tuple[float, ...]
    steps: tuple[float, ...]
    single: bool = True

    @property
    def features(self) -> int:
        return len(self.thresholds)

    @property
    def bits(self) -> int:
        return max(1, max(self.tops).bit_length())

    @property
    def tops(self) -> tuple[int, ...]:
        return tuple(map(len, self.thresholds))

    def numbers(self, row: Sequence[float]) -> list[int]:
        return [int(number) for number in self.nearest(np.asarray([checked_row(row, self.features)]))[0]]

    def nearest(self, rows: Floats) -> Ints:
        with np.errstate(over="ignore"):  # beyond single precision lies beyond every threshold
            scaled = (rows - np.asarray(self.offsets)) / np.asarray(self.steps)
            compared = scaled.astype(np.float32).astype(np.float64) if self.single else scaled
        columns = [np.searchsorted(known, compared[:, i], side="left") for i, known in enumerate(self.thresholds)]
        return np.asarray(np.stack(columns, axis=1), dtype=np.int64)

    def bounds(self) -> Bounds:
        return interval(sum(self.tops), 0, 1)

    def expand(self, numbers: Ints) -> Ints:
        parts = [numbers[:, [i]] > np.arange(top) for i, top in enumerate(self.tops)]
        return np.concatenate(parts, axis=1).astype(np.int64)

    def cost(self) -> int:
        return sum(top + 1 if top > 1 else 1 for top in self.tops)

    def constrain(self, cs: Builder, numbers: Sequence[Wire]) -> tuple[list[Wire], list[Wire]]:
        ranged, bits = [], []
        for number, top in zip(numbers, self.tops, strict=True):
            bits += thermometer(cs, number, top)
            ranged.append(cs.proven(number, 0, top))
        return ranged, bits


def comparable(thresholds: Floats, single: bool) -> Floats:
    """Where `single`, the largest float32 at or below each threshold: a float32 is <= both or neither."""
    if not single:
        return thresholds
    with np.errstate(over="ignore"):
        near = thresholds.astype(np.float32)
    below = np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)
    return np.asarray(below, dtype=np.float64)


def checked_row(row: Sequence[float], features: int) -> list[float]:
    """The row as floats. Raises WrongRowLength, NotFinite."""
    if len(row) != features:
        raise WrongRowLength(features, len(row))
    values = [float(value) for value in row]
    for index, value in enumerate(values):
        if not math.isfinite(value):
            raise NotFinite(f"feature {index} of the row")
    return values
