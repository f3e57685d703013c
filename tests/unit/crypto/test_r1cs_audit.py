"""The audit finds bugs that were put in on purpose, each by the test that is meant for it, and passes what is sound."""

from collections.abc import Sequence

import pytest

from crypto.field import SCALAR_FIELD
from crypto.poseidon import poseidon as plain_poseidon
from crypto.r1cs.audit import audit, deletion, differential
from crypto.r1cs.audit.algebra import Span
from crypto.r1cs.audit.deletion import idle_rows, redundant_rows
from crypto.r1cs.audit.flips import flipped_outputs
from crypto.r1cs.audit.jacobian import free_outputs
from crypto.r1cs.audit.mutation import loose_cells
from crypto.r1cs.audit.system import System
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.gadgets.bits import to_bits
from crypto.r1cs.gadgets.poseidon import poseidon
from crypto.r1cs.wire import Wire
from tests.support.seeded_bugs import bits_of, circuit_of, hint_alone, missing_booleanity


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


def lock_and_key() -> tuple[Circuit, range]:
    """A key that hashes to a lock that an earlier hash commits to, as a note's path leads to a root; the later hash's
    rows."""
    cs = Builder()
    out, lock, key = cs.output("out"), cs.private("lock"), cs.private("key")
    cs.define(out, poseidon(cs, [lock]))
    start = cs.constraint_count
    digest = poseidon(cs, [key])
    rows = range(start, cs.constraint_count)
    cs.assert_equal(digest, lock)
    return cs.build(), rows


def test_a_constraint_within_a_hash_that_leads_to_an_input_is_found_to_be_needed() -> None:
    circuit, rows = lock_and_key()
    honest = circuit.solve({"lock": plain_poseidon([7]), "key": 7}).cells
    assert idle_rows(System(circuit), [honest], rows[40::60]) == []  # of fourth powers


def test_the_search_for_a_row_that_nothing_decides_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hashes of one digest: only a preimage would do."""

    def same_digest() -> tuple[Circuit, int]:
        cs = Builder()
        left, right = cs.private_array("x", 2)
        first = poseidon(cs, [left])
        row = cs.constraint_count // 2
        cs.assert_equal(first, poseidon(cs, [right]))
        return cs.build(), row

    monkeypatch.setattr(deletion, "_PATIENCE", patience := 50_000)
    circuit, row = same_digest()
    system = System(circuit)
    assert deletion.is_idle(system, [circuit.solve({"x": [7, 7]}).cells] * 4, row)
    assert 0 < system.work < 20 * patience


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
    assert span.contains({"a": -3, "b": -6 + SCALAR_FIELD})
    assert not span.contains({"a": 1})
    assert span.dependent({"a": 1}, {"b": 1})
    assert not span.contains({"a": 1})
