"""BabyJubJub agrees with EIP-2494 and circomlib, and refuses points and scalars that would leak or alias."""

import pytest

from crypto.babyjubjub import (
    BASE8,
    COFACTOR,
    IDENTITY,
    SUBORDER,
    MalformedPoint,
    NotInSubgroup,
    NotOnCurve,
    Point,
    ScalarOutOfRange,
    add,
    decode_point,
    double,
    encode_point,
    in_subgroup,
    multiply,
    multiply_base,
    negate,
    on_curve,
    public_key,
    require_subgroup,
    shared_point,
)
from crypto.field import SCALAR_FIELD

# EIP-2494: the generator of the whole group, its order, and the test vectors.
GENERATOR = Point(
    995203441582195749578291179787384436505546430278305826713579947235728471134,
    5472060717959818805561601436314318772137091100104008585924551046643952123905,
)
ORDER = 21888242871839275222246405745257275088614511777268538073601725287587578984328
P1 = Point(
    17777552123799933955779906779655732241715742912184938656739573121738514868268,
    2626589144620713026669568689430873010625803728049924121243784502389097019475,
)
P2 = Point(
    16540640123574156134436876038791482806971768689494387082833631921987005038935,
    20819045374670962167435360035096875258406992893633759881276124905556507972311,
)
P1_PLUS_P2 = Point(
    7916061937171219682591368294088513039687205273691143098332585753343424131937,
    14035240266687799601661095864649209771790948434046947201833777492504781204499,
)
TWICE_P1 = Point(
    6890855772600357754907169075114257697580319025794532037257385534741338397365,
    4338620300185947561074059802482547481416142213883829469920100239455078257889,
)
# circomlibjs 0.1.7
SCALAR = 12345678901234567890
MULTIPLE = Point(
    9870005005847011608331577223206232445694836345907703061632808185432752199579,
    1280814412998859969632801946500753365965706410586298946647253329966634969700,
)
PACKED_MULTIPLE = bytes.fromhex("642a39e3162a659c75268a6a0caac263582f699f864e9987915160fc4eead402")
PACKED_BASE8 = bytes.fromhex("8b7d2d877a253c4b7733e1b91f05e0fcedf96bd11c2e572549b2a0f703727925")
SMALL_ORDER = Point(0, SCALAR_FIELD - 1)


def test_sums_are_those_of_eip_2494() -> None:
    assert add(P1, P2) == P1_PLUS_P2
    assert add(P1, P1) == double(P1) == TWICE_P1
    assert add(P1, IDENTITY) == P1
    assert add(P1, negate(P1)) == IDENTITY


def test_the_group_has_the_order_and_base_of_eip_2494() -> None:
    assert ORDER == COFACTOR * SUBORDER
    assert multiply(ORDER, GENERATOR) == IDENTITY
    assert multiply(COFACTOR, GENERATOR) == BASE8
    assert multiply(SUBORDER, BASE8) == IDENTITY
    assert multiply(SUBORDER, GENERATOR) != IDENTITY


def test_multiples_are_those_of_circomlib() -> None:
    assert multiply(SCALAR, BASE8) == multiply_base(SCALAR) == MULTIPLE


@pytest.mark.parametrize("scalar", [0, 1, 2, 15, 16, 17, SUBORDER - 1, SUBORDER, SUBORDER + 1])
def test_the_table_of_the_base_point_agrees_with_plain_multiplication(scalar: int) -> None:
    assert multiply_base(scalar) == multiply(scalar, BASE8)


def test_the_two_sides_of_diffie_hellman_meet() -> None:
    ours, theirs = 11, SUBORDER - 5
    assert shared_point(ours, public_key(theirs)) == shared_point(theirs, public_key(ours))


@pytest.mark.parametrize("secret", [0, -1, SUBORDER, SUBORDER + 1])
def test_a_secret_out_of_range_is_refused_and_not_shown(secret: int) -> None:
    with pytest.raises(ScalarOutOfRange) as refused:
        public_key(secret)
    assert refused.value.fields == {}
    with pytest.raises(ScalarOutOfRange):
        shared_point(secret, BASE8)


@pytest.mark.parametrize("point", [IDENTITY, SMALL_ORDER, GENERATOR, add(BASE8, SMALL_ORDER)])
def test_a_key_outside_the_subgroup_is_refused(point: Point) -> None:
    assert on_curve(point)
    with pytest.raises(NotInSubgroup) as refused:
        shared_point(5, point)
    assert refused.value.point == point


@pytest.mark.parametrize(
    "point", [Point(1, 1), Point(BASE8.x + SCALAR_FIELD, BASE8.y), Point(BASE8.x, BASE8.y - SCALAR_FIELD), Point(-1, 0)]
)
def test_what_is_not_a_point_of_the_curve_is_refused(point: Point) -> None:
    with pytest.raises(NotOnCurve) as refused:
        require_subgroup(point)
    assert refused.value.point == point
    with pytest.raises(NotOnCurve):
        encode_point(point)


def test_points_are_packed_as_circomlib_packs_them() -> None:
    assert encode_point(MULTIPLE) == PACKED_MULTIPLE
    assert encode_point(BASE8) == PACKED_BASE8
    assert decode_point(PACKED_MULTIPLE) == MULTIPLE
    assert decode_point(PACKED_BASE8) == BASE8


@pytest.mark.parametrize("point", [IDENTITY, SMALL_ORDER, GENERATOR, negate(GENERATOR), P1, P2, negate(P2)])
def test_packing_is_undone_by_unpacking(point: Point) -> None:
    assert decode_point(encode_point(point)) == point


def test_bytes_that_encode_no_point_are_refused() -> None:
    off_curve = next(y for y in range(2, 50) if not _is_ordinate(y))
    signed_zero = (1 | 1 << 255).to_bytes(32, "little")
    not_canonical = (1 + SCALAR_FIELD).to_bytes(32, "little")
    for encoded in (b"", bytes(31), bytes(33), off_curve.to_bytes(32, "little"), signed_zero, not_canonical):
        with pytest.raises(MalformedPoint) as refused:
            decode_point(encoded)
        assert refused.value.encoded == encoded


def _is_ordinate(y: int) -> bool:
    """Euler's criterion on x**2 = (1 - y**2) / (a - d y**2)."""
    square = (1 - y * y) * pow(168700 - 168696 * y * y, -1, SCALAR_FIELD)
    return pow(square, SCALAR_FIELD // 2, SCALAR_FIELD) in (0, 1)


def test_the_subgroup_is_recognised() -> None:
    assert in_subgroup(MULTIPLE)
    assert in_subgroup(IDENTITY)
    assert not in_subgroup(GENERATOR)
