"""BabyJubJub as a Montgomery curve in a circuit: multiples by a secret at half the cost of the Edwards form.

v**2 = u**3 + MA u**2 + u with u = (1 + y) / (1 - y), v = u / x. Its addition law is incomplete: of two equal points the
slope would be the prover's to choose. So every point here is a multiple of one of prime order l (`prime_order` proves
that), and the multiples that meet in a sum are never equal or opposite modulo l; each function says why.

Scalars are odd, in signed binary: n bits, lowest first, that make the number B stand for

    e = 3 * 2**n + sum of (2 b_i - 1) * 2**i = 2**(n + 1) + 1 + 2 B,  n at most 250,  as `babyjubjub.signed_scalar`.

Source: Montgomery, Mathematics of Computation 48, 1987; circomlib `montgomery.circom` for the map; the Halo 2 book,
"Variable-base scalar multiplication", for 2 T + P without the ordinate in between.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from crypto import babyjubjub as curve
from crypto.babyjubjub import BASE8, COFACTOR, MAX_SIGNED_BITS, SUBORDER, A, D, Point
from crypto.field import SCALAR_FIELD, inverse
from crypto.r1cs.builder import Builder
from crypto.r1cs.errors import RangeError
from crypto.r1cs.gadgets.babyjubjub import PointWire, add, constant_point
from crypto.r1cs.wire import Wire, as_wire

MA: Final = 2 * (A + D) * pow(A - D, -1, SCALAR_FIELD) % SCALAR_FIELD  # 168698; the factor of v**2 is 4 / (A - D) = 1

_HALF: Final = pow(2, -1, SCALAR_FIELD)
_EIGHTH: Final = pow(COFACTOR, -1, SUBORDER)


class MontgomeryWire(NamedTuple):
    """A point of the Montgomery curve, not its identity; proven to have prime order by whoever makes one."""

    u: Wire
    v: Wire


def prime_order(cs: Builder, point: PointWire) -> MontgomeryWire:
    """Proves that a point in the Edwards form has order l: it is eight times one of the curve, and not the identity.

    Any field elements in. Constraints: 16. Points of small order double to one with v = 0, which has no double.
    """
    result = _times_eight(cs, MontgomeryWire(*cs.hint("prime_order", _eighth, point, 2)))
    _assert_same(cs, result, point)
    return result


def to_edwards(cs: Builder, point: MontgomeryWire) -> PointWire:
    """The point in the Edwards form, not its identity. Constraints: 2.

    v is not 0, as only points of order 2 have that, and u + 1 is not: with it v**2 would be d times a square.
    """
    edwards = PointWire(*cs.hint("to_edwards", _edwards, point, 2))
    _assert_same(cs, point, edwards)
    return edwards


def multiply_signed(cs: Builder, bits: Sequence[Wire], point: MontgomeryWire) -> MontgomeryWire:
    """e * point for the odd e of the bits (above) and a point of prime order.

    Constraints: 7, and 6 a bit: 1,507 for 250. Raises RangeError for more than 250 bits, and unless they are ranged.

    Sums are k P + (+-P) and (k +- 1) P + k P with odd k, 3 <= k < 2**251: k = +-1 modulo l would make k even (l +- 1)
    or too large, so slopes are unique. Where a sum would be the identity there is no witness: that is for e = +-1
    modulo l, by way of l P.
    """
    _require_bits("multiply_signed", bits)
    total = _add(cs, _double(cs, point), point)
    for bit in reversed(bits):
        total = _twice_and(cs, total, MontgomeryWire(point.u, cs.mul(2 * bit - 1, point.v)))
    return total


def multiply_base_signed(cs: Builder, bits: Sequence[Wire], base: Point = BASE8) -> PointWire:
    """e * base for the odd e of the bits (above) and a constant base of prime order: windows of two signed bits.

    Constraints: 2 n + 2 for even n, one more for odd: 502 for 250 bits. The sum so far is below the next window's in
    size, and both together below l; only the leading 3 * 2**n comes by the complete law. It is never the identity, as
    2**251 < e < 2**252 and odd, for 250 bits. Raises RangeError as `multiply_signed`, and NotInSubgroup.
    """
    _require_bits("multiply_base_signed", bits)
    power = curve.require_subgroup(base)
    total: MontgomeryWire | None = None
    for start in range(0, len(bits), 2):
        window = bits[start : start + 2]
        chosen = _signed_window(cs, window, power)
        total = chosen if total is None else _add(cs, total, chosen)
        power = curve.multiply(1 << len(window), power)
    leading = constant_point(curve.multiply(3, power))
    return leading if total is None else add(cs, to_edwards(cs, total), leading)


def _signed_window(cs: Builder, window: Sequence[Wire], base: Point) -> MontgomeryWire:
    """+-base by one bit, or +-1 or +-3 times it by two: u goes by whether the signs are equal, v is linear in them."""
    (u, v), signs = _montgomery(base), [2 * bit - 1 for bit in window]
    if len(window) == 1:
        return MontgomeryWire(as_wire(u), signs[0] * v)
    third_u, third_v = _montgomery(curve.multiply(3, base))
    low, high = window
    equal = 1 - low - high + 2 * cs.mul(low, high)
    ordinate = signs[0] * ((third_v - v) * _HALF) + signs[1] * ((third_v + v) * _HALF)
    return MontgomeryWire(u + equal * (third_u - u), ordinate)


def _times_eight(cs: Builder, point: MontgomeryWire) -> MontgomeryWire:
    """8 * point, proving that the point is on the curve. Any field elements in. Constraints: 14."""
    u, v = point
    square = cs.mul(u, u)
    cs.constrain(square, u + MA, cs.mul(v, v) - u)
    return _double(cs, _double(cs, _double(cs, point, square)))


def _double(cs: Builder, point: MontgomeryWire, squared: Wire | None = None) -> MontgomeryWire:
    """2 * point; there is no witness for v = 0. Constraints: 4, 3 if u**2 is known."""
    u, v = point
    square = cs.mul(u, u) if squared is None else squared
    slope, next_u, next_v = cs.hint("montgomery double", _doubled, point, 3)
    cs.constrain(slope, 2 * v, 3 * square + 2 * MA * u + 1)
    cs.constrain(slope, slope, next_u + MA + 2 * u)
    cs.constrain(slope, u - next_u, next_v + v)
    return MontgomeryWire(next_u, next_v)


def _add(cs: Builder, left: MontgomeryWire, right: MontgomeryWire) -> MontgomeryWire:
    """left + right, neither equal (the slope would be free) nor opposite (there is no witness). Constraints: 3."""
    slope, u, v = cs.hint("montgomery add", _added, [*left, *right], 3)
    cs.constrain(slope, left.u - right.u, left.v - right.v)
    cs.constrain(slope, slope, u + MA + left.u + right.u)
    cs.constrain(slope, left.u - u, v + left.v)
    return MontgomeryWire(u, v)


def _twice_and(cs: Builder, total: MontgomeryWire, point: MontgomeryWire) -> MontgomeryWire:
    """(total + point) + total, neither pair equal or opposite. Constraints: 5.

    With R = total + point the second slope is 2 v / (u - R.u) - first slope, so R.v is not needed.
    """
    first, square, second, u, v = cs.hint("montgomery twice and", _twice_added, [*total, *point], 5)
    cs.constrain(first, total.u - point.u, total.v - point.v)
    cs.constrain(first, first, square)
    between = square - MA - total.u - point.u
    cs.constrain(first + second, total.u - between, 2 * total.v)
    cs.constrain(second, second, u + MA + total.u + between)
    cs.constrain(second, total.u - u, v + total.v)
    return MontgomeryWire(u, v)


def _assert_same(cs: Builder, point: MontgomeryWire, edwards: PointWire) -> None:
    """x v = u and y (u + 1) = u - 1: one point in both forms. Constraints: 2."""
    cs.constrain(edwards.x, point.v, point.u)
    cs.constrain(edwards.y, point.u + 1, point.u - 1)


def _require_bits(gadget: str, bits: Sequence[Wire]) -> None:
    if len(bits) > MAX_SIGNED_BITS:
        raise RangeError(gadget, (0, 2 ** len(bits) - 1), (0, 2**MAX_SIGNED_BITS - 1))
    for bit in bits:
        bit.require(gadget, 0, 1)


# What the solver computes. A quotient by zero is 0: points of prime order, as they meet here, have none.


def _montgomery(point: Point) -> tuple[int, int]:
    u = (1 + point.y) * _inverse(1 - point.y) % SCALAR_FIELD
    return u, u * _inverse(point.x) % SCALAR_FIELD


def _edwards(values: Sequence[int]) -> tuple[int, int]:
    u, v = values
    return u * _inverse(v), (u - 1) * _inverse(u + 1)


def _eighth(values: Sequence[int]) -> tuple[int, int]:
    """The point of order l that gives this one when it is doubled three times; (0, 0), which has no double, if none."""
    point = Point(*values)
    return _montgomery(curve.multiply(_EIGHTH, point)) if curve.on_curve(point) else (0, 0)


def _doubled(values: Sequence[int]) -> tuple[int, int, int]:
    u, v = values
    return _along((3 * u * u + 2 * MA * u + 1) * _inverse(2 * v) % SCALAR_FIELD, u, v, u)


def _added(values: Sequence[int]) -> tuple[int, int, int]:
    u, v, other_u, other_v = values
    return _along((v - other_v) * _inverse(u - other_u) % SCALAR_FIELD, u, v, other_u)


def _twice_added(values: Sequence[int]) -> tuple[int, int, int, int, int]:
    u, v, *_ = values
    first, between, _ = _added(values)
    second = (2 * v * _inverse(u - between) - first) % SCALAR_FIELD
    return first, first * first, *_along(second, u, v, between)


def _along(slope: int, u: int, v: int, other_u: int) -> tuple[int, int, int]:
    """The slope of a line through (u, v) and a second point, and the sum of the two."""
    sum_u = (slope * slope - MA - u - other_u) % SCALAR_FIELD
    return slope, sum_u, slope * (u - sum_u) - v


def _inverse(value: int) -> int:
    reduced = value % SCALAR_FIELD
    return inverse(reduced) if reduced else 0
