"""Committed data, minibatches of a beacon, and runs of proven steps that a verifier follows from commitments alone."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from compute.dev_keys import DevKeys
from compute.zkml.training import floats, tumours
from compute.zkml.training.commitments import commit_weights
from compute.zkml.training.dataset import Batch, Dataset, DatasetRecord, fresh_salt
from compute.zkml.training.errors import (
    CircuitDisagrees,
    NumberRefused,
    RunRefused,
    SpecUnusable,
    TooFewRows,
    WrongCount,
)
from compute.zkml.training.prover import TrainingProver
from compute.zkml.training.run import StepClaim, TrainingRun, verify_run
from compute.zkml.training.shape import DataShape
from compute.zkml.training.spec import StepSpec
from compute.zkml.training.step import SgdStep
from crypto.field import SCALAR_FIELD
from crypto.r1cs.errors import CircuitError
from tests.support.small_training import DATA, LOGISTIC, TARGETS

BEACON, CTX, TASK = bytes(range(32)), 21, 22
ROWS = [(-4, 3, 0), (3, -1, 2), (1, 1, -2), (0, -3, 3), (2, 2, 1), (-1, -4, 0), (3, 3, 3)]
LABELS = [1, 0, 1, 0, 1, 0, 1]
START = (2, -3, 1, 0)


def counted(first: int) -> Callable[[int], bytes]:
    """Entropy that tests can repeat."""
    state = [first]

    def take(count: int) -> bytes:
        state[0] += 1
        return state[0].to_bytes(count, "big")

    return take


@pytest.fixture(scope="module")
def data() -> Dataset:
    return Dataset.of(DATA, ROWS, LABELS, counted(100))


@pytest.fixture(scope="module")
def record(data: Dataset) -> DatasetRecord:
    return data.record


@pytest.fixture(scope="module")
def prover(dev_keys: DevKeys) -> TrainingProver:
    return TrainingProver(dev_keys.get("small-step", LOGISTIC.constrain))


@pytest.fixture(scope="module")
def proven(prover: TrainingProver, data: Dataset) -> tuple[int, tuple[StepClaim, ...], int]:
    """Commitment of the first weights, three proven steps, commitment of the last weights."""
    run = TrainingRun(LOGISTIC, data, BEACON, START, counted(200))
    start = run.commitment
    claims = tuple(run.prove(prover, CTX, TASK) for _ in range(3))
    return start, claims, run.commitment


def refusal(prover: TrainingProver, record: DatasetRecord, beacon: bytes, start: int, claims: list[StepClaim]) -> str:
    with pytest.raises(RunRefused) as refused:
        verify_run(LOGISTIC, prover.verifying, record, beacon, start, claims)
    return f"{refused.value.step}: {refused.value.reason}"


def test_a_run_of_proven_steps_leads_from_commitment_to_commitment(
    prover: TrainingProver, record: DatasetRecord, proven: tuple[int, tuple[StepClaim, ...], int]
) -> None:
    start, claims, end = proven
    assert verify_run(LOGISTIC, prover.verifying, record, BEACON, start, claims) == end
    assert verify_run(LOGISTIC, prover.verifying, record, BEACON, start, claims[:2]) == claims[2].public.before
    assert all(len(claim.proof) == 128 for claim in claims)
    assert len({claim.public.after for claim in claims}) == 3


def test_a_run_on_minibatches_of_another_beacon_is_refused(
    prover: TrainingProver, record: DatasetRecord, proven: tuple[int, tuple[StepClaim, ...], int]
) -> None:
    start, claims, _ = proven
    chosen = [record.batch_index(BEACON, step) for step in range(3)]
    other = next(b for b in (bytes([n]) * 32 for n in range(99)) if record.batch_index(b, 0) != chosen[0])
    assert "0: its minibatch is not the one" in refusal(prover, record, other, start, list(claims))


def test_steps_that_do_not_join_are_refused(
    prover: TrainingProver, record: DatasetRecord, proven: tuple[int, tuple[StepClaim, ...], int]
) -> None:
    start, claims, _ = proven
    assert "0: it does not begin" in refusal(prover, record, BEACON, start + 1, list(claims))
    swapped = replace(claims[0], public=replace(claims[0].public, before=claims[1].public.before))
    assert "0: it does not begin" in refusal(prover, record, BEACON, start, [swapped])
    foreign = replace(claims[0], public=replace(claims[0].public, after=claims[2].public.after))
    assert "0: its proof is false" in refusal(prover, record, BEACON, start, [foreign])
    elsewhere = replace(claims[0], public=replace(claims[0].public, ctx=CTX + 1))
    assert "0: its proof is false" in refusal(prover, record, BEACON, start, [elsewhere])
    assert "another shape" in refusal(prover, replace(record, shape=TARGETS), BEACON, start, [])


def test_what_the_reference_does_not_say_is_not_proven(prover: TrainingProver, data: Dataset) -> None:
    run = TrainingRun(LOGISTIC, data, BEACON, START, counted(200))
    private = run.private()
    public = LOGISTIC.compute(CTX, TASK, private)
    with pytest.raises(CircuitDisagrees) as refused:
        prover.prove(replace(public, after=1).signals(), LOGISTIC.inputs(CTX, TASK, private))
    assert refused.value.position == 4
    beyond = replace(private, weights=(99, *START[1:]))
    with pytest.raises(CircuitError):
        prover.prove(public.signals(), LOGISTIC.inputs(CTX, TASK, beyond))


def test_a_run_wants_data_of_its_statements_shape(data: Dataset) -> None:
    with pytest.raises(SpecUnusable):
        TrainingRun(SgdStep(StepSpec(DataShape(3, 2))), data, BEACON, START)


def test_a_beacon_draws_every_full_minibatch_and_never_the_short_one(record: DatasetRecord) -> None:
    drawn = [record.batch_index(BEACON, step) for step in range(300)]
    assert len(record.batches) == 4 and record.rows == 7
    assert sorted(set(drawn)) == [0, 1, 2]
    assert all(70 <= drawn.count(index) <= 130 for index in range(3))
    assert [record.batch_index(BEACON[::-1], step) for step in range(300)] != drawn
    assert [replace(record, rows=8).batch_index(BEACON, step) for step in range(300)] != drawn
    with pytest.raises(TooFewRows):
        Dataset.of(DATA, ROWS[:1], LABELS[:1]).record.batch_index(BEACON, 0)


def test_a_root_names_rows_labels_salts_order_and_shape(data: Dataset, record: DatasetRecord) -> None:
    first, second, *others = data.batches
    changed = [
        replace(data, batches=(second, first, *others)),
        replace(data, batches=(replace(first, salt=5), second, *others)),
        replace(data, batches=(replace(first, labels=first.labels[::-1]), second, *others)),
        replace(data, batches=(replace(first, rows=first.rows[::-1]), second, *others)),
        replace(data, batches=(first, second)),
    ]
    roots = {record.root, *(other.record.root for other in changed)}
    roots.add(replace(record, rows=8).root)
    roots |= {replace(record, shape=replace(DATA, **{name: 2})).root for name in ("input_fraction", "label_bits")}
    assert len(roots) == 9


def test_data_that_the_shape_cannot_hold_is_refused() -> None:
    for rows, labels, error in (
        ([(4, 0, 0)], [0], NumberRefused),
        ([(0, 0, 0)], [2], NumberRefused),
        ([(0, 0)], [0], WrongCount),
        ([(0, 0, 0)], [], WrongCount),
    ):
        with pytest.raises(error):
            Dataset.of(DATA, rows, labels)


def test_a_record_whose_rows_do_not_fill_its_minibatches_is_refused(record: DatasetRecord) -> None:
    for rows in (6, 9):
        with pytest.raises(WrongCount):
            replace(record, rows=rows)


def test_salts_are_field_elements_and_differ() -> None:
    salts = {fresh_salt() for _ in range(8)}
    assert len(salts) == 8
    assert all(0 <= salt < SCALAR_FIELD for salt in salts)
    assert Batch(((0, 0, 0),), (0,), 1).commitment(DATA) != Batch(((0, 0, 0),), (0,), 2).commitment(DATA)
    assert commit_weights(LOGISTIC.spec.weights, START, 1) != commit_weights(LOGISTIC.spec.weights, START, 2)


@pytest.mark.parametrize(("hidden", "steps", "accuracy"), [(0, 30, 0.94), (8, 60, 0.92)])
def test_on_breast_cancer_the_loss_falls_as_in_floating_point(hidden: int, steps: int, accuracy: float) -> None:
    spec = StepSpec(DataShape(tumours.FEATURES, 32 if hidden == 0 else 8), hidden)
    train, held_out = tumours.split_tables()
    data = Dataset.of(spec.data, train.quantised(spec.data), train.labels.tolist(), counted(1))
    start = tumours.initial_weights(hidden, spec.weights)
    run = TrainingRun(SgdStep(spec), data, BEACON, start, counted(2))

    def loss(weights: floats.Floats) -> float:
        return floats.log_loss(floats.scores(hidden, weights, held_out.rows), held_out.labels)

    first = floats.real_weights(start, spec.weights.fraction)
    for _ in range(steps):
        run.advance(run.private())
    last = floats.real_weights(run.weights, spec.weights.fraction)
    exact = floats.train(spec, run.record, BEACON, (train.rows, train.labels), steps, first)
    assert loss(last) < 0.3 * loss(first)
    assert abs(loss(last) - loss(exact)) < 0.02
    scores = run.statement.network.scores(run.weights, held_out.quantised(spec.data))
    assert floats.accuracy(scores, held_out.labels) >= accuracy


def test_gradients_are_those_of_floating_point() -> None:
    """The perceptron's, for weights and rows of few digits: exact but for the sigmoid and the hidden values' shift."""
    spec = StepSpec(DataShape(3, 2, input_bits=6, input_fraction=3), 2)
    step = SgdStep(spec)
    batch = Batch(((8, -4, 16), (-8, 12, 4)), (1, 0), 0)
    weights = (4096, -2048, 1024, 512, -1024, 2048, 512, 2048, 4096, -2048, 1024)
    rows, labels = np.array(batch.rows) / 8, np.array(batch.labels)
    record = DatasetRecord(spec.data, 2, (1,))
    exact = floats.train(spec, record, BEACON, (rows, labels), 1, floats.real_weights(weights, 12))
    proven = floats.real_weights(step.next_weights(weights, batch), 12)
    assert float(abs(proven - exact).max()) < 0.006
    assert float(abs(proven - floats.real_weights(weights, 12)).max()) > 0.1
