"""The statement "inference": its plain form and its circuit agree, and nobody can prove anything else."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.inference import open_result
from compute.zkml import inference
from compute.zkml.example_models import ExampleModel
from compute.zkml.inference import Inference, Private, circuit_inputs
from compute.zkml.model import DenseLayer, QuantisedModel
from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit import Forgeable, audit, differential
from crypto.r1cs.builder import Builder, Value
from crypto.r1cs.circuit import Inputs
from crypto.r1cs.errors import CircuitError
from crypto.r1cs.wire import Wire, as_wire, linear
from tests.support.small_models import SMALL, models_with_row

R = SCALAR_FIELD
CTX, TASK, SALT = 11, 12, 13
GOLDEN_CONSTRAINTS = {"tumour-logistic": 744, "digits-mlp": 1403}
field_elements = st.one_of(st.sampled_from((0, 1, R - 1)), st.integers(0, R - 1))


def case(row: Sequence[int], salt: int = SALT) -> Inputs:
    return circuit_inputs(CTX, TASK, row, salt)


def private_of(inputs: Inputs) -> Private:
    row, salt = inputs["row"], inputs["salt"]
    assert isinstance(salt, int) and not isinstance(row, int)
    return Private(tuple(row), salt)


def outputs_of(model: QuantisedModel, inputs: Inputs) -> tuple[int, ...] | None:
    """The reference: what a proof makes public, None for a row out of range."""
    private = private_of(inputs)
    if any(not 0 <= value < 2**model.input_bits for value in private.row):
        return None
    public = Inference(model).compute(CTX, TASK, private)
    return (public.commitment, *public.ciphertext)


@settings(max_examples=40, deadline=None)
@given(models_with_row(), field_elements, field_elements, field_elements)
def test_circuit_and_check_agree(drawn: tuple[QuantisedModel, tuple[int, ...]], ctx: int, task: int, salt: int) -> None:
    model, row = drawn
    statement, private = Inference(model), Private(row, salt)
    circuit = statement.constrain()
    witness = circuit.solve(circuit_inputs(ctx, task, row, salt))
    circuit.check(witness)
    public = statement.compute(ctx, task, private)
    assert witness.public == public.signals()
    assert statement.check(public, private)


@settings(max_examples=25, deadline=None)
@given(models_with_row(), st.data())
def test_what_check_refuses_the_circuit_does_not_say(
    drawn: tuple[QuantisedModel, tuple[int, ...]], data: st.DataObject
) -> None:
    model, row = drawn
    statement, private = Inference(model), Private(row, SALT)
    public = statement.compute(CTX, TASK, private)
    wrong = data.draw(
        st.sampled_from(
            (
                replace(public, commitment=(public.commitment + 1) % R),
                replace(public, task=public.task + 1),
                replace(public, ciphertext=((public.ciphertext[0] + 1) % R, *public.ciphertext[1:])),
            )
        )
    )
    assert not statement.check(wrong, private)
    assert not statement.check(public, replace(private, salt=SALT + 1))
    circuit = statement.constrain()
    assert circuit.solve(circuit_inputs(wrong.ctx, wrong.task, row, SALT)).public != wrong.signals()


@pytest.mark.parametrize("value", [-1, 2**SMALL.model.input_bits, R - 1, 2**64])
def test_a_value_out_of_range_is_neither_checked_nor_proven(value: int) -> None:
    statement = Inference(SMALL.model)
    honest = statement.compute(CTX, TASK, Private((0, 0, 0), SALT))
    assert not statement.check(honest, Private((0, value, 0), SALT))
    with pytest.raises(CircuitError):
        statement.constrain().solve(case((0, value, 0)))


def test_any_ctx_may_be_proven_but_each_by_itself() -> None:
    """ctx binds a proof to its transaction; that it must be the transaction's own is the chain's to compute."""
    statement, private = Inference(SMALL.model), Private((1, 2, 3), SALT)
    public = statement.compute(5, TASK, private)
    assert statement.check(replace(public, ctx=6), private)
    assert public.signals()[0] == 5


def test_a_result_opens_with_the_salt_only(example: ExampleModel) -> None:
    manifest = example.quantised.manifest
    row = tuple(manifest.quantise([float(value) for value in _row_in_range(example)]))
    task = bytes(31) + b"\x01"
    public = Inference(example.quantised.model).compute(CTX, 0, Private(row, SALT))
    opened = open_result(SALT, task, public.ciphertext)  # type: ignore[arg-type]
    assert manifest.unpack_logits(opened) == example.quantised.model.logits(row)
    assert open_result(SALT + 1, task, public.ciphertext) != opened  # type: ignore[arg-type]


def test_constraint_counts_are_as_they_were(example: ExampleModel) -> None:
    circuit = Inference(example.quantised.model).constrain()
    assert len(circuit.constraints) == GOLDEN_CONSTRAINTS[example.name]
    assert circuit.public_count == 3 + example.quantised.manifest.elements


def test_the_examples_circuits_equal_the_reference_on_held_out_rows(example: ExampleModel) -> None:
    model, manifest = example.quantised.model, example.quantised.manifest
    circuit = Inference(model).constrain()
    rows = [manifest.quantise(list(map(float, _row_in_range(example, skip)))) for skip in range(3)]
    top = 2**model.input_bits - 1
    rows += [[0] * model.features, [top] * model.features]
    assert differential(circuit, [case(row) for row in rows], lambda inputs: outputs_of(model, inputs)) == []


def _row_in_range(example: ExampleModel, skip: int = 0) -> Sequence[float]:
    top = 2**example.quantised.model.input_bits - 1
    manifest = example.quantised.manifest
    for row in example.rows:
        numbers = [(v - o) / s for v, o, s in zip(row, manifest.offsets, manifest.steps, strict=True)]
        if all(0 <= round(number) <= top for number in numbers):
            if skip == 0:
                return list(row)
            skip -= 1
    raise AssertionError("no held-out row lies in range")


# Audits (zkml.md, tests 1 to 5). Poseidon has audits of its own; a cheap stand-in leaves what this circuit adds to it.

TINY = QuantisedModel(2, (DenseLayer(((3, -2), (-1, 2)), (1, -1), 1), DenseLayer(((2, -1), (-3, 1)), (1, 0), None)))
EDGES = [(0, 0), (3, 0), (0, 3), (3, 3), (1, 2)]


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "commit_vector", lambda cs, tag, salt, row: cheap_hash(cs, [salt, *row]))
    monkeypatch.setattr(inference, "encrypt_outputs", cheap_encryption)


def cheap_hash(cs: Builder, inputs: Sequence[Value]) -> Wire:
    mixed = linear(((weight, as_wire(value)) for weight, value in enumerate(inputs, start=2)), 5)
    return cs.mul(cs.mul(mixed, mixed), mixed)


def cheap_encryption(cs: Builder, salt: Value, task: Value, outputs: Sequence[Value]) -> list[Wire]:
    return [as_wire(out) + cheap_hash(cs, [salt, task, index]) for index, out in enumerate(outputs)]


@pytest.mark.usefixtures("stand_ins")
def test_the_circuit_leaves_its_prover_no_choice() -> None:
    audit(Inference(TINY).constrain(), [case(row) for row in EDGES]).require_sound()


@pytest.mark.usefixtures("stand_ins")
def test_rows_out_of_range_have_no_witness_that_a_forger_finds() -> None:
    refused = [case(row) for row in ((4, 0), (0, R - 1), (R - 4, 3))]
    assert differential(Inference(TINY).constrain(), refused, lambda inputs: None) == []


@pytest.mark.usefixtures("stand_ins")
def test_a_missing_range_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "assert_range", lambda cs, wire, bits: cs.proven(wire, 0, 2**bits - 1))
    found = differential(Inference(TINY).constrain(), [case((4, 0))], lambda inputs: None)
    assert len(found) == 1


@pytest.mark.usefixtures("stand_ins")
def test_a_result_that_nothing_ties_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "encrypt_outputs", free_encryption)
    with pytest.raises(Forgeable):
        audit(Inference(TINY).constrain(), [case((1, 2))]).require_sound()


def free_encryption(cs: Builder, salt: Value, task: Value, outputs: Sequence[Value]) -> list[Wire]:
    """The ciphertext is computed by a hint, and no constraint speaks of it."""
    cs.mul(as_wire(task), as_wire(salt))
    wires = [as_wire(out) for out in outputs]
    return list(cs.hint("free", lambda values: [value + 1 for value in values], wires, len(wires)))
