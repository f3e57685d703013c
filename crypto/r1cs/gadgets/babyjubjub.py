"""BabyJubJub in a circuit, equal to `crypto.babyjubjub`, with the complete addition law: no exceptional points.

Divisions here are q * denominator = numerator. On the curve no denominator is zero, so every point that enters must be
proven to be on it (`assert_on_curve`) or be a constant; sums and multiples of such points are.
"""

from collections.abc import Sequence
from typing import NamedTuple

from crypto import babyjubjub as curve
from crypto.babyjubjub import A, D, Point
from crypto.field import SCALAR_FIELD, inverse
from crypto.r1cs.builder import Builder, Value
from crypto.r1cs.wire import Wire, as_wire, linear


class PointWire(NamedTuple):
    """A point of the curve, its coordinates any wires."""

    x: Wire
    y: Wire


IDENTITY = PointWire(as_wire(0), as_wire(1))


def constant_point(point: Point) -> PointWire:
    """A point known when the circuit is built. Constraints: 0. Raises NotOnCurve."""
    curve.require_on_curve(point)
    return PointWire(as_wire(point.x), as_wire(point.y))


def assert_on_curve(cs: Builder, point: PointWire) -> None:
    """Proves a x**2 + y**2 = 1 + d x**2 y**2. Any field elements in. Constraints: 3.

    Says nothing of the subgroup: keys are checked to be in it when they are registered.
    """
    xx, yy = cs.mul(point.x, point.x), cs.mul(point.y, point.y)
    cs.constrain(D * xx, yy, A * xx + yy - 1)


def add(cs: Builder, left: PointWire, right: PointWire) -> PointWire:
    """left + right for points of the curve, also equal, opposite or neutral ones. Constraints: 6.

    Source: circomlib BabyAdd; Bernstein et al., "Twisted Edwards curves", section 6.
    """
    crossed, twisted = cs.mul(left.x, right.y), cs.mul(left.y, right.x)
    mixed = cs.mul(left.y - A * left.x, right.x + right.y)
    product = D * cs.mul(crossed, twisted)
    across, along = crossed + twisted, mixed + A * crossed - twisted
    return _quotients(cs, across, 1 + product, along, 1 - product)


def double(cs: Builder, point: PointWire) -> PointWire:
    """2 * point for a point of the curve. Constraints: 5.

    (2xy / s, (y**2 - a x**2) / (2 - s)) with s = a x**2 + y**2. Source: as `add`.
    """
    xy, xx, yy = cs.mul(point.x, point.y), cs.mul(point.x, point.x), cs.mul(point.y, point.y)
    total = A * xx + yy
    return _quotients(cs, 2 * xy, total, yy - A * xx, 2 - total)


def multiply_base(cs: Builder, bits: Sequence[Wire], base: Point = curve.BASE8) -> PointWire:
    """scalar * base for the bits of a scalar, lowest first, and a constant base: windows of three bits.

    Constraints: 10 to three bits, the first window 4: 831 for 251 bits. Raises RangeError unless the bits are ranged.
    """
    total: PointWire | None = None
    power = curve.require_on_curve(base)
    for start in range(0, len(bits), 3):
        window = bits[start : start + 3]
        chosen = _constant_lookup(cs, window, power)
        total = chosen if total is None else add(cs, total, chosen)
        for _ in window:
            power = curve.double(power)
    return total or IDENTITY


def multiply(cs: Builder, bits: Sequence[Wire], point: PointWire) -> PointWire:
    """scalar * point for the bits of a scalar, lowest first, and a point of the curve: windows of two bits.

    Constraints: 11 for the table, 7 for the first window (2 if a single bit), 23 for each other: 2,888 for 251 bits.
    Raises RangeError unless the bits are ranged.
    """
    for bit in bits:
        bit.require("multiply", 0, 1)
    second = double(cs, point)
    table = (point, second, add(cs, second, point))
    total: PointWire | None = None
    top = len(bits) - len(bits) % 2
    for start in (*([top] if top < len(bits) else []), *range(top - 2, -1, -2)):
        chosen = _lookup(cs, bits[start : start + 2], table)
        total = chosen if total is None else add(cs, double(cs, double(cs, total)), chosen)
    return total or IDENTITY


def _lookup(cs: Builder, window: Sequence[Wire], table: tuple[PointWire, PointWire, PointWire]) -> PointWire:
    """0, P, 2P or 3P by one or two bits, lowest first."""
    one, two, three = table
    low = window[0]
    if len(window) == 1:
        return PointWire(cs.mul(low, one.x), 1 + cs.mul(low, one.y - 1))
    high = window[1]
    both = cs.mul(low, high)
    only_low, only_high = low - both, high - both

    def choose(identity: int, a: Wire, b: Wire, c: Wire) -> Wire:
        parts = [cs.mul(w, v - identity) for w, v in ((only_low, a), (only_high, b), (both, c))]
        return linear([(1, part) for part in parts], identity)

    return PointWire(choose(0, one.x, two.x, three.x), choose(1, one.y, two.y, three.y))


def _constant_lookup(cs: Builder, window: Sequence[Wire], base: Point) -> PointWire:
    """k * base for the k of up to three bits: linear in the products of bits, one constraint each."""
    products: list[Value] = [1]
    for bit in window:
        bit.require("multiply_base", 0, 1)
        products += [cs.mul(bit, product) for product in products]
    multiples = [curve.IDENTITY]
    for _ in products[1:]:
        multiples.append(curve.add(multiples[-1], base))
    wires = [as_wire(product) for product in products]
    x, y = _multilinear([p.x for p in multiples]), _multilinear([p.y for p in multiples])
    return PointWire(linear(zip(x, wires, strict=True)), linear(zip(y, wires, strict=True)))


def _multilinear(values: Sequence[int]) -> list[int]:
    """Coefficients c with values[k] = sum of c[j] over the j whose bits are all in k (Moebius transform)."""
    coefficients = list(values)
    step = 1
    while step < len(values):
        for k in range(len(values)):
            if k & step:
                coefficients[k] = (coefficients[k] - coefficients[k ^ step]) % SCALAR_FIELD
        step *= 2
    return coefficients


def _quotients(cs: Builder, x: Wire, x_under: Wire, y: Wire, y_under: Wire) -> PointWire:
    """(x / x_under, y / y_under), neither denominator being zero for points of the curve. Constraints: 2."""
    quotients = cs.hint("babyjubjub", _divide_both, [x, x_under, y, y_under], 2)
    for quotient, over, under in zip(quotients, (x, y), (x_under, y_under), strict=True):
        cs.constrain(quotient, under, over)
    return PointWire(*quotients)


def _divide_both(values: Sequence[int]) -> tuple[int, int]:
    """Both quotients by one inversion; zero stands for a quotient by zero, which no point of the curve has."""
    x, x_under, y, y_under = values
    product = x_under * y_under % SCALAR_FIELD
    over = inverse(product) if product else 0
    return x * y_under * over, y * x_under * over
