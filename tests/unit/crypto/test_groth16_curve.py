"""Square roots and the order of G2 points, against their definitions and py_ecc."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from py_ecc.optimized_bn128 import FQ2, add, is_inf, is_on_curve, multiply
from py_ecc.optimized_bn128 import b2 as TWIST_B

from crypto.groth16 import curve
from crypto.groth16.types import BASE_FIELD, G1_GENERATOR, G2, G2_GENERATOR, SCALAR_FIELD, Fp2
from tests.support.make_groth16_vectors import off_subgroup, with_cofactor_torsion
from tests.support.trapdoor import affine2, g2

coordinates = st.one_of(st.integers(0, 20), st.integers(0, BASE_FIELD - 1))


@given(x=coordinates)
def test_a_g1_root_exists_exactly_for_squares(x: int) -> None:
    y = curve.g1_root(x)
    if y is None:
        assert pow(x**3 + 3, (BASE_FIELD - 1) // 2, BASE_FIELD) == BASE_FIELD - 1
    else:
        assert curve.on_g1((x, y))


@given(c0=coordinates, c1=coordinates)
def test_a_twist_root_exists_exactly_for_squares(c0: int, c1: int) -> None:
    y = curve.twist_root((c0, c1))
    square = FQ2((c0, c1)) ** 3 + TWIST_B
    if y is None:
        assert square ** ((BASE_FIELD**2 - 1) // 2) == FQ2((BASE_FIELD - 1, 0))
    else:
        assert FQ2(y) ** 2 == square


@pytest.mark.parametrize("square", [0, 1, 4, BASE_FIELD - 1, BASE_FIELD - 4, 3, BASE_FIELD - 3])
def test_real_values_have_real_or_imaginary_roots(square: int) -> None:
    root = curve._sqrt((square, 0))
    assert root is not None
    assert FQ2(root) ** 2 == FQ2((square, 0))


def test_the_generators_are_where_they_should_be() -> None:
    assert curve.on_g1(G1_GENERATOR)
    assert curve.on_twist(G2_GENERATOR)
    assert curve.in_subgroup(G2_GENERATOR)
    assert not curve.on_g1((1, 3))
    assert not curve.on_twist((G2_GENERATOR[0], G2_GENERATOR[0]))


@pytest.mark.parametrize("scalar", [2, 3, SCALAR_FIELD - 1, 7**80])
def test_multiples_of_the_generator_are_in_the_subgroup(scalar: int) -> None:
    assert curve.in_subgroup(g2(scalar))


@pytest.mark.parametrize("point", [off_subgroup(), with_cofactor_torsion(G2_GENERATOR)], ids=["small x", "torsion"])
def test_other_points_of_the_twist_are_not(point: G2) -> None:
    assert curve.on_twist(point)
    assert not curve.in_subgroup(point)
    assert not is_inf(multiply(_py(point), SCALAR_FIELD))


def test_a_point_of_small_order_is_not_mistaken_for_one_of_order_r() -> None:
    """The cofactor 2q - r is divisible by 10069."""
    cofactor = 2 * BASE_FIELD - SCALAR_FIELD
    assert cofactor % 10069 == 0
    small = multiply(_py(off_subgroup()), SCALAR_FIELD * (cofactor // 10069))
    assert not is_inf(small) and is_inf(multiply(small, 10069)) and is_on_curve(small, TWIST_B)
    for multiple in (small, add(small, small)):
        assert not curve.in_subgroup(affine2(multiple))


def test_the_ladder_adds_a_point_to_itself_and_to_its_negative() -> None:
    x, y = point = G2_GENERATOR
    twice = curve._add((x, y, (1, 0)), point)
    assert _affine(twice) == g2(2)
    assert curve._add((x, curve.negate(y), (1, 0)), point)[2] == (0, 0)


def _affine(point: tuple[Fp2, Fp2, Fp2]) -> G2:
    """From Jacobian coordinates."""
    x, y, z = (FQ2(coordinate) for coordinate in point)
    return affine2((x / z**2, y / z**3, FQ2.one()))


def _py(point: G2) -> tuple[FQ2, FQ2, FQ2]:
    return (FQ2(point[0]), FQ2(point[1]), FQ2.one())
