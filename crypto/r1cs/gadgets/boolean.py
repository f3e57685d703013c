"""Bits: 0 or 1, and logic on them."""

from crypto.r1cs.builder import Builder
from crypto.r1cs.wire import Wire


def assert_boolean(cs: Builder, a: Wire) -> Wire:
    """Proves a * (a - 1) = 0 and returns `a` bounded to 0..1. Any field element in.

    Constraints: 1; none if a is already proven to be 0..1.
    """
    if a.within(0, 1):
        return a
    return cs.assert_bit(a)


def logical_not(a: Wire) -> Wire:
    """1 - a for a bit. Constraints: 0. Raises RangeError unless a is proven to be 0..1."""
    a.require("logical_not", 0, 1)
    return 1 - a


def logical_and(cs: Builder, a: Wire, b: Wire) -> Wire:
    """a * b for bits; result 0..1. Constraints: 1. Raises RangeError unless both are proven to be 0..1."""
    a.require("logical_and", 0, 1)
    b.require("logical_and", 0, 1)
    return cs.mul(a, b)


def logical_or(cs: Builder, a: Wire, b: Wire) -> Wire:
    """a + b - a * b for bits; result 0..1. Constraints: 1. Raises RangeError unless both are proven to be 0..1."""
    return (a + b - logical_and(cs, a, b)).bounded(0, 1)


def logical_xor(cs: Builder, a: Wire, b: Wire) -> Wire:
    """a + b - 2 a b for bits; result 0..1. Constraints: 1. Raises RangeError unless both are proven to be 0..1."""
    return (a + b - 2 * logical_and(cs, a, b)).bounded(0, 1)
