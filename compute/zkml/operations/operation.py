"""What every operation of a quantised model looks like."""

from collections.abc import Sequence
from typing import ClassVar, Final, Protocol

import numpy as np

from compute.zkml.bounds import Bounds
from compute.zkml.taps import Ints
from crypto.r1cs.builder import Builder
from crypto.r1cs.wire import Wire

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
        """The exact range of the output for inputs in these ranges. Raises UnsupportedModel where a sum has no room."""
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
