"""Models that end in bare logits: classifiers where somebody says so, or where labels can mean nothing else."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from compute.zkml.compiled import Compiled, compile
from compute.zkml.errors import NotAClassifier, WrongClassNames
from compute.zkml.graph import CLASSIFICATION, REGRESSION
from tests.support.onnx_models import one

RANDOM = np.random.default_rng(4)
WEIGHTS = RANDOM.normal(size=(3, 4))
LOGITS = one("Gemm", (1, 4), {"w": WEIGHTS}, transB=1)
ROWS = RANDOM.normal(size=(50, 4))
TRUTH = np.argmax(ROWS @ WEIGHTS.T, axis=1)
NAMES = ("setosa", "versicolor", "virginica")


def compiled(labels: Any = None, **more: Any) -> Compiled:
    return compile(LOGITS, ROWS, rows=None if labels is None else ROWS, labels=labels, **more)


def test_bare_logits_read_as_a_regression_unless_somebody_says_so() -> None:
    assert compiled().manifest.kind == REGRESSION
    said = compiled(kind=CLASSIFICATION).manifest
    assert (said.kind, said.classes) == (CLASSIFICATION, ("0", "1", "2"))


@pytest.mark.parametrize("kind", [np.int64, np.float64, np.uint8, np.str_])
def test_labels_that_number_the_outputs_make_a_classifier(kind: type[Any]) -> None:
    manifest = compiled(TRUTH.astype(kind), kind=CLASSIFICATION if kind is np.str_ else None).manifest
    assert manifest.kind == CLASSIFICATION
    assert manifest.score_float == 1.0 and manifest.score_quantised > 0.9


@pytest.mark.parametrize("labels", [TRUTH + 1, TRUTH + 0.5, TRUTH - 1, np.where(TRUTH == 0, np.nan, TRUTH)])
def test_labels_that_are_no_numbers_of_outputs_leave_a_regression(labels: Any) -> None:
    with np.errstate(all="ignore"):
        try:
            kind = compiled(labels).manifest.kind
        except ValueError:  # one target a row, three outputs: no score can be made of them
            kind = REGRESSION
    assert kind == REGRESSION


@pytest.mark.parametrize("labels", [TRUTH, TRUTH.astype(float), np.asarray(NAMES)[TRUTH], TRUTH.astype(str)])
def test_classes_have_the_names_that_they_are_given(labels: Any) -> None:
    manifest = compiled(labels, classes=NAMES).manifest
    assert (manifest.classes, manifest.score_float) == (NAMES, 1.0)


def test_a_scikit_classifiers_classes_can_be_renamed() -> None:
    model = LogisticRegression().fit(ROWS, np.where(TRUTH > 0, "b", "a"))
    labels = np.where(TRUTH > 0, "b", "a")
    manifest = compile(model, ROWS, rows=ROWS, labels=labels, classes=("low", "high")).manifest
    assert manifest.classes == ("low", "high") and manifest.score_float == model.score(ROWS, labels)


@pytest.mark.parametrize("names", [NAMES[:2], (*NAMES, "more"), ("a", "a", "b")])
def test_names_that_do_not_fit_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(WrongClassNames):
        compiled(classes=names)


def test_a_regression_that_knows_itself_is_no_classifier() -> None:
    model = LinearRegression().fit(ROWS, ROWS @ WEIGHTS[0])
    with pytest.raises(NotAClassifier):
        compile(model, ROWS, classes=NAMES)
    with pytest.raises(NotAClassifier):
        compile(model, ROWS, kind=CLASSIFICATION)
