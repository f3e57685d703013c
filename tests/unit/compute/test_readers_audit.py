"""The audits of zkml.md on the circuit that seals to two readers: what holds for the second holds for the eighth.

As in test_counter_audit.py: every joint with cheap stand-ins for hash and curve, and a sample of the real circuit.
"""

from collections.abc import Sequence
from functools import cache

import pytest

from compute.confidential import readers
from crypto import babyjubjub
from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit import audit, differential
from crypto.r1cs.audit.flips import flipped_outputs
from crypto.r1cs.audit.jacobian import free_outputs
from crypto.r1cs.audit.mutation import loose_cells
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.gadgets.babyjubjub import PointWire
from crypto.r1cs.wire import as_wire
from tests.support.audit_stand_ins import Sampled, cheap_hash, cheap_multiple

R = SCALAR_FIELD
STEP = 1_501  # every so many cells of the real circuit are tried
KEYS = [babyjubjub.public_key(secret) for secret in (77, 78)]
SEALS = [readers.Private(0, 0), readers.Private(R - 1, 2**250 - 1), readers.Private(5, 2**249)]


def case(private: readers.Private) -> Inputs:
    return readers.circuit_inputs(readers.compute(7, 2**63 - 1, KEYS, private, 99), private)


def outputs(inputs: Inputs) -> tuple[int, ...] | None:
    private = readers.Private(number(inputs, "data_key"), number(inputs, "ephemeral_number"))
    points = [readers.Point(number(inputs, f"reader_{i}_x"), number(inputs, f"reader_{i}_y")) for i in range(len(KEYS))]
    public = readers.compute(number(inputs, "contract"), number(inputs, "epoch"), points, private)
    if not readers.check(public, private):
        return None
    return (public.kc, *public.ephemeral, *(sealed.wrapped for sealed in public.readers))


def number(inputs: Inputs, name: str) -> int:
    value = inputs[name]
    assert isinstance(value, int)
    return value


@cache
def circuit() -> Circuit:
    return readers.constrain(len(KEYS))


@cache
def witness(place: int) -> Sequence[int]:
    return circuit().solve(case(SEALS[place])).cells


def test_the_circuit_computes_what_the_plain_statement_does() -> None:
    assert differential(circuit(), [case(private) for private in SEALS], outputs) == []


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash and curve replaced by a few multiplications, so that what is left is what this room's code constrains."""
    base = PointWire(as_wire(8), as_wire(9))
    monkeypatch.setattr(readers, "EPHEMERAL_BITS", 12)
    monkeypatch.setattr(readers, "poseidon", cheap_hash)
    monkeypatch.setattr(readers, "multiply_base_signed", lambda cs, bits: cheap_multiple(cs, bits, base))
    monkeypatch.setattr(readers, "agree", cheap_multiple)


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("count", [1, 2])
def test_the_joints_are_sound(count: int) -> None:
    cases = [
        readers.circuit_inputs(readers.compute(7, 3, KEYS[:count], private, 99), private)
        for private in (readers.Private(0, 0), readers.Private(R - 1, 2**12 - 1))
    ]
    audit(readers.constrain(count), cases).require_sound()


def test_no_cell_fits_another_value() -> None:
    assert loose_cells(Sampled(circuit(), STEP), witness(1)) == []


def test_no_output_can_move_freely() -> None:
    assert free_outputs(Sampled(circuit(), STEP), witness(1)) == []


def test_no_choice_of_the_prover_changes_an_output() -> None:
    system = Sampled(circuit(), STEP)
    assert flipped_outputs(system, witness(1), list(system.free)) == []


def sealed_to(key: babyjubjub.Point) -> Inputs:
    private = readers.Private(5, 2)
    honest = readers.circuit_inputs(readers.compute(7, 3, KEYS[:1], private), private)
    return {**honest, "reader_0_x": key.x, "reader_0_y": key.y}


def refuse(_inputs: Inputs) -> None:
    """The reference of cases that must have no witness."""


@pytest.mark.parametrize("key", [babyjubjub.Point(1, 1), babyjubjub.Point(0, R - 1), babyjubjub.IDENTITY])
def test_a_key_that_is_not_of_prime_order_has_no_witness_that_a_forger_finds(
    monkeypatch: pytest.MonkeyPatch, key: babyjubjub.Point
) -> None:
    """The curve is the real one here; the multiple itself is short, as it says nothing of the key."""
    monkeypatch.setattr(readers, "EPHEMERAL_BITS", 2)
    monkeypatch.setattr(readers, "poseidon", cheap_hash)
    assert differential(readers.constrain(1), [sealed_to(key)], refuse) == []


def test_a_key_that_nothing_checks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "EPHEMERAL_BITS", 2)
    monkeypatch.setattr(readers, "poseidon", cheap_hash)
    monkeypatch.setattr(readers, "agree", cheap_multiple)
    assert len(differential(readers.constrain(1), [sealed_to(babyjubjub.Point(1, 1))], refuse)) == 1
