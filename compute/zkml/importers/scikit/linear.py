"""Models that are one sum of products: regressions, logistic regression, linear support vector machines."""

from typing import Any, Final

import numpy as np

from compute.zkml.errors import UnsupportedModel
from compute.zkml.graph import CLASSIFICATION, IDENTITY, LOGISTIC, REGRESSION, SOFTMAX
from compute.zkml.importers.scikit.errors import KernelUnsupported, MultipleOutputs, OneAgainstOne
from compute.zkml.importers.scikit.parts import Predictor, class_names, dense, finite, kind_of, require_fitted
from compute.zkml.taps import Floats

REGRESSORS: Final = (
    *("LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV"),
    *("SGDRegressor", "LinearSVR", "SVR"),
)
CLASSIFIERS: Final = (
    *("LogisticRegression", "LogisticRegressionCV", "RidgeClassifier", "RidgeClassifierCV"),
    *("SGDClassifier", "Perceptron", "LinearSVC", "SVC"),
)
ONE_VS_REST: Final = "OneVsRestClassifier"
KERNELS: Final = ("SVC", "SVR")


def linear_regressor(estimator: Any) -> Predictor:
    """Raises NotFinite, SparseWeights, MultipleOutputs, KernelUnsupported."""
    weights, bias = _weights(estimator)
    if len(weights) > 1:
        raise MultipleOutputs(kind_of(estimator), len(weights))
    return _predictor(weights, bias, REGRESSION, (), IDENTITY)


def linear_classifier(estimator: Any) -> Predictor:
    """Two classes have one output, which says the second when positive; more have one each.

    Raises NotFinite, SparseWeights, MultipleOutputs, KernelUnsupported, OneAgainstOne, SingleClass.
    """
    classes = class_names(estimator)
    if kind_of(estimator) in KERNELS and len(classes) > 2:
        raise OneAgainstOne(kind_of(estimator), len(classes))
    weights, bias = _weights(estimator)
    return _predictor(weights, bias, CLASSIFICATION, classes, _link(estimator, len(classes)))


def one_vs_rest(estimator: Any) -> Predictor:
    """A linear classifier for each class against the others. Raises what linear_classifier does, UnsupportedModel."""
    classes = class_names(estimator)
    parts = []
    for part in estimator.estimators_:
        if kind_of(part) not in CLASSIFIERS:
            supported = ", ".join(CLASSIFIERS)
            raise UnsupportedModel(
                f"{ONE_VS_REST} over {kind_of(part)}",
                f"{ONE_VS_REST} over {supported}",
                "Or fit the inner kind on all classes, where it is a tree, a forest or a perceptron.",
            )
        require_fitted(part)
        parts.append(_weights(part))
    weights, bias = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    link = LOGISTIC if _link(estimator.estimators_[0], 2) == LOGISTIC else IDENTITY
    return _predictor(weights, bias, CLASSIFICATION, classes, link)


def _weights(estimator: Any) -> tuple[Floats, Floats]:
    """Weights (outputs, features) and biases (outputs,)."""
    kind = kind_of(estimator)
    if kind in KERNELS and estimator.kernel != "linear":
        raise KernelUnsupported(kind, str(estimator.kernel))
    weights = np.atleast_2d(finite(estimator.coef_, estimator))
    bias = np.ravel(finite(estimator.intercept_, estimator))  # 0.0 where fit_intercept=False
    return weights, np.broadcast_to(bias, len(weights)).copy()


def _link(estimator: Any, classes: int) -> str:
    if kind_of(estimator).startswith("LogisticRegression"):
        # before scikit-learn 1.8 liblinear and multi_class="ovr" made one-vs-rest models of many classes
        one_vs_rest = "ovr" in str(getattr(estimator, "multi_class", "")) or estimator.solver == "liblinear"
        return LOGISTIC if classes == 2 or one_vs_rest else SOFTMAX
    return LOGISTIC if getattr(estimator, "loss", None) == "log_loss" else IDENTITY


def _predictor(weights: Floats, bias: Floats, kind: str, classes: tuple[str, ...], link: str) -> Predictor:
    outputs, features = weights.shape
    return Predictor(features, [("dense 1", dense(weights, bias))], kind, classes, link, f"{features}-{outputs}")
