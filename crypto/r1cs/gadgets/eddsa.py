"""Signatures in a circuit, equal to `crypto.eddsa.verify`: true or false for any field elements, nothing refused."""

from crypto.babyjubjub import BASE8, SUBORDER, D
from crypto.babyjubjub import A as CURVE_A
from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.babyjubjub import PointWire, add, constant_point, double, multiply, multiply_base
from crypto.r1cs.gadgets.bits import from_bits
from crypto.r1cs.gadgets.boolean import logical_and
from crypto.r1cs.gadgets.canonical import SCALAR_BITS, field_bits
from crypto.r1cs.gadgets.compare import less_than
from crypto.r1cs.gadgets.equality import is_equal, is_zero
from crypto.r1cs.gadgets.poseidon import poseidon
from crypto.r1cs.gadgets.select import select
from crypto.r1cs.wire import Wire, linear


def verify(cs: Builder, key: PointWire, message: Wire, r: PointWire, s: Wire) -> Wire:
    """1 if (r, s) is the key's signature over the message, else 0. Any field elements in; 0..1 out.

    A point off the curve is taken for the base point, so that the curve's laws hold, and the result is 0.
    Constraints: 5,075. Source: circomlib `eddsaposeidon.circom`.
    """
    key_fits, key_point = _on_curve(cs, key)
    r_fits, r_point = _on_curve(cs, r)
    s_fits, s_bits = _below_order(cs, s)
    eightfold = double(cs, double(cs, double(cs, key_point)))
    challenge = poseidon(cs, [*r, *key, message])
    expected = add(cs, r_point, multiply(cs, field_bits(cs, challenge), eightfold))
    found = multiply_base(cs, s_bits)
    valid = 1 - is_zero(cs, eightfold.x)  # of prime order, or the identity
    for holds in (key_fits, r_fits, s_fits, is_equal(cs, found.x, expected.x), is_equal(cs, found.y, expected.y)):
        valid = logical_and(cs, valid, holds)
    return valid


def _on_curve(cs: Builder, point: PointWire) -> tuple[Wire, PointWire]:
    """Whether the point is on the curve; the point, or the base point if it is not. Constraints: 7."""
    xx, yy = cs.mul(point.x, point.x), cs.mul(point.y, point.y)
    fits = is_zero(cs, CURVE_A * xx + yy - 1 - D * cs.mul(xx, yy))
    base = constant_point(BASE8)
    return fits, PointWire(select(cs, fits, point.x, base.x), select(cs, fits, point.y, base.y))


def _below_order(cs: Builder, s: Wire) -> tuple[Wire, list[Wire]]:
    """Whether a scalar is below the group's order, and its lower 251 bits. Constraints: 608."""
    bits = field_bits(cs, s)
    low, above = bits[:SCALAR_BITS], linear((1, bit) for bit in bits[SCALAR_BITS:])
    below = less_than(cs, from_bits(low), SUBORDER, SCALAR_BITS)
    return logical_and(cs, below, is_zero(cs, above)), low
