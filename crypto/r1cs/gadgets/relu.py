"""ReLU fused with the rescaling shift that follows a dense layer."""

from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.bits import from_bits, to_bits
from crypto.r1cs.gadgets.equality import is_zero
from crypto.r1cs.gadgets.select import select
from crypto.r1cs.wire import Wire, linear


def relu_shift(cs: Builder, a: Wire, bits: int, shift: int) -> Wire:
    """max(a, 0) >> shift for |a| < 2**bits; result in 0..2**(bits - shift) - 1.

    Constraints: bits + 2. Raises RangeError at build time if a's proven bound exceeds that, or shift is not 0..bits.
    Source: zkml.md, cost model: a + 2**bits in bits + 1 bits, the top one says that a >= 0.
    """
    low, sign = _split(cs, "relu_shift", a, bits)
    return cs.mul(sign, from_bits(low[shift:]))


def relu_shift_saturated(cs: Builder, a: Wire, bits: int, shift: int, out_bits: int) -> Wire:
    """min(max(a, 0) >> shift, 2**out_bits - 1) for |a| < 2**bits; result in 0..2**out_bits - 1.

    Constraints: bits + 5; bits + 3 if only one bit can overflow; bits + 2 if none can. Raises RangeError as relu_shift.
    """
    low, sign = _split(cs, "relu_shift_saturated", a, bits)
    kept, over = low[shift : shift + out_bits], low[shift + out_bits :]
    value = from_bits(kept)
    if over:
        fits = 1 - over[0] if len(over) == 1 else is_zero(cs, linear((1, bit) for bit in over))
        value = select(cs, fits, value, 2**out_bits - 1)
    return cs.mul(sign, value)


def _split(cs: Builder, gadget: str, a: Wire, bits: int) -> tuple[list[Wire], Wire]:
    """The low bits of a + 2**bits and its top bit, which is 1 when a >= 0."""
    a.require(gadget, 1 - 2**bits, 2**bits - 1)
    decomposed = to_bits(cs, a + 2**bits, bits + 1)
    return decomposed[:bits], decomposed[bits]
