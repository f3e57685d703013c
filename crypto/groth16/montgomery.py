"""Points as .zkey and .ptau files hold them: affine, little-endian, each coordinate times 2^256 mod q (Montgomery).

The identity is all zeros. Checks work on the stored form: multiplying the curve's equation by powers of 2^256 spares a
division for every coordinate. Source: iden3's ffjavascript, `toRprLEM`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import gmpy2

from crypto.groth16.errors import CoordinateOutOfRange, IdentityPoint, NotOnCurve
from crypto.groth16.types import BASE_FIELD, G1, G2

G1_BYTES: Final = 64
G2_BYTES: Final = 128
IDENTITY1: Final[G1] = (0, 0)
IDENTITY2: Final[G2] = ((0, 0), (0, 0))

_Q: Final = gmpy2.mpz(BASE_FIELD)
_R: Final = gmpy2.mpz((1 << 256) % BASE_FIELD)
_INVERSE: Final = gmpy2.invert(_R, _Q)
_B1: Final = 3 * _R**3 % _Q
_B2: Final = (  # 3 / (9 + u), times R^3
    19485874751759354771024239261021720505790618469301721065564631296452457478373 * _R**3 % _Q,
    266929791119991161246907387137283842545076965332900288569378510910307636690 * _R**3 % _Q,
)


def decode_g1(data: bytes, name: str, index: int | None = None) -> G1:
    """The point of 64 bytes, IDENTITY1 included; `check_g1_section` or a check of the caller's says if it is one."""
    x, y = _coordinates(data, name, index)
    return (int(x * _INVERSE % _Q), int(y * _INVERSE % _Q))


def decode_g2(data: bytes, name: str, index: int | None = None) -> G2:
    """The point of 128 bytes, IDENTITY2 included. Raises CoordinateOutOfRange."""
    x0, x1, y0, y1 = (int(c * _INVERSE % _Q) for c in _coordinates(data, name, index))
    return ((x0, x1), (y0, y1))


def decode_g1_section(data: bytes, name: str) -> Iterator[G1]:
    """The points of a section, each checked as `check_g1_section` does."""
    check_g1_section(data, name)
    return (decode_g1(data[i : i + G1_BYTES], name) for i in range(0, len(data), G1_BYTES))


def decode_g2_section(data: bytes, name: str) -> Iterator[G2]:
    """The points of a section, each checked as `check_g2_section` does."""
    check_g2_section(data, name)
    return (decode_g2(data[i : i + G2_BYTES], name) for i in range(0, len(data), G2_BYTES))


def encode_g1(points: Iterable[G1]) -> bytes:
    """64 bytes a point."""
    return encode_coordinates([c for point in points for c in point])


def encode_g2(points: Iterable[G2]) -> bytes:
    """128 bytes a point."""
    return encode_coordinates([c for x, y in points for c in (*x, *y)])


def encode_coordinates(coordinates: Sequence[int]) -> bytes:
    """32 bytes a coordinate."""
    return b"".join([int(c * _R % _Q).to_bytes(32, "little") for c in coordinates])


def check_g1_section(data: bytes, name: str, identity: bool = True) -> None:
    """Every point is in range and on the curve, or the identity if that may be: 1 us a point.

    Raises CoordinateOutOfRange, NotOnCurve, IdentityPoint, which name the point by its index.
    """
    number, q, r, b, zero = int.from_bytes, _Q, _R, _B1, bytes(G1_BYTES)
    for at in range(0, len(data), G1_BYTES):
        point = data[at : at + G1_BYTES]
        if point == zero:
            if not identity:
                raise IdentityPoint(f"{name}[{at // G1_BYTES}]")
            continue
        x, y = gmpy2.mpz(number(point[:32], "little")), gmpy2.mpz(number(point[32:], "little"))
        if x >= q or y >= q:
            raise CoordinateOutOfRange(f"{name}[{at // G1_BYTES}]", int(max(x, y)))
        if (y * y * r - x * x * x - b) % q:
            raise NotOnCurve(f"{name}[{at // G1_BYTES}]")


def check_g2_section(data: bytes, name: str) -> None:
    """Every point is in range and on the twist, or the identity: 3 us a point; nothing is said of its order.

    Raises CoordinateOutOfRange, NotOnCurve, which name the point by its index.
    """
    q, r, (b0, b1), zero = _Q, _R, _B2, bytes(G2_BYTES)
    for at in range(0, len(data), G2_BYTES):
        point = data[at : at + G2_BYTES]
        if point == zero:
            continue
        x0, x1, y0, y1 = _coordinates(point, name, at // G2_BYTES)
        s0, s1 = (x0 + x1) * (x0 - x1), 2 * x0 * x1
        real = (y0 + y1) * (y0 - y1) * r - (s0 * x0 - s1 * x1) - b0
        imaginary = 2 * y0 * y1 * r - (s0 * x1 + s1 * x0) - b1
        if real % q or imaginary % q:
            raise NotOnCurve(f"{name}[{at // G2_BYTES}]")


def _coordinates(data: bytes, name: str, index: int | None) -> list[gmpy2.mpz]:
    values = [gmpy2.mpz(int.from_bytes(data[i : i + 32], "little")) for i in range(0, len(data), 32)]
    for value in values:
        if value >= _Q:
            raise CoordinateOutOfRange(name if index is None else f"{name}[{index}]", int(value))
    return values
