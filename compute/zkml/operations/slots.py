"""Secret sums that read the same inputs, several in one field element: one product serves all of them.

With X = 2**bits, (sum of X**i weight_i) input is the sum of X**i (weight_i input). A slot has room for whatever its
output can be, so nothing carries over, and the bits of the total are the outputs' bits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from compute.zkml.bounds import Bounds
from compute.zkml.operations.operation import span_bits
from compute.zkml.taps import Taps
from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.bits import MAX_SIGNED_BITS, from_bits, to_bits
from crypto.r1cs.gadgets.products import products
from crypto.r1cs.wire import Wire, linear

ROOM: Final = MAX_SIGNED_BITS  # bits of all slots together


@dataclass(frozen=True, slots=True)
class Slots:
    """Numbers of outputs whose sums share an element, the lowest slot first; bits: of each slot."""

    outputs: tuple[int, ...]
    bits: int

    @property
    def all_bits(self) -> int:
        return len(self.outputs) * self.bits


@dataclass(frozen=True, slots=True)
class Offset:
    """What is added to an output, and what the output cannot leave whatever its ranged weights are."""

    wire: Wire
    low: int
    high: int


def slots(taps: Taps, bounds: Bounds) -> list[Slots]:
    """Outputs that share an element, where that takes fewer constraints than each alone: a product for each input that
    they read and the slots' bits, instead of a product for each input of each. bounds: of the outputs."""
    starts, spans, alike = taps.starts.tolist(), span_bits(bounds.low, bounds.high), dict[bytes, list[int]]()
    for output, (start, end) in enumerate(pairwise(starts)):
        alike.setdefault(taps.columns[start:end].tobytes(), []).append(output)
    found = []
    for outputs in alike.values():
        bits = max(1, int(spans[outputs].max()))
        reads, most = starts[outputs[0] + 1] - starts[outputs[0]], max(1, ROOM // bits)
        for start in range(0, len(outputs), most):
            group = Slots(tuple(outputs[start : start + most]), bits)
            if reads + group.all_bits < reads * len(group.outputs):
                found.append(group)
    return found


def slotted_sums(
    cs: Builder, bits: int, weights: Sequence[Sequence[Wire]], values: Sequence[Wire], offsets: Sequence[Offset]
) -> list[Wire]:
    """offset + sum of weight * value for each output; weights (values, outputs), all wires bounded.

    bits: of a slot, more than any output's range; all slots have ROOM. Constraints: one a value, and bits an output.
    """
    places = range(0, bits * len(offsets), bits)
    packed = [linear((1 << place, weight) for place, weight in zip(places, row, strict=True)) for row in weights]
    made = products(cs, packed, values)
    shifts = [(1 << place, offset.wire) for place, offset in zip(places, offsets, strict=True)]
    lowest = sum(offset.low << place for place, offset in zip(places, offsets, strict=True))
    total = linear([*((1, product) for product in made), *shifts], -lowest)
    found = to_bits(cs, total, bits * len(offsets))
    return [
        cs.proven(from_bits(found[place : place + bits]) + offset.low, offset.low, offset.high)
        for place, offset in zip(places, offsets, strict=True)
    ]
