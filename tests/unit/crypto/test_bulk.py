"""Many points at once are what one point after the other gives."""

from random import Random

import pytest

from crypto.field import SCALAR_FIELD
from crypto.groth16.bulk import combine1, combine2, multiples
from crypto.groth16.curve import twist_root
from crypto.groth16.domain import interpolate, lagrange_at, root_of_unity
from crypto.groth16.errors import IdentityPoint, NotInSubgroup, NotOnCurve
from crypto.groth16.pairing import same_ratio
from crypto.groth16.types import G1_GENERATOR, G2_GENERATOR
from tests.support.trapdoor import g1, g2

EDGES = [1, 2, 3, SCALAR_FIELD - 1, SCALAR_FIELD // 2, 1 << 253, 0xFFFF, 0x10000]


@pytest.mark.slow
@pytest.mark.parametrize("repeat", [1, 50])
def test_multiples_of_the_generators(repeat: int) -> None:
    xs, ys = multiples(G1_GENERATOR, EDGES * repeat)
    assert list(zip(xs, ys, strict=True)) == [g1(scalar) for scalar in EDGES] * repeat
    x0, x1, y0, y1 = multiples((*G2_GENERATOR[0], *G2_GENERATOR[1]), EDGES)
    assert [((a, b), (c, d)) for a, b, c, d in zip(x0, x1, y0, y1, strict=True)] == [g2(scalar) for scalar in EDGES]


def test_sums_of_multiples() -> None:
    draw = Random(7)
    logs = [draw.randrange(SCALAR_FIELD) for _ in range(12)]
    factors = [draw.getrandbits(128) for _ in logs]
    expected = sum(a * b for a, b in zip(logs, factors, strict=True))
    assert combine1([g1(a) for a in logs], factors) == g1(expected)
    assert combine2([g2(a) for a in logs[:3]], factors[:3]) == g2(
        sum(a * b for a, b in zip(logs[:3], factors[:3], strict=True))
    )


def test_sums_where_points_meet() -> None:
    """Equal points are doubled, opposite ones vanish, the identity counts for nothing."""
    five, minus_five = g1(5), g1(-5)
    assert combine1([five, five, five], [3, 3, 3]) == g1(45)
    assert combine1([five, minus_five], [3, 3]) is None
    assert combine1([five, minus_five, five], [3, 3, 1]) == five
    assert combine1([(0, 0), five], [3, 1]) == five
    assert combine1([], []) is combine1([five], [0]) is None
    assert combine2([g2(5), g2(-5)], [3, 3]) is None
    assert combine2([g2(5), g2(5)], [3, 3]) == g2(30)


def test_lagrange_polynomials_take_values_back() -> None:
    draw, size = Random(7), 8
    values = [draw.randrange(SCALAR_FIELD) for _ in range(size)]
    coefficients, point = interpolate(values), draw.randrange(SCALAR_FIELD)
    root = root_of_unity(size)
    for place, value in enumerate(values):
        x = pow(root, place, SCALAR_FIELD)
        assert sum(c * pow(x, i, SCALAR_FIELD) for i, c in enumerate(coefficients)) % SCALAR_FIELD == value
    there = sum(c * pow(point, i, SCALAR_FIELD) for i, c in enumerate(coefficients)) % SCALAR_FIELD
    assert sum(v * w for v, w in zip(values, lagrange_at(size, point), strict=True)) % SCALAR_FIELD == there
    assert interpolate([9]) == [9]


def test_ratios_are_compared_by_the_verifier() -> None:
    assert same_ratio(g1(6), g1(10), g2(21), g2(35))
    assert not same_ratio(g1(6), g1(10), g2(21), g2(36))
    assert same_ratio(G1_GENERATOR, G1_GENERATOR, G2_GENERATOR, G2_GENERATOR)
    x, y = next(((c, 1), root) for c in range(1, 50) if (root := twist_root((c, 1))) is not None)
    for twists in (((x, y), g2(5)), (g2(5), (x, y))):
        with pytest.raises(NotInSubgroup):
            same_ratio(g1(5), g1(5), *twists)
    with pytest.raises(IdentityPoint):
        same_ratio((0, 0), g1(5), g2(5), g2(5))
    with pytest.raises(NotOnCurve):
        same_ratio((1, 3), g1(5), g2(5), g2(5))
