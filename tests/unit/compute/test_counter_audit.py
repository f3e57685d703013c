"""The audits of zkml.md on the counter's circuit: 1 differential, 2 mutation, 3 rank, 4 flips, 5 deletion.

Poseidon has its own audits. Here every cell and constraint that joins them is audited, with cheap
stand-ins in its place and narrower ranges, and a sample of the real circuit. Seeded mistakes show that the audits
find what they look for.
"""

from collections.abc import Sequence
from functools import cache

import pytest

from compute.confidential import counter
from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit import audit, differential
from crypto.r1cs.audit.flips import flipped_outputs
from crypto.r1cs.audit.jacobian import free_outputs
from crypto.r1cs.audit.mutation import loose_cells
from crypto.r1cs.audit.system import System
from crypto.r1cs.builder import Builder, Value
from crypto.r1cs.circuit import Inputs
from crypto.r1cs.wire import Wire
from tests.support.audit_stand_ins import Sampled, cheap_hash

R = SCALAR_FIELD
STEP = 331  # every so many cells of the real circuit are tried
INCREMENTS = [
    counter.Private(data_key=1, value=0, blinding=0, amount=0, next_blinding=0),
    counter.Private(data_key=R - 1, value=2**64 - 2**32, blinding=R - 1, amount=2**32 - 1, next_blinding=R - 1),
]


def increment_case(private: counter.Private) -> Inputs:
    return counter.circuit_inputs(counter.compute(7, 3, 2**63 - 2, private, 99), private)


def increment_outputs(inputs: Inputs) -> tuple[int, ...] | None:
    names = ("data_key", "value", "blinding", "amount", "next_blinding")
    private = counter.Private(*(number(inputs, name) for name in names))
    contract, epoch, version = (number(inputs, name) for name in ("contract", "epoch", "version"))
    public = counter.compute(contract, epoch, version, private)
    if not counter.check(public, private):
        return None
    return (public.kc, public.before, public.after, public.nonce, *public.ciphertext)


def number(inputs: Inputs, name: str) -> int:
    value = inputs[name]
    assert isinstance(value, int)
    return value


circuit = cache(counter.constrain)


@cache
def witness(case: int) -> Sequence[int]:
    return circuit().solve(increment_case(INCREMENTS[case])).cells


def test_the_circuit_computes_what_the_plain_statement_does() -> None:
    assert differential(circuit(), [increment_case(private) for private in INCREMENTS], increment_outputs) == []


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash and curve replaced by a few multiplications, so that what is left is what this room's code constrains."""
    monkeypatch.setattr(counter, "VALUE_BITS", 8)
    monkeypatch.setattr(counter, "AMOUNT_BITS", 4)
    monkeypatch.setattr(counter, "poseidon", cheap_hash)
    monkeypatch.setattr(counter, "commit_vector", lambda cs, tag, salt, row: cheap_hash(cs, [salt, *row], tag))


@pytest.mark.usefixtures("stand_ins")
def test_the_joints_of_increment_are_sound() -> None:
    cases = [counter.Private(1, 0, 0, 0, 0), counter.Private(R - 1, 2**8 - 2**4, R - 1, 2**4 - 1, 6)]
    audit(counter.constrain(), [increment_case(private) for private in cases]).require_sound()


def test_no_cell_fits_another_value() -> None:
    assert loose_cells(Sampled(circuit(), STEP), witness(1)) == []


def test_no_output_can_move_freely() -> None:
    assert free_outputs(Sampled(circuit(), STEP), witness(0)) == []
    assert free_outputs(Sampled(circuit(), STEP), witness(1)) == []


def test_no_choice_of_the_prover_changes_an_output() -> None:
    system = Sampled(circuit(), STEP)
    assert flipped_outputs(system, witness(1), list(system.free)) == []


NARROW_REFUSED = [
    counter.Private(data_key=1, value=2**8 - 1, blinding=3, amount=1, next_blinding=4),
    counter.Private(data_key=1, value=2**8, blinding=3, amount=0, next_blinding=4),
    counter.Private(data_key=1, value=0, blinding=3, amount=2**4, next_blinding=4),
    counter.Private(data_key=1, value=5, blinding=3, amount=R - 5, next_blinding=4),
]


def refuse(_inputs: Inputs) -> None:
    """The reference of cases that must have no witness."""


@pytest.mark.usefixtures("stand_ins")
def test_what_the_statement_refuses_has_no_witness_that_a_forger_finds() -> None:
    assert differential(counter.constrain(), [increment_case(private) for private in NARROW_REFUSED], refuse) == []


@pytest.mark.usefixtures("stand_ins")
def test_a_missing_range_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counter, "assert_range", lambda cs, wire, bits: wire)
    cases = [increment_case(private) for private in NARROW_REFUSED]
    assert len(differential(counter.constrain(), cases, refuse)) == len(cases)


def test_an_output_that_nothing_holds_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Builder.define

    def careless(cs: Builder, output: Wire, value: Value) -> None:
        honest(cs, output, value)
        if output.terms.keys() == {8}:  # the nonce: drop the constraint that ties it
            for matrix in cs._matrices:
                matrix.ends.pop()
            cs._scope_of.pop()

    monkeypatch.setattr(Builder, "define", careless)
    careless_circuit = counter.constrain()
    system = System(careless_circuit)
    assert free_outputs(system, careless_circuit.solve(increment_case(INCREMENTS[1])).cells)[0] == 8
