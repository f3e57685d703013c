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
SEALS = [readers.Private(0, 1), readers.Private(R - 1, babyjubjub.SUBORDER - 1), readers.Private(5, 2**251 - 1)]


def case(private: readers.Private) -> Inputs:
    return readers.circuit_inputs(readers.compute(7, 2**63 - 1, KEYS, private, 99), private)


def off_the_curve(place: int) -> Inputs:
    return {**case(readers.Private(5, 6)), f"reader_{place}_x": 1, f"reader_{place}_y": 1}


def outputs(inputs: Inputs) -> tuple[int, ...] | None:
    private = readers.Private(number(inputs, "data_key"), number(inputs, "ephemeral_secret"))
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
    monkeypatch.setattr(readers, "SECRET_BITS", 12)
    monkeypatch.setattr(readers, "poseidon", cheap_hash)
    monkeypatch.setattr(readers, "multiply_base", lambda cs, bits: cheap_multiple(cs, bits, base))
    monkeypatch.setattr(readers, "multiply", cheap_multiple)


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("count", [1, 2])
def test_the_joints_are_sound(count: int) -> None:
    cases = [
        readers.circuit_inputs(readers.compute(7, 3, KEYS[:count], private, 99), private)
        for private in (readers.Private(0, 1), readers.Private(R - 1, 2**12 - 1))
    ]
    audit(readers.constrain(count), cases).require_sound()


def test_no_cell_fits_another_value() -> None:
    assert loose_cells(Sampled(circuit(), STEP), witness(1)) == []


def test_no_output_can_move_freely() -> None:
    assert free_outputs(Sampled(circuit(), STEP), witness(1)) == []


def test_no_choice_of_the_prover_changes_an_output() -> None:
    system = Sampled(circuit(), STEP)
    assert flipped_outputs(system, witness(1), list(system.free)) == []


def refuse(_inputs: Inputs) -> None:
    """The reference of cases that must have no witness."""


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("place", [0, 1])
def test_a_point_off_the_curve_has_no_witness_that_a_forger_finds(place: int) -> None:
    assert differential(readers.constrain(2), [off_the_curve(place)], refuse) == []


@pytest.mark.usefixtures("stand_ins")
def test_an_unbound_curve_point_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "assert_on_curve", lambda cs, point: None)
    assert len(differential(readers.constrain(2), [off_the_curve(0), off_the_curve(1)], refuse)) == 2
