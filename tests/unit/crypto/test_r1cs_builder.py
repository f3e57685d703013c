"""The builder keeps bounds honest, numbers cells as circom does, and solves what it built."""

import numpy as np
import pytest

from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.errors import (
    InputNotInField,
    NameTaken,
    NotAnOutput,
    OutputNotDefinedOnce,
    PublicAfterPrivate,
    RangeError,
    Unsatisfied,
    UnusedPublic,
    ValueRefused,
    WrongInputs,
)
from crypto.r1cs.estimate import cells_microseconds
from crypto.r1cs.gadgets.bits import assert_range, to_bits
from crypto.r1cs.wire import Wire, as_wire, linear


def product_circuit() -> Circuit:
    """Public a, private b, public output a * b."""
    cs = Builder()
    a, product = cs.public("a"), cs.output("product")
    cs.define(product, cs.mul(a, cs.private("b")))
    return cs.build()


def test_public_signals_come_first_in_the_order_of_declaration() -> None:
    witness = product_circuit().solve({"a": 3, "b": 5})
    assert witness.public == (3, 15)
    assert witness.cells == (1, 3, 15, 5, 15)


def test_a_witness_that_breaks_a_constraint_is_found() -> None:
    circuit = product_circuit()
    witness = circuit.solve({"a": 3, "b": 5})
    circuit.check(witness)
    wrong = list(witness.cells)
    wrong[2] = 16
    assert circuit.violated(wrong) == [1]
    with pytest.raises(Unsatisfied) as found:
        circuit.check(type(witness)(tuple(wrong), 2))
    assert found.value.constraint == 1


def test_a_public_signal_after_a_private_one_is_refused() -> None:
    cs = Builder()
    cs.private("b")
    with pytest.raises(PublicAfterPrivate) as refused:
        cs.public("a")
    assert refused.value.name == "a"


def test_two_signals_of_one_name_are_refused() -> None:
    cs = Builder()
    cs.public("a")
    with pytest.raises(NameTaken):
        cs.private("a")
    with pytest.raises(NameTaken):
        cs.output("a")


def test_an_output_without_a_value_or_with_two_is_refused() -> None:
    cs = Builder()
    out = cs.output("out")
    cs.bind(out)
    with pytest.raises(OutputNotDefinedOnce) as refused:
        cs.build()
    assert refused.value.definitions == 0
    cs.define(out, 1)
    with pytest.raises(OutputNotDefinedOnce):
        cs.define(out, 2)


def test_only_an_output_can_be_defined() -> None:
    cs = Builder()
    for wire in (cs.public("a"), 2 * cs.output("out"), cs.private("b"), as_wire(1)):
        with pytest.raises(NotAnOutput):
            cs.define(wire, 1)


def test_a_public_signal_in_no_constraint_is_refused_until_it_is_bound() -> None:
    cs = Builder()
    ctx = cs.public("ctx")
    with pytest.raises(UnusedPublic) as refused:
        cs.build()
    assert refused.value.cell == 1
    cs.bind(ctx)
    assert cs.build().solve({"ctx": 7}).public == (7,)


@pytest.mark.parametrize(
    "inputs",
    [{"a": 3}, {"a": 3, "b": 5, "c": 1}, {"a": 3, "b": [5, 6]}, {"a": 3, "b": []}, {"a": 3, "b": 5, "product": 15}],
)
def test_missing_superfluous_or_miscounted_inputs_are_refused(inputs: dict[str, int | list[int]]) -> None:
    with pytest.raises(WrongInputs):
        product_circuit().solve(inputs)


@pytest.mark.parametrize("value", [-1, SCALAR_FIELD, SCALAR_FIELD + 3])
def test_an_input_outside_the_field_is_refused_not_reduced(value: int) -> None:
    with pytest.raises(InputNotInField) as refused:
        product_circuit().solve({"a": value, "b": 5})
    assert refused.value.value == value


def test_fixed_width_integers_are_widened_before_they_could_wrap() -> None:
    cs = Builder()
    out = cs.output("out")
    cs.define(out, linear((2**70, wire) for wire in cs.private_array("x", 2)))
    assert cs.build().solve({"x": np.array([2**62, 1], dtype=np.int64)}).public == (2**132 + 2**70,)


def test_a_value_that_cannot_be_proven_is_refused_not_wrapped() -> None:
    cs = Builder()
    assert_range(cs, cs.private("x"), 4)
    circuit = cs.build()
    circuit.check(circuit.solve({"x": 15}))
    with pytest.raises(ValueRefused) as refused:
        circuit.solve({"x": 16})
    assert (refused.value.value, refused.value.needed) == (16, (0, 15))


def test_sums_and_multiples_cost_nothing_and_carry_their_bounds() -> None:
    cs = Builder()
    x, y = (assert_range(cs, wire, 4) for wire in cs.private_array("x", 2))
    before = cs.constraint_count
    wire = 3 * x - 2 * y + 1
    assert wire.bound == (-29, 46)
    assert linear([(3, x), (-2, y)], 1).bound == (-29, 46)
    assert (5 - x).bound == (-10, 5)
    assert (x - x).is_constant
    assert (x * SCALAR_FIELD).is_constant
    assert cs.constraint_count == before


def test_inputs_and_hints_carry_no_bound_until_one_is_proven() -> None:
    cs = Builder()
    assert cs.private("x").bound is None
    (hint,) = cs.hint("test", lambda values: [0], [], 1)
    assert hint.bound is None
    assert assert_range(cs, hint, 3).bound == (0, 7)


def test_a_bound_that_would_span_the_field_is_dropped() -> None:
    cs = Builder()
    x = assert_range(cs, cs.private("x"), 200)
    assert (x * 2**53).bound == (0, (2**200 - 1) * 2**53)
    assert (x * 2**54).bound is None
    assert cs.mul(x, x).bound is None


def test_products_know_their_bounds_and_keep_cells_small_and_positive() -> None:
    cs = Builder()
    x = assert_range(cs, cs.private("x"), 8)
    signed = assert_range(cs, cs.private("w", offset=-128) + 128, 8) - 128
    product = cs.mul(x, signed)
    assert product.bound == (-128 * 255, 127 * 255)
    circuit = cs.build()
    witness = circuit.solve({"x": 255, "w": -128})
    circuit.check(witness)
    (cell,) = product.terms
    assert witness.cells[cell] == 0
    assert circuit.cell_bits[cell] == 16
    assert cells_microseconds(circuit.size.widths) < 20 * 30


def test_a_product_with_a_constant_costs_nothing() -> None:
    cs = Builder()
    x = cs.private("x")
    assert cs.mul(x, 5).terms == {1: 5}
    assert cs.mul(5, x).terms == {1: 5}
    assert cs.constraint_count == 0


def test_constants_that_differ_can_never_be_equal() -> None:
    cs = Builder()
    cs.assert_equal(4, as_wire(4))
    cs.assert_equal(4, 4 + SCALAR_FIELD)
    with pytest.raises(RangeError):
        cs.assert_equal(4, 5)


def test_a_gadget_refuses_a_wire_whose_bound_it_cannot_use() -> None:
    with pytest.raises(RangeError) as refused:
        Builder().private("x").require("gadget", 0, 7)
    assert refused.value.fields == {"gadget": "gadget", "bound": None, "needed": (0, 7)}


def test_more_than_253_bits_are_refused_since_they_would_not_be_unique() -> None:
    with pytest.raises(RangeError):
        to_bits(Builder(), Wire({}), 254)


def test_constraints_are_counted_by_scope() -> None:
    cs = Builder()
    x = cs.private("x")
    with cs.scope("range"):
        with cs.scope("bits"):
            assert_range(cs, x, 3)
        cs.mul(x, x)
    circuit = cs.build()
    assert circuit.cost_by_scope() == {"range/bits": 3, "range": 1}
    with pytest.raises(Unsatisfied, match="range/bits"):
        circuit.check(type(circuit.solve({"x": 3}))((1, 9, 0, 0, 81), 0))


def test_a_challenge_is_known_only_after_the_first_part_of_the_witness() -> None:
    cs = Builder()
    challenge = cs.public("challenge", phase=1)
    square = cs.mul(x := cs.private("x"), x)
    cs.next_phase()
    late = cs.private("late")
    cs.mul(cs.mul(square, challenge), late)
    circuit = cs.build()
    solving = circuit.start({"x": 3})
    assert solving.cells[3] == 9
    assert solving.cells[5:] == [0, 0]
    solving.advance({"challenge": 10, "late": 2})
    circuit.check(solving.witness())
    assert solving.cells[5:] == [90, 180]
    assert circuit.solve({"x": 3, "challenge": 10, "late": 2}) == solving.witness()
    with pytest.raises(WrongInputs):
        circuit.start({"x": 3, "challenge": 10})
