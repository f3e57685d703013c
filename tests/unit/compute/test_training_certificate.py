"""The statement "optimality certificate": its two forms agree, and what a bound says is true of real numbers."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.zkml.training import commitments, floats
from compute.zkml.training.certificate import Certificate, CertificatePrivate, CertificateSpec
from compute.zkml.training.dataset import Batch, Dataset
from compute.zkml.training.errors import GradientAboveBound, NumberRefused, SpecUnusable, WrongCount
from compute.zkml.training.shape import DataShape, WeightShape
from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit import audit
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.errors import CircuitError
from tests.support.small_training import CONVEX, DATA, RIDGE, TARGETS, certificate_witnesses, cheap_commitment

CTX, TASK = 11, 12
STATEMENTS = {"logistic": CONVEX, "ridge": RIDGE}
GOLDEN_CONSTRAINTS = {"logistic": 1163, "ridge": 1136}
ROWS = (Batch(((-4, 3, 0), (3, -1, 2)), (1, 0), 13), Batch(((1, 1, -2),), (1,), 14))
TARGETED = (Batch(((-4, 3, 0), (3, -1, 2)), (7, -8), 13), Batch(((1, 1, -2),), (3,), 14))
WITNESSES = {
    "logistic": CertificatePrivate(Dataset(DATA, ROWS), (2, -3, 1, 0), 15),
    "ridge": CertificatePrivate(Dataset(TARGETS, TARGETED), (2, -3, 1, 0), 15),
}
every_loss = pytest.mark.parametrize("name", STATEMENTS)


@pytest.fixture(scope="module")
def circuits() -> dict[str, Circuit]:
    return {name: statement.constrain() for name, statement in STATEMENTS.items()}


@every_loss
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_circuit_and_check_agree(name: str, circuits: dict[str, Circuit], data: st.DataObject) -> None:
    statement, circuit = STATEMENTS[name], circuits[name]
    private = data.draw(certificate_witnesses(statement))
    least = statement.squared_norm(private)
    slack = data.draw(st.sampled_from((0, 1, 1000, 2**statement.bound_bits - 1)))
    public = statement.compute(CTX, TASK, private, least + slack)
    witness = circuit.solve(statement.inputs(CTX, TASK, private, least + slack))
    circuit.check(witness)
    assert witness.public == public.signals()
    assert statement.check(public, private)
    for bound in (least - 1, least + 2**statement.bound_bits, SCALAR_FIELD - 1):
        assert not statement.check(replace(public, bound=bound), private)
        with pytest.raises(CircuitError):
            circuit.solve(statement.inputs(CTX, TASK, private, bound))


@every_loss
def test_a_gradient_above_the_bound_is_refused(name: str) -> None:
    statement, private = STATEMENTS[name], WITNESSES[name]
    least = statement.squared_norm(private)
    with pytest.raises(GradientAboveBound) as refused:
        statement.compute(CTX, TASK, private, least - 1)
    assert (refused.value.bound, refused.value.squared_norm) == (least - 1, least)


@every_loss
def test_nothing_else_follows_from_the_same_witness(name: str, circuits: dict[str, Circuit]) -> None:
    statement, private = STATEMENTS[name], WITNESSES[name]
    bound = 2**statement.bound_bits - 1
    public = statement.compute(CTX, TASK, private, bound)
    first, last = private.data.batches
    others = [
        replace(private, salt=16),
        replace(private, weights=(-3, 2, 1, 0)),
        replace(private, data=replace(private.data, batches=(first, replace(last, salt=16)))),
        replace(private, data=replace(private.data, batches=(replace(first, rows=first.rows[::-1]), last))),
        replace(private, data=replace(private.data, batches=(first, replace(last, labels=(0,))))),
    ]
    for other in others:
        assert not statement.check(public, other)
        assert circuits[name].solve(statement.inputs(CTX, TASK, other, bound)).public != public.signals()
    assert not statement.check(replace(public, data=public.data + 1), private)


def test_numbers_out_of_range_and_other_sizes_are_refused(circuits: dict[str, Circuit]) -> None:
    private, bound = WITNESSES["logistic"], 2**CONVEX.bound_bits - 1
    first, last = private.data.batches
    for wrong, error in (
        (replace(first, rows=((4, 3, 0), first.rows[1])), NumberRefused),
        (replace(first, labels=(2, 0)), NumberRefused),
        (replace(first, labels=(1,)), WrongCount),
        (last, WrongCount),
    ):
        data = replace(private.data, batches=(wrong, last))
        with pytest.raises(error):
            CONVEX.squared_norm(replace(private, data=data))
        with pytest.raises(CircuitError):
            circuits["logistic"].solve(CONVEX.inputs(CTX, TASK, replace(private, data=data), bound))
    with pytest.raises(WrongCount):
        CONVEX.squared_norm(replace(private, data=replace(private.data, batches=(first,))))
    with pytest.raises(SpecUnusable):
        CONVEX.squared_norm(replace(private, data=Dataset(TARGETS, private.data.batches)))


def test_constraint_counts_are_as_they_were(circuits: dict[str, Circuit]) -> None:
    assert {name: len(circuit.constraints) for name, circuit in circuits.items()} == GOLDEN_CONSTRAINTS


def real_gradient(statement: Certificate, private: CertificatePrivate) -> np.ndarray:
    """The gradient of the true loss, in floats, for what the integers stand for."""
    spec = statement.spec
    rows = np.array([row for batch in private.data.batches for row in batch.rows]) / spec.data.one
    labels = np.array([label for batch in private.data.batches for label in batch.labels]) / 2**spec.data.label_fraction
    weights = floats.real_weights(private.weights, spec.weights.fraction)
    full = np.column_stack((rows, np.ones(len(rows))))
    scores = full @ weights
    errors = (1 / (1 + np.exp(-scores)) if spec.logistic else scores) - labels
    return full.T @ errors / len(full) + float(spec.decay) * weights


@every_loss
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_true_gradient_is_never_above_epsilon(name: str, data: st.DataObject) -> None:
    statement = STATEMENTS[name]
    private = data.draw(certificate_witnesses(statement))
    epsilon = float(statement.epsilon(statement.squared_norm(private)))
    norm = float(np.linalg.norm(real_gradient(statement, private)))
    assert norm <= epsilon + 1e-12
    assert norm >= epsilon - 2 * float(statement.approximation) - 1e-12  # and epsilon is no looser than it says


def test_the_sigmoids_error_counts_for_the_bias_too() -> None:
    """The input of the bias is 1: three features of at most 2 make sqrt(3 * 4 + 1) of the table's error."""
    table = CONVEX.spec.sigmoid.table(DATA.input_fraction + CONVEX.spec.weights.fraction)
    largest, error = Fraction(DATA.input_half, DATA.one), table.error
    exact = error**2 * (DATA.features * largest**2 + 1)
    assert exact <= CONVEX.approximation**2 <= exact * (1 + Fraction(1, 2**40))


def test_ridge_is_exact_and_logistic_regression_is_not() -> None:
    assert RIDGE.approximation == 0
    assert CONVEX.approximation > Fraction(1, 100)


@every_loss
def test_a_bound_is_the_largest_for_its_epsilon(name: str) -> None:
    statement = STATEMENTS[name]
    for epsilon in (statement.approximation + Fraction(1, 50), statement.approximation + Fraction(1, 3)):
        bound = statement.bound(epsilon)
        assert (
            statement.epsilon(bound) <= epsilon + Fraction(1, 2**60) < statement.epsilon(bound + 1) + Fraction(1, 2**50)
        )
    with pytest.raises(SpecUnusable):
        statement.bound(statement.approximation)


def test_a_certificate_bounds_distance_and_loss_of_real_weights() -> None:
    """Against the optimum that Newton's method finds: 40 rows, three features, weights in 4,096ths."""
    random = np.random.default_rng(5)
    shape = DataShape(3, 8, 7, 4)
    rows = random.integers(-64, 64, (40, 3))
    labels = (rows @ [2, -1, 1] + random.integers(-60, 60, 40) > 0).astype(int)
    statement = Certificate(CertificateSpec(shape, 40, Fraction(1, 8), WeightShape(14, 12)))
    best = floats.optimum(rows / 16, labels, Fraction(1, 8))
    data = Dataset.of(shape, rows.tolist(), labels.tolist())
    for shift in (0, 200):
        weights = tuple(int(value) + shift for value in np.rint(best * 4096))
        bound = statement.squared_norm(CertificatePrivate(data, weights, 1))
        distance = float(np.linalg.norm(floats.real_weights(weights, 12) - best))
        assert distance <= float(statement.distance(bound)) + 1e-9
        excess = objective(weights, rows, labels) - objective(best * 4096, rows, labels)
        assert -1e-9 <= excess <= float(statement.excess_loss(bound)) + 1e-9
    assert statement.epsilon(bound) > Fraction(1, 100)  # the second one is no optimum, and says so


def objective(weights: object, rows: np.ndarray, labels: np.ndarray) -> float:
    real = np.asarray(weights, dtype=float) / 4096
    return floats.log_loss(floats.scores(0, real, rows / 16), labels) + float(real @ real) / 16


def test_without_decay_no_distance_is_claimed() -> None:
    plain = Certificate(CertificateSpec(TARGETS, 3, Fraction(0)))
    with pytest.raises(SpecUnusable):
        plain.distance(5)
    with pytest.raises(SpecUnusable):
        Certificate(CertificateSpec(TARGETS, 3, Fraction(1, 5)))
    with pytest.raises(SpecUnusable):
        Certificate(CertificateSpec(TARGETS, 3, Fraction(-1, 2)))


@every_loss
def test_the_circuit_leaves_its_prover_no_choice(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commitments, "commit_vector", cheap_commitment)
    statement, private = STATEMENTS[name], WITNESSES[name]
    least = statement.squared_norm(private)  # with room below the bound, other data would fit as well
    cases = [statement.inputs(CTX, TASK, private, least + slack) for slack in (0, 2 ** (statement.bound_bits - 1))]
    audit(statement.constrain(), cases, sample=50).require_sound()
