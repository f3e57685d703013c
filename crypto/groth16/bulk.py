"""Many points at once: sums of multiples (Pippenger) and many multiples of one point, in affine batches.

Points stand in columns, (xs, ys) for G1 and (xs0, xs1, ys0, ys1) for the twist, so that a thousand additions share one
inversion (Montgomery's trick): 2 us an addition in G1, 6 us on the twist. Variable time: for public values, and for the
secrets of a development setup, which its maker knows anyway. Sources: Pippenger 1976; Brickell and others, "Fast
Exponentiation with Precomputation", 1992.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Final

import gmpy2

from crypto.groth16.chance import secret_scalar
from crypto.groth16.types import BASE_FIELD, G1, G2

Column = list[gmpy2.mpz]
Columns = tuple[Column, ...]
Point = tuple[gmpy2.mpz, ...]

_Q: Final = gmpy2.mpz(BASE_FIELD)
_SCALAR_BITS: Final = 254
_MAX_WINDOW: Final = 16
_MAX_SUM_WINDOW: Final = 12


def columns1(points: Iterable[G1]) -> Columns:
    xs, ys = [], []
    for x, y in points:
        xs.append(gmpy2.mpz(x))
        ys.append(gmpy2.mpz(y))
    return xs, ys


def columns2(points: Iterable[G2]) -> Columns:
    rows = [(*x, *y) for x, y in points]
    return tuple([gmpy2.mpz(row[place]) for row in rows] for place in range(4))


def combine1(points: Iterable[G1], scalars: Sequence[int]) -> G1 | None:
    """The sum of scalar times point, None for the identity. Points may be the identity, (0, 0), or equal."""
    total = _combine(columns1(points), scalars)
    return None if total is None else (int(total[0]), int(total[1]))


def combine2(points: Iterable[G2], scalars: Sequence[int]) -> G2 | None:
    """As `combine1` on the twist, for scalars that are not reduced."""
    total = _combine(columns2(points), scalars)
    return None if total is None else ((int(total[0]), int(total[1])), (int(total[2]), int(total[3])))


def multiples(base: Sequence[int], scalars: Sequence[int]) -> Columns:
    """scalar times the base for each scalar in 1..r-1: one addition a window. base: 2 or 4 coordinates.

    Row i of the table holds (t + d) 2^(w i) base for every digit d, but the last, which takes the secret t out again;
    so no digit needs a case of its own, and no two points that meet are equal.
    """
    window = _window(len(scalars))
    rows = -(-_SCALAR_BITS // window)
    step: Columns = tuple([gmpy2.mpz(c)] for c in base)
    add, offset, offsets, total = _adder(step), _times(step, secret_scalar()), None, None
    for row in range(rows):
        if row == rows - 1 and offsets is not None:
            offset = _negated(offsets)
        table, next_step = _table(add, offset, step, window)
        at, mask = window * row, (1 << window) - 1
        digits = [int(scalar >> at & mask) for scalar in scalars]
        picked = tuple([column[digit] for digit in digits] for column in table)
        total = picked if total is None else add(total, picked)
        offsets = offset if offsets is None else add(offsets, offset)
        for _ in range(window):
            offset = add(offset, offset)
        step = next_step
    return total or ()


def _window(count: int) -> int:
    """The width for which tables and sums together take the fewest additions."""
    return min(range(4, _MAX_WINDOW + 1), key=lambda w: -(-_SCALAR_BITS // w) * ((1 << w) + count))


def _table(add: "_Adder", offset: Columns, step: Columns, window: int) -> tuple[Columns, Columns]:
    """offset + d step for d below 2^window, and 2^window step."""
    table = offset
    for _ in range(window):
        count = len(table[0])
        further = add(table, tuple(column * count for column in step))
        table = tuple(one + two for one, two in zip(table, further, strict=True))
        step = add(step, step)
    return table, step


def _times(point: Columns, scalar: int) -> Columns:
    """A positive multiple of one point whose order is larger."""
    add, total = _adder(point), point
    for bit in bin(scalar)[3:]:
        total = add(total, total)
        if bit == "1":
            total = add(total, point)
    return total


def _negated(points: Columns) -> Columns:
    half = len(points) // 2
    return (*points[:half], *([-y % _Q for y in column] for column in points[half:]))


def _combine(points: Columns, scalars: Sequence[int]) -> Point | None:
    """Pippenger: points of one window and digit are added up pair by pair; what they come to, once more for each bit.

    All windows go together, so that batches are large even for few points.
    """
    live = [i for i, scalar in enumerate(scalars) if scalar and any(column[i] for column in points)]
    bits = max((scalars[i].bit_length() for i in live), default=0)
    window = max(1, min(_MAX_SUM_WINDOW, len(live).bit_length() - 3))
    mask, add = (1 << window) - 1, _adder(points)
    named = [(at << window | digit, i) for i in live for at, digit in _digits(scalars[i], window, mask)]
    sums = _sums(add, named, points)
    named, held = [], list(sums.values())
    for place, name in enumerate(sums):
        at, digit = name >> window, name & mask
        named += [(at * window + bit, place) for bit in range(window) if digit >> bit & 1]
    by_bit = _sums(add, named, tuple(map(list, zip(*held, strict=True))))
    total: Point | None = None
    for bit in reversed(range(bits + window)):
        total = _add_one(add, _add_one(add, total, total), by_bit.get(bit))
    return total


def _digits(scalar: int, window: int, mask: int) -> Iterator[tuple[int, int]]:
    """The digits of a scalar that are not zero, each with its place."""
    at = 0
    while scalar:
        if digit := int(scalar & mask):
            yield at, digit
        scalar >>= window
        at += 1


def _sums(add: "_Adder", named: list[tuple[int, int]], points: Columns) -> dict[int, Point]:
    """For each name the sum of its points, given as places in the columns. A sum that is the identity is left out."""
    named.sort()
    names = [name for name, _ in named]
    columns: Columns = tuple([column[i] for _, i in named] for column in points)
    while True:
        paired: list[int] = []
        alone: list[int] = []
        at = 0
        while at < len(names):
            twin = at + 1 < len(names) and names[at] == names[at + 1]
            (paired if twin else alone).append(at)
            at += 2 if twin else 1
        if not paired:
            return dict(zip(names, zip(*columns, strict=True), strict=True))
        sums = add(
            tuple([column[i] for i in paired] for column in columns),
            tuple([column[i + 1] for i in paired] for column in columns),
        )
        rows = [(names[i], *point) for i, point in zip(paired, zip(*sums, strict=True), strict=True) if any(point)]
        rows += [(names[i], *(column[i] for column in columns)) for i in alone]
        rows.sort(key=itemgetter(0))
        names = [row[0] for row in rows]
        columns = tuple([row[place] for row in rows] for place in range(1, len(columns) + 1))


def _add_one(add: "_Adder", one: Point | None, two: Point | None) -> Point | None:
    if one is None or two is None:
        return one or two
    total = tuple(column[0] for column in add(tuple([c] for c in one), tuple([c] for c in two)))
    return total if any(total) else None


_Adder = Callable[[Columns, Columns], Columns]


def _adder(points: Columns) -> _Adder:
    return _add1 if len(points) == 2 else _add2


def _add1(one: Columns, two: Columns) -> Columns:
    """Sums of pairs, of whatever points but the identity; a sum that is the identity is (0, 0)."""
    (x1, y1), (x2, y2) = one, two
    q = _Q
    down = [b - a for a, b in zip(x1, x2, strict=True)]
    up = [b - a for a, b in zip(y1, y2, strict=True)]
    gone = []
    if 0 in down:
        for i in [i for i, d in enumerate(down) if not d]:
            down[i], up[i] = 2 * y1[i], 3 * x1[i] * x1[i]
            if y1[i] != y2[i]:
                down[i] = gmpy2.mpz(1)
                gone.append(i)
    slopes = [u * d % q for u, d in zip(up, _inverses(down), strict=True)]
    x3 = [(s * s - a - b) % q for s, a, b in zip(slopes, x1, x2, strict=True)]
    y3 = [(s * (a - c) - b) % q for s, a, b, c in zip(slopes, x1, y1, x3, strict=True)]
    for i in gone:
        x3[i] = y3[i] = gmpy2.mpz(0)
    return x3, y3


def _add2(one: Columns, two: Columns) -> Columns:
    """As `_add1` over Fp2."""
    (a0, a1, b0, b1), (c0, c1, d0, d1) = one, two
    q = _Q
    down0, down1 = [c - a for a, c in zip(a0, c0, strict=True)], [c - a for a, c in zip(a1, c1, strict=True)]
    up0, up1 = [d - b for b, d in zip(b0, d0, strict=True)], [d - b for b, d in zip(b1, d1, strict=True)]
    gone = []
    for i in [i for i, d in enumerate(down0) if not d and not down1[i]]:
        down0[i], down1[i] = 2 * b0[i], 2 * b1[i]
        up0[i], up1[i] = 3 * (a0[i] + a1[i]) * (a0[i] - a1[i]) % q, 6 * a0[i] * a1[i] % q
        if (b0[i], b1[i]) != (d0[i], d1[i]):
            down0[i], down1[i] = gmpy2.mpz(1), gmpy2.mpz(0)
            gone.append(i)
    norms = _inverses([(e * e + f * f) % q for e, f in zip(down0, down1, strict=True)])
    s0, s1 = [], []
    for u, v, e, f, norm in zip(up0, up1, down0, down1, norms, strict=True):
        s0.append((u * e + v * f) % q * norm % q)
        s1.append((v * e - u * f) % q * norm % q)
    x0 = [((s + t) * (s - t) - a - c) % q for s, t, a, c in zip(s0, s1, a0, c0, strict=True)]
    x1 = [(2 * s * t - a - c) % q for s, t, a, c in zip(s0, s1, a1, c1, strict=True)]
    y0, y1 = [], []
    for s, t, a, e, x, z, b, f in zip(s0, s1, a0, a1, x0, x1, b0, b1, strict=True):
        m, n = a - x, e - z
        y0.append((s * m - t * n - b) % q)
        y1.append((s * n + t * m - f) % q)
    for i in gone:
        x0[i] = x1[i] = y0[i] = y1[i] = gmpy2.mpz(0)
    return x0, x1, y0, y1


def _inverses(values: Column) -> Column:
    """Of each, by one inversion. None may be zero."""
    q, product, before = _Q, gmpy2.mpz(1), []
    for value in values:
        before.append(product)
        product = product * value % q
    inverse = gmpy2.invert(product, q) if values else product
    for i in range(len(values) - 1, -1, -1):
        before[i] = before[i] * inverse % q
        inverse = inverse * values[i] % q
    return before
