"""BabyJubJub, the twisted Edwards curve over BN254's scalar field: keys and shared secrets that circuits can follow.

Source: EIP-2494 and circomlib `babyjub.circom`: a x**2 + y**2 = 1 + d x**2 y**2 with a = 168700, d = 168696. a is a
square and d is not, so the addition law is complete. The group has order 8 * SUBORDER; everything here lives in the
subgroup that BASE8 generates, and points from outside are checked to.

Nothing here runs in constant time: a secret scalar must not be used where an attacker can time single operations.
"""

from collections.abc import Sequence
from functools import cache
from typing import ClassVar, Final, NamedTuple

import gmpy2

from crypto.errors import CryptoError
from crypto.field import FIELD_BYTES, SCALAR_FIELD, inverse, square_root

A: Final = 168700
D: Final = 168696
SUBORDER: Final = 2736030358979909402780800718157159386076813972158567259200215660948447373041
COFACTOR: Final = 8

MAX_SIGNED_BITS: Final = 250  # with more, a multiple on the way could be 1 or -1 modulo SUBORDER

_P: Final = SCALAR_FIELD
_GMP: Final[int] = gmpy2.mpz(_P)  # what is reduced by it is GMP's, at half the cost; what leaves is plain
_WINDOW: Final = 4
_SIGN_BIT: Final = 1 << 255
Projective = tuple[int, int, int]  # (X, Y, Z) for the point (X / Z, Y / Z)


class Point(NamedTuple):
    """An affine point. Making one checks nothing: see `require_on_curve` and `require_subgroup`."""

    x: int
    y: int


IDENTITY: Final = Point(0, 1)
BASE8: Final = Point(
    5299619240641551281634865583518297030282874472190772894086521144482721001553,
    16950150798460657717958625567821834550301663161624707787222815936182638968203,
)


class NotOnCurve(CryptoError):
    """A point does not satisfy the curve's equation with coordinates in [0, r)."""

    code: ClassVar[int] = 1710

    def __init__(self, point: Point) -> None:
        super().__init__(f"({point.x}, {point.y}) is not on BabyJubJub. Check how the point was made and transmitted.")
        self.point = point


class NotInSubgroup(CryptoError):
    """A point is the identity or has a component of small order: using it would leak bits of a secret."""

    code: ClassVar[int] = 1711

    def __init__(self, point: Point) -> None:
        super().__init__(
            f"({point.x}, {point.y}) does not generate the subgroup of prime order. "
            f"Expected a public key: a multiple of the base point, not the identity."
        )
        self.point = point


class MalformedPoint(CryptoError):
    """Bytes that are not the one encoding of a point."""

    code: ClassVar[int] = 1712

    def __init__(self, encoded: bytes, problem: str) -> None:
        super().__init__(f"{encoded.hex()} is not an encoded BabyJubJub point: {problem}.")
        self.encoded, self.problem = encoded, problem


class ScalarOutOfRange(CryptoError):
    """A secret key is not in 1..SUBORDER - 1, so another scalar would be the same key."""

    code: ClassVar[int] = 1713

    def __init__(self) -> None:
        super().__init__(f"A BabyJubJub secret must lie in 1..{SUBORDER - 1}. Reduce it where it is made.")


class NumberTooWide(CryptoError):
    """A number that stands for a signed scalar has more bits than it may."""

    code: ClassVar[int] = 1714

    def __init__(self, bits: int) -> None:  # the number is a secret: neither message nor fields carry it
        super().__init__(f"A number that makes a signed scalar must lie in 0..2^{bits}-1. Reduce it where it is made.")
        self.bits = bits


def on_curve(point: Point) -> bool:
    """Whether the coordinates are canonical and satisfy the equation."""
    x, y = point
    if not (0 <= x < _P and 0 <= y < _P):
        return False
    xx, yy = x * x % _P, y * y % _P
    return (A * xx + yy - 1 - D * xx * yy) % _P == 0


def in_subgroup(point: Point) -> bool:
    """Whether a point of the curve is a multiple of BASE8; the identity is."""
    return multiply(SUBORDER, point) == IDENTITY


def require_on_curve(point: Point) -> Point:
    """The point. Raises NotOnCurve."""
    if not on_curve(point):
        raise NotOnCurve(point)
    return point


def require_subgroup(point: Point) -> Point:
    """The point, fit to be a public key. Raises NotOnCurve, NotInSubgroup (also for the identity). About 1 ms."""
    require_on_curve(point)
    if point == IDENTITY or not in_subgroup(point):
        raise NotInSubgroup(point)
    return point


def add(left: Point, right: Point) -> Point:
    """left + right for points of the curve."""
    return _affine(_add((*left, 1), (*right, 1)))


def double(point: Point) -> Point:
    """2 * point for a point of the curve."""
    return _affine(_double((*point, 1)))


def negate(point: Point) -> Point:
    """-point."""
    return Point(-point.x % _P, point.y)


def multiply(scalar: int, point: Point) -> Point:
    """scalar * point for scalar >= 0 and a point of the curve, by windows of four bits."""
    multiples: list[Projective] = [(0, 1, 1)]
    for _ in range(1, 1 << _WINDOW):
        multiples.append(_add(multiples[-1], (*point, 1)))
    total: Projective = (0, 1, 1)
    for digit in reversed(_digits(scalar)):
        for _ in range(_WINDOW):
            total = _double(total)
        if digit:
            total = _add(total, multiples[digit])
    return _affine(total)


def multiply_base(scalar: int) -> Point:
    """scalar * BASE8 for scalar >= 0, by a table made on first use (about 5 ms)."""
    total: Projective = (0, 1, 1)
    for row, digit in zip(_base_table(), _digits(scalar % SUBORDER), strict=False):
        if digit:
            total = _add(total, row[digit])
    return _affine(total)


def public_key(secret: int) -> Point:
    """secret * BASE8. Raises ScalarOutOfRange."""
    return multiply_base(require_secret(secret))


def shared_point(secret: int, public: Point) -> Point:
    """Diffie-Hellman: secret * public. Hash it before use. Raises ScalarOutOfRange, NotOnCurve, NotInSubgroup."""
    return multiply(require_secret(secret), require_subgroup(public))


def require_secret(secret: int) -> int:
    """The secret. Raises ScalarOutOfRange."""
    if not 1 <= secret < SUBORDER:
        raise ScalarOutOfRange
    return secret


def signed_scalar(number: int, bits: int) -> int:
    """2**(bits + 1) + 1 + 2 * number, modulo SUBORDER: what `bits` signed bits behind two ones stand for in circuits.

    Different for every number and never 0, for 0 <= number < 2**bits and at most 250 bits: an odd number between 2**251
    and 2**252 is no multiple of SUBORDER, and no two are congruent. Raises NumberTooWide.
    """
    if not 0 <= number < 1 << bits <= 1 << MAX_SIGNED_BITS:
        raise NumberTooWide(min(bits, MAX_SIGNED_BITS))
    return ((2 << bits) + 1 + 2 * number) % SUBORDER


def encode_point(point: Point) -> bytes:
    """32 bytes as circomlib packs them: y little-endian, the top bit set if x > (r - 1) / 2. Raises NotOnCurve."""
    require_on_curve(point)
    return (point.y | (_SIGN_BIT if point.x > _P // 2 else 0)).to_bytes(FIELD_BYTES, "little")


def decode_point(encoded: bytes) -> Point:
    """The point of the curve with that encoding; not checked to be in the subgroup. Raises MalformedPoint."""
    if len(encoded) != FIELD_BYTES:
        raise MalformedPoint(encoded, f"expected {FIELD_BYTES} bytes, got {len(encoded)}")
    number = int.from_bytes(encoded, "little")
    negative, y = bool(number & _SIGN_BIT), number & ~_SIGN_BIT
    if y >= _P:
        raise MalformedPoint(encoded, "y is not below the field's order")
    yy = y * y % _P
    x = square_root((1 - yy) * inverse(A - D * yy) % _P)
    if x is None:
        raise MalformedPoint(encoded, "no point of the curve has this y")
    if x > _P // 2:
        x = _P - x
    if negative and x == 0:
        raise MalformedPoint(encoded, "x is zero and has no sign")
    return Point(_P - x if negative else x, y)


def _digits(scalar: int) -> list[int]:
    digits = []
    while scalar:
        digits.append(scalar & (1 << _WINDOW) - 1)
        scalar >>= _WINDOW
    return digits


@cache
def _base_table() -> Sequence[Sequence[Projective]]:
    """Row i: the multiples 0..15 of 16**i * BASE8."""
    table: list[list[Projective]] = []
    start: Projective = (*BASE8, 1)
    for _ in range(-(-SUBORDER.bit_length() // _WINDOW)):
        row: list[Projective] = [(0, 1, 1)]
        for _ in range(1, 1 << _WINDOW):
            row.append(_add(row[-1], start))
        table.append(row)
        start = _add(row[-1], start)
    return table


def _add(left: Projective, right: Projective) -> Projective:
    """add-2008-bbjlp of the Explicit-Formulas Database; complete on this curve."""
    x1, y1, z1 = left
    x2, y2, z2 = right
    z = z1 * z2 % _GMP
    zz = z * z % _GMP
    xx, yy = x1 * x2 % _GMP, y1 * y2 % _GMP
    e = D * xx * yy % _GMP
    f, g = zz - e, zz + e
    return z * f % _GMP * ((x1 + y1) * (x2 + y2) - xx - yy) % _GMP, z * g % _GMP * (yy - A * xx) % _GMP, f * g % _GMP


def _double(point: Projective) -> Projective:
    """dbl-2008-bbjlp of the Explicit-Formulas Database."""
    x, y, z = point
    xx, yy = x * x % _GMP, y * y % _GMP
    e = A * xx
    f = e + yy
    j = f - 2 * z * z % _GMP
    return ((x + y) * (x + y) - xx - yy) * j % _GMP, f * (e - yy) % _GMP, f * j % _GMP


def _affine(point: Projective) -> Point:
    x, y, z = point
    over = inverse(z)
    return Point(int(x * over % _P), int(y * over % _P))
