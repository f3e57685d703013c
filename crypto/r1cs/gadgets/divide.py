"""Division with remainder and the rescaling of fixed-point numbers. Quotient and remainder are both ranged."""

from collections.abc import Sequence

from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.errors import DivisionByZero, RangeError
from crypto.r1cs.gadgets.bits import hint_number, to_bits
from crypto.r1cs.wire import Wire


def div_rem(cs: Builder, a: Wire, divisor: int) -> tuple[Wire, Wire]:
    """(q, r) with a = q * divisor + r, 0 <= r < divisor: floor division, as Python's and NumPy's, also for a < 0.

    A bounded wire in; q bounded by a's bound divided, r in 0..divisor - 1. The remainder is a - q * divisor, no cell.
    Constraints: bits(q) + bits(divisor - 1), and bits(divisor - 1) again unless divisor is a power of two, with bits(q)
    those of the quotient's span. Raises RangeError if a is unbounded, divisor < 1, or the quotient could wrap.
    """
    if a.bound is None or divisor < 1:
        raise RangeError("div_rem", a.bound, (0, SCALAR_FIELD // 2))
    low, high = a.bound[0] // divisor, a.bound[1] // divisor
    count = (high - low).bit_length()
    _require_no_wrap(a, count, divisor)
    offset = a - low * divisor
    quotient = hint_number(cs, "div_rem", lambda v: (v[0] // divisor,), [offset], count)
    remainder = _assert_remainder(cs, offset - quotient * divisor, divisor)
    return (quotient + low).bounded(low, high), remainder


def div_rem_wire(cs: Builder, a: Wire, divisor: Wire) -> tuple[Wire, Wire]:
    """(q, r) with a = q * divisor + r, 0 <= r < divisor, for a >= 0 and a divisor that is not negative.

    Bounded wires in; q in 0..a's bound, r below the divisor's bound. A zero divisor has no witness.
    Constraints: 1 + bits(q) + 2 bits(divisor). Raises RangeError if a bound is missing or negative, or could wrap.
    """
    a.require("div_rem_wire", 0, SCALAR_FIELD // 2)
    divisor.require("div_rem_wire", 0, SCALAR_FIELD // 2)
    if divisor.within(0, 0):
        raise RangeError("div_rem_wire", divisor.bound, (1, SCALAR_FIELD // 2))
    highest = (a.bound or (0, 0))[1]
    low, high = divisor.bound or (0, 0)
    largest = highest // max(low, 1)
    count, width = largest.bit_length(), high.bit_length()
    _require_no_wrap(a, count, 2**width)

    quotient = hint_number(cs, "div_rem_wire", _quotient, [a, divisor], count)
    remainder = a - cs.mul(quotient, divisor)
    to_bits(cs, remainder, width)
    to_bits(cs, divisor - 1 - remainder, width)
    return quotient.bounded(0, largest), remainder.bounded(0, high - 1)


def shift_right(cs: Builder, a: Wire, shift: int, rounded: bool = False) -> Wire:
    """a >> shift (floor), or (a + 2**(shift - 1)) >> shift if rounded: half goes up. A bounded wire in.

    Constraints: bits(a's span >> shift) + shift; 0 for shift = 0. Raises RangeError if a is unbounded.
    """
    if shift == 0:
        return a
    return div_rem(cs, a + (1 << shift - 1 if rounded else 0), 1 << shift)[0]


def _quotient(values: Sequence[int]) -> tuple[int]:
    if values[1] == 0:
        raise DivisionByZero("div_rem_wire")
    return (values[0] // values[1],)


def _assert_remainder(cs: Builder, remainder: Wire, divisor: int) -> Wire:
    width = (divisor - 1).bit_length()
    to_bits(cs, remainder, width)
    if divisor != 1 << width:
        to_bits(cs, divisor - 1 - remainder, width)
    return remainder.bounded(0, divisor - 1)


def _require_no_wrap(a: Wire, quotient_bits: int, divisor: int) -> None:
    """q * d + r must stay below the field for every q and r in range, or a second pair would satisfy the equation."""
    if (1 << quotient_bits) * divisor + divisor >= SCALAR_FIELD // 2:
        raise RangeError("div_rem", a.bound, (0, SCALAR_FIELD // (4 * divisor)))
