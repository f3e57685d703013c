"""Exact ranges of integer vectors, element by element: why a sum cannot overflow, for any row in range."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from compute.zkml.errors import UnsupportedModel
from compute.zkml.taps import Ints

MAX_ACCUMULATOR_BITS: Final = (
    60  # NumPy's 64-bit integers then hold every sum of the reference, and more than they need
)


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """low <= value <= high, element by element, each (width,)."""

    low: Ints
    high: Ints

    @property
    def width(self) -> int:
        return len(self.low)

    @property
    def bits(self) -> Ints:
        """The least k >= 1 of each element with -2**k < low and high < 2**k."""
        largest = np.maximum(np.maximum(np.abs(self.low), np.abs(self.high)), 1)
        return np.asarray([int(value).bit_length() for value in largest], dtype=np.int64)

    @property
    def widest(self) -> int:
        """`bits` of the widest element."""
        return int(max(abs(int(self.low.min())), abs(int(self.high.max())), 1)).bit_length()

    def pick(self, index: Ints) -> "Bounds":
        return Bounds(self.low[index], self.high[index])


def interval(width: int, low: int, high: int) -> Bounds:
    """One range for all."""
    return Bounds(np.full(width, low, dtype=np.int64), np.full(width, high, dtype=np.int64))


def joined(parts: "list[Bounds]") -> Bounds:
    """Several vectors laid one after the other."""
    return Bounds(np.concatenate([part.low for part in parts]), np.concatenate([part.high for part in parts]))


def magnitude_bits(low: int, high: int) -> int:
    """The least k >= 1 with -2**k < low and high < 2**k."""
    return max(abs(low), abs(high), 1).bit_length()


def require_room(largest: float) -> None:
    """Raises UnsupportedModel where a sum of this magnitude would need more than MAX_ACCUMULATOR_BITS."""
    if largest >= 2.0**MAX_ACCUMULATOR_BITS:
        bits = int(np.ceil(np.log2(largest)))
        raise UnsupportedModel(
            f"an accumulator of {bits} bits",
            f"at most {MAX_ACCUMULATOR_BITS}; quantise to fewer bits or make layers narrower",
        )
