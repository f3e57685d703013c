"""What has no circuit is refused in words that say what to do; files of unknown origin are not opened."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, RidgeClassifier, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from threadpoolctl import threadpool_limits

from compute.zkml.errors import ClassifierFileUnusable, ModelError, NotFinite, NotFitted, NotTrusted, UnsupportedModel
from compute.zkml.importers.scikit import import_scikit, load_estimator
from compute.zkml.importers.scikit.errors import (
    CategoricalFeatures,
    CustomStart,
    KernelUnsupported,
    MissingValuesLearned,
    MultipleOutputs,
    OneAgainstOne,
    OutputCurved,
    SingleClass,
    SparseWeights,
    StepUnsupported,
)
from compute.zkml.importers.scikit.model import ADVICE, PREDICTORS, REMEDIES
from compute.zkml.importers.scikit.scalers import TRANSFORMERS

ROWS = np.abs(np.random.default_rng(3).normal(size=(30, 3))) + 0.1
TARGET = ROWS @ [1.0, 2.0, 3.0]
TWO = (np.median(TARGET) < TARGET).astype(int)
THREE = np.arange(30) % 3
PAIRS = np.stack([TWO, THREE % 2], axis=1)
GAPS = np.where(TWO[:, None] == 1, np.nan, ROWS)
FEW: dict[str, Any] = {"hidden_layer_sizes": (2,), "max_iter": 2, "random_state": 0}


def refused(estimator: Any, rule: type[ModelError], words: str) -> None:
    with pytest.raises(rule, match=re.escape(words)):
        import_scikit(estimator)


def test_models_of_an_unknown_class_are_named() -> None:
    refused(KNeighborsClassifier().fit(ROWS, TWO), UnsupportedModel, "KNeighborsClassifier cannot be proven")
    refused(PoissonRegressor().fit(ROWS, TARGET), UnsupportedModel, "PoissonRegressor")
    refused({"weights": [1.0]}, UnsupportedModel, "dict")
    refused(OneVsRestClassifier(DecisionTreeClassifier()).fit(ROWS, THREE), UnsupportedModel, "over DecisionTree")


def test_each_kind_is_refused_with_what_to_do() -> None:
    refused(KNeighborsClassifier().fit(ROWS, TWO), UnsupportedModel, "Fit a random forest or an MLP instead.")
    refused(PoissonRegressor().fit(ROWS, TARGET), UnsupportedModel, "logarithm of the target")
    refused({"weights": [1.0]}, UnsupportedModel, "Save the fitted estimator itself with joblib.dump.")
    refused(DummyClassifier().fit(ROWS, TWO), UnsupportedModel, "Fit one of these on the same data, or convert")
    assert not {*ADVICE} & {*PREDICTORS, *TRANSFORMERS, *REMEDIES}


def test_a_class_of_the_same_name_from_elsewhere_is_not_taken_for_ours() -> None:
    class Ridge(LinearRegression):  # type: ignore[misc]
        """Predicts something else, perhaps."""

    refused(Ridge().fit(ROWS, TARGET), UnsupportedModel, "Ridge")


@pytest.mark.parametrize(
    ("step", "remedy"),
    [
        (Normalizer(), "root of the row"),
        (SimpleImputer(), "every value"),
        (FunctionTransformer(np.log1p), "Apply it to your table first"),
        (OneHotEncoder(handle_unknown="ignore"), "Apply it to your table first"),
        (ColumnTransformer([("scale", StandardScaler(), [0])], remainder="passthrough"), "one scaler"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_steps_without_a_circuit_say_what_to_do(step: Any, remedy: str) -> None:
    refused(make_pipeline(step, LogisticRegression()).fit(ROWS, TWO), StepUnsupported, remedy)


def test_models_around_models_say_what_to_do() -> None:
    voting = VotingClassifier([("one", LogisticRegression()), ("two", RidgeClassifier())])
    refused(voting.fit(ROWS, TWO), StepUnsupported, "estimators_")
    search = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2)
    refused(search.fit(ROWS, TWO), StepUnsupported, "best_estimator_")


def test_models_of_other_libraries_come_in_by_onnx() -> None:
    class XGBClassifier:
        """As XGBoost names its own."""

    refused(XGBClassifier(), StepUnsupported, ".onnx")


def test_a_pipeline_without_a_model_at_its_end() -> None:
    refused(make_pipeline(StandardScaler(), StandardScaler()).fit(ROWS), StepUnsupported, "ends with StandardScaler")
    refused(make_pipeline("passthrough"), UnsupportedModel, "Pipeline")


def test_a_projection_before_trees() -> None:
    refused(make_pipeline(PCA(2), DecisionTreeClassifier()).fit(ROWS, TWO), UnsupportedModel, "PCA")


@pytest.mark.parametrize(
    "estimator",
    [LogisticRegression(), RandomForestClassifier(), MLPClassifier(), SVC(kernel="linear"), DecisionTreeRegressor()],
    ids=lambda value: type(value).__name__,
)
def test_what_was_not_fitted(estimator: Any) -> None:
    refused(estimator, NotFitted, type(estimator).__name__)
    refused(make_pipeline(StandardScaler(), estimator), NotFitted, "StandardScaler")


def test_weights_that_are_no_numbers() -> None:
    for value in (np.nan, np.inf):
        linear = LogisticRegression().fit(ROWS, TWO)
        linear.coef_[0, 1] = value
        refused(linear, NotFinite, "LogisticRegression")
        scaled = make_pipeline(StandardScaler(), LinearRegression()).fit(ROWS, TARGET)
        scaled[0].mean_[0] = value
        refused(scaled, NotFinite, "StandardScaler")
        tree = DecisionTreeRegressor().fit(ROWS, TARGET)
        tree.tree_.value[-1] = value
        refused(tree, NotFinite, "DecisionTreeRegressor")
    tree.tree_.value[-1] = 0
    tree.tree_.threshold[0] = np.nan
    refused(tree, NotFinite, "DecisionTreeRegressor")
    thin = make_pipeline(StandardScaler(), LinearRegression()).fit(ROWS, TARGET)
    thin[0].scale_[0] = 5e-324
    with np.errstate(over="ignore", divide="ignore"):
        refused(thin, NotFinite, "scale")


def test_several_targets() -> None:
    refused(LinearRegression().fit(ROWS, PAIRS), MultipleOutputs, "2 targets")
    refused(DecisionTreeClassifier().fit(ROWS, PAIRS), MultipleOutputs, "2 targets")
    refused(RidgeClassifier().fit(ROWS, PAIRS), MultipleOutputs, "2 targets")
    with pytest.warns(UserWarning, match="converge"):
        refused(MLPRegressor(**FEW).fit(ROWS, PAIRS), MultipleOutputs, "2 targets")
        refused(MLPClassifier(**FEW).fit(ROWS, PAIRS), MultipleOutputs, "2 targets")


def test_one_class() -> None:
    refused(DecisionTreeClassifier().fit(ROWS, np.zeros(30)), SingleClass, "at least two")


def test_kernels_and_votes_of_pairs() -> None:
    refused(SVC().fit(ROWS, TWO), KernelUnsupported, "'rbf'")
    refused(SVR(kernel="poly").fit(ROWS, TARGET), KernelUnsupported, "LinearSVR")
    refused(SVC(kernel="linear").fit(ROWS, THREE), OneAgainstOne, 'OneVsRestClassifier(SVC(kernel="linear"))')


def test_sparse_weights() -> None:
    refused(SGDClassifier(random_state=0).fit(ROWS, TWO).sparsify(), SparseWeights, ".densify()")


@pytest.mark.parametrize(
    "estimator", [DecisionTreeClassifier(), HistGradientBoostingClassifier(max_iter=1, min_samples_leaf=2)]
)
def test_splits_on_missing_values(estimator: Any) -> None:
    refused(estimator.fit(GAPS, TWO), MissingValuesLearned, "gaps")


def test_categories_within_trees() -> None:
    rows = np.column_stack([THREE, ROWS])
    model = HistGradientBoostingClassifier(categorical_features=[0], max_iter=1).fit(rows, TWO)
    refused(model, CategoricalFeatures, "columns of 0 and 1")


def test_boosting_that_starts_from_a_model() -> None:
    fitted = GradientBoostingRegressor(init=LinearRegression(), n_estimators=1).fit(ROWS, TARGET)
    refused(fitted, CustomStart, "init=None")
    fitted = GradientBoostingClassifier(init=LogisticRegression(), n_estimators=1).fit(ROWS, TWO)
    refused(fitted, CustomStart, "LogisticRegression")
    constant = GradientBoostingRegressor(init=DummyRegressor(strategy="median"), n_estimators=1).fit(ROWS, TARGET)
    np.testing.assert_allclose(import_scikit(constant).predictions(ROWS)[:, 0], constant.predict(ROWS))


def test_outputs_through_an_exponential() -> None:
    refused(HistGradientBoostingRegressor(loss="poisson", max_iter=1).fit(ROWS, TARGET), OutputCurved, "exp")
    with pytest.warns(UserWarning, match="converge"):
        refused(MLPRegressor(loss="poisson", **FEW).fit(ROWS, TARGET), OutputCurved, "exp")


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Threads that wait for each other over thirty rows cost more than the rows."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "trend.joblib"
    joblib.dump(LogisticRegression().fit(ROWS, TWO), path)
    return path


def test_a_file_of_ones_own_comes_in(file: Path) -> None:
    assert import_scikit(load_estimator(file, trusted=True)).classes == ("0", "1")


def test_a_file_of_unknown_origin_is_not_even_opened(tmp_path: Path) -> None:
    with pytest.raises(NotTrusted, match="absent"):
        load_estimator(tmp_path / "absent.joblib", trusted=False)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ClassifierFileUnusable, match="no such file"):
        load_estimator(tmp_path / "absent.joblib", trusted=True)


@pytest.mark.parametrize("compress", [0, 3, ("lzma", 3)], ids=["plain", "zlib", "lzma"])
def test_a_file_cut_short(compress: int | tuple[str, int], file: Path) -> None:
    joblib.dump(LogisticRegression().fit(ROWS, TWO), file, compress=compress)
    whole = file.read_bytes()
    for kept in (0, 1, 2, 20, len(whole) // 2):
        file.write_bytes(whole[:kept])
        with pytest.raises(ClassifierFileUnusable, match=r"joblib\.dump"):
            load_estimator(file, trusted=True)


@pytest.mark.parametrize(
    "content", [b"hello", b"\x80\x04.", b"\x1f\x8b\x08no gzip", b"PK\x03\x04", b"\x80\xff\xff\xff"]
)
def test_bytes_that_are_no_pickle(content: bytes, file: Path) -> None:
    file.write_bytes(content)
    with pytest.raises(ClassifierFileUnusable):
        load_estimator(file, trusted=True)
