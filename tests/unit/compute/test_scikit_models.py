"""Every kind of scikit-learn model that comes in says on unseen rows what the estimator itself says."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.linear_model import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    Perceptron,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    RidgeCV,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR
from threadpoolctl import threadpool_limits

from compute.zkml.graph import CLASSIFICATION, IDENTITY, LOGISTIC, REGRESSION, SOFTMAX
from compute.zkml.importers.scikit import import_scikit
from compute.zkml.importers.scikit.linear import CLASSIFIERS, REGRESSORS

RANDOM = np.random.default_rng(5)
ROWS = RANDOM.normal(3.0, 2.0, size=(60, 4))
UNSEEN = RANDOM.normal(3.0, 3.0, size=(200, 4))
TARGET = ROWS @ [1.0, -2.0, 0.5, 0.0] + 0.1 * RANDOM.normal(size=60)
TWO = np.where(np.median(TARGET) < TARGET, "yes", "no")
THREE = np.digitize(TARGET, np.quantile(TARGET, [0.3, 0.6])) * 10


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Threads that wait for each other over sixty rows cost more than the rows."""
    with threadpool_limits(1):
        yield


REGRESSIONS = [
    *(LinearRegression(), LinearRegression(fit_intercept=False), Ridge(), RidgeCV(), Lasso(), LassoCV(cv=2)),
    *(
        ElasticNet(),
        ElasticNetCV(cv=2, alphas=3),
        SGDRegressor(random_state=0),
        LinearSVR(max_iter=10_000, random_state=0),
    ),
    *(SVR(kernel="linear"),),
]
CLASSIFICATIONS = [
    *(
        LogisticRegression(),
        LogisticRegressionCV(cv=2, Cs=2, l1_ratios=(0.0,), use_legacy_attributes=False, scoring="accuracy"),
    ),
    *(RidgeClassifier(), RidgeClassifierCV(), SGDClassifier(random_state=0), SGDClassifier("log_loss", random_state=0)),
    *(Perceptron(random_state=0), LinearSVC(random_state=0)),
]
ACTIVATIONS = ("relu", "tanh", "logistic", "identity")


def named(estimator: Any) -> str:
    return str(estimator).replace("random_state=0", "").replace(" ", "")


def assert_agrees(estimator: Any) -> None:
    """Classes exactly, and what they are chosen by, or what is predicted, to a billionth."""
    model = import_scikit(estimator)
    outputs = model.outputs(UNSEEN)
    assert len(model.layers) == len(model.nodes) and len(set(model.layers)) == len(model.layers)
    assert model.features == UNSEEN.shape[1]
    if not is_classifier(estimator):
        assert (model.kind, model.classes) == (REGRESSION, ())
        np.testing.assert_allclose(outputs[:, 0], estimator.predict(UNSEEN), rtol=1e-9, atol=1e-9)
        return
    assert (model.kind, model.classes) == (CLASSIFICATION, tuple(str(name) for name in estimator.classes_))
    assert np.array_equal(np.asarray(estimator.classes_)[model.predictions(UNSEEN)], estimator.predict(UNSEEN))
    decisions = estimator.decision_function(UNSEEN)
    np.testing.assert_allclose(outputs, decisions.reshape(outputs.shape), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("estimator", REGRESSIONS, ids=named)
def test_a_linear_regression(estimator: Any) -> None:
    assert_agrees(estimator.fit(ROWS, TARGET))


@pytest.mark.parametrize("labels", [TWO, THREE], ids=["two classes", "three classes"])
@pytest.mark.parametrize("estimator", CLASSIFICATIONS, ids=named)
def test_a_linear_classifier(estimator: Any, labels: Any) -> None:
    assert_agrees(estimator.fit(ROWS, labels))


@pytest.mark.parametrize("estimator", [SVC(kernel="linear"), LinearSVC(random_state=0)], ids=named)
def test_a_support_vector_machine_for_two_classes_and_one_against_the_rest(estimator: Any) -> None:
    assert_agrees(estimator.fit(ROWS, TWO))
    assert_agrees(OneVsRestClassifier(estimator).fit(ROWS, THREE))
    assert_agrees(OneVsRestClassifier(estimator).fit(ROWS, TWO))


def test_every_linear_kind_that_comes_in_is_tried_here() -> None:
    tried = {type(estimator).__name__ for estimator in REGRESSIONS + CLASSIFICATIONS} | {"SVC"}
    assert tried == {*REGRESSORS, *CLASSIFIERS}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_perceptron(activation: str) -> None:
    shape: dict[str, Any] = {"hidden_layer_sizes": (5, 3), "activation": activation, "max_iter": 10, "random_state": 1}
    with pytest.warns(UserWarning, match="converge"):
        regressor = MLPRegressor(**shape).fit(ROWS, TARGET)
        many, two = MLPClassifier(**shape).fit(ROWS, THREE), MLPClassifier(**shape).fit(ROWS, TWO)
    assert_agrees(regressor)
    for classifier, link in ((many, SOFTMAX), (two, LOGISTIC)):
        model = import_scikit(classifier)
        assert model.link == link
        assert np.array_equal(classifier.classes_[model.predictions(UNSEEN)], classifier.predict(UNSEEN))
        np.testing.assert_allclose(probabilities(model.outputs(UNSEEN), link), classifier.predict_proba(UNSEEN), 1e-9)
    assert import_scikit(many).architecture == "MLPClassifier 4-5-3-3"
    between = () if activation == "identity" else (f"{activation} 1",)
    assert import_scikit(two).layers[: 1 + len(between)] == ("dense 1", *between)


def probabilities(outputs: Any, link: str) -> Any:
    if link == LOGISTIC:
        positive = 1 / (1 + np.exp(-outputs[:, 0]))
        return np.stack([1 - positive, positive], axis=1)
    grown = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return grown / grown.sum(axis=1, keepdims=True)


def test_a_link_makes_the_probabilities_where_the_model_has_them() -> None:
    for labels, link in ((TWO, LOGISTIC), (THREE, SOFTMAX)):
        fitted = LogisticRegression().fit(ROWS, labels)
        model = import_scikit(fitted)
        assert model.link == link
        np.testing.assert_allclose(probabilities(model.outputs(UNSEEN), link), fitted.predict_proba(UNSEEN), 1e-9)
    assert import_scikit(LinearSVC(random_state=0).fit(ROWS, TWO)).link == IDENTITY


SCALERS = [
    *(StandardScaler(), StandardScaler(with_mean=False), StandardScaler(with_std=False)),
    *(MinMaxScaler(), MinMaxScaler(feature_range=(-1, 2), clip=True), MaxAbsScaler(), MaxAbsScaler(clip=True)),
    *(RobustScaler(), RobustScaler(with_centering=False), RobustScaler(with_scaling=False)),
    *(PCA(2), PCA(3, whiten=True), TruncatedSVD(2, random_state=0), "passthrough"),
]


@pytest.mark.parametrize("scaler", SCALERS, ids=named)
def test_a_transformer_before_a_model(scaler: Any) -> None:
    assert_agrees(make_pipeline(scaler, LogisticRegression()).fit(ROWS, THREE))


def test_pipelines_in_pipelines_and_steps_that_do_nothing() -> None:
    inner = make_pipeline(StandardScaler(), "passthrough", MinMaxScaler(clip=True))
    fitted = make_pipeline(inner, PCA(3), None, make_pipeline(LinearRegression())).fit(ROWS, TARGET)
    assert_agrees(fitted)
    assert import_scikit(fitted).layers == ("scale", "scale 2", "clip", "project", "dense 1")


def test_names_and_shapes_for_reports() -> None:
    model = import_scikit(make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, TWO))
    assert (model.architecture, model.layers) == ("LogisticRegression 4-1", ("scale", "dense 1"))
    assert model.classes == ("no", "yes")
