"""Bit decomposition, which is also the proof that a value is small and not negative."""

from collections.abc import Sequence
from itertools import chain
from typing import Final

from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.errors import RangeError
from crypto.r1cs.program import Hint
from crypto.r1cs.wire import Wire, linear

MAX_BITS: Final = SCALAR_FIELD.bit_length() - 1  # 2**253 < r: one more bit and x + r would be a second decomposition
MAX_SIGNED_BITS: Final = MAX_BITS - 1  # -x for x < 2**252 is above 2**252 in the field, so it cannot pass as small

_MINUS_POWERS: Final = tuple(-1 << i for i in range(MAX_BITS))
_BITS_OF_BYTE: Final = tuple(tuple(byte >> i & 1 for i in range(8)) for byte in range(256))


def to_bits(cs: Builder, a: Wire, count: int) -> list[Wire]:
    """The `count` bits of a, lowest first, which proves 0 <= a < 2**count. Any field element in; each bit 0..1 out.

    Constraints: count (bit 0 is a less the others, no cell of its own); `a == 0` for count = 0.
    Raises RangeError if count > 253: above it a decomposition is not unique (use `field_bits`).
    Source: zkml.md, cost model, n-bit range.
    """
    if not 0 <= count <= MAX_BITS:
        raise RangeError("to_bits", a.bound, (0, 2**MAX_BITS - 1))
    if count == 0:
        cs.assert_equal(a, 0)
        return []
    if count == 1 and a.within(0, 1):
        return [a]
    domain = [(0, 2**count - 1)]
    upper = cs.hint_cells("to_bits", lambda v: bits_of(v[0] >> 1, count - 1), [a], count - 1, domain)
    lowest = Wire({**a.terms, **dict(zip(upper, _MINUS_POWERS[1:count], strict=True))}, a.constant)
    return [cs.assert_bit(lowest), *cs.assert_bits(upper)]


def from_bits(bits: Sequence[Wire]) -> Wire:
    """sum of 2**i * bit_i, at most 253 bits. Constraints: 0. Raises RangeError unless each is proven to be 0..1."""
    for bit in bits:
        bit.require("from_bits", 0, 1)
    value = linear((1 << i, bit) for i, bit in enumerate(bits))
    value.require("from_bits", 0, 2**MAX_BITS - 1)
    return value


def assert_range(cs: Builder, a: Wire, count: int) -> Wire:
    """Proves 0 <= a < 2**count and returns `a` with that bound. Any field element in.

    Constraints: count; none if the bound is already proven. Raises RangeError if count > 253.
    """
    if a.within(0, 2**count - 1):
        return a
    to_bits(cs, a, count)
    return cs.proven(a, 0, 2**count - 1)


def assert_interval(cs: Builder, a: Wire, lo: int, hi: int) -> Wire:
    """Proves lo <= a <= hi and returns `a` with that bound. Any field element in.

    Constraints: n for hi - lo + 1 = 2**n, else 2n with n = bits of hi - lo; none if already proven.
    Raises RangeError if the interval is empty or wider than 2**252.
    """
    if a.within(lo, hi):
        return a
    if not 0 <= hi - lo < 2**MAX_SIGNED_BITS:
        raise RangeError("assert_interval", a.bound, (lo, lo + 2**MAX_SIGNED_BITS - 1))
    count = (hi - lo).bit_length()
    to_bits(cs, a - lo, count)
    if hi - lo + 1 != 1 << count:
        to_bits(cs, hi - a, count)
    return cs.proven(a, lo, hi)


def hint_number(cs: Builder, gadget: str, function: Hint, inputs: Sequence[Wire], count: int) -> Wire:
    """A hinted number of `count` bits, made of bit cells, so its range is proven: 0 <= n < 2**count.

    Constraints: count. Nothing else is proven: tying it to the inputs is the gadget's work.
    """
    if count > MAX_BITS:
        raise RangeError(gadget, None, (0, 2**MAX_BITS - 1))
    cells = cs.hint_cells(gadget, lambda v: bits_of(function(v)[0], count), inputs, count)
    return from_bits(cs.assert_bits(cells))


def bits_of(value: int, count: int) -> list[int]:
    """The lowest `count` bits of a plain integer, lowest first."""
    lowest = (value & (1 << count) - 1).to_bytes((count + 7) // 8, "little")
    return list(chain.from_iterable(map(_BITS_OF_BYTE.__getitem__, lowest)))[:count]
