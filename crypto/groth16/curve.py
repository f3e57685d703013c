"""The little of BN254 that decoding and key checks need: curve equations, square roots, the order of a G2 point.

Pairings are the backends'. Square roots are one or two modular powers and no inversion: q = 3 mod 4, and a power
x^((q-3)/4) gives the root, its inverse and whether x is a square at once (Scott, eprint 2020/1497).
"""

from typing import Final

import gmpy2

from crypto.groth16.types import BASE_FIELD, G1, G2, SCALAR_FIELD, Fp2

_Q: Final = BASE_FIELD
_ROOT: Final = (_Q + 1) // 4
_HALF: Final = (_Q + 1) // 2
_G1_B: Final = 3
_G2_B: Final[Fp2] = (  # 3 / (9 + u)
    19485874751759354771024239261021720505790618469301721065564631296452457478373,
    266929791119991161246907387137283842545076965332900288569378510910307636690,
)

_Jacobian = tuple[Fp2, Fp2, Fp2]  # (X, Y, Z) for x = X / Z^2, y = Y / Z^3; Z = 0 for the identity
_IDENTITY: Final[_Jacobian] = ((1, 0), (1, 0), (0, 0))


def on_g1(point: G1) -> bool:
    """Whether the coordinates satisfy y^2 = x^3 + 3. G1 has prime order, so nothing else is to be checked."""
    x, y = point
    return (y * y - x * x * x - _G1_B) % _Q == 0


def on_twist(point: G2) -> bool:
    """Whether the coordinates satisfy the twist's equation; says nothing of the point's order."""
    x, y = point
    return _square(y) == _twist_equation(x)


def g1_root(x: int) -> int | None:
    """One of the two y with (x, y) on G1, or None if there are none."""
    square = (x * x * x + _G1_B) % _Q
    y = _power(square, _ROOT)
    return y if y * y % _Q == square else None


def twist_root(x: Fp2) -> Fp2 | None:
    """One of the two y with (x, y) on the twist, or None if there are none."""
    return _sqrt(_twist_equation(x))


def negate(y: Fp2) -> Fp2:
    return (-y[0] % _Q, -y[1] % _Q)


def in_subgroup(point: G2) -> bool:
    """Whether r times the point of the twist is the identity. About 4 ms: for registration and the reference only."""
    return multiply_twist(point, SCALAR_FIELD) is None


def multiply_g1(point: G1, scalar: int) -> G1 | None:
    """scalar times the point, None for the identity. Affine, not constant-time: for public points only. 1 ms."""
    total: G1 | None = None
    for bit in bin(scalar % SCALAR_FIELD)[2:]:
        total = add_g1(total, total)
        if bit == "1":
            total = add_g1(total, point)
    return total


def add_g1(p: G1 | None, other: G1 | None) -> G1 | None:
    """The sum of two points, None being the identity."""
    if p is None or other is None:
        return p or other
    (x1, y1), (x2, y2) = p, other
    if x1 == x2:
        if y1 != y2:
            return None
        slope = 3 * x1 * x1 * int(gmpy2.invert(2 * y1, _Q)) % _Q
    else:
        slope = (y2 - y1) * int(gmpy2.invert(x2 - x1, _Q)) % _Q
    x = (slope * slope - x1 - x2) % _Q
    return (x, (slope * (x1 - x) - y1) % _Q)


def multiply_twist(point: G2, scalar: int) -> G2 | None:
    """scalar, which is not reduced, times a point of the twist, None for the identity. 4 ms."""
    total = _IDENTITY
    for bit in bin(scalar)[2:]:
        total = _double(total)
        if bit == "1":
            total = _add(total, point)
    return _affine(total)


def _affine(p: _Jacobian) -> G2 | None:
    x, y, z = p
    if z == (0, 0):
        return None
    inverse = int(gmpy2.invert(z[0] * z[0] + z[1] * z[1], _Q))
    unit = _scale((z[0], -z[1] % _Q), inverse)
    square = _square(unit)
    return _mul(x, square), _mul(y, _mul(square, unit))


def _power(base: int, exponent: int) -> int:
    """base^exponent mod q through GMP: 11 us where the built-in pow takes 90, four times in each proof decoded."""
    return int(gmpy2.powmod(base, exponent, _Q))


def _twist_equation(x: Fp2) -> Fp2:
    c0, c1 = _mul(_square(x), x)
    return ((c0 + _G2_B[0]) % _Q, (c1 + _G2_B[1]) % _Q)


def _sqrt(value: Fp2) -> Fp2 | None:
    """The complex method: with n^2 = a^2 + b^2 and d = (a + n) / 2, either d or -b^2 / 4d is a square."""
    a, b = value
    if b == 0:
        root = _power(a, _ROOT)
        return (root, 0) if root * root % _Q == a else (0, root)
    norm = (a * a + b * b) % _Q
    n = _power(norm, _ROOT)
    if n * n % _Q != norm:
        return None
    d = (a + n) * _HALF % _Q
    inverse = _power(d, _ROOT - 1)  # 1 / root if d is a square, else -1 / root
    root = inverse * d % _Q
    other = b * inverse * _HALF % _Q
    return (root, other) if root * root % _Q == d else (-other % _Q, root)


def _mul(a: Fp2, b: Fp2) -> Fp2:
    t0, t1 = a[0] * b[0], a[1] * b[1]
    return ((t0 - t1) % _Q, ((a[0] + a[1]) * (b[0] + b[1]) - t0 - t1) % _Q)


def _square(a: Fp2) -> Fp2:
    return ((a[0] + a[1]) * (a[0] - a[1]) % _Q, 2 * a[0] * a[1] % _Q)


def _sub(a: Fp2, b: Fp2) -> Fp2:
    return ((a[0] - b[0]) % _Q, (a[1] - b[1]) % _Q)


def _scale(a: Fp2, factor: int) -> Fp2:
    return (a[0] * factor % _Q, a[1] * factor % _Q)


def _double(p: _Jacobian) -> _Jacobian:
    """dbl-2009-l of the Explicit-Formulas Database (Lange): a = 0, Jacobian."""
    x, y, z = p
    xx, yy = _square(x), _square(y)
    s = _scale(_mul(x, yy), 4)
    m = _scale(xx, 3)
    x3 = _sub(_square(m), _scale(s, 2))
    y3 = _sub(_mul(m, _sub(s, x3)), _scale(_square(yy), 8))
    return (x3, y3, _scale(_mul(y, z), 2))


def _add(p: _Jacobian, affine: G2) -> _Jacobian:
    """madd-2007-bl of the Explicit-Formulas Database, unscaled: Jacobian plus affine."""
    x1, y1, z1 = p
    if z1 == (0, 0):
        return (*affine, (1, 0))
    zz = _square(z1)
    h = _sub(_mul(affine[0], zz), x1)
    r = _sub(_mul(affine[1], _mul(z1, zz)), y1)
    if h == (0, 0):
        return _double(p) if r == (0, 0) else _IDENTITY
    hh = _square(h)
    hhh, v = _mul(h, hh), _mul(x1, hh)
    x3 = _sub(_sub(_square(r), hhh), _scale(v, 2))
    y3 = _sub(_mul(r, _sub(v, x3)), _mul(y1, hhh))
    return (x3, y3, _mul(z1, h))
