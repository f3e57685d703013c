"""What does proven training cost? Prints one JSON line per row; times are medians of one run.

    python -m benchmarks.zkml_training                  # all rows; the largest setup takes a minute or more
    python -m benchmarks.zkml_training sgd-logistic     # rows by name

Rows: `sgd-logistic`, one step, batch 32, 30 features, data and weights private; `sgd-mlp`, one step of 30-8-1, batch 8;
`certificate-logistic`, all 569 breast-cancer rows private; `certificate-ridge`, 442 rows of 10 features (diabetes);
`federated-update`, 10,000 int8 numbers within an L2 bound.
prove_cpu_s is witness, proof and the prover's own check, all threads.
Accuracies are of the trained models, float and proven: of steps after STEPS of them on held-out rows, of certificates
on the certified rows; for ridge regression they are coefficients of determination.
"""

import json
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler

from benchmarks.proofs.case import CTX, SALT, TASK, Case, Made, Prove, measured
from compute.dev_keys import CircuitKeys
from compute.zkml.training import floats, tumours
from compute.zkml.training.certificate import Certificate, CertificatePrivate, CertificateSpec
from compute.zkml.training.contribution import FederatedUpdate, UpdatePrivate, UpdateSpec, clipped
from compute.zkml.training.dataset import Dataset
from compute.zkml.training.prover import TrainingProver
from compute.zkml.training.run import TrainingRun
from compute.zkml.training.shape import DataShape
from compute.zkml.training.spec import StepSpec
from compute.zkml.training.step import SgdStep
from crypto.r1cs.circuit import Circuit, Inputs

STEPS = 40
ROUNDS = 5
LENGTH, NORM = 10_000, 2_000  # of the federated update: numbers, and the L2 norm that it may have
BEACON = bytes(range(32))


def case(
    task: str, circuit: Circuit, signals: Sequence[int], inputs: Inputs, accuracies: tuple[float, float] | None
) -> Case:
    """One statement about training, with the witness that is proven."""

    def prover(keys: CircuitKeys) -> Prove:
        training = TrainingProver(keys)
        return lambda: Made(training.prove(signals, inputs), tuple(signals))

    return Case(task, circuit, prover, inputs, accuracies)


def sgd_logistic() -> Case:
    return _step("one SGD step, logistic regression, batch 32, d = 30", StepSpec(DataShape(tumours.FEATURES, 32)))


def sgd_mlp() -> Case:
    return _step("one SGD step, MLP 30-8-1, batch 8", StepSpec(DataShape(tumours.FEATURES, 8), hidden=8))


def certificate_logistic() -> Case:
    table, shape = tumours.whole_table(), DataShape(tumours.FEATURES, 32)
    spec = CertificateSpec(shape, len(table.rows))
    statement, rows = Certificate(spec), table.quantised(shape)
    weights = _whole(floats.optimum(np.array(rows) / shape.one, table.labels, spec.decay), spec)
    exact = floats.optimum(table.rows, table.labels, spec.decay)
    accuracies = (
        floats.accuracy(floats.scores(0, exact, table.rows), table.labels),
        floats.accuracy(statement.model.scores(weights, rows), table.labels),
    )
    task = "optimality certificate, logistic regression, 569 x 30"
    return _certificate(task, statement, Dataset.of(shape, rows, table.labels.tolist()), weights, accuracies)


def certificate_ridge() -> Case:
    data = load_diabetes(scaled=False)
    shape = DataShape(10, 32, label_bits=10, label_fraction=6)
    features = StandardScaler().fit_transform(data.data)
    targets = StandardScaler().fit_transform(data.target.reshape(-1, 1))[:, 0]
    spec = CertificateSpec(shape, len(features), Fraction(1, 16))
    rows = tumours.Table(features, targets).quantised(shape)
    labels = np.rint(targets * 2**shape.label_fraction).astype(int)
    statement = Certificate(spec)
    real, whole = np.array(rows) / shape.one, labels / 2.0**shape.label_fraction
    weights = _whole(floats.ridge_optimum(real, whole, spec.decay), spec)
    exact = floats.ridge_optimum(features, targets, spec.decay)
    accuracies = (
        _determination(floats.scores(0, exact, features), targets),
        _determination(floats.scores(0, floats.real_weights(weights, spec.weights.fraction), real), targets),
    )
    task = "optimality certificate, ridge regression, 442 x 10"
    return _certificate(task, statement, Dataset.of(shape, rows, labels.tolist()), weights, accuracies)


def federated_update() -> Case:
    """A random update of the size that the clipping leaves; accuracies do not apply."""
    spec = UpdateSpec(LENGTH, NORM**2)
    statement, random = FederatedUpdate(spec), np.random.default_rng(1)
    private = UpdatePrivate(clipped(random.normal(size=LENGTH).tolist(), 1.0, spec), SALT)
    public = statement.compute(CTX, TASK, private)
    inputs = statement.inputs(CTX, TASK, private)
    task = f"federated update, int8, L2 bound, d = {LENGTH}"
    return case(task, statement.constrain(), public.signals(), inputs, None)


CASES: dict[str, Callable[[], Case]] = {
    "sgd-logistic": sgd_logistic,
    "sgd-mlp": sgd_mlp,
    "certificate-logistic": certificate_logistic,
    "certificate-ridge": certificate_ridge,
    "federated-update": federated_update,
}


def main() -> None:
    for name in sys.argv[1:] or CASES:
        with TemporaryDirectory() as folder:
            print(json.dumps(measured(CASES[name](), Path(folder), ROUNDS)), flush=True)


def _step(task: str, spec: StepSpec) -> Case:
    train, held_out = tumours.split_tables()
    data = Dataset.of(spec.data, train.quantised(spec.data), train.labels.tolist(), _repeatable)
    start = tumours.initial_weights(spec.hidden, spec.weights)
    statement = SgdStep(spec)
    run = TrainingRun(statement, data, BEACON, start, _repeatable)
    first = run.private()
    for _ in range(STEPS):
        run.advance(run.private())
    real = floats.real_weights(start, spec.weights.fraction)
    exact = floats.train(spec, run.record, BEACON, (train.rows, train.labels), STEPS, real)
    accuracies = (
        floats.accuracy(floats.scores(spec.hidden, exact, held_out.rows), held_out.labels),
        floats.accuracy(statement.network.scores(run.weights, held_out.quantised(spec.data)), held_out.labels),
    )
    public = statement.compute(CTX, TASK, first)
    return case(task, statement.constrain(), public.signals(), statement.inputs(CTX, TASK, first), accuracies)


def _certificate(
    task: str, statement: Certificate, data: Dataset, weights: tuple[int, ...], accuracies: tuple[float, float]
) -> Case:
    private = CertificatePrivate(data, weights, SALT)
    bound = statement.bound(statement.approximation + Fraction(1, 1000))
    public = statement.compute(CTX, TASK, private, bound)
    inputs = statement.inputs(CTX, TASK, private, bound)
    return case(task, statement.constrain(), public.signals(), inputs, accuracies)


def _repeatable(count: int) -> bytes:
    """The same salts in every run, so that the beacon picks the same minibatches: no secret is at stake here."""
    return bytes([7]) * count


def _whole(weights: floats.Floats, spec: CertificateSpec) -> tuple[int, ...]:
    whole: list[int] = np.rint(weights * 2.0**spec.weights.fraction).astype(int).tolist()
    return tuple(whole)


def _determination(said: floats.Floats, targets: floats.Floats) -> float:
    return float(1 - np.sum((said - targets) ** 2) / np.sum((targets - targets.mean()) ** 2))


if __name__ == "__main__":
    main()
