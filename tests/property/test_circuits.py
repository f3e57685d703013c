"""Circuits of any width: wires are the integers they stand for, gadgets their plain references, files lose nothing."""

from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.field import SCALAR_FIELD
from crypto.poseidon import pack_bytes
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Witness
from crypto.r1cs.gadgets.bits import assert_interval, to_bits
from crypto.r1cs.gadgets.canonical import bits_at_most
from crypto.r1cs.gadgets.compare import less_than
from crypto.r1cs.gadgets.dense import dense
from crypto.r1cs.gadgets.divide import div_rem, div_rem_wire
from crypto.r1cs.gadgets.extremum import argmax, max_pool
from crypto.r1cs.gadgets.pack import pack
from crypto.r1cs.gadgets.products import products
from crypto.r1cs.gadgets.relu import relu_shift, relu_shift_saturated
from crypto.r1cs.r1cs_file import read_r1cs, write_r1cs
from crypto.r1cs.wire import Wire, linear
from crypto.r1cs.wtns_file import read_wtns, write_wtns

Gadget = Callable[[Builder, list[Wire]], Sequence[Wire]]


def run(gadget: Gadget, values: Sequence[int], lo: int, hi: int) -> list[int]:
    """The gadget's outputs for inputs in lo..hi, as signed integers, from a witness that satisfies every constraint.

    Each output is checked to lie in the bound that the gadget claims for it.
    """

    def wired(cs: Builder) -> Sequence[Wire]:
        wires = [assert_interval(cs, wire, lo, hi) for wire in cs.private_array("x", len(values), offset=lo)]
        return gadget(cs, wires)

    cs = Builder()
    declared = cs.output_array("out", len(wired(Builder())))
    results = wired(cs)
    for wire, value in zip(declared, results, strict=True):
        cs.define(wire, value)
    circuit = cs.build()
    witness = circuit.solve({"x": list(values)})
    circuit.check(witness)
    widths = zip(circuit.cell_bits, witness.cells, strict=True)
    assert all(cell.bit_length() <= width for width, cell in widths)
    outputs = [cell - SCALAR_FIELD if cell > SCALAR_FIELD // 2 else cell for cell in witness.public]
    for result, value in zip(results, outputs, strict=True):
        assert result.bound is not None
        assert result.bound[0] <= value <= result.bound[1]
    return outputs


signed = st.integers(2, 40).flatmap(
    lambda bits: st.tuples(st.just(bits), st.lists(st.integers(1 - 2**bits, 2**bits - 1), min_size=2, max_size=5))
)
unsigned = st.integers(1, 40).flatmap(
    lambda bits: st.tuples(st.just(bits), st.lists(st.integers(0, 2**bits - 1), min_size=2, max_size=5))
)
Case = tuple[int, list[int]]
some = settings(max_examples=40, deadline=None)


@some
@given(signed, st.data())
def test_relu_is_numpys_at_any_width(case: Case, data: st.DataObject) -> None:
    bits, values = case
    shift = data.draw(st.integers(0, bits))
    out_bits = data.draw(st.integers(1, bits))
    top = 2**bits - 1
    assert run(lambda cs, x: [relu_shift(cs, a, bits, shift) for a in x], values, -top, top) == [
        max(value, 0) >> shift for value in values
    ]
    assert run(lambda cs, x: [relu_shift_saturated(cs, a, bits, shift, out_bits) for a in x], values, -top, top) == [
        min(max(value, 0) >> shift, 2**out_bits - 1) for value in values
    ]


@some
@given(signed, st.integers(1, 2**20))
def test_division_is_pythons(case: Case, divisor: int) -> None:
    bits, (value, *_) = case
    assert run(lambda cs, x: div_rem(cs, x[0], divisor), [value], -(2**bits), 2**bits) == [*divmod(value, divisor)]


@some
@given(unsigned)
def test_division_by_a_wire_is_pythons(case: Case) -> None:
    bits, (a, b, *_) = case
    divisor = max(b, 1)
    expected = [*divmod(a, divisor)]
    assert run(lambda cs, x: div_rem_wire(cs, *x), [a, divisor], 0, 2**bits - 1) == expected


@some
@given(signed)
def test_argmax_takes_the_first_of_the_largest(case: Case) -> None:
    bits, values = case
    top = 2**bits - 1
    largest = max(values)
    assert run(lambda cs, x: argmax(cs, x, bits + 1), values, -top, top) == [values.index(largest), largest]
    assert run(lambda cs, x: [max_pool(cs, x, bits + 1)], values, -top, top) == [largest]


@some
@given(unsigned)
def test_order_and_bits_are_those_of_integers(case: Case) -> None:
    bits, values = case
    a, b, *_ = values
    assert run(lambda cs, x: [less_than(cs, *x, bits)], [a, b], 0, 2**bits - 1) == [int(a < b)]
    assert run(lambda cs, x: to_bits(cs, x[0], bits), [a], 0, 2**bits - 1) == [a >> i & 1 for i in range(bits)]


@some
@given(st.integers(1, SCALAR_FIELD - 1).flatmap(lambda top: st.tuples(st.just(top), st.integers(0, top))))
def test_bits_below_any_bound_are_those_of_the_integer(case: tuple[int, int]) -> None:
    highest, value = case
    cs = Builder()
    out = cs.output("out")
    bits = bits_at_most(cs, cs.private("x"), highest)
    cs.define(out, linear((1 << i, bit) for i, bit in enumerate(bits)))
    circuit = cs.build()
    witness = circuit.solve({"x": value})
    circuit.check(witness)
    assert witness.public == (value,)


@some
@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_dense_layers_are_matrix_products(rows: int, columns: int, data: st.DataObject) -> None:
    number = st.integers(-127, 127)
    x = data.draw(st.lists(number, min_size=columns, max_size=columns))
    weights = data.draw(st.lists(st.lists(number, min_size=columns, max_size=columns), min_size=rows, max_size=rows))
    bias = data.draw(st.lists(number, min_size=rows, max_size=rows))
    expected = [sum(w * v for w, v in zip(row, x, strict=True)) + b for row, b in zip(weights, bias, strict=True)]
    assert run(lambda cs, wires: dense(weights, wires, bias), x, -127, 127) == expected

    def private(cs: Builder, wires: list[Wire]) -> list[Wire]:
        made = products(cs, wires[columns : columns * (1 + rows)], wires[:columns] * rows)
        sums = [linear((1, wire) for wire in made[i * columns : (i + 1) * columns]) for i in range(rows)]
        return [total + offset for total, offset in zip(sums, wires[columns * (1 + rows) :], strict=True)]

    flat = [*x, *(w for row in weights for w in row), *bias]
    assert run(private, flat, -127, 127) == expected


@some
@given(unsigned)
def test_packing_in_a_circuit_is_packing_outside(case: Case) -> None:
    bits, values = case
    cs = Builder()
    out = cs.output_array("out", len(pack_bytes(values, bits)))
    wires = [assert_interval(cs, wire, 0, 2**bits - 1) for wire in cs.private_array("x", len(values))]
    for wire, value in zip(out, pack(wires, bits), strict=True):
        cs.define(wire, value)
    assert cs.build().solve({"x": values}).public == tuple(pack_bytes(values, bits))


expressions = st.recursive(
    st.tuples(st.just("x"), st.integers(0, 3)) | st.tuples(st.just("k"), st.integers(-(2**70), 2**70)),
    lambda inner: st.tuples(st.sampled_from("+-*s"), inner, inner),
    max_leaves=12,
)


def as_wire(cs: Builder, wires: list[Wire], node: tuple[object, ...]) -> Wire:
    match node:
        case ("x", int(index)):
            return wires[index]
        case ("k", int(value)):
            return wires[0] * 0 + value
        case ("s", left, right):
            return 3 * as_wire(cs, wires, left) - as_wire(cs, wires, right) * 2  # type: ignore[arg-type]
        case (sign, left, right):
            a, b = as_wire(cs, wires, left), as_wire(cs, wires, right)  # type: ignore[arg-type]
            return a + b if sign == "+" else a - b if sign == "-" else cs.mul(a, b)
    raise ValueError(node)


def as_integer(x: list[int], node: tuple[object, ...]) -> int:
    match node:
        case ("x", int(index)):
            return x[index]
        case ("k", int(value)):
            return value
        case ("s", left, right):
            return 3 * as_integer(x, left) - as_integer(x, right) * 2  # type: ignore[arg-type]
        case (sign, left, right):
            a, b = as_integer(x, left), as_integer(x, right)  # type: ignore[arg-type]
            return a + b if sign == "+" else a - b if sign == "-" else a * b
    raise ValueError(node)


@settings(max_examples=100, deadline=None)
@given(expressions, st.lists(st.integers(-100, 100), min_size=4, max_size=4))
def test_a_wire_is_the_integer_it_stands_for_and_in_its_bound(expression: tuple[object, ...], x: list[int]) -> None:
    """+, -, products of wires, and multiples by the constant 3 (s), nested at will."""
    cs = Builder()
    out = cs.output("out")
    wires = [assert_interval(cs, wire, -100, 100) for wire in cs.private_array("x", 4, offset=-100)]
    result = as_wire(cs, wires, expression)
    cs.define(out, result)
    circuit = cs.build()
    witness = circuit.solve({"x": x})
    circuit.check(witness)
    exact = as_integer(x, expression)
    assert witness.public == (exact % SCALAR_FIELD,)
    if result.bound is not None:
        assert (exact - result.bound[0]) % SCALAR_FIELD <= result.bound[1] - result.bound[0]
    assert list(read_r1cs(write_r1cs(circuit)).constraints.rows()) == list(circuit.constraints.rows())


@given(st.lists(st.integers(0, SCALAR_FIELD - 1), min_size=1, max_size=20))
def test_any_witness_survives_its_file(cells: list[int]) -> None:
    witness = Witness((1, *cells), len(cells))
    assert read_wtns(write_wtns(witness), len(cells)) == witness
