"""Products and quotients of numbers so wide that their product would wrap around the field: one factor is cut in two.

Where nothing can wrap these are the plain product and `div_rem_wire`, at the plain price.
"""

from collections.abc import Sequence
from typing import Final

from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.errors import DivisionByZero, RangeError
from crypto.r1cs.gadgets.bits import assert_range, hint_number, to_bits
from crypto.r1cs.gadgets.divide import div_rem, div_rem_wire
from crypto.r1cs.wire import Wire, product_bound

LIMB_BITS: Final = 64
MOST_BITS: Final = 2 * LIMB_BITS  # of an operand


def mul_wide(cs: Builder, a: Wire, b: Wire, highest: int) -> Wire:
    """a * b for bounded wires, as an integer that is not yet ranged; one that could wrap is proven to be <= highest.

    Constraints: 1 where a * b cannot wrap; else, for unsigned a, b below 2**128, bits(a) + 2 bits(highest) - 62, which
    is 322 for 128 bits. highest must be all ones then. Raises RangeError.
    """
    if a.bound is None or b.bound is None:
        raise RangeError("mul_wide", a.bound if a.bound is None else b.bound, (0, 2**MOST_BITS - 1))
    if not _product_wraps(a, b):
        return cs.mul(a, b)
    _require_unsigned("mul_wide", a, b)
    bits = highest.bit_length()
    if highest != (1 << bits) - 1 or not LIMB_BITS < bits <= MOST_BITS:
        raise RangeError("mul_wide", (0, highest), (0, 2**MOST_BITS - 1))
    high, low = div_rem(cs, a, 1 << LIMB_BITS)
    above = assert_range(cs, cs.mul(high, b), bits - LIMB_BITS)
    return assert_range(cs, (above * (1 << LIMB_BITS)) + cs.mul(low, b), bits)


def div_rem_wide(cs: Builder, a: Wire, divisor: Wire) -> tuple[Wire, Wire]:
    """(q, r) as `div_rem_wire`, also for a and divisor of up to 128 bits each. A zero divisor has no witness.

    The upper limb of q times the divisor is proven to be below 2**64, so q * divisor < 2**193 and nothing wraps.
    Constraints: those of `div_rem_wire`, where that would do; else 2 + bits(q) + 64 + 2 bits(divisor): 450 for 128.
    Raises RangeError.
    """
    a.require("div_rem_wide", 0, SCALAR_FIELD // 2)
    divisor.require("div_rem_wide", 0, SCALAR_FIELD // 2)
    highest, (low, high) = (a.bound or (0, 0))[1], divisor.bound or (0, 0)
    count, width = (highest // max(low, 1)).bit_length(), high.bit_length()
    if not _quotient_wraps(count, width):
        return div_rem_wire(cs, a, divisor)
    _require_unsigned("div_rem_wide", a, divisor)
    upper = hint_number(cs, "div_rem_wide", lambda v: (_quotient(v) >> LIMB_BITS,), [a, divisor], count - LIMB_BITS)
    lower = hint_number(cs, "div_rem_wide", lambda v: (_quotient(v) % (1 << LIMB_BITS),), [a, divisor], LIMB_BITS)
    above = assert_range(cs, cs.mul(upper, divisor), LIMB_BITS)
    remainder = a - (above * (1 << LIMB_BITS)) - cs.mul(lower, divisor)
    to_bits(cs, remainder, width)
    to_bits(cs, divisor - 1 - remainder, width)
    quotient = (upper * (1 << LIMB_BITS) + lower).bounded(0, highest // max(low, 1))
    return quotient, remainder.bounded(0, high - 1)


def _product_wraps(a: Wire, b: Wire) -> bool:
    return product_bound(a.bound, b.bound) is None


def _quotient_wraps(quotient_bits: int, divisor_bits: int) -> bool:
    """Whether q * divisor + r could pass for another number of the field."""
    return ((1 << quotient_bits) + 1 << divisor_bits) >= SCALAR_FIELD // 2


def _quotient(values: Sequence[int]) -> int:
    if values[1] == 0:
        raise DivisionByZero("div_rem_wide")
    return values[0] // values[1]


def _require_unsigned(gadget: str, *wires: Wire) -> None:
    for wire in wires:
        wire.require(gadget, 0, 2**MOST_BITS - 1)
