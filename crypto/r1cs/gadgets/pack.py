"""Packing of small numbers into field elements, as `crypto.poseidon.pack_bytes` does outside of a circuit."""

from collections.abc import Sequence

from crypto.poseidon import PACKED_BITS
from crypto.r1cs.wire import Wire, linear


def pack(values: Sequence[Wire], bits: int) -> list[Wire]:
    """floor(253 / bits) numbers to an element, the first lowest. Constraints: 0.

    Raises RangeError unless each value is already proven to lie in 0..2**bits - 1: packed before ranging, two rows
    could share one packing.
    """
    for value in values:
        value.require("pack", 0, 2**bits - 1)
    step = PACKED_BITS // bits
    return [
        linear((1 << bits * i, value) for i, value in enumerate(values[start : start + step]))
        for start in range(0, len(values), step)
    ]
