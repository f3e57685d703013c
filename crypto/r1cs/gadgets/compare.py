"""Order of bounded integers. Unbounded wires are refused: in a field nothing is less than anything."""

from crypto.r1cs.builder import Builder
from crypto.r1cs.errors import RangeError
from crypto.r1cs.gadgets.bits import MAX_SIGNED_BITS, to_bits
from crypto.r1cs.wire import Wire, as_wire


def is_non_negative(cs: Builder, a: Wire, bits: int) -> Wire:
    """1 if a >= 0, else 0, for -2**bits <= a < 2**bits; 0..1 out: the top bit of a + 2**bits.

    Constraints: bits + 1. Raises RangeError at build time if a's proven bound exceeds that.
    """
    a.require("is_non_negative", -(2**bits), 2**bits - 1)
    return to_bits(cs, a + 2**bits, bits + 1)[bits]


def less_than(cs: Builder, a: Wire | int, b: Wire | int, bits: int) -> Wire:
    """1 if a < b, else 0, for a, b in 0..2**bits - 1; 0..1 out. Constraints: bits + 1. Raises RangeError."""
    left, right = _numbers("less_than", a, b, bits)
    return 1 - is_non_negative(cs, left - right, bits)


def less_or_equal(cs: Builder, a: Wire | int, b: Wire | int, bits: int) -> Wire:
    """1 if a <= b, else 0, for a, b in 0..2**bits - 1; 0..1 out. Constraints: bits + 1. Raises RangeError."""
    left, right = _numbers("less_or_equal", a, b, bits)
    return is_non_negative(cs, right - left, bits)


def assert_less_or_equal(cs: Builder, a: Wire | int, b: Wire | int, bits: int) -> None:
    """Proves a <= b for a, b in 0..2**bits - 1. Constraints: bits. Raises RangeError."""
    left, right = _numbers("assert_less_or_equal", a, b, bits)
    to_bits(cs, right - left, bits)


def assert_less_than(cs: Builder, a: Wire | int, b: Wire | int, bits: int) -> None:
    """Proves a < b for a, b in 0..2**bits - 1. Constraints: bits. Raises RangeError."""
    left, right = _numbers("assert_less_than", a, b, bits)
    to_bits(cs, right - left - 1, bits)


def _numbers(gadget: str, a: Wire | int, b: Wire | int, bits: int) -> tuple[Wire, Wire]:
    left, right = as_wire(a), as_wire(b)
    if bits > MAX_SIGNED_BITS:
        raise RangeError(gadget, left.bound, (0, 2**MAX_SIGNED_BITS - 1))
    left.require(gadget, 0, 2**bits - 1)
    right.require(gadget, 0, 2**bits - 1)
    return left, right
