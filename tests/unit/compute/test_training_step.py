"""The statement "training step": plain form and circuit agree, and a prover cannot choose anything in it."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.zkml.training import commitments, update
from compute.zkml.training.dataset import Batch
from compute.zkml.training.errors import NumberRefused, SpecUnusable, WeightLeavesRange, WrongCount
from compute.zkml.training.shape import DataShape, WeightShape
from compute.zkml.training.spec import StepSpec
from compute.zkml.training.step import SgdStep, StepPrivate
from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit import audit, differential
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.errors import CircuitError
from tests.support.small_training import LOGISTIC, PERCEPTRON, UNIT, cheap_commitment, step_witnesses

CTX, TASK = 11, 12
BATCH = Batch(((-4, 3, 0), (3, -1, 2)), (1, 0), 13)
MODELS = {"logistic": LOGISTIC, "perceptron": PERCEPTRON}
WITNESSES = {
    "logistic": StepPrivate(BATCH, (2, -3, 1, 0), 14, 15),
    "perceptron": StepPrivate(BATCH, (2, -3, 1, 0, -2, 3, 0, 1, 5, -4, 1), 14, 15),
}
GOLDEN_CONSTRAINTS = {"logistic": 870, "perceptron": 1100}
every_model = pytest.mark.parametrize("name", MODELS)


@pytest.fixture(scope="module")
def circuits() -> dict[str, Circuit]:
    return {name: statement.constrain() for name, statement in MODELS.items()}


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(commitments, "commit_vector", cheap_commitment)
    yield


@every_model
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_circuit_and_check_agree(name: str, circuits: dict[str, Circuit], data: st.DataObject) -> None:
    statement, circuit = MODELS[name], circuits[name]
    private = data.draw(step_witnesses(statement))
    inputs = statement.inputs(CTX, TASK, private)
    try:
        public = statement.compute(CTX, TASK, private)
    except WeightLeavesRange:
        with pytest.raises(CircuitError):
            circuit.solve(inputs)
        return
    witness = circuit.solve(inputs)
    circuit.check(witness)
    assert witness.public == public.signals()
    assert statement.check(public, private)


@every_model
def test_nothing_else_follows_from_the_same_witness(name: str, circuits: dict[str, Circuit]) -> None:
    statement, private = MODELS[name], WITNESSES[name]
    public = statement.compute(CTX, TASK, private)
    for field in ("batch", "before", "after"):
        assert not statement.check(replace(public, **{field: getattr(public, field) + 1}), private)
    others = [
        replace(private, salt_before=16),
        replace(private, salt_after=16),
        replace(private, weights=tuple(reversed(private.weights))),
        replace(private, batch=replace(BATCH, salt=16)),
        replace(private, batch=replace(BATCH, labels=(0, 1))),
        replace(private, batch=replace(BATCH, rows=BATCH.rows[::-1])),
    ]
    for other in others:
        assert not statement.check(public, other)
        assert circuits[name].solve(statement.inputs(CTX, TASK, other)).public != public.signals()


@pytest.mark.parametrize(
    ("field", "value"),
    [("rows 0", 4), ("rows 0", -5), ("rows 0", SCALAR_FIELD - 1), ("labels", 2), ("labels", -1), ("weights", 16),
     ("weights", -17)],
)  # fmt: skip
def test_a_number_out_of_range_is_neither_checked_nor_proven(
    field: str, value: int, circuits: dict[str, Circuit]
) -> None:
    private = WITNESSES["logistic"]
    public = LOGISTIC.compute(CTX, TASK, private)
    wrong = {
        "rows 0": replace(private, batch=replace(BATCH, rows=((value, 3, 0), BATCH.rows[1]))),
        "labels": replace(private, batch=replace(BATCH, labels=(value, 0))),
        "weights": replace(private, weights=(value, *private.weights[1:])),
    }[field]
    assert not LOGISTIC.check(public, wrong)
    with pytest.raises(NumberRefused):
        LOGISTIC.compute(CTX, TASK, wrong)
    with pytest.raises(CircuitError):
        circuits["logistic"].solve(LOGISTIC.inputs(CTX, TASK, wrong))


def test_a_witness_of_another_size_is_refused() -> None:
    private = WITNESSES["logistic"]
    for wrong in (
        replace(private, weights=private.weights[1:]),
        replace(private, batch=replace(BATCH, rows=BATCH.rows[:1], labels=BATCH.labels[:1])),
        replace(private, batch=replace(BATCH, labels=(1,))),
        replace(private, batch=replace(BATCH, rows=((1, 2), (3, 0)))),
    ):
        with pytest.raises(WrongCount):
            LOGISTIC.compute(CTX, TASK, wrong)


def test_a_step_goes_against_the_gradient_and_rounds_half_up() -> None:
    """By hand: both scores are 0, so sigmoid says 1/2; rate 1/2, decay 1/4, mean of two rows, weights in eighths."""
    zero = (0, 0, 0, 0)
    after = LOGISTIC.next_weights(zero, BATCH)
    # residuals -1/2 and 1/2; rows in halves: gradient = ((-1/2)(-2) + (1/2)(3/2), ...) / 2
    gradient = [((-0.5) * a / 2 + 0.5 * b / 2) / 2 for a, b in zip(*BATCH.rows, strict=True)] + [0.0]
    exact = [-0.5 * g * 8 for g in gradient]
    assert list(after) == [int((value + 0.5) // 1) for value in exact]


def test_numbers_that_do_not_fit_together_are_refused() -> None:
    for make in (
        lambda: StepSpec(DataShape(3, 3)),
        lambda: StepSpec(DataShape(3, 2), rate=Fraction(1, 3)),
        lambda: StepSpec(DataShape(3, 2), rate=Fraction(0)),
        lambda: StepSpec(DataShape(3, 2), decay=Fraction(2)),
        lambda: StepSpec(DataShape(3, 2, label_bits=4)),
        lambda: StepSpec(DataShape(3, 2), hidden=2, hidden_fraction=40),
        lambda: DataShape(0, 2),
        lambda: WeightShape(bits=1),
    ):
        with pytest.raises(SpecUnusable):
            make()


def test_constraint_counts_are_as_they_were(circuits: dict[str, Circuit]) -> None:
    assert {name: len(circuit.constraints) for name, circuit in circuits.items()} == GOLDEN_CONSTRAINTS


def test_a_full_step_costs_less_than_the_prototype() -> None:
    """zkml.md: 14,294 constraints for batch 32, 30 features, data and weights private."""
    assert len(SgdStep(StepSpec(DataShape(30, 32))).constrain().constraints) == 13_029


# Audits (zkml.md, tests 1 to 5). Poseidon has audits of its own; a cheap stand-in leaves what this circuit adds to it.
# The witnesses lie where each constraint is needed: scores on both sides and beyond the segments, ReLU open and shut.

HIGH = Batch(((3, 3, 3), (-4, -4, -4)), (1, 0), 13)
BEYOND = Batch(((3, 3, 3), (3, 2, 3)), (0, 0), 13)
TURNED = Batch(BATCH.rows[::-1], BATCH.labels[::-1], 13)


def case(statement: SgdStep, batch: Batch, *weights: int) -> Inputs:
    return statement.inputs(CTX, TASK, StepPrivate(batch, weights, 14, 15))


@pytest.mark.usefixtures("stand_ins")
def test_a_step_of_logistic_regression_leaves_its_prover_no_choice() -> None:
    cases = [case(LOGISTIC, BATCH, 2, -3, 1, 0), case(LOGISTIC, HIGH, 14, 14, 14, 12)]
    audit(LOGISTIC.constrain(), cases).require_sound()


@pytest.mark.slow
@pytest.mark.usefixtures("stand_ins")
def test_a_step_of_a_perceptron_leaves_its_prover_no_choice() -> None:
    weights = (3, 2, -1, 4, -5, -1)
    cases = [case(UNIT, BATCH, *weights), case(UNIT, TURNED, *weights), case(UNIT, BEYOND, 15, 15, 14, 15, 15, 15)]
    audit(UNIT.constrain(), cases, sample=50).require_sound()


@pytest.mark.usefixtures("stand_ins")
def test_an_update_whose_remainder_is_not_ranged_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update, "to_bits", lambda cs, a, count: [])
    assert audit(LOGISTIC.constrain(), [case(LOGISTIC, BATCH, 2, -3, 1, 0)]).findings != ()


@pytest.mark.usefixtures("stand_ins")
def test_rows_out_of_range_have_no_witness_that_a_forger_finds() -> None:
    far = replace(BATCH, rows=((4, 3, 0), BATCH.rows[1]))
    assert differential(LOGISTIC.constrain(), [case(LOGISTIC, far, 2, -3, 1, 0)], lambda inputs: None) == []
