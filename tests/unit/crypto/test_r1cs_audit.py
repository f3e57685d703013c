"""The audit finds bugs that were put in on purpose, each by the test that is meant for it, and passes what is sound."""

from collections.abc import Callable, Sequence

import pytest

from crypto.field import SCALAR_FIELD, square_root
from crypto.r1cs.audit import Forgeable, audit, differential
from crypto.r1cs.audit.algebra import Span
from crypto.r1cs.audit.deletion import idle_rows, redundant_rows
from crypto.r1cs.audit.flips import flipped_outputs
from crypto.r1cs.audit.jacobian import free_outputs
from crypto.r1cs.audit.mutation import loose_cells
from crypto.r1cs.audit.system import System
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.gadgets.bits import assert_range, from_bits, hint_number, to_bits
from crypto.r1cs.wire import Wire, linear

P = SCALAR_FIELD
Buggy = Callable[[Builder, list[Wire]], Sequence[Wire]]


def circuit_of(gadget: Buggy, inputs: int = 1, bits: int | None = 3) -> Circuit:
    """Private inputs x0.., ranged to `bits` unless None, and the gadget's results as outputs."""

    def wired(cs: Builder) -> Sequence[Wire]:
        wires = cs.private_array("x", inputs)
        return gadget(cs, wires if bits is None else [assert_range(cs, wire, bits) for wire in wires])

    cs = Builder()
    declared = cs.output_array("out", len(wired(Builder())))
    for wire, value in zip(declared, wired(cs), strict=True):
        cs.define(wire, value)
    return cs.build()


def bits_of(cs: Builder, a: Wire, count: int, unproven: int | None = None) -> list[Wire]:
    """`to_bits`, but one of the bits is not proven to be a bit."""
    upper = cs.hint("bits", lambda v: [v[0] >> i & 1 for i in range(1, count)], [a], count - 1)
    bits = [linear([(1, a), *((-1 << i, bit) for i, bit in enumerate(upper, start=1))]), *upper]
    for i, bit in enumerate(bits):
        if i != unproven:
            cs.constrain(bit, bit - 1, 0)
    return [bit.bounded(0, 1) for bit in bits]


def missing_booleanity(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    return bits_of(cs, x[0], 3, unproven=1)


def missing_top_booleanity(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    return bits_of(cs, x[0], 3, unproven=2)[2:]


def unranged_remainder(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    quotient = hint_number(cs, "divide", lambda v: (v[0] // 3,), x, 2)
    return [quotient, x[0] - 3 * quotient]


def remainder_below_a_power_of_two_only(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    quotient = hint_number(cs, "divide", lambda v: (v[0] // 3,), x, 2)
    return [quotient, from_bits(to_bits(cs, x[0] - 3 * quotient, 2))]


def unranged_quotient(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    quotient, remainder = cs.hint("divide", lambda v: divmod(v[0], 3), x, 2)
    to_bits(cs, remainder, 2)
    to_bits(cs, 2 - remainder, 2)
    cs.assert_equal(x[0], 3 * quotient + remainder)
    return [quotient, remainder]


def is_zero_without_second_constraint(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    inverse, out = cs.hint("zero", lambda v: (pow(v[0], -1, P), 0) if v[0] else (0, 1), x, 2)
    cs.constrain(x[0], inverse, 1 - out)
    return [out]


def is_zero_without_first_constraint(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    (out,) = cs.hint("zero", lambda v: (int(v[0] == 0),), x, 1)
    cs.constrain(x[0], out, 0)
    return [out]


def selector_that_is_no_bit(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    (condition,) = cs.hint("choose", lambda v: (int(v[0] < v[1]),), x, 1)
    return [x[0] + cs.mul(condition, x[1] - x[0])]


def compare_with_aliases(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """Takes the bits of a full-width value from 254 places, where x and x + r both fit."""
    upper = cs.hint("bits", lambda v: [v[0] >> i & 1 for i in range(1, 254)], x[:1], 253)
    bits = [linear([(1, x[0]), *((-1 << i, bit) for i, bit in enumerate(upper, start=1))]), *upper]
    for bit in bits:
        cs.constrain(bit, bit - 1, 0)
    return [from_bits([b.bounded(0, 1) for b in bits[:8]])]


def compare_of_unranged(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """less_than whose difference is decomposed in too few constraints: the top bit is a hint of its own."""
    (top,) = cs.hint("less", lambda v: (int(v[0] >= v[1]),), x, 1)
    cs.constrain(top, top - 1, 0)
    return [1 - top]


def sign_from_a_free_bit(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """ReLU whose sign bit is boolean but not tied to the value."""
    (sign,) = cs.hint("relu", lambda v: (int(v[0] > 3),), x, 1)
    cs.constrain(sign, sign - 1, 0)
    return [cs.mul(sign, x[0])]


def argmax_with_ties(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """Any of the largest may be chosen."""
    chosen = cs.hint("argmax", lambda v: [int(i == v.index(max(v))) for i in range(len(v))], x, len(x))
    (largest,) = cs.hint("argmax", lambda v: (max(v),), x, 1)
    cs.assert_equal(linear((1, bit) for bit in chosen), 1)
    for bit, value in zip(chosen, x, strict=True):
        cs.constrain(bit, bit - 1, 0)
        cs.constrain(bit, largest - value, 0)
        to_bits(cs, largest - value, 3)
    return [linear(enumerate(chosen))]


def argmax_that_need_not_be_largest(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    chosen = cs.hint("argmax", lambda v: [int(i == v.index(max(v))) for i in range(len(v))], x, len(x))
    (largest,) = cs.hint("argmax", lambda v: (max(v),), x, 1)
    cs.assert_equal(linear((1, bit) for bit in chosen), 1)
    for bit, value in zip(chosen, x, strict=True):
        cs.constrain(bit, bit - 1, 0)
        cs.constrain(bit, largest - value, 0)
    return [linear(enumerate(chosen))]


def packed_before_ranging(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """Two hinted halves are packed and compared, but only one is ranged."""
    low, high = cs.hint("halves", lambda v: (v[0] & 1, v[0] >> 1), x, 2)
    to_bits(cs, low, 1)
    cs.assert_equal(x[0], low + 2 * high)
    to_bits(cs, low + 2 * high, 3)
    return [cs.mul(high, low)]


def root_of_either_sign(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    (root,) = cs.hint("root", lambda v: (square_root(v[0] ** 2 % P) or 0,), x, 1)
    cs.constrain(root, root, cs.mul(x[0], x[0]))
    return [root]


def hint_alone(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    return cs.hint("double", lambda v: (2 * v[0],), x, 1)


def product_with_wrong_factor(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """c * x = x * x is meant to say c = x: at zero it says nothing."""
    (copy,) = cs.hint("copy", lambda v: (v[0],), x, 1)
    cs.constrain(copy, x[0], cs.mul(x[0], x[0]))
    return [copy]


def swapped_pair(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """Sorting by sum and product alone: the two may come out in either order."""
    low, high = cs.hint("sort", lambda v: sorted(v), x, 2)
    cs.constrain(low, high, cs.mul(x[0], x[1]))
    cs.assert_equal(low + high, x[0] + x[1])
    return [low, high]


def division_that_may_be_zero_by_zero(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    (quotient,) = cs.hint("divide", lambda v: (v[0] * pow(v[1], -1, P) if v[1] else 0,), x, 1)
    cs.constrain(quotient, x[1], x[0])
    return [quotient]


def one_hot_without_its_sum(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """A table look-up whose selectors are bits that need not be exactly one."""
    chosen = cs.hint("one-hot", lambda v: [int(i == v[0]) for i in range(8)], x, 8)
    for bit in chosen:
        cs.constrain(bit, bit - 1, 0)
    cs.assert_equal(linear(enumerate(chosen)), x[0])
    return [linear((i * i, bit) for i, bit in enumerate(chosen))]


def maximum_of_either(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """(m - a)(m - b) = 0 says that m is one of them, not that it is the larger."""
    (largest,) = cs.hint("max", lambda v: (max(v),), x, 1)
    cs.constrain(largest - x[0], largest - x[1], 0)
    return [largest]


def wrapping_accumulator(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """Division by a wire with a quotient so wide that q * d + r goes around the field."""
    quotient = hint_number(cs, "divide", lambda v: (v[0] // 3,), x, 253)
    remainder = x[0] - 3 * quotient
    to_bits(cs, remainder, 2)
    to_bits(cs, 2 - remainder, 2)
    return [quotient, remainder]


SEEDED: list[tuple[Buggy, int, int | None, list[list[int]]]] = [
    (missing_booleanity, 1, 3, [[5]]),
    (missing_top_booleanity, 1, 3, [[5]]),
    (unranged_remainder, 1, 3, [[7]]),
    (remainder_below_a_power_of_two_only, 1, 3, [[6]]),
    (unranged_quotient, 1, 3, [[7]]),
    (is_zero_without_second_constraint, 1, 3, [[5]]),
    (is_zero_without_first_constraint, 1, 3, [[0]]),
    (selector_that_is_no_bit, 2, 3, [[3, 5]]),
    (compare_with_aliases, 1, None, [[5]]),
    (compare_of_unranged, 2, 3, [[3, 5]]),
    (sign_from_a_free_bit, 1, 3, [[5]]),
    (argmax_with_ties, 3, 3, [[1, 4, 4]]),
    (argmax_that_need_not_be_largest, 3, 3, [[1, 4, 5]]),
    (packed_before_ranging, 1, 3, [[7]]),
    (root_of_either_sign, 1, 3, [[5]]),
    (hint_alone, 1, 3, [[5]]),
    (product_with_wrong_factor, 1, 3, [[0]]),
    (swapped_pair, 2, 3, [[2, 5]]),
    (division_that_may_be_zero_by_zero, 2, 3, [[0, 0]]),
    (one_hot_without_its_sum, 1, 3, [[3]]),
    (maximum_of_either, 2, 3, [[2, 5]]),
    (wrapping_accumulator, 1, 3, [[7]]),
]  # fmt: skip


@pytest.mark.parametrize(("bug", "inputs", "bits", "cases"), SEEDED, ids=[bug.__name__ for bug, *_ in SEEDED])
def test_a_seeded_bug_is_caught(bug: Buggy, inputs: int, bits: int | None, cases: list[list[int]]) -> None:
    circuit = circuit_of(bug, inputs, bits)
    report = audit(circuit, [{"x": case} for case in cases], sample=12 if circuit.cell_count > 200 else None)
    assert report.free or report.forged, report
    with pytest.raises(Forgeable) as found:
        report.require_sound()
    assert found.value.findings == report.findings


def test_a_sound_circuit_passes() -> None:
    circuit = circuit_of(lambda cs, x: to_bits(cs, x[0], 3))
    report = audit(circuit, [{"x": [5]}, {"x": [0]}])
    report.require_sound()
    assert (report.findings, report.loose, report.redundant) == ((), set(), [])


def test_mutation_and_rank_alone_would_miss_a_missing_booleanity() -> None:
    system = System(circuit_of(missing_booleanity))
    honest = system.circuit.solve({"x": [5]}).cells
    assert loose_cells(system, honest) == []
    assert free_outputs(system, honest) == []
    forged = flipped_outputs(system, honest)
    assert forged
    for values in forged:
        assert system.circuit.violated(values) == []
        assert values[system.circuit.inputs["x"].cells.start] == 5


def test_the_rank_test_sees_an_output_that_can_move() -> None:
    system = System(circuit_of(hint_alone))
    honest = system.circuit.solve({"x": [5]}).cells
    assert free_outputs(system, honest) == list(system.outputs)


def test_the_rank_test_knows_that_a_double_root_pins_its_cell() -> None:
    def zero_twice(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
        (zero,) = cs.hint("zero", lambda v: (0,), x, 1)
        cs.constrain(zero, 3 * zero, 0)
        return [zero]

    system = System(circuit_of(zero_twice))
    assert free_outputs(system, system.circuit.solve({"x": [5]}).cells) == []


def test_a_constraint_that_says_nothing_new_is_shown_redundant() -> None:
    def said_twice(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
        square = cs.mul(x[0], x[0])
        cs.constrain(3 * x[0], x[0], 3 * square)
        return [square]

    circuit = circuit_of(said_twice, bits=None)
    system = System(circuit)
    idle = idle_rows(system, [circuit.solve({"x": [5]}).cells])
    assert idle == redundant_rows(system, idle) == [0, 1]
    assert audit(circuit, [{"x": [5]}]).findings == ()


def test_a_constraint_that_is_needed_is_found_to_be() -> None:
    circuit = circuit_of(lambda cs, x: to_bits(cs, x[0], 3))
    assert idle_rows(System(circuit), [circuit.solve({"x": [5]}).cells]) == []


def test_a_constraint_that_follows_in_a_way_we_cannot_show_is_reported() -> None:
    def cubed(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
        """x**6 as the square of x**3 and as the cube of x**2: follows, but not linearly."""
        square = cs.mul(x[0], x[0])
        cube = cs.mul(square, x[0])
        sixth = cs.mul(cube, cube)
        cs.constrain(cs.mul(square, square), square, sixth)
        return [sixth]

    report = audit(circuit_of(cubed, bits=None), [{"x": [5]}])
    assert report.undecided
    assert all("neither needed nor shown redundant" in finding for finding in report.findings)


def test_the_differential_test_sees_a_wrong_value_and_a_wrong_refusal() -> None:
    circuit = circuit_of(lambda cs, x: [cs.mul(x[0], x[0])])
    cases = [{"x": [value]} for value in (2, 3, 8)]

    def claims(two: int, eight: int | None) -> dict[int, tuple[int, ...] | None]:
        return {2: (two,), 3: (9,), 8: None if eight is None else (eight,)}

    def mismatches(table: dict[int, tuple[int, ...] | None]) -> list[int]:
        found = differential(circuit, cases, lambda inputs: table[inputs["x"][0]])  # type: ignore[index]
        return [mismatch.inputs["x"][0] for mismatch in found]  # type: ignore[index]

    assert mismatches(claims(4, None)) == []
    assert mismatches(claims(5, None)) == [2]
    assert mismatches(claims(4, 64)) == [8]


def test_the_differential_test_sees_a_refused_input_that_has_a_witness() -> None:
    """The solver refuses, but a forger needs only to fill the unproven bit with something else."""
    circuit = circuit_of(lambda cs, x: bits_of(cs, x[0], 3, unproven=2)[:1], bits=None)
    found = differential(circuit, [{"x": [9]}], lambda inputs: None)
    assert [mismatch.expected for mismatch in found] == [None]
    assert found[0].found is not None


def test_a_span_knows_what_it_contains() -> None:
    span = Span({"a": 0, "b": 1, "c": 2})
    assert span.add({"a": 1, "b": 2})
    assert span.add({"b": 5, "c": 1})
    assert not span.add({"a": 1, "b": 7, "c": 1})
    assert span.rank == 2
    assert span.contains({"a": -3, "b": -6 + P})
    assert not span.contains({"a": 1})
    assert span.dependent({"a": 1}, {"b": 1})
    assert not span.contains({"a": 1})
