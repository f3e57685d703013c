"""BabyJubJub and full-width bits in a circuit: equal to the reference, complete, and without aliases."""

import pytest

from crypto import babyjubjub as curve
from crypto.babyjubjub import BASE8, IDENTITY, SUBORDER, NotOnCurve, Point
from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit import audit, differential
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.errors import RangeError, ValueRefused
from crypto.r1cs.gadgets import babyjubjub as gadgets
from crypto.r1cs.gadgets.babyjubjub import PointWire
from crypto.r1cs.gadgets.boolean import assert_boolean
from crypto.r1cs.gadgets.canonical import bits_at_most, field_bits, scalar_bits
from crypto.r1cs.wire import Wire

P = curve.multiply(7, BASE8)
Q = curve.multiply(SUBORDER - 1234567, BASE8)
SMALL_ORDER = Point(0, SCALAR_FIELD - 1)
PAIRS = [(P, Q), (P, P), (P, curve.negate(P)), (P, IDENTITY), (IDENTITY, IDENTITY), (SMALL_ORDER, SMALL_ORDER)]


def point(cs: Builder, name: str) -> PointWire:
    x, y = cs.private_array(name, 2)
    gadgets.assert_on_curve(cs, PointWire(x, y))
    return PointWire(x, y)


def reveal(cs: Builder, outputs: list[Wire], result: PointWire) -> Circuit:
    for wire, value in zip(outputs, result, strict=True):
        cs.define(wire, value)
    return cs.build()


def addition() -> Circuit:
    cs = Builder()
    outputs = cs.output_array("out", 2)
    return reveal(cs, outputs, gadgets.add(cs, point(cs, "p"), point(cs, "q")))


def doubling() -> Circuit:
    cs = Builder()
    outputs = cs.output_array("out", 2)
    return reveal(cs, outputs, gadgets.double(cs, point(cs, "p")))


def multiplication(count: int, fixed: bool) -> tuple[Circuit, int]:
    """By `count` bits, of BASE8 or of a private point; and the cost."""
    cs = Builder()
    outputs = cs.output_array("out", 2)
    bits = [assert_boolean(cs, bit) for bit in cs.private_array("bits", count)]
    base = None if fixed else point(cs, "p")
    before = cs.constraint_count
    result = gadgets.multiply_base(cs, bits) if base is None else gadgets.multiply(cs, bits, base)
    cost = cs.constraint_count - before
    return reveal(cs, outputs, result), cost


def bits_of(scalar: int, count: int) -> list[int]:
    return [scalar >> i & 1 for i in range(count)]


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_addition_is_complete(left: Point, right: Point) -> None:
    circuit = addition()
    witness = circuit.solve({"p": list(left), "q": list(right)})
    circuit.check(witness)
    assert Point(*witness.public) == curve.add(left, right)


@pytest.mark.parametrize("left", [P, Q, IDENTITY, SMALL_ORDER])
def test_doubling_is_complete(left: Point) -> None:
    circuit = doubling()
    witness = circuit.solve({"p": list(left)})
    circuit.check(witness)
    assert Point(*witness.public) == curve.double(left)


def test_addition_and_doubling_cost_what_they_say() -> None:
    assert len(addition().constraints) == 6 + 2 * 3 + 2
    assert len(doubling().constraints) == 5 + 3 + 2


def test_addition_and_doubling_cannot_be_forged() -> None:
    assert audit(addition(), [{"p": list(P), "q": list(Q)}, {"p": list(P), "q": list(P)}]).findings == ()
    assert audit(doubling(), [{"p": list(P)}, {"p": list(IDENTITY)}]).findings == ()


def test_a_point_off_the_curve_has_no_witness() -> None:
    refused = differential(doubling(), [{"p": [1, 1]}, {"p": [P.x, P.y + 1]}], lambda inputs: None)
    assert refused == []


def test_a_constant_off_the_curve_is_refused_when_the_circuit_is_built() -> None:
    assert gadgets.constant_point(P).x.constant == P.x
    with pytest.raises(NotOnCurve):
        gadgets.constant_point(Point(1, 1))
    with pytest.raises(NotOnCurve):
        gadgets.multiply_base(Builder(), [], Point(1, 1))


@pytest.mark.parametrize(
    ("count", "fixed", "cost"), [(251, True, 831), (251, False, 2888), (4, True, 10), (4, False, 41)]
)
def test_multiplication_costs_what_it_says(count: int, fixed: bool, cost: int) -> None:
    assert multiplication(count, fixed)[1] == cost


@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_multiplication_by_few_bits_equals_the_reference(count: int, fixed: bool) -> None:
    circuit, _ = multiplication(count, fixed)
    for scalar in range(1 << count):
        given: Inputs = {"bits": bits_of(scalar, count)} if fixed else {"bits": bits_of(scalar, count), "p": list(P)}
        witness = circuit.solve(given)
        circuit.check(witness)
        assert Point(*witness.public) == curve.multiply(scalar, BASE8 if fixed else P)


@pytest.mark.parametrize("base", [P, IDENTITY, SMALL_ORDER])
def test_multiplication_by_a_full_scalar_equals_the_reference(base: Point) -> None:
    circuit, _ = multiplication(251, False)
    witness = circuit.solve({"bits": bits_of(SUBORDER - 2, 251), "p": list(base)})
    circuit.check(witness)
    assert Point(*witness.public) == curve.multiply(SUBORDER - 2, base)


def test_multiplication_of_the_base_by_a_full_scalar_equals_the_reference() -> None:
    circuit, _ = multiplication(251, True)
    for scalar in (0, 1, SUBORDER - 1):
        witness = circuit.solve({"bits": bits_of(scalar, 251)})
        circuit.check(witness)
        assert Point(*witness.public) == curve.multiply_base(scalar)


def test_multiplication_cannot_be_forged() -> None:
    fixed, _ = multiplication(5, True)
    assert audit(fixed, [{"bits": bits_of(s, 5)} for s in (0, 0b10110)]).findings == ()
    private, _ = multiplication(4, False)
    assert audit(private, [{"bits": bits_of(s, 4), "p": list(P)} for s in (0, 0b1011)], sample=40).findings == ()


def test_multiplication_refuses_bits_that_are_not_proven_to_be_bits() -> None:
    cs = Builder()
    bits = cs.private_array("bits", 2)
    with pytest.raises(RangeError):
        gadgets.multiply_base(cs, bits)
    with pytest.raises(RangeError):
        gadgets.multiply(cs, bits, gadgets.constant_point(P))


def canonical(highest: int) -> tuple[Circuit, int]:
    cs = Builder()
    outputs = cs.output_array("out", highest.bit_length())
    bits = bits_at_most(cs, cs.private("x"), highest)
    cost = cs.constraint_count
    for wire, bit in zip(outputs, bits, strict=True):
        cs.define(wire, bit)
    return cs.build(), cost


def test_full_width_bits_cost_what_they_say() -> None:
    assert canonical(SCALAR_FIELD - 1)[1] == 353
    assert canonical(SUBORDER - 1)[1] == 364


@pytest.mark.parametrize("value", [0, 1, 2**253, SCALAR_FIELD // 2, SCALAR_FIELD - 2, SCALAR_FIELD - 1])
def test_every_field_element_has_its_bits(value: int) -> None:
    circuit, _ = canonical(SCALAR_FIELD - 1)
    witness = circuit.solve({"x": value})
    circuit.check(witness)
    assert sum(bit << i for i, bit in enumerate(witness.public)) == value


@pytest.mark.parametrize("value", [0, 5, SCALAR_FIELD // 4])
def test_the_bits_of_the_value_plus_r_are_excluded(value: int) -> None:
    """The alias itself, put in by hand: all bits of value + r, and what follows from them."""
    circuit, _ = canonical(SCALAR_FIELD - 1)
    assert (value + SCALAR_FIELD).bit_length() <= 254
    honest = circuit.solve({"x": value}).cells
    first = circuit.inputs["x"].cells.stop
    alias = {first + i - 1: (value + SCALAR_FIELD) >> i & 1 for i in range(1, 254)}
    solving = circuit.start({"x": value}, pinned=alias, strict=False)
    assert len(solving.cells) == len(honest)
    assert circuit.violated(solving.cells) != []


def test_full_width_bits_cannot_be_forged() -> None:
    circuit, _ = canonical(SCALAR_FIELD - 1)
    assert audit(circuit, [{"x": 5}], sample=8).findings == ()


def test_a_scalar_as_large_as_the_subgroup_is_refused() -> None:
    cs = Builder()
    scalar_bits(cs, cs.private("x"))
    circuit = cs.build()
    circuit.check(circuit.solve({"x": SUBORDER - 1}))
    for value in (SUBORDER, SUBORDER + 1, 2**251 - 1, 2**251, SCALAR_FIELD - 1):
        with pytest.raises(ValueRefused):
            circuit.solve({"x": value})
    forced = {2 + i - 1: SUBORDER >> i & 1 for i in range(1, 251)}
    assert circuit.violated(circuit.start({"x": SUBORDER}, pinned=forced, strict=False).cells) != []


@pytest.mark.parametrize("highest", [0, SCALAR_FIELD, -1])
def test_a_highest_value_outside_the_field_is_refused(highest: int) -> None:
    with pytest.raises(RangeError):
        bits_at_most(Builder(), Wire({}), highest)


def test_all_bits_of_a_field_element_are_bits() -> None:
    cs = Builder()
    assert {bit.bound for bit in field_bits(cs, cs.private("x"))} == {(0, 1)}
