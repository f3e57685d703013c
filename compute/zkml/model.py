"""A quantised model: integers only, the same numbers for the circuit and for the NumPy reference.

Sums cannot overflow: what every value can reach follows from the range of the inputs, and is computed at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from compute.zkml.bounds import Bounds
from compute.zkml.encoding import Encoding
from compute.zkml.errors import WrongRowLength
from compute.zkml.operations.operation import Operation
from compute.zkml.taps import Ints
from crypto.r1cs.builder import Builder
from crypto.r1cs.wire import Wire


@dataclass(frozen=True, slots=True)
class Step:
    """An operation and the numbers of the values that it reads; 0 is what the encoding gives. layer: for reports."""

    operation: Operation
    inputs: tuple[int, ...]
    layer: str


@dataclass(frozen=True, slots=True, eq=False)
class QuantisedModel:
    """Value 0 is the encoded row, value i + 1 what step i makes of earlier values; the last is the output.

    Raises UnsupportedModel when it is made, if a sum has no room.
    """

    encoding: Encoding
    steps: tuple[Step, ...]
    ranges: tuple[Bounds, ...] = field(init=False)  # of every value

    def __post_init__(self) -> None:
        ranges = [self.encoding.bounds()]
        for step in self.steps:
            ranges.append(step.operation.bounds([ranges[number] for number in step.inputs]))
        object.__setattr__(self, "ranges", tuple(ranges))

    @property
    def features(self) -> int:
        return self.encoding.features

    @property
    def outputs(self) -> int:
        return self.ranges[-1].width

    @property
    def output_offset(self) -> int:
        """What is added to an output so that it cannot be negative: 0 or 2**(output_bits - 1)."""
        return 1 << self.ranges[-1].widest if int(self.ranges[-1].low.min()) < 0 else 0

    @property
    def output_bits(self) -> int:
        """Bits of an output plus its offset: it then lies in 0..2**output_bits - 1."""
        return self.ranges[-1].widest + (1 if self.output_offset else 0)

    @property
    def secrets(self) -> Ints:
        """The committed weights of all steps, in order; empty where all weights stand in the circuit."""
        return np.concatenate([np.zeros(0, dtype=np.int64), *(step.operation.secrets for step in self.steps)])

    @property
    def limits(self) -> tuple[tuple[int, int, int], ...]:
        """Runs of secrets as (count, bits, offset)."""
        return tuple(run for step in self.steps for run in step.operation.limits)

    @property
    def committed(self) -> bool:
        """Whether weights are committed to instead of standing in the circuit."""
        return bool(self.limits)

    def logits(self, row: Sequence[int]) -> list[int]:
        """The integer reference for one encoded row, exact. Raises WrongRowLength."""
        if len(row) != self.features:
            raise WrongRowLength(self.features, len(row))
        return [int(value) for value in self.logits_of(np.asarray([row], dtype=np.int64))[0]]

    def logits_of(self, rows: Ints) -> Ints:
        """The integer reference for encoded rows (n, features): outputs (n, outputs)."""
        values = [self.encoding.expand(rows)]
        for step in self.steps:
            values.append(step.operation.evaluate([values[number] for number in step.inputs]))
        return values[-1]

    def constrain(self, cs: Builder, read: Sequence[Wire], secrets: Sequence[Wire]) -> Sequence[Wire]:
        """The same as a circuit, from what the encoding read; secrets are ranged wires in the order of `secrets`."""
        values: list[Sequence[Wire]] = [read]
        used = 0
        for step in self.steps:
            own = sum(count for count, _, _ in step.operation.limits)
            with cs.scope(step.layer):
                inputs = [values[number] for number in step.inputs]
                values.append(step.operation.constrain(cs, inputs, secrets[used : used + own]))
            used += own
        return values[-1]


def predicted_class(logits: Sequence[int]) -> int:
    """The class of integer outputs: the first largest; for a single one, 1 when it is positive."""
    if len(logits) == 1:
        return int(logits[0] > 0)
    return max(range(len(logits)), key=lambda index: (logits[index], -index))
