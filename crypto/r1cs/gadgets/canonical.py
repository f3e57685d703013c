"""Bit decompositions of full-width values: unique, where plain bits of 254 places would allow x and x + r."""

from typing import Final

from crypto.babyjubjub import SUBORDER
from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.errors import RangeError
from crypto.r1cs.wire import Wire, as_wire, linear

FIELD_BITS: Final = SCALAR_FIELD.bit_length()
SCALAR_BITS: Final = SUBORDER.bit_length()


def bits_at_most(cs: Builder, a: Wire, highest: int) -> list[Wire]:
    """The bits of a, lowest first, as many as `highest` has, proving 0 <= a <= highest. Any field element in; bits out.

    From the top down, `equal` says that all bits so far are those of `highest`: where it has a one, equal &= bit; where
    it has a zero, bit * (1 - bit - equal) = 0 makes the bit boolean, and zero while equal still holds.
    Constraints: bits of highest, and one for each but the first of its ones above its lowest zero.
    Raises RangeError unless 0 < highest < r. Source: Zcash protocol specification, A.3.2.2, range check.
    """
    if not 0 < highest < SCALAR_FIELD:
        raise RangeError("bits_at_most", a.bound, (0, SCALAR_FIELD - 1))
    count = highest.bit_length()
    upper = cs.hint("bits_at_most", lambda v: [v[0] >> i & 1 for i in range(1, count)], [a], count - 1, [(0, highest)])
    lowest = linear([(1, a), *((-1 << i, bit) for i, bit in enumerate(upper, start=1))])
    bits = [lowest, *upper]
    lowest_zero = (~highest & highest + 1).bit_length() - 1
    equal = as_wire(1)
    for place in reversed(range(count)):
        if highest >> place & 1:
            cs.constrain(bits[place], bits[place] - 1, 0)
            bits[place] = cs.proven(bits[place], 0, 1)
            if place > lowest_zero:
                equal = cs.mul(equal, bits[place])
        else:
            cs.constrain(bits[place], 1 - bits[place] - equal, 0)
            bits[place] = cs.proven(bits[place], 0, 1)
    return bits


def field_bits(cs: Builder, a: Wire) -> list[Wire]:
    """The 254 bits of any field element, lowest first, the only ones there are. Constraints: 353."""
    return bits_at_most(cs, a, SCALAR_FIELD - 1)


def scalar_bits(cs: Builder, a: Wire) -> list[Wire]:
    """The 251 bits of a BabyJubJub scalar, proving a < SUBORDER, so that no other scalar is the same key.

    Any field element in; bits out. Constraints: 364.
    """
    return bits_at_most(cs, a, SUBORDER - 1)
