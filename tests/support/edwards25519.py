"""Edwards25519 in plain integers: slow, independent of libsodium, and lenient where the library is strict.

Source: RFC 8032, section 5.1. Points are affine (x, y). `decode` follows ZIP-215: it takes y modulo p and the sign bit
of x = 0, so that tests can make what a strict verifier must refuse.
"""

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
_ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)

Point = tuple[int, int]
IDENTITY: Point = (0, 1)


def square_root(value: int) -> int | None:
    """A root modulo p, or None."""
    root = pow(value, (P + 3) // 8, P)
    for candidate in (root, root * _ROOT_OF_MINUS_ONE % P):
        if (candidate * candidate - value) % P == 0:
            return candidate
    return None


def decode(encoded: bytes) -> Point | None:
    """The point that 32 bytes encode, by ZIP-215's rules; None if they encode none."""
    number = int.from_bytes(encoded, "little")
    y = (number & (2**255 - 1)) % P
    x = square_root((y * y - 1) * pow(D * y * y + 1, -1, P) % P)
    if x is None:
        return None
    return (-x % P if x & 1 != number >> 255 else x, y)


def encode(point: Point) -> bytes:
    """The canonical 32 bytes."""
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def add(a: Point, b: Point) -> Point:
    """The complete addition law of the twisted Edwards curve."""
    product = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + product, -1, P) % P
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, P) % P
    return x, y


def multiply(scalar: int, point: Point) -> Point:
    """scalar times point, by doubling and adding."""
    result = IDENTITY
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def negate(point: Point) -> Point:
    return -point[0] % P, point[1]


def torsion_points() -> list[Point]:
    """The 8 points of small order, from d y^4 + 2 y^2 - 1 = 0 for those of order 8."""
    root = square_root(1 + D)
    assert root is not None
    for sign in (1, -1):
        y = square_root((-1 + sign * root) * pow(D, -1, P) % P)
        if y is not None:
            generator = decode(y.to_bytes(32, "little"))
            assert generator is not None
            return [multiply(k, generator) for k in range(8)]
    raise AssertionError("the curve has points of order 8")


def small_order_encodings() -> list[bytes]:
    """All 14 strings that decode to a point of small order, canonical or not (ZIP-215's test grid)."""
    ys = sorted({y for _, y in torsion_points()})
    forms = [form for y in ys for form in (y, y + P) if form < 2**255]
    return [(form | sign << 255).to_bytes(32, "little") for form in forms for sign in (0, 1)]


BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little")) or IDENTITY
