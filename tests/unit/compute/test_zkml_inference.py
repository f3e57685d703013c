"""The statement "inference": its plain form and its circuit agree, and nobody can prove anything else."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.execution.statement import id_element
from chain.types.scalars import FieldElement, ObjectId
from client.inference import input_commitment, open_result
from compute.zkml import inference
from compute.zkml.errors import RowOutOfRange, WrongRowLength
from compute.zkml.example_models import ExampleModel
from compute.zkml.inference import COMMITTED, ENCRYPTED, OUTPUTS, PUBLIC, Inference, Private, Weights, model_commitment
from compute.zkml.model import QuantisedModel
from compute.zkml.operations.rescale import Relu
from crypto import domains
from crypto.field import SCALAR_FIELD
from crypto.poseidon import ValueTooWide, commit_vector, poseidon
from crypto.r1cs.audit import Forgeable, audit, differential
from crypto.r1cs.builder import Builder, Value
from crypto.r1cs.circuit import Inputs
from crypto.r1cs.errors import CircuitError
from crypto.r1cs.r1cs_file import write_r1cs
from crypto.r1cs.wire import Wire, as_wire, linear
from tests.support.small_models import (
    COMMITTED_MODEL,
    MODEL_SALT,
    SMALL,
    chain,
    dense,
    models,
    rows_of,
    with_weight,
)

R = SCALAR_FIELD
CTX, TASK, SALT = 11, 12, 13
GOLDEN_CONSTRAINTS = {"tumour-logistic": 744, "digits-mlp": 1396}
field_elements = st.one_of(st.sampled_from((0, 1, R - 1)), st.integers(0, R - 1))


def weights_of(model: QuantisedModel, salt: int = MODEL_SALT) -> Weights | None:
    return Weights(tuple(model.secrets.tolist()), salt) if model.committed else None


def case(statement: Inference, row: Sequence[int], salt: int = SALT) -> Inputs:
    """What the solver is given, for rows that need not be in range."""
    given: dict[str, int | Sequence[int]] = {"ctx": CTX, "task": TASK, "salt": salt, "rows": row}
    if (weights := weights_of(statement.model)) is not None:
        given["model salt"], start = weights.salt, 0
        for number, (count, _, _) in enumerate(statement.model.limits):
            given[f"weights {number}"] = weights.values[start : start + count]
            start += count
    return given


def outputs_of(statement: Inference, inputs: Inputs) -> tuple[int, ...] | None:
    """The reference: what a proof makes public, None for a row out of range."""
    row, salt = inputs["rows"], inputs["salt"]
    assert isinstance(salt, int) and not isinstance(row, int)
    tops = statement.model.encoding.tops * statement.rows
    if any(not 0 <= value <= top for value, top in zip(row, tops, strict=True)):
        return None
    return statement.compute(CTX, TASK, Private(tuple(row), salt), weights_of(statement.model)).signals()[2:]


@st.composite
def statements(draw: st.DrawFn) -> tuple[Inference, tuple[int, ...]]:
    """Any small model, 1 or 3 rows a proof, every kind of result, open or committed weights."""
    committed = draw(st.booleans())
    rows, results, keyed = draw(st.sampled_from((1, 3))), draw(st.sampled_from(OUTPUTS)), draw(st.booleans())
    statement = Inference(draw(models(2, committed)), rows, results, keyed=keyed)
    return statement, draw(rows_of(statement.model, statement.rows))


@settings(max_examples=40, deadline=None)
@given(statements(), field_elements, field_elements, field_elements)
def test_circuit_and_check_agree(drawn: tuple[Inference, tuple[int, ...]], ctx: int, task: int, salt: int) -> None:
    (statement, rows), weights = drawn, weights_of(drawn[0].model)
    private = Private(rows, salt)
    circuit = statement.constrain()
    public = statement.compute(ctx, task, private, weights)
    witness = circuit.solve(statement.inputs(public, private, weights))
    circuit.check(witness)
    assert witness.public == public.signals()
    assert statement.check(public, private, weights)
    assert len(public.outputs) == statement.elements


@settings(max_examples=25, deadline=None)
@given(statements(), st.data())
def test_what_check_refuses_the_circuit_does_not_say(
    drawn: tuple[Inference, tuple[int, ...]], data: st.DataObject
) -> None:
    (statement, rows), weights = drawn, weights_of(drawn[0].model)
    private = Private(rows, SALT)
    public = statement.compute(CTX, TASK, private, weights)
    changes = [
        replace(public, commitment=(public.commitment + 1) % R),
        replace(public, outputs=((public.outputs[0] + 1) % R, *public.outputs[1:])),
        replace(public, outputs=(*public.outputs, 0)),
    ]
    if public.model is not None:
        changes += [replace(public, model=(public.model + 1) % R), replace(public, model=None)]
    if statement.outputs != PUBLIC:
        changes.append(replace(public, task=public.task + 1))
    wrong = data.draw(st.sampled_from(changes))
    assert not statement.check(wrong, private, weights)
    assert not statement.check(public, replace(private, salt=SALT + 1), weights)
    solved = statement.constrain().solve(statement.inputs(wrong, private, weights))
    assert solved.public != wrong.signals()


def test_a_committed_model_is_tied_to_its_weights_and_their_salt() -> None:
    model = COMMITTED_MODEL.model
    statement, private, weights = Inference(model), Private((1, 2), SALT), weights_of(model)
    assert weights is not None
    public = statement.compute(CTX, TASK, private, weights)
    assert public.model == model_commitment(model, weights) == COMMITTED_MODEL.commitment
    others = [replace(weights, salt=weights.salt + 1)]
    others += [
        replace(weights, values=(*weights.values[:i], weights.values[i] + 1, *weights.values[i + 1 :]))
        for i in range(len(weights.values))
    ]
    circuit = statement.constrain()
    for other in others:
        assert not statement.check(public, private, other)
        of_another = statement.compute(CTX, TASK, private, other)
        assert statement.check(of_another, private, other) == (other.values == weights.values)
        found = circuit.solve(statement.inputs(public, private, other)).public
        assert found[3] == model_commitment(model, other) != public.model


@pytest.mark.parametrize(("place", "value"), [(0, 128), (0, -129), (4, 2**11), (4, -(2**11) - 1), (8, R - 1)])
def test_a_weight_out_of_its_range_is_neither_committed_nor_proven(place: int, value: int) -> None:
    model = COMMITTED_MODEL.model
    statement, private, weights = Inference(model), Private((1, 2), SALT), weights_of(model)
    assert weights is not None
    public = statement.compute(CTX, TASK, private, weights)
    beyond = replace(weights, values=(*weights.values[:place], value, *weights.values[place + 1 :]))
    with pytest.raises(ValueTooWide):
        model_commitment(model, beyond)
    with pytest.raises(CircuitError):
        statement.constrain().solve(statement.inputs(public, private, beyond))


@pytest.mark.parametrize("results", OUTPUTS)
def test_two_models_of_a_shape_have_one_circuit_when_their_weights_are_committed(results: str) -> None:
    model = COMMITTED_MODEL.model
    ours = write_r1cs(Inference(model, 1, results).constrain())
    assert write_r1cs(Inference(with_weight(model, -77), 1, results).constrain()) == ours
    deeper = QuantisedModel(replace(model.encoding, bits=3), model.steps)  # type: ignore[type-var]
    assert write_r1cs(Inference(deeper, 1, results).constrain()) != ours
    assert write_r1cs(Inference(SMALL.model, 1, results).constrain()) != write_r1cs(
        Inference(with_weight(SMALL.model, 4), 1, results).constrain()
    )


def test_a_public_row_is_recomputed_by_anybody_and_does_not_open_its_result() -> None:
    """The salt that is published with the row is no key: results are encrypted under what it is a hash of."""
    task = ObjectId(bytes(31) + b"\x01")
    statement, private = Inference(SMALL.model, 1, ENCRYPTED, keyed=True), Private((1, 2, 3), SALT)
    public, salt = statement.compute(CTX, id_element(task), private), statement.row_salt(SALT)
    assert salt != SALT and public.commitment == input_commitment((1, 2, 3), SMALL.model.encoding.bits, salt)
    outputs = tuple(map(FieldElement, public.outputs))
    packed = statement.packed(private.rows)
    assert open_result(SALT, task, outputs) == packed
    assert open_result(salt, task, outputs) != packed


def test_results_are_hidden_unless_they_are_public() -> None:
    private = Private((1, 2, 3) * 2, SALT)
    open_, hidden, sealed = (Inference(SMALL.model, 2, results) for results in (PUBLIC, COMMITTED, ENCRYPTED))
    packed = open_.packed(private.rows)
    assert open_.compute(CTX, TASK, private).outputs == tuple(packed)
    assert SMALL.model.logits((1, 2, 3)) * 2 == replace(SMALL.manifest, rows=2).unpack_outputs(packed)
    for statement in (hidden, sealed):
        first = statement.compute(CTX, TASK, private).outputs
        assert first != statement.compute(CTX, TASK + 1, private).outputs
        assert first != statement.compute(CTX, TASK, replace(private, salt=SALT + 1)).outputs
        assert not set(first) & set(packed)
    blinding = poseidon([SALT, TASK, 0], domains.OUTPUT)
    assert hidden.compute(CTX, TASK, private).outputs == (commit_vector(domains.RESULT, blinding, packed),)


@pytest.mark.parametrize("value", [-1, 16, R - 1, 2**64])
@pytest.mark.parametrize("results", OUTPUTS)
def test_a_value_out_of_range_is_neither_checked_nor_proven(value: int, results: str) -> None:
    statement = Inference(SMALL.model, 2, results)
    honest = statement.compute(CTX, TASK, Private((0,) * 6, SALT))
    for place in (1, 5):
        row = tuple(value if i == place else 0 for i in range(6))
        assert not statement.check(honest, Private(row, SALT))
        with pytest.raises(CircuitError):
            statement.constrain().solve(case(statement, row))


def test_rows_and_weights_that_do_not_fit_are_not_checked() -> None:
    statement, weights = COMMITTED_MODEL.statement, COMMITTED_MODEL.weights
    public = statement.compute(CTX, TASK, Private((1, 2), SALT), weights)
    assert statement.check(public, Private((1, 2), SALT), weights)
    for rows in ((), (1,), (1, 2, 0)):
        assert not statement.check(public, Private(rows, SALT), weights)
        with pytest.raises(WrongRowLength):
            statement.compute(CTX, TASK, Private(rows, SALT), weights)
    assert not statement.check(public, Private((1, 2), SALT))
    assert not SMALL.statement.check(SMALL.statement.compute(1, 2, Private((0,) * 3, 3)), Private((0,) * 3, 3), weights)


def test_any_ctx_may_be_proven_but_each_by_itself() -> None:
    """ctx binds a proof to its transaction; that it must be the transaction's own is the chain's to compute."""
    statement, private = SMALL.statement, Private((1, 2, 3), SALT)
    public = statement.compute(5, TASK, private)
    assert statement.check(replace(public, ctx=6), private)
    assert public.signals()[0] == 5


@pytest.mark.parametrize("results", OUTPUTS)
def test_ctx_and_task_stand_in_a_constraint(results: str) -> None:
    """A public input that no constraint names can be replaced in a proof at will."""
    constraints = Inference(SMALL.model, 1, results).constrain().constraints
    named = {cell for row in constraints.rows() for part in row for cell, _ in part}
    assert {1, 2} <= named


def test_a_result_opens_with_the_salt_only(example: ExampleModel) -> None:
    provable = example.provable
    row = tuple(rows_in_range(example, 1)[0])
    task = bytes(31) + b"\x01"
    public = provable.statement.compute(CTX, id_element(task), Private(row, SALT))
    opened = open_result(SALT, task, public.outputs)  # type: ignore[arg-type]
    assert provable.manifest.unpack_outputs(opened) == provable.model.logits(row)
    assert open_result(SALT + 1, task, public.outputs) != opened  # type: ignore[arg-type]


def test_constraint_counts_are_as_they_were(example: ExampleModel) -> None:
    circuit = example.provable.statement.constrain()
    assert len(circuit.constraints) == GOLDEN_CONSTRAINTS[example.name]
    assert circuit.public_count == 3 + example.provable.manifest.elements


def test_the_examples_circuits_equal_the_reference_on_held_out_rows(example: ExampleModel) -> None:
    statement = example.provable.statement
    circuit, model = statement.constrain(), statement.model
    rows = [*rows_in_range(example, 3), [0] * model.features, list(model.encoding.tops)]
    found = differential(circuit, [case(statement, row) for row in rows], lambda inputs: outputs_of(statement, inputs))
    assert found == []


def rows_in_range(example: ExampleModel, count: int) -> list[list[int]]:
    """Held-out rows, encoded; the first that the model takes."""
    found: list[list[int]] = []
    for row in example.rows.tolist():
        try:
            found.append(example.provable.manifest.quantise(row))
        except RowOutOfRange:
            continue
        if len(found) == count:
            return found
    raise AssertionError("not so many held-out rows lie in range")


# Audits (zkml.md, tests 1 to 5). Poseidon has audits of its own; a cheap stand-in leaves what this circuit adds to it.

TINY = chain(2, (dense(((3, -2), (-1, 2)), (1, -1)), Relu(1), dense(((2, -1), (-3, 1)), (1, 0))), bits=2)
NARROW = chain(2, (dense(((3, -2),), (1,), 4), Relu(1)), bits=1)  # committed, with biases of 4 bits
EDGES = [(0, 0), (3, 0), (0, 3), (3, 3), (1, 2)]
VARIANTS = {
    **{results: (Inference(TINY, 1, results), EDGES) for results in OUTPUTS},
    "a public row, encrypted": (Inference(TINY, 1, ENCRYPTED, keyed=True), EDGES),
    "two rows": (Inference(TINY, 2, COMMITTED), [(0, 0, 3, 3), (1, 2, 3, 0)]),
    "committed weights": (Inference(NARROW, 1, ENCRYPTED), [(0, 0), (1, 0), (1, 1)]),
    "committed weights, two rows": (Inference(NARROW, 2, PUBLIC), [(0, 1, 1, 0)]),
}


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "commit_vector", lambda cs, tag, salt, row: cheap_hash(cs, [salt, *row]))
    monkeypatch.setattr(inference, "encrypt_outputs", cheap_encryption)
    monkeypatch.setattr(inference, "poseidon", lambda cs, inputs, tag: cheap_hash(cs, inputs))


def cheap_hash(cs: Builder, inputs: Sequence[Value]) -> Wire:
    mixed = linear(((weight, as_wire(value)) for weight, value in enumerate(inputs, start=2)), 5)
    return cs.mul(cs.mul(mixed, mixed), mixed)


def cheap_encryption(cs: Builder, salt: Value, task: Value, outputs: Sequence[Value]) -> list[Wire]:
    return [as_wire(out) + cheap_hash(cs, [salt, task, index]) for index, out in enumerate(outputs)]


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_the_circuit_leaves_its_prover_no_choice(variant: str) -> None:
    statement, rows = VARIANTS[variant]
    audit(statement.constrain(), [case(statement, row) for row in rows]).require_sound()


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("variant", ["committed weights", PUBLIC])
def test_rows_out_of_range_have_no_witness_that_a_forger_finds(variant: str) -> None:
    statement, _ = VARIANTS[variant]
    refused = [case(statement, row) for row in ((4, 0), (0, R - 1), (R - 4, 3))]
    assert differential(statement.constrain(), refused, lambda inputs: None) == []


@pytest.mark.usefixtures("stand_ins")
def test_a_missing_range_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compute.zkml.encoding.assert_range", unproven_range)
    statement = Inference(TINY)
    found = differential(statement.constrain(), [case(statement, (6, 6))], lambda inputs: None)
    assert len(found) == 1


@pytest.mark.usefixtures("stand_ins")
def test_a_missing_range_of_weights_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "assert_range", unproven_range)
    statement = Inference(NARROW, 1, PUBLIC)
    beyond = {**case(statement, (1, 0)), "weights 0": (131, -2)}
    assert len(differential(statement.constrain(), [beyond], lambda inputs: None)) == 1


@pytest.mark.usefixtures("stand_ins")
def test_weights_out_of_range_have_no_witness_that_a_forger_finds() -> None:
    statement = Inference(NARROW, 1, PUBLIC)
    refused = [
        {**case(statement, (1, 0)), "weights 0": weights, "weights 1": biases}
        for weights, biases in (((128, 0), (0,)), ((-129 % R, 0), (0,)), ((0, 0), (8,)), ((R - 130, 1), (R - 9,)))
    ]
    assert differential(statement.constrain(), refused, lambda inputs: None) == []


def unproven_range(cs: Builder, wire: Wire, bits: int) -> Wire:
    return cs.proven(wire, 0, 2**bits - 1)


@pytest.mark.usefixtures("stand_ins")
def test_a_result_that_nothing_ties_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "encrypt_outputs", free_encryption)
    statement = Inference(TINY)
    with pytest.raises(Forgeable):
        audit(statement.constrain(), [case(statement, (1, 2))]).require_sound()


def free_encryption(cs: Builder, salt: Value, task: Value, outputs: Sequence[Value]) -> list[Wire]:
    """The ciphertext is computed by a hint, and no constraint speaks of it."""
    cs.mul(as_wire(task), as_wire(salt))
    wires = [as_wire(out) for out in outputs]
    return list(cs.hint("free", lambda values: [value + 1 for value in values], wires, len(wires)))
