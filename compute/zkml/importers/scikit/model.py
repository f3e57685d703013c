"""A fitted scikit-learn estimator, or a pipeline of transformers and one, as a FloatModel."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from compute.zkml.errors import NotFinite, UnsupportedModel
from compute.zkml.graph import Affine, FloatModel, Forest, Node
from compute.zkml.importers.scikit import linear, perceptron, trees
from compute.zkml.importers.scikit.errors import StepUnsupported
from compute.zkml.importers.scikit.folding import fold
from compute.zkml.importers.scikit.parts import Predictor, Steps, kind_of, require_fitted
from compute.zkml.importers.scikit.scalers import TRANSFORMERS, Transformer

PREDICTORS: Final[dict[str, Callable[[Any], Predictor]]] = {
    **dict.fromkeys(linear.CLASSIFIERS, linear.linear_classifier),
    **dict.fromkeys(linear.REGRESSORS, linear.linear_regressor),
    linear.ONE_VS_REST: linear.one_vs_rest,
    **dict.fromkeys(trees.SINGLE_TREES + trees.FORESTS, trees.mean_of_trees),
    **dict.fromkeys(trees.BOOSTED, trees.boosted_trees),
    **dict.fromkeys(trees.HISTOGRAM_BOOSTED, trees.histogram_boosted_trees),
    **dict.fromkeys(perceptron.CLASSIFIERS, perceptron.perceptron_classifier),
    **dict.fromkeys(perceptron.REGRESSORS, perceptron.perceptron_regressor),
}
SUPPORTED: Final = f"{', '.join(PREDICTORS)}, alone or behind {', '.join(TRANSFORMERS)} in a Pipeline"

_PUBLISH_EACH: Final = "Publish its estimators_ each as a model of its own, and combine what they predict."
_ON_NUMBERS: Final = "Apply it to your table first; fit, prove and predict on the rows that it returns."
REMEDIES: Final = {
    **dict.fromkeys(("VotingClassifier", "VotingRegressor", "StackingClassifier", "StackingRegressor"), _PUBLISH_EACH),
    **dict.fromkeys(("BaggingClassifier", "BaggingRegressor"), "Fit a random forest or extra trees instead."),
    **dict.fromkeys(("AdaBoostClassifier", "AdaBoostRegressor"), "Fit a gradient boosting model instead."),
    **dict.fromkeys(("GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV"), "Save its best_estimator_."),
    "CalibratedClassifierCV": "Publish the classifier that it calibrates, and calibrate what the proofs say.",
    "ColumnTransformer": "Let one scaler stand before all columns. Or: " + _ON_NUMBERS,
    **dict.fromkeys(("OneHotEncoder", "OrdinalEncoder", "FeatureUnion", "FunctionTransformer"), _ON_NUMBERS),
    "Normalizer": "It divides by a root of the row itself, which has no circuit. " + _ON_NUMBERS,
    **dict.fromkeys(("SimpleImputer", "KNNImputer"), "Rows that are proven have every value. " + _ON_NUMBERS),
    **dict.fromkeys(
        ("XGBClassifier", "XGBRegressor", "LGBMClassifier", "LGBMRegressor"),
        "Convert it to ONNX (package onnxmltools), and name the .onnx file.",
    ),
}

_ON_THE_SAME_DATA: Final = "Fit one of these on the same data, or convert the model to ONNX (docs/onnx.md)."
_ALL_DATA: Final = "It compares a row with all that it was fitted on. Fit a random forest or an MLP instead."
_CURVED: Final = "Fit an MLP or gradient boosting instead."
_LOG: Final = "It ends in an exponential. Fit Ridge or a gradient boosting regressor on the logarithm of the target."
_NO_TARGET: Final = "It predicts no target. Fit a classifier to the labels that it gives, and prove that."
_EACH_TARGET: Final = "Fit and publish a model for each target."
ADVICE: Final = {
    **dict.fromkeys(("KNeighborsClassifier", "KNeighborsRegressor", "RadiusNeighborsClassifier"), _ALL_DATA),
    **dict.fromkeys(("RadiusNeighborsRegressor", "GaussianProcessClassifier", "GaussianProcessRegressor"), _ALL_DATA),
    **dict.fromkeys(("KernelRidge", "NuSVC", "NuSVR", "QuadraticDiscriminantAnalysis"), _CURVED),
    **dict.fromkeys(("GaussianNB", "MultinomialNB", "BernoulliNB", "ComplementNB"), "Fit LogisticRegression instead."),
    "LinearDiscriminantAnalysis": "Its borders are flat: fit LogisticRegression instead.",
    **dict.fromkeys(("PoissonRegressor", "GammaRegressor", "TweedieRegressor"), _LOG),
    **dict.fromkeys(("KMeans", "MiniBatchKMeans", "DBSCAN", "GaussianMixture", "IsolationForest"), _NO_TARGET),
    **dict.fromkeys(("MultiOutputClassifier", "MultiOutputRegressor", "ClassifierChain"), _EACH_TARGET),
}
ELSEWHERE: Final = {
    "torch": "Export it with torch.onnx.export, and name the .onnx file.",
    "keras": "Convert it with tf2onnx, and name the .onnx file.",
    "tensorflow": "Convert it with tf2onnx, and name the .onnx file.",
    "catboost": 'Save it with save_model(..., format="onnx"), and name the .onnx file.',
    "builtins": "Save the fitted estimator itself with joblib.dump.",
    "numpy": "Save the fitted estimator itself with joblib.dump.",
    "pandas": "Save the fitted estimator itself with joblib.dump.",
}


def import_scikit(estimator: Any) -> FloatModel:
    """Its outputs before the link; classes by their names. Weights are never changed, only laid out.

    Raises UnsupportedModel for a class not in SUPPORTED, StepUnsupported where it is known what to do instead,
    NotFitted, NotFinite, and the errors of scikit/errors.py.
    """
    *before, last = _flattened(estimator) or [estimator]
    transformers = [_transformer(step) for step in before]
    predictor = _predictor(last)
    first = predictor.steps[0][1]
    steps: Steps
    if isinstance(first, Forest):
        steps = [(predictor.steps[0][0], fold(transformers, first)), *predictor.steps[1:]]
    else:
        steps = [*_numbered([transformer.steps for transformer in transformers]), *predictor.steps]
    _require_finite(steps, last)
    features = int(getattr(before[0], "n_features_in_", predictor.features)) if before else predictor.features
    return FloatModel(
        features=features,
        nodes=tuple(Node(operation, (number,)) for number, (_, operation) in enumerate(steps)),
        layers=tuple(name for name, _ in steps),
        kind=predictor.kind,
        classes=predictor.classes,
        link=predictor.link,
        architecture=f"{kind_of(last)} {predictor.shape}",
    )


def _flattened(part: Any) -> list[Any]:
    """Steps of a pipeline and of those within it, without those that do nothing."""
    if kind_of(part) != "Pipeline" or not _is_scikit(part):
        return [] if part is None or isinstance(part, str) else [part]  # "passthrough" is the only string
    return [inner for _, step in part.steps for inner in _flattened(step)]


def _is_scikit(part: Any) -> bool:
    return type(part).__module__.partition(".")[0] == "sklearn"


def _transformer(part: Any) -> Transformer:
    if kind_of(part) not in TRANSFORMERS or not _is_scikit(part):
        raise _refusal(part)
    require_fitted(part)
    return TRANSFORMERS[kind_of(part)](part)


def _predictor(part: Any) -> Predictor:
    if kind_of(part) in TRANSFORMERS:
        raise StepUnsupported(f"A pipeline that ends with {kind_of(part)}", "Let it end with a model that predicts.")
    if kind_of(part) not in PREDICTORS or not _is_scikit(part):
        raise _refusal(part)
    require_fitted(part)
    return PREDICTORS[kind_of(part)](part)


def _refusal(part: Any) -> UnsupportedModel | StepUnsupported:
    kind, package = kind_of(part), type(part).__module__.partition(".")[0]
    if kind in REMEDIES:
        return StepUnsupported(kind, REMEDIES[kind])
    if advice := ADVICE.get(kind) if _is_scikit(part) else ELSEWHERE.get(package):
        return UnsupportedModel(kind, "", advice)
    if kind in PREDICTORS or kind in TRANSFORMERS:
        return UnsupportedModel(f"the {kind} of {package}", "", "Only scikit-learn's own class of that name is known.")
    return UnsupportedModel(kind, SUPPORTED, _ON_THE_SAME_DATA)


def _numbered(groups: Sequence[Steps]) -> Steps:
    """Steps of transformers; names that recur get numbers."""
    seen: dict[str, int] = {}
    steps: Steps = []
    for name, operation in (step for group in groups for step in group):
        seen[name] = seen.get(name, 0) + 1
        steps.append((name if seen[name] == 1 else f"{name} {seen[name]}", operation))
    return steps


def _require_finite(steps: Steps, last: Any) -> None:
    """A scale of almost nothing has a reciprocal that no double holds. Raises NotFinite."""
    for name, operation in steps:
        arrays = (operation.weights, operation.bias) if isinstance(operation, Affine) else ()
        if not all(np.isfinite(array).all() for array in arrays):
            raise NotFinite(f"layer {name!r} of the {kind_of(last)}")
