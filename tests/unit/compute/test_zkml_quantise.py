"""From float to integers: the same classes, an honest error bound, and refusal of what cannot be proven."""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from compute.zkml.errors import NotFinite, NotFitted, UnsupportedModel, WrongRowLength
from compute.zkml.example_models import DIGITS, ExampleModel, breast_cancer, digits
from compute.zkml.quantise import calibrated_inputs, classes_of, float_layers, integer_inputs, quantise

RANDOM = np.random.default_rng(5)
ROWS = RANDOM.normal(size=(60, 4))
LABELS = (ROWS[:, 0] + ROWS[:, 1] > 0).astype(int)


def numbers(example: ExampleModel, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    manifest = example.quantised.manifest
    return np.rint((rows - np.asarray(manifest.offsets)) / np.asarray(manifest.steps)).astype(np.int64)


def in_range(example: ExampleModel) -> npt.NDArray[np.float64]:
    """The held-out rows that the model takes."""
    found = numbers(example, example.rows)
    fits = ((found >= 0) & (found < 2**example.quantised.model.input_bits)).all(axis=1)
    rows: npt.NDArray[np.float64] = example.rows[fits]
    assert len(rows) > 100
    return rows


def test_quantised_and_float_model_name_the_same_class_in_19_of_20_rows(example: ExampleModel) -> None:
    rows = in_range(example)
    integer = classes_of(example.quantised.model.logits_of(numbers(example, rows)))
    same = np.mean(
        np.asarray(example.quantised.manifest.classes)[integer] == example.classifier.predict(rows).astype(str)
    )
    assert same >= 0.95


def test_the_manifest_says_what_quantising_cost(example: ExampleModel) -> None:
    manifest = example.quantised.manifest
    assert manifest.accuracy_float > 0.95
    assert abs(manifest.accuracy_float - manifest.accuracy_quantised) < 0.02


def test_no_row_in_range_exceeds_the_stated_logit_error(example: ExampleModel) -> None:
    """Random rows over the whole range, its corners, and those that drive each logit to its edges."""
    model, manifest = example.quantised.model, example.quantised.manifest
    top = 2**model.input_bits - 1
    first = np.asarray(model.layers[0].weights)
    corners = np.concatenate([np.where(first > 0, top, 0), np.where(first < 0, top, 0)])
    chosen = np.concatenate([RANDOM.integers(0, top + 1, (2000, model.features)), corners])
    layers = float_layers(example.classifier)
    steps, offsets = np.asarray(manifest.steps), np.asarray(manifest.offsets)
    whole = (steps == 1.0) & (offsets == 0.0)
    jitter = np.where(whole, 0.0, RANDOM.uniform(-0.5, 0.5, chosen.shape))
    exact = layers.logits(offsets + (chosen + jitter) * steps)
    integer = model.logits_of(chosen) * manifest.logit_step
    worst = float(np.abs(exact - integer).max())
    assert worst <= manifest.worst_logit_error
    assert worst > manifest.worst_logit_error / 100  # the bound says something


def test_examples_are_the_same_at_every_training(example: ExampleModel) -> None:
    again = digits() if example.name == DIGITS else breast_cancer()
    assert again.quantised == example.quantised


def test_training_the_examples_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        digits()


def test_a_logistic_regression_behind_a_scaler_keeps_its_logits() -> None:
    classifier = make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, LABELS)
    assert np.allclose(float_layers(classifier).logits(ROWS)[:, 0], classifier.decision_function(ROWS))


def test_more_than_two_classes_have_a_logit_each() -> None:
    labels = np.argmax(ROWS[:, :3], axis=1)
    classifier = LogisticRegression().fit(ROWS, labels)
    made = quantise(classifier, calibrated_inputs(ROWS, 8), ROWS, ROWS, labels)
    assert (made.model.outputs, made.manifest.classes) == (3, ("0", "1", "2"))
    assert made.manifest.accuracy_quantised >= made.manifest.accuracy_float - 0.05


@pytest.mark.parametrize(
    "classifier",
    [
        DecisionTreeClassifier(),
        MLPClassifier((3,), activation="tanh", max_iter=5),
        make_pipeline(MinMaxScaler(), LogisticRegression()),
        make_pipeline(StandardScaler(), StandardScaler(), LogisticRegression()),
    ],
    ids=["tree", "tanh", "another scaler", "three steps"],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_what_has_no_circuit_is_refused(classifier: Any) -> None:
    classifier.fit(ROWS, LABELS)
    with pytest.raises(UnsupportedModel):
        quantise(classifier, calibrated_inputs(ROWS, 8), ROWS, ROWS, LABELS)


@pytest.mark.parametrize(
    ("classifier", "kind"),
    [
        (LogisticRegression(), "LogisticRegression"),
        (MLPClassifier((3,)), "MLPClassifier"),
        (make_pipeline(StandardScaler(), LogisticRegression().fit(ROWS, LABELS)), "StandardScaler"),
        (make_pipeline(StandardScaler().fit(ROWS), LogisticRegression()), "LogisticRegression"),
    ],
    ids=["alone", "mlp", "the scaler", "behind a scaler"],
)
def test_what_was_never_fitted_is_refused_by_name(classifier: Any, kind: str) -> None:
    with pytest.raises(NotFitted, match=r"call \.fit") as refused:
        float_layers(classifier)
    assert refused.value.kind == kind


@pytest.mark.parametrize(("mean", "std"), [(True, False), (False, True), (False, False)])
def test_a_scaler_does_what_it_was_told_to(mean: bool, std: bool) -> None:
    shifted = ROWS + 3.0
    scaler = StandardScaler(with_mean=mean, with_std=std)
    classifier = make_pipeline(scaler, LogisticRegression()).fit(shifted, LABELS)
    assert np.allclose(float_layers(classifier).logits(shifted)[:, 0], classifier.decision_function(shifted))


def test_data_of_another_width_than_the_model_is_refused() -> None:
    classifier, narrow = LogisticRegression().fit(ROWS, LABELS), ROWS[:, :3]
    with pytest.raises(WrongRowLength):
        quantise(classifier, calibrated_inputs(narrow, 8), narrow, narrow, LABELS)


def test_weights_and_samples_that_are_no_numbers_are_refused() -> None:
    classifier = LogisticRegression().fit(ROWS, LABELS)
    classifier.coef_[0, 0] = np.nan
    with pytest.raises(NotFinite):
        quantise(classifier, calibrated_inputs(ROWS, 8), ROWS, ROWS, LABELS)
    with pytest.raises(NotFinite):
        calibrated_inputs(np.asarray([[1.0, np.inf]]), 8)


def test_a_constant_feature_and_whole_numbers_are_scaled_safely() -> None:
    sample = np.asarray([[1.0, 5.0], [1.0, 9.0]])
    scale = calibrated_inputs(sample, 8)
    assert (scale.steps > 0).all()
    assert integer_inputs(3, 5).steps.tolist() == [1.0, 1.0, 1.0]
