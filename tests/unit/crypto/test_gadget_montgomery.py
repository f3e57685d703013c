"""Multiples by signed bits, in the Montgomery form: equal to the reference, of prime order only, unforgeable."""

from collections.abc import Sequence

import pytest

from crypto import babyjubjub as curve
from crypto.babyjubjub import BASE8, IDENTITY, SUBORDER, NotInSubgroup, NumberTooWide, Point, signed_scalar
from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit import Audit, AuditSubject, audit, differential
from crypto.r1cs.audit.cross import cross_verified
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.errors import RangeError
from crypto.r1cs.gadgets import montgomery as gadgets
from crypto.r1cs.gadgets.babyjubjub import PointWire
from crypto.r1cs.gadgets.boolean import assert_boolean
from crypto.r1cs.gadgets.montgomery import MontgomeryWire
from crypto.r1cs.wire import Wire

FULL = curve.MAX_SIGNED_BITS
P = curve.multiply(7, BASE8)
Q = curve.multiply(SUBORDER - 1234567, BASE8)
OF_ORDER_TWO = Point(0, SCALAR_FIELD - 1)
GENERATOR = Point(  # of all 8 l points: EIP-2494's base point
    995203441582195749578291179787384436505546430278305826713579947235728471134,
    5472060717959818805561601436314318772137091100104008585924551046643952123905,
)
OUTSIDE = [
    IDENTITY,
    OF_ORDER_TWO,
    GENERATOR,
    curve.multiply(SUBORDER, GENERATOR),
    curve.add(P, OF_ORDER_TWO),
    Point(1, 1),
    Point(P.x, P.y + 1),
    Point(0, 0),
]


def in_prime_order() -> Circuit:
    """Proves that a private point has prime order and gives it back."""
    cs = Builder()
    outputs = cs.output_array("out", 2)
    x, y = cs.private_array("p", 2)
    return reveal(cs, outputs, gadgets.to_edwards(cs, gadgets.prime_order(cs, PointWire(x, y))))


def eightfold() -> Circuit:
    """What `prime_order` proves, from the point that it hints: eight times a point of the curve."""
    cs = Builder()
    outputs = cs.output_array("out", 2)
    point = MontgomeryWire(*cs.private_array("p", 2))
    return reveal(cs, outputs, gadgets.to_edwards(cs, gadgets._times_eight(cs, point)))


def forward(count: int) -> Circuit:
    """Multiples of a point that is given in the Montgomery form, so that a forger can follow where he changes it."""
    cs = Builder()
    outputs = cs.output_array("out", 2)
    bits = [assert_boolean(cs, bit) for bit in cs.private_array("bits", count)]
    point = MontgomeryWire(*cs.private_array("p", 2))
    return reveal(cs, outputs, gadgets.multiply_signed(cs, bits, point))


def reveal(cs: Builder, outputs: Sequence[Wire], result: Sequence[Wire]) -> Circuit:
    for wire, value in zip(outputs, result, strict=True):
        cs.define(wire, value)
    return cs.build()


def multiplication(count: int, fixed: bool) -> tuple[Circuit, int]:
    """By `count` signed bits, of BASE8 or of a private point; and the cost."""
    cs = Builder()
    outputs = cs.output_array("out", 2)
    bits = [assert_boolean(cs, bit) for bit in cs.private_array("bits", count)]
    if fixed:
        before = cs.constraint_count
        result = gadgets.multiply_base_signed(cs, bits)
        cost = cs.constraint_count - before
    else:
        x, y = cs.private_array("p", 2)
        point = gadgets.prime_order(cs, PointWire(x, y))
        before = cs.constraint_count
        multiple = gadgets.multiply_signed(cs, bits, point)
        cost = cs.constraint_count - before
        result = gadgets.to_edwards(cs, multiple)
    return reveal(cs, outputs, result), cost


def number_of(scalar: int) -> int:
    """The number whose bits make an odd scalar between 2**251 and 2**252."""
    return (scalar - 2**251 - 1) // 2


def given(number: int, count: int, fixed: bool, point: Point = P) -> Inputs:
    bits = [number >> i & 1 for i in range(count)]
    return {"bits": bits} if fixed else {"bits": bits, "p": list(point)}


@pytest.mark.parametrize("point", [P, Q, BASE8, curve.negate(P)])
def test_a_point_of_prime_order_passes_and_is_itself(point: Point) -> None:
    circuit = in_prime_order()
    assert len(circuit.constraints) == 16 + 2 + 2
    witness = circuit.solve({"p": list(point)})
    circuit.check(witness)
    assert Point(*witness.public) == point


def test_no_other_point_has_a_witness() -> None:
    assert curve.on_curve(GENERATOR)
    assert not curve.in_subgroup(GENERATOR)
    assert differential(in_prime_order(), [{"p": list(point)} for point in OUTSIDE], lambda inputs: None) == []


@pytest.mark.slow
def test_prime_order_cannot_be_forged() -> None:
    subject = AuditSubject(in_prime_order(), [{"p": list(P)}, {"p": list(Q)}])
    assert Audit(subject, tests=("mutation", "jacobian", "flips")).run().findings == ()
    assert audit(eightfold(), [{"p": list(gadgets._montgomery(point))} for point in (P, Q)]).findings == ()


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_only_the_curves_equation_keeps_out_points_off_the_curve(seed: int) -> None:
    """Doubling works on every curve with this MA; without the one row a point of another would be proven."""
    start = gadgets._eighth(P)
    off = (start[0], start[1] * seed % SCALAR_FIELD)
    forged = off
    for _ in range(3):
        forged = gadgets._doubled(forged)[1:]
    circuit = in_prime_order()
    cells = circuit.start({"p": list(_edwards(forged))}, pinned={5: off[0], 6: off[1]}, strict=False).cells
    assert circuit.violated(cells) == [2]


def test_both_coordinates_are_tied_to_the_point_that_is_proven() -> None:
    circuit = in_prime_order()
    eighth = dict(zip((5, 6), gadgets._eighth(P), strict=True))
    for other in (Point(P.x + 1, P.y), Point(P.x, P.y + 1)):
        cells = circuit.start({"p": list(other)}, pinned=eighth, strict=False).cells
        assert len(circuit.violated(cells)) == 1


def _edwards(point: tuple[int, ...]) -> list[int]:
    return [value % SCALAR_FIELD for value in gadgets._edwards(point)]


@pytest.mark.parametrize(
    ("count", "fixed", "cost"), [(FULL, True, 502), (FULL, False, 1507), (5, True, 13), (4, True, 10), (4, False, 31)]
)
def test_multiplication_costs_what_it_says(count: int, fixed: bool, cost: int) -> None:
    assert multiplication(count, fixed)[1] == cost


@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_multiplication_by_few_bits_equals_the_reference(count: int, fixed: bool) -> None:
    circuit, _ = multiplication(count, fixed)
    for number in range(1 << count):
        witness = circuit.solve(given(number, count, fixed))
        circuit.check(witness)
        scalar = 3 * 2**count + sum((2 * (number >> i & 1) - 1) << i for i in range(count))
        assert scalar % SUBORDER == signed_scalar(number, count)
        assert Point(*witness.public) == curve.multiply(scalar, BASE8 if fixed else P)


@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("number", [0, 1, 2**FULL - 1, 2**249, number_of(2 * SUBORDER - 3), 0xAAAA << 230])
def test_multiplication_by_all_bits_equals_the_reference(number: int, fixed: bool) -> None:
    circuit, _ = multiplication(FULL, fixed)
    witness = circuit.solve(given(number, FULL, fixed, Q))
    circuit.check(witness)
    assert Point(*witness.public) == curve.multiply(signed_scalar(number, FULL), BASE8 if fixed else Q)


@pytest.mark.parametrize("scalar", [2 * SUBORDER - 1, 2 * SUBORDER + 1])
def test_a_multiple_that_is_the_identity_on_the_way_has_no_witness(scalar: int) -> None:
    """The last step would begin at l P."""
    circuit, _ = multiplication(FULL, False)
    assert circuit.violated(circuit.solve(given(number_of(scalar), FULL, False)).cells) != []


def test_multiplication_of_the_base_cannot_be_forged() -> None:
    circuit, _ = multiplication(5, True)
    assert audit(circuit, [given(number, 5, True) for number in (0, 22)]).findings == ()


def test_multiplication_cannot_be_forged() -> None:
    cases = [given(number, 3, False, Point(*gadgets._montgomery(point))) for number, point in ((0, P), (5, Q))]
    assert audit(forward(3), cases).findings == ()


def test_the_slope_of_a_sum_of_equal_points_would_be_free() -> None:
    """Why points must have prime order: of 2 P = P, P being the identity, nothing holds the sum. The audit sees it."""
    cs = Builder()
    out = cs.output("out")
    u, v = cs.private_array("p", 2)
    point = gadgets.MontgomeryWire(u, v)
    cs.define(out, gadgets._add(cs, point, gadgets.MontgomeryWire(u + 0, v + 0)).u)
    assert audit(cs.build(), [{"p": list(gadgets._montgomery(P))}]).findings != ()


@pytest.mark.slow
def test_a_proof_of_a_multiple_verifies_elsewhere() -> None:
    circuit, _ = multiplication(4, False)
    assert cross_verified(circuit, circuit.solve(given(9, 4, False))) is None


def test_bits_that_are_no_bits_and_too_many_are_refused() -> None:
    cs = Builder()
    unproven = cs.private_array("bits", 2)
    point = gadgets.prime_order(cs, PointWire(*cs.private_array("p", 2)))
    many = [assert_boolean(cs, bit) for bit in cs.private_array("many", FULL + 1)]
    for bits in (unproven, many):
        with pytest.raises(RangeError):
            gadgets.multiply_signed(cs, bits, point)
        with pytest.raises(RangeError):
            gadgets.multiply_base_signed(cs, bits)
    with pytest.raises(NotInSubgroup):
        gadgets.multiply_base_signed(cs, many[:1], GENERATOR)


def test_signed_scalars_are_all_different_and_never_zero() -> None:
    """Not reduced they are odd, above 2**251 and below 2**252, where l has one multiple, which is even."""
    assert 2**250 < SUBORDER < 2**251 < 2 * SUBORDER < 2**252 < 3 * SUBORDER
    assert signed_scalar(2**FULL - 1, FULL) == (2**252 - 1) % SUBORDER
    for number, bits in ((-1, 4), (16, 4), (2**FULL, FULL), (0, FULL + 1)):
        with pytest.raises(NumberTooWide):
            signed_scalar(number, bits)
