"""The circuits of the example models under audit: edges of all inputs, held-out rows, rows and weights out of range.

cluster zk audit tests.support.example_subjects:credit_scoring; `make audit` does it for each.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from compute.zkml.example_models import DIGITS, TRAINERS, TUMOUR
from compute.zkml.inference import Inference, Private, Weights
from compute.zkml.provable import Provable
from compute.zkml.taps import Floats, Ints
from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit import AuditSubject
from crypto.r1cs.audit.differential import Reference
from crypto.r1cs.circuit import Inputs
from examples import credit_scoring as credit_example
from examples import digit_recognition as digit_example
from examples import health_trees as health_example
from examples import tumour_classification as tumour_example
from examples.data import credit, health, mnist, tumours

CTX, TASK, SALT, MODEL_SALT, SEED = 11, 12, 13, 14, 3
HELD_OUT: Final = 3  # proofs about held-out rows
REFUSED: Final = 2  # the last cases
DRAWN: Final = 3  # proofs about rows drawn from all that are in range
GOLDEN: Final[dict[str, dict[str, int]]] = {  # constraints by scope
    "credit_scoring": {
        "": 1,
        "range of rows": 440,
        "commit rows": 262,
        "range of weights": 462,
        "commit weights": 298,
        "dense 1": 55,
        "outputs": 262,
    },
    "tumour_classification": {"": 1, "range of rows": 240, "commit rows": 241, "outputs": 262},
    "digit_recognition": {
        "": 1,
        "range of rows": 3136,
        "commit rows": 538,
        "relu 1": 9072,
        "relu 2": 5376,
        "outputs": 262,
    },
    "health_trees": {"": 1, "range of rows": 808, "commit rows": 298, "trees": 1440, "class": 200, "outputs": 262},
    "tumour_logistic": {"": 1, "range of rows": 240, "commit rows": 241, "outputs": 262},
    "digits_mlp": {"": 1, "range of rows": 320, "commit rows": 262, "relu 1": 551, "outputs": 262},
}


def credit_scoring() -> AuditSubject:
    data = credit()
    return subject("credit_scoring", credit_example.compiled(credit_example.trained(data), data).provable, data.rows)


def tumour_classification() -> AuditSubject:
    data = tumours()
    return subject(
        "tumour_classification", tumour_example.compiled(tumour_example.trained(data), data).provable, data.rows
    )


def digit_recognition() -> AuditSubject:
    data = mnist()
    return subject("digit_recognition", digit_example.compiled(data).provable, data.rows)


def health_trees() -> AuditSubject:
    """Its one output is the class, so the patients nearest to a tie are found by the trees' sums."""
    data = health()
    trees = health_example.trained(data)
    undecided = np.argsort(np.abs(trees.decision_function(data.rows)), kind="stable")
    return subject("health_trees", health_example.compiled(trees, data).provable, data.rows[undecided])


def tumour_logistic() -> AuditSubject:
    example = TRAINERS[TUMOUR]()
    return subject("tumour_logistic", example.provable, example.rows)


def digits_mlp() -> AuditSubject:
    example = TRAINERS[DIGITS]()
    return subject("digits_mlp", example.provable, example.rows)


SUBJECTS: Final[dict[str, Callable[[], AuditSubject]]] = {
    each.__name__: each
    for each in (credit_scoring, tumour_classification, digit_recognition, health_trees, tumour_logistic, digits_mlp)
}


def subject(name: str, model: Provable, rows: Floats) -> AuditSubject:
    """A model's circuit with the integer reference beside it; its weights are the model's own, their salt is fixed."""
    statement = model.statement
    weights = None if model.weights is None else replace(model.weights, salt=MODEL_SALT)
    cases = [_case(statement, encoded, weights) for encoded in (*_rows(model, rows), *_refused(model))]
    salts = ("salt",) if weights is None else ("salt", "model salt")
    return AuditSubject(statement.constrain(), cases, _reference(statement, weights), salts=salts, counts=GOLDEN[name])


def _rows(model: Provable, rows: Floats) -> Iterator[list[int]]:
    """Encoded rows, as many as go into a proof: held out and nearest to a tie, all lowest, all highest, drawn."""
    many, tops = model.manifest.rows, list(model.model.encoding.tops)
    random = np.random.default_rng(SEED)
    near = _nearest_to_a_tie(model, model.model.encoding.nearest(rows))
    for start in range(0, HELD_OUT * many, many):
        yield [int(value) for value in near[start : start + many].reshape(-1)]
    yield [0] * len(tops) * many
    yield tops * many
    for _ in range(DRAWN):
        yield random.integers(0, np.asarray(tops * many) + 1).tolist()


def _nearest_to_a_tie(model: Provable, encoded: Ints) -> Ints:
    """The rows in the order of the distance between their two best classes; as they come where the class is all."""
    if model.manifest.class_only:
        return encoded
    logits = np.sort(model.model.logits_of(encoded), axis=1)
    margin = np.abs(logits[:, 0]) if model.model.outputs == 1 else logits[:, -1] - logits[:, -2]
    return encoded[np.argsort(margin, kind="stable")]


def _refused(model: Provable) -> Iterator[list[int]]:
    """Rows of which one value is just out of its range: above, and the field's -1."""
    tops = list(model.model.encoding.tops) * model.manifest.rows
    yield [*tops[:-1], tops[-1] + 1]
    yield [SCALAR_FIELD - 1, *[0] * (len(tops) - 1)]


def _case(statement: Inference, row: Sequence[int], weights: Weights | None) -> Inputs:
    """What the solver is given; the row need not be in range."""
    public = statement.compute(CTX, TASK, Private(tuple([0] * len(row)), SALT), weights)
    return statement.inputs(public, Private(tuple(row), SALT), weights)


def _reference(statement: Inference, weights: Weights | None) -> Reference:
    """What a proof about given inputs makes public, behind ctx and task; None for a row out of range."""
    tops = statement.model.encoding.tops * statement.rows

    def outputs(inputs: Inputs) -> tuple[int, ...] | None:
        row, salt = inputs["rows"], inputs["salt"]
        if isinstance(row, int) or not isinstance(salt, int):
            raise TypeError("rows are a sequence, a salt is a number")
        if any(not 0 <= value <= top for value, top in zip(row, tops, strict=True)):
            return None
        return statement.compute(CTX, TASK, Private(tuple(row), salt), weights).signals()[2:]

    return outputs


if __name__ == "__main__":
    print(*SUBJECTS)
