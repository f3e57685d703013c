"""Trees decide on every row as scikit-learn does: on thresholds, between float32 values, at ties, behind scalers."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import is_classifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor
from threadpoolctl import threadpool_limits

from compute.zkml.graph import IDENTITY, LOGISTIC, SOFTMAX, FloatModel, Forest
from compute.zkml.importers.scikit import import_scikit
from compute.zkml.importers.scikit.trees import BOOSTED, FORESTS, HISTOGRAM_BOOSTED, SINGLE_TREES

RANDOM = np.random.default_rng(8)
ROWS = RANDOM.normal(100.0, 3.0, size=(50, 3))
TARGET = (ROWS[:, 0] - 100) * (ROWS[:, 1] - 100) + ROWS[:, 2]
TWO = np.where(np.median(TARGET) < TARGET, "yes", "no")
THREE = np.digitize(TARGET, np.quantile(TARGET, [0.3, 0.6]))

SMALL: dict[str, Any] = {"max_depth": 3, "random_state": 0}
MEANS = [
    *(DecisionTreeClassifier(**SMALL), ExtraTreeClassifier(**SMALL)),
    *(RandomForestClassifier(6, **SMALL), ExtraTreesClassifier(6, **SMALL)),
    *(DecisionTreeRegressor(**SMALL), ExtraTreeRegressor(**SMALL)),
    *(RandomForestRegressor(6, **SMALL), ExtraTreesRegressor(6, **SMALL)),
]
BOOSTS = [
    *(GradientBoostingClassifier(n_estimators=4, **SMALL), GradientBoostingRegressor(n_estimators=4, **SMALL)),
    HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=4, **SMALL),
    HistGradientBoostingRegressor(max_iter=3, min_samples_leaf=4, **SMALL),
]
SCALERS = [
    *(None, StandardScaler(), RobustScaler(), MaxAbsScaler(), MinMaxScaler()),
    *(MinMaxScaler(clip=True), make_pipeline(StandardScaler(), MinMaxScaler((-1, 1)))),
]


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Threads that wait for each other over fifty rows cost more than the rows."""
    with threadpool_limits(1):
        yield


def named(estimator: Any) -> str:
    return str(estimator).partition("(")[0]


def forest_of(model: FloatModel) -> Forest:
    forest = model.nodes[0].operation
    assert isinstance(forest, Forest)
    return forest


def edges(model: FloatModel) -> Any:
    """Rows with a value at each threshold, at the doubles and float32 beside it, and halfway between those."""
    forest = forest_of(model)
    rows = []
    for node in np.flatnonzero(forest.feature >= 0):
        feature = forest.feature[node]
        at = forest.threshold[node] * forest.steps[feature] + forest.offsets[feature]
        single = np.float32(at)
        below, above = np.nextafter(single, np.float32(-np.inf)), np.nextafter(single, np.float32(np.inf))
        values = [at, np.nextafter(at, -np.inf), np.nextafter(at, np.inf), float(single), float(below), float(above)]
        values += [(float(single) + float(below)) / 2, (float(single) + float(above)) / 2, at * (1 + 1e-9)]
        for value in values:
            row = ROWS[node % len(ROWS)].copy()
            row[feature] = value
            rows.append(row)
    return np.concatenate([ROWS, RANDOM.normal(100.0, 5.0, size=(50, 3)), np.asarray(rows).reshape(-1, 3)])


def assert_agrees(estimator: Any, rows: Any = None) -> FloatModel:
    model = import_scikit(estimator)
    rows = edges(model) if rows is None else rows
    if not is_classifier(estimator):
        np.testing.assert_allclose(model.predictions(rows)[:, 0], estimator.predict(rows), rtol=1e-13)
        return model
    assert np.array_equal(np.asarray(estimator.classes_)[model.predictions(rows)], estimator.predict(rows))
    outputs = model.outputs(rows)
    if model.link == IDENTITY:
        np.testing.assert_allclose(outputs, estimator.predict_proba(rows), atol=1e-14)
    else:
        np.testing.assert_allclose(outputs, estimator.decision_function(rows).reshape(outputs.shape), atol=2e-12)
    return model


def targets(estimator: Any) -> list[Any]:
    return [TWO, THREE] if is_classifier(estimator) else [TARGET]


@pytest.mark.parametrize("scaler", SCALERS, ids=named)
@pytest.mark.parametrize("estimator", [DecisionTreeClassifier(**SMALL), BOOSTS[2], BOOSTS[1]], ids=named)
def test_trees_behind_scalers_at_every_threshold(estimator: Any, scaler: Any) -> None:
    for target in targets(estimator):
        model = assert_agrees(make_pipeline(scaler, estimator).fit(ROWS, target))
        assert (model.layers, model.features) == (("trees",), 3)


@pytest.mark.parametrize("estimator", MEANS + BOOSTS, ids=named)
def test_every_kind_of_trees(estimator: Any) -> None:
    for target in targets(estimator):
        assert_agrees(estimator.fit(ROWS, target))


def test_every_kind_of_trees_that_comes_in_is_tried_here() -> None:
    tried = {type(estimator).__name__ for estimator in MEANS + BOOSTS}
    assert tried == {*SINGLE_TREES, *FORESTS, *BOOSTED, *HISTOGRAM_BOOSTED}


def test_a_value_between_two_float32_goes_where_its_rounding_goes() -> None:
    fitted = DecisionTreeClassifier().fit([[1.0], [2.0]], [0, 1])
    beside = float(np.nextafter(np.float32(1.0), np.float32(2.0)))
    middle = fitted.tree_.threshold[0] = (1.0 + beside) / 2  # a tie of the rounding, which goes to the even 1.0
    rows = np.asarray([[1.0], [np.nextafter(middle, 0.0)], [middle], [np.nextafter(middle, 2.0)], [beside]])
    assert fitted.predict(rows).tolist() == [0, 0, 0, 1, 1]
    assert import_scikit(fitted).predictions(rows).tolist() == [0, 0, 0, 1, 1]


def test_one_scaler_becomes_offsets_and_steps_and_others_new_thresholds() -> None:
    scaler, tree = StandardScaler(), DecisionTreeClassifier(**SMALL)
    forest = forest_of(import_scikit(make_pipeline(scaler, tree).fit(ROWS, TWO)))
    assert (
        forest.single and np.array_equal(forest.offsets, scaler.mean_) and np.array_equal(forest.steps, scaler.scale_)
    )
    forest = forest_of(import_scikit(make_pipeline(MinMaxScaler(), tree).fit(ROWS, TWO)))
    assert not forest.single and set(forest.offsets) == {0.0} and set(forest.steps) == {1.0}
    assert ROWS.min() < forest.threshold[0] < ROWS.max()


def test_a_threshold_that_a_clipped_value_never_passes_is_passed_by_no_double() -> None:
    fitted = make_pipeline(MinMaxScaler(clip=True), DecisionTreeClassifier(**SMALL)).fit(ROWS, TWO)
    fitted[-1].tree_.threshold[0] = 1.0  # nothing is above the end of the range: every row goes left
    largest = np.finfo(np.float64).max
    rows = np.concatenate([ROWS, [[largest] * 3, [-largest] * 3]])
    model = import_scikit(fitted)
    assert np.array_equal(fitted.classes_[model.predictions(rows)], fitted.predict(rows))
    assert forest_of(model).threshold[0] == largest


def test_a_tied_vote_is_the_first_class() -> None:
    fitted = RandomForestClassifier(2, bootstrap=False, random_state=0).fit([[0.0], [0.0], [1.0]], [4, 3, 3])
    model = assert_agrees(fitted, np.asarray([[0.0], [1.0]]))
    assert model.predictions(np.asarray([[0.0]])).tolist() == [0]
    assert model.classes == ("3", "4")


@pytest.mark.parametrize("init", [None, "zero"])
def test_a_boosted_sum_of_nothing_is_the_second_class(init: str | None) -> None:
    fitted = GradientBoostingClassifier(n_estimators=3, init=init).fit([[1.0], [1.0], [0.0], [2.0]], [0, 1, 0, 1])
    rows = np.asarray([[1.0], [0.0], [2.0]])
    assert fitted.decision_function(rows)[0] == 0
    assert_agrees(fitted, rows)


def test_what_probabilities_are_made_of() -> None:
    boosted = GradientBoostingClassifier(n_estimators=2, **SMALL)
    assert import_scikit(boosted.fit(ROWS, TWO)).link == LOGISTIC
    assert import_scikit(boosted.fit(ROWS, THREE)).link == SOFTMAX
    model = import_scikit(boosted.set_params(loss="exponential").fit(ROWS, TWO))
    assert model.link == IDENTITY  # exp(2 x) / (1 + exp(2 x)), which is none of the links
    assert model.architecture == "GradientBoostingClassifier 2 trees depth 3"
    assert import_scikit(MEANS[2].fit(ROWS, TWO)).layers == ("trees", "mean")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data(), depth=st.integers(1, 4), trees=st.integers(1, 4), classes=st.integers(2, 3))
def test_random_forests_on_few_coarse_values(data: Any, depth: int, trees: int, classes: int) -> None:
    """Coarse rows make many equal leaves, so that votes tie and rows stand on thresholds."""
    coarse = st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0]), min_size=2, max_size=2)
    rows = np.asarray(data.draw(st.lists(coarse, min_size=4, max_size=12)))
    labels = np.arange(len(rows)) % classes
    kinds = (ExtraTreeClassifier, RandomForestClassifier, GradientBoostingClassifier)
    kind = data.draw(st.sampled_from(kinds))
    many = {} if kind is ExtraTreeClassifier else {"n_estimators": trees}
    fitted = kind(max_depth=depth, random_state=0, **many).fit(rows, labels)
    grid = np.asarray([[a, b] for a in (0.0, 0.05, 0.15, 0.35, 0.75, 1.0) for b in (0.0, 0.05, 0.15, 0.35, 0.75, 1.0)])
    rows = np.concatenate([rows, grid])
    if kind is GradientBoostingClassifier:  # a rounding error beside 0 is no sum of its own
        decisions = np.abs(fitted.decision_function(rows)).reshape(len(rows), -1).min(axis=1)
        rows = rows[(decisions == 0) | (decisions > 1e-9)]
    assert np.array_equal(import_scikit(fitted).predictions(rows), fitted.predict(rows))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    values=st.lists(st.floats(-1e6, 1e6, width=32), min_size=4, max_size=10, unique=True),
    scaler=st.sampled_from([MinMaxScaler(), MinMaxScaler(clip=True), MaxAbsScaler(), StandardScaler(), RobustScaler()]),
)
def test_scaled_trees_on_random_values(values: list[float], scaler: Any) -> None:
    rows = np.asarray(values)[:, None]
    fitted = make_pipeline(scaler, DecisionTreeClassifier(random_state=0)).fit(rows, np.arange(len(rows)) % 2)
    model = import_scikit(fitted)
    forest = forest_of(model)
    inner = forest.threshold[forest.feature >= 0] * forest.steps[0] + forest.offsets[0]
    near = [inner, np.nextafter(inner, -np.inf), np.nextafter(inner, np.inf), rows.ravel()]
    tried = np.concatenate(near)[:, None]
    assert np.array_equal(model.predictions(tried), fitted.predict(tried))
