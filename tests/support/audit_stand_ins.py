"""To audit a circuit around hash and curve: cheap stand-ins for them, and a sample of the real circuit's cells."""

from collections.abc import Iterator, Sequence
from itertools import islice

from crypto.r1cs.audit.system import System
from crypto.r1cs.builder import Builder, Value
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.gadgets.babyjubjub import PointWire
from crypto.r1cs.wire import Wire, as_wire, linear


class Sampled(System):
    """A circuit of which only every `step`-th cell is tried."""

    def __init__(self, circuit: Circuit, step: int) -> None:
        super().__init__(circuit)
        self._step = step

    @property
    def free(self) -> Iterator[int]:
        return islice(super().free, 0, None, self._step)


def cheap_hash(cs: Builder, inputs: Sequence[Value], tag: int = 0) -> Wire:
    """Instead of Poseidon."""
    mixed = linear(((weight, as_wire(value)) for weight, value in enumerate(inputs, start=2)), tag)
    return cs.mul(cs.mul(mixed, mixed), mixed)


def cheap_multiple(cs: Builder, bits: Sequence[Wire], point: PointWire) -> PointWire:
    """Instead of a scalar multiplication."""
    scalar = linear((3**place, bit) for place, bit in enumerate(bits))
    return PointWire(cs.mul(scalar, point.x + 1), cs.mul(scalar, point.y + 2))
