"""What every operation of a quantised model looks like."""

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar, Final, Protocol

import numpy as np

from compute.zkml.bounds import Bounds
from compute.zkml.errors import BrokenStep
from compute.zkml.taps import Ints
from crypto.r1cs.builder import Builder
from crypto.r1cs.wire import Wire

Cost = Counter[int]  # constraints by the width, in bits, of the wire that each makes; 1 for bits

NOTHING: Final[Ints] = np.zeros(0, dtype=np.int64)


class Operation(Protocol):
    """One step, on flat vectors of integers. What `evaluate` says and what `constrain` proves are equal bit for bit.

    kind: its name in model files, for ever. secrets: the weights that are committed to instead of standing in the
    circuit, empty for most; `limits` says (bits, offset) for each: secret + offset lies in 0..2**bits - 1.
    """

    kind: ClassVar[str]

    @property
    def secrets(self) -> Ints: ...

    @property
    def limits(self) -> tuple[tuple[int, int, int], ...]:
        """Runs of secrets as (count, bits, offset), in their order."""
        ...

    def bounds(self, inputs: Sequence[Bounds]) -> Bounds:
        """The exact range of the output for inputs in these ranges.

        Raises UnsupportedModel where a sum has no room, BrokenStep where the step is none of its kind.
        """
        ...

    def cost(self, inputs: Sequence[Bounds]) -> Cost:
        """What `constrain` will cost for inputs in these ranges, known without building anything."""
        ...

    def evaluate(self, inputs: Sequence[Ints]) -> Ints:
        """The integer reference: (n, width) from inputs (n, width)."""
        ...

    def constrain(self, cs: Builder, inputs: Sequence[Sequence[Wire]], secrets: Sequence[Wire]) -> list[Wire]:
        """The same as a circuit; each wire comes back with the bound that `bounds` says."""
        ...


class Open:
    """An operation without committed weights."""

    __slots__ = ()

    @property
    def secrets(self) -> Ints:
        return NOTHING

    @property
    def limits(self) -> tuple[tuple[int, int, int], ...]:
        return ()


def require(kind: str, holds: bool | np.bool_, rule: str) -> None:
    """Raises BrokenStep unless a rule of the kind holds."""
    if not holds:
        raise BrokenStep(kind, rule)


def single(kind: str, inputs: Sequence[Bounds]) -> Bounds:
    """The one input of an operation that takes no more. Raises BrokenStep."""
    require(kind, len(inputs) == 1, "one input")
    return inputs[0]


def require_positions(kind: str, index: Ints, count: int, what: str) -> None:
    """Raises BrokenStep unless all of `index` are positions among `count`: NumPy would take -1 for the last."""
    require(kind, not index.size or (index.min() >= 0 and index.max() < count), f"{what} below {count}")


def tally(width: Ints, count: Ints) -> Cost:
    """count[i] constraints that make wires of width[i] bits."""
    cost: Cost = Counter()
    for bits, number in zip(width.tolist(), count.tolist(), strict=True):
        if number > 0:
            cost[bits] += number
    return cost


def span_bits(low: Ints, high: Ints) -> Ints:
    """Bits of high - low, element by element; 0 where they are equal."""
    return np.asarray([int(value).bit_length() for value in high - low], dtype=np.int64)
