"""The statement "federated update": plain form and circuit agree, and nobody commits to a longer update."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.zkml.training import contribution
from compute.zkml.training.contribution import (
    FederatedUpdate,
    UpdatePrivate,
    UpdateSpec,
    UpdateTooLong,
    clipped,
)
from compute.zkml.training.errors import NumberRefused, WrongCount
from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit import audit, differential
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.errors import CircuitError
from tests.support.small_training import cheap_commitment

CTX, TASK, SALT = 11, 12, 13
SPEC = UpdateSpec(length=4, bound=100)
STATEMENT = FederatedUpdate(SPEC)
GOLDEN_CONSTRAINTS = 4 * 9 + 7 + 240 + 3


@pytest.fixture(scope="module")
def circuit() -> Circuit:
    return STATEMENT.constrain()


def inputs_of(*update: int) -> Inputs:
    return STATEMENT.inputs(CTX, TASK, UpdatePrivate(update, SALT))


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.one_of(st.integers(-12, 12), st.sampled_from((-128, 127)))] * 4))
def test_circuit_and_check_agree(update: tuple[int, ...]) -> None:
    circuit, private = STATEMENT.constrain(), UpdatePrivate(update, SALT)
    if sum(value * value for value in update) > SPEC.bound:
        with pytest.raises(UpdateTooLong):
            STATEMENT.compute(CTX, TASK, private)
        with pytest.raises(CircuitError):
            circuit.solve(inputs_of(*update))
        return
    public = STATEMENT.compute(CTX, TASK, private)
    witness = circuit.solve(inputs_of(*update))
    circuit.check(witness)
    assert witness.public == public.signals() and STATEMENT.check(public, private)
    assert not STATEMENT.check(public, replace(private, salt=SALT + 1))
    assert not STATEMENT.check(replace(public, commitment=public.commitment + 1), private)


@pytest.mark.parametrize("update", [(10, 0, 0, 0), (-10, 0, 0, 0), (5, -5, 5, 5), (0, 0, 0, 0)])
def test_the_bound_itself_is_allowed(circuit: Circuit, update: tuple[int, ...]) -> None:
    assert (
        circuit.solve(inputs_of(*update)).public == STATEMENT.compute(CTX, TASK, UpdatePrivate(update, SALT)).signals()
    )


@pytest.mark.parametrize(("update", "error"), [((128, 0, 0, 0), NumberRefused), ((1, 2, 3), WrongCount)])
def test_what_is_no_update_is_refused(circuit: Circuit, update: tuple[int, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        STATEMENT.compute(CTX, TASK, UpdatePrivate(update, SALT))
    with pytest.raises(CircuitError):
        circuit.solve(inputs_of(*update))


def test_no_witness_is_found_for_too_long_or_unranged_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contribution, "commit_vector", cheap_commitment)
    circuit = STATEMENT.constrain()
    refused = [
        inputs_of(10, 1, 0, 0),
        inputs_of(-128, 0, 0, 0),
        inputs_of(128, 0, 0, 0),
        inputs_of(SCALAR_FIELD - 129, 0, 0, 0),
    ]
    assert differential(circuit, refused, lambda inputs: None) == []


def test_the_circuit_leaves_its_prover_no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contribution, "commit_vector", cheap_commitment)
    circuit = STATEMENT.constrain()
    audit(circuit, [inputs_of(0, 0, 0, 0), inputs_of(10, 0, 0, 0), inputs_of(-5, 5, -5, 5)]).require_sound()


def test_it_costs_what_it_did(circuit: Circuit) -> None:
    assert len(circuit.constraints) == GOLDEN_CONSTRAINTS


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4), st.floats(1e-3, 1e3))
def test_clipping_leaves_an_update_that_can_be_proven(values: list[float], norm: float) -> None:
    assert STATEMENT.compute(CTX, TASK, UpdatePrivate(clipped(values, norm, SPEC), SALT))
