"""From a fitted scikit-learn classifier to a quantised model and its manifest, calibrated on a sample.

Symmetric int8 weights, inputs of 5 to 8 bits, biases at accumulator scale, power-of-two shifts between layers.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from compute.zkml.errors import NotFinite, NotFitted, UnsupportedModel, WrongRowLength
from compute.zkml.manifest import FORMAT, Manifest
from compute.zkml.model import WEIGHT_LIMIT, DenseLayer, QuantisedModel

HIDDEN_BITS: Final = 8  # what a hidden value keeps after its shift, on the calibration sample
MARGIN: Final = 0.5  # the input range is the sample's, widened by this share of its width on both sides
FITTED: Final = {  # attributes that .fit() sets
    "LogisticRegression": ("coef_", "intercept_", "classes_"),
    "MLPClassifier": ("coefs_", "intercepts_", "classes_"),
    "StandardScaler": ("scale_", "mean_"),
}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class InputScale:
    """number = round((value - offset) / step), per feature."""

    bits: int
    offsets: Floats
    steps: Floats


@dataclass(frozen=True, slots=True)
class FloatLayers:
    """A classifier as dense layers on raw features with ReLU between them; weights (outputs, inputs)."""

    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    classes: tuple[str, ...]
    architecture: str

    def logits(self, rows: Floats) -> Floats:
        """Float logits (n, outputs) of raw rows (n, features)."""
        values = rows
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = values @ weight.T + bias
            if number < len(self.weights) - 1:
                values = np.maximum(values, 0.0)
        return values


@dataclass(frozen=True, slots=True)
class Quantised:
    """A quantised model with what is said of it."""

    model: QuantisedModel
    manifest: Manifest


def float_layers(classifier: Any) -> FloatLayers:
    """The layers of a fitted LogisticRegression or MLPClassifier (ReLU), alone or behind a StandardScaler.

    Raises UnsupportedModel, NotFitted, NotFinite.
    """
    scaler, estimator = _unwrapped(classifier)
    kind = type(estimator).__name__
    _require_fitted(scaler, estimator)
    if kind == "LogisticRegression":
        weights, biases = [estimator.coef_], [estimator.intercept_]
    elif kind == "MLPClassifier" and estimator.activation == "relu":
        weights, biases = [matrix.T for matrix in estimator.coefs_], list(estimator.intercepts_)
    else:
        raise UnsupportedModel(f"a {kind}", "LogisticRegression, MLPClassifier with ReLU, StandardScaler before them")
    if scaler is not None and scaler.with_std:
        weights[0] = weights[0] / scaler.scale_
    if scaler is not None and scaler.with_mean:
        biases[0] = biases[0] - weights[0] @ scaler.mean_
    if not all(np.isfinite(array).all() for array in (*weights, *biases)):
        raise NotFinite("the model's weights")
    shape = "-".join(str(size) for size in (weights[0].shape[1], *(len(bias) for bias in biases)))
    classes = tuple(str(label) for label in estimator.classes_)
    return FloatLayers(tuple(weights), tuple(biases), classes, f"{kind} {shape}")


def integer_inputs(features: int, bits: int) -> InputScale:
    """For rows that hold small non-negative integers already (pixels): nothing is rounded."""
    return InputScale(bits, np.zeros(features), np.ones(features))


def calibrated_inputs(sample: Floats, bits: int) -> InputScale:
    """Ranges from a sample (n, features), widened by MARGIN on both sides. Raises NotFinite."""
    if not np.isfinite(sample).all():
        raise NotFinite("the calibration sample")
    low, high = sample.min(axis=0), sample.max(axis=0)
    width = np.where(high > low, high - low, 1.0)
    return InputScale(bits, low - MARGIN * width, width * (1 + 2 * MARGIN) / (2**bits - 1))


def quantise(classifier: Any, scale: InputScale, sample: Floats, rows: Floats, labels: npt.NDArray[Any]) -> Quantised:
    """Quantise a fitted classifier. sample calibrates the shifts; rows and labels are held out, for the accuracies.

    Raises UnsupportedModel, NotFitted, NotFinite, WrongRowLength.
    """
    layers = float_layers(classifier)
    features = layers.weights[0].shape[1]
    if sample.shape[1] != features:
        raise WrongRowLength(features, sample.shape[1])
    if not np.isfinite(rows).all():
        raise NotFinite("the held-out sample")
    model, logit_step, maxima = _integer_layers(layers, scale, _numbers(sample, scale))
    manifest = Manifest(
        format=FORMAT,
        architecture=layers.architecture,
        features=model.features,
        input_bits=scale.bits,
        offsets=tuple(map(float, scale.offsets)),
        steps=tuple(map(float, scale.steps)),
        outputs=model.outputs,
        output_bits=model.output_bits,
        logit_step=float(logit_step),
        classes=layers.classes,
        shifts=tuple(layer.shift for layer in model.layers if layer.shift is not None),
        calibrated_maxima=tuple(maxima),
        worst_logit_error=_worst_error(layers, scale, model, logit_step),
        accuracy_float=_accuracy(layers.logits(rows), labels, layers.classes),
        accuracy_quantised=_accuracy(model.logits_of(_numbers(rows, scale)), labels, layers.classes),
    )
    return Quantised(model, manifest)


def classes_of(logits: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Class indexes of logits (n, outputs); a single logit says 1 when positive."""
    if logits.shape[1] == 1:
        return np.asarray(logits[:, 0] > 0, dtype=np.int64)
    return np.asarray(np.argmax(logits, axis=1), dtype=np.int64)


def _unwrapped(classifier: Any) -> tuple[Any, Any]:
    steps = [step for _, step in getattr(classifier, "steps", [("model", classifier)])]
    if len(steps) == 1:
        return None, steps[0]
    if len(steps) == 2 and type(steps[0]).__name__ == "StandardScaler":
        return steps[0], steps[1]
    raise UnsupportedModel(
        "a pipeline of " + ", ".join(type(step).__name__ for step in steps), "StandardScaler + model"
    )


def _require_fitted(scaler: Any, estimator: Any) -> None:
    """What fitting leaves behind is there, on the parts whose kind has a circuit. Raises NotFitted."""
    for part in (scaler, estimator):
        kind = type(part).__name__
        missing = [name for name in FITTED.get(kind, ()) if not hasattr(part, name)]
        if missing:
            raise NotFitted(kind)


def _numbers(rows: Floats, scale: InputScale) -> npt.NDArray[np.int64]:
    numbers = np.clip(np.rint((rows - scale.offsets) / scale.steps), 0, 2**scale.bits - 1)
    return np.asarray(numbers, dtype=np.int64)


def _integer_layers(
    layers: FloatLayers, scale: InputScale, sample: npt.NDArray[np.int64]
) -> tuple[QuantisedModel, float, list[int]]:
    """Integer layers, what one unit of a logit is worth, and each layer's largest accumulator on the sample."""
    unit: Floats | float = scale.steps  # what one unit of each input of the present layer is worth
    carry = scale.offsets
    values, built, maxima = sample, [], []
    for number, (weight, bias) in enumerate(zip(layers.weights, layers.biases, strict=True)):
        on_numbers = weight * unit
        if number == 0:
            bias = bias + weight @ carry
        factor = WEIGHT_LIMIT / max(float(np.abs(on_numbers).max()), 1e-12)
        integers = np.rint(on_numbers * factor).astype(np.int64)
        offsets = np.rint(bias * factor).astype(np.int64)
        accumulators = values @ integers.T + offsets
        top = int(np.abs(accumulators).max())
        maxima.append(top)
        last = number == len(layers.weights) - 1
        shift = None if last else max(0, top.bit_length() - HIDDEN_BITS)
        built.append(DenseLayer(tuple(map(tuple, integers.tolist())), tuple(offsets.tolist()), shift))
        if shift is None:
            return QuantisedModel(scale.bits, tuple(built)), 1 / factor, maxima
        values = np.maximum(accumulators, 0) >> shift
        unit = 2.0**shift / factor
    raise UnsupportedModel("a model without layers", "at least one dense layer")


def _worst_error(layers: FloatLayers, scale: InputScale, model: QuantisedModel, logit_step: float) -> float:
    """An upper bound of |float logit - integer logit * logit_step| for any row within the input range.

    Follows the roundings layer by layer: half a step of each input, what each weight really lost, half a unit of each
    bias, one unit of each shift.
    """
    whole = (scale.steps == 1.0) & (scale.offsets == 0.0)  # such features hold whole numbers, nothing is rounded
    error: Floats = np.where(whole, 0.0, scale.steps / 2)
    unit: Floats | float = scale.steps
    top: Floats = np.full(model.features, 2**scale.bits - 1.0)
    for number, (weight, layer) in enumerate(zip(layers.weights, model.layers, strict=True)):
        on_numbers = weight * unit
        factor = WEIGHT_LIMIT / max(float(np.abs(on_numbers).max()), 1e-12)
        lost = np.abs(on_numbers - np.asarray(layer.weights) / factor)
        error = np.abs(weight) @ error + lost @ top + 0.5 / factor
        if layer.shift is not None:
            unit = 2.0**layer.shift / factor
            error = error + unit
            top = np.asarray(
                [max(high, 0) >> layer.shift for _, high in model.layer_bounds()[number]], dtype=np.float64
            )
    return float(error.max())


def _accuracy(logits: npt.NDArray[Any], labels: npt.NDArray[Any], classes: tuple[str, ...]) -> float:
    named = np.asarray(classes)[classes_of(logits)]
    return float(np.mean(named == np.asarray([str(label) for label in labels])))
