"""Multi-layer perceptrons: dense layers with an activation between."""

from typing import Any, Final

from compute.zkml.errors import UnsupportedModel
from compute.zkml.graph import (
    CLASSIFICATION,
    IDENTITY,
    LOGISTIC,
    REGRESSION,
    SIGMOID,
    SOFTMAX,
    TANH,
    Curve,
    FloatOperation,
    Relu,
)
from compute.zkml.importers.scikit.errors import MultipleOutputs, OutputCurved
from compute.zkml.importers.scikit.parts import Predictor, Steps, class_names, dense, finite, kind_of

CLASSIFIERS: Final = ("MLPClassifier",)
REGRESSORS: Final = ("MLPRegressor",)
ACTIVATIONS: Final[dict[str, FloatOperation | None]] = {
    "identity": None,
    "relu": Relu(),
    "tanh": Curve(TANH),
    "logistic": Curve(SIGMOID),
}
LINKS: Final = {"softmax": SOFTMAX, "logistic": LOGISTIC, "identity": IDENTITY}


def perceptron_classifier(estimator: Any) -> Predictor:
    """Raises NotFinite, MultipleOutputs, SingleClass, UnsupportedModel."""
    classes = class_names(estimator)
    features, steps, shape = _layers(estimator)
    return Predictor(features, steps, CLASSIFICATION, classes, LINKS[estimator.out_activation_], shape)


def perceptron_regressor(estimator: Any) -> Predictor:
    """Raises NotFinite, MultipleOutputs, OutputCurved, UnsupportedModel."""
    if estimator.n_outputs_ > 1:
        raise MultipleOutputs(kind_of(estimator), estimator.n_outputs_)
    if estimator.out_activation_ != "identity":
        raise OutputCurved(kind_of(estimator), estimator.out_activation_)
    features, steps, shape = _layers(estimator)
    return Predictor(features, steps, REGRESSION, (), IDENTITY, shape)


def _layers(estimator: Any) -> tuple[int, Steps, str]:
    if estimator.activation not in ACTIVATIONS:
        raise UnsupportedModel(
            f"the activation {estimator.activation!r:.40}",
            ", ".join(ACTIVATIONS),
            "Fit it with activation='relu', which costs least.",
        )
    activation, name = ACTIVATIONS[estimator.activation], estimator.activation
    steps: Steps = []
    weights = [finite(layer, estimator).T for layer in estimator.coefs_]
    biases = [finite(layer, estimator) for layer in estimator.intercepts_]
    for number, (weight, bias) in enumerate(zip(weights, biases, strict=True), 1):
        steps.append((f"dense {number}", dense(weight, bias)))
        if activation is not None and number < len(weights):
            steps.append((f"{name} {number}", activation))
    sizes = [weights[0].shape[1], *(len(bias) for bias in biases)]
    return sizes[0], steps, "-".join(map(str, sizes))
