"""From a float model to a quantised one and what is said of it, calibrated on a sample of rows."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from compute.zkml.calibrate import NumbersTooLarge, encoding_for
from compute.zkml.errors import NotFinite, UnsupportedModel, WrongRowLength
from compute.zkml.graph import CLASSIFICATION, FloatModel, classes_of
from compute.zkml.lowering import Lowering, Value
from compute.zkml.model import QuantisedModel
from compute.zkml.simplify import simplify
from compute.zkml.taps import Floats, Ints

SHOWN: Final = 2_000  # rows of a sample that are looked at


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How the integers do beside the floats: on the sample, on held-out rows if there were any, and at worst.

    worst_error bounds |float output - integer output * unit| for every row in range. agreement is the share of sample
    rows with the same class; for a regression the share whose outputs differ by at most 1 % of the sample's spread.
    score is accuracy, or R**2 for a regression.
    """

    worst_error: float
    sample_error: float
    agreement: float
    score_float: float | None
    score_quantised: float | None


@dataclass(frozen=True, slots=True)
class Quantised:
    """A quantised model, the float model that it came from, and what one unit of its outputs is worth."""

    model: QuantisedModel
    source: FloatModel
    unit: float
    maxima: tuple[int, ...]  # of every sum of products, on the sample
    fidelity: Fidelity
    class_only: bool

    def predictions(self, outputs: Ints) -> npt.NDArray[Any]:
        """Class numbers (n,), or a regressor's values (n, outputs), of integer outputs (n, outputs)."""
        if self.class_only:
            return outputs[:, 0]
        return classes_of(outputs) if self.source.kind == CLASSIFICATION else outputs * self.unit


def quantise(
    source: FloatModel,
    sample: Floats,
    *,
    bits: int | None = None,
    committed: bool = False,
    class_only: bool = False,
    rows: Floats | None = None,
    labels: npt.NDArray[Any] | None = None,
) -> Quantised:
    """Quantise a float model. sample (n, features) calibrates; rows and labels are held out, for the scores.

    bits: of an input, see `encoding_for`. committed: weights become secrets under a commitment. class_only: the class
    is the only output.
    Raises UnsupportedModel, NotFinite, WrongRowLength.
    """
    class_only = class_only or source.class_only
    if class_only and source.kind != CLASSIFICATION:
        raise UnsupportedModel(
            "the class of a regression",
            "class_only for classifiers",
            "Leave --class-only out; of an .onnx that ends in logits say --classification.",
        )
    simple = simplify(source)
    require_finite(simple)
    lowering, sample = Lowering(encoding_for(simple, sample, bits, committed), committed), sample[:SHOWN]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # what comes of it is refused
        last = _lowered(simple, lowering, sample)
    head = lowering.argmax(last, "class") if class_only else last
    model, unit = lowering.model(), 1.0 if class_only else float(last.units[0])
    if committed and not model.committed:
        raise UnsupportedModel(
            "a model without weights to commit to", "layers with weights, and trees", "Take the profile public-model."
        )
    rows = None if rows is None else _checked(source, rows)
    with np.errstate(over="ignore", invalid="ignore"):
        fidelity = _fidelity(source, last, sample, head, model, rows, labels)
    if not np.isfinite([fidelity.worst_error, fidelity.sample_error]).all():
        raise NumbersTooLarge("the model's output")
    return Quantised(model, source, unit, tuple(lowering.maxima), fidelity, class_only)


def _lowered(simple: FloatModel, lowering: Lowering, sample: Floats) -> Value:
    """All nodes as integer steps; the last value. Raises UnsupportedModel, NumbersTooLarge."""
    values = [lowering.start(sample)]
    for node, layer in zip(simple.nodes, simple.layers, strict=True):
        made = lowering.node(node.operation, [values[number] for number in node.inputs], layer)
        if not all(np.isfinite(part).all() for part in (made.units, made.offsets, made.errors)) or not made.units.all():
            raise NumbersTooLarge(layer)
        values.append(made)
    return lowering.aligned(values[-1], "output")


def require_finite(model: FloatModel) -> None:
    """Raises NotFinite for a weight that is NaN or infinite."""
    for node, layer in zip(model.nodes, model.layers, strict=True):
        for name in ("weights", "bias", "leaves", "offset", "threshold", "coefficients", "slope"):
            part = np.asarray(getattr(node.operation, name, 0.0), dtype=np.float64)
            if not np.isfinite(part).all():
                raise NotFinite(f"{layer}: its {name}")


def _checked(source: FloatModel, rows: Floats) -> Floats:
    if rows.ndim != 2 or rows.shape[1] != source.features:
        raise WrongRowLength(source.features, rows.shape[-1])
    if not np.isfinite(rows).all():
        raise NotFinite("the held-out sample")
    return rows


def _fidelity(
    source: FloatModel,
    last: Value,
    sample: Floats,
    head: Value,
    model: QuantisedModel,
    rows: Floats | None,
    labels: npt.NDArray[Any] | None,
) -> Fidelity:
    truth, ours = source.outputs(sample), last.sample * last.units
    difference = np.abs(truth - ours)
    if source.kind == CLASSIFICATION:
        agreement = float(np.mean(classes_of(truth) == classes_of(last.sample)))
    else:
        agreement = float(np.mean(difference.max(axis=1) <= 0.01 * max(float(np.ptp(truth)), 1e-12)))
    score_float = score_quantised = None
    if rows is not None and labels is not None:
        outputs = model.logits_of(model.encoding.nearest(rows))
        score_float = score(source, source.outputs(rows), labels)
        if head is not last:
            named = np.asarray(source.classes)[outputs[:, 0]]
            score_quantised = float(np.mean(named == labels.astype(str)))
        else:
            score_quantised = score(source, outputs * last.units, labels)
    return Fidelity(float(last.errors.max()), float(difference.max()), agreement, score_float, score_quantised)


def score(source: FloatModel, outputs: Floats, labels: npt.NDArray[Any]) -> float:
    """Accuracy of a classifier's outputs, R**2 of a regressor's."""
    if source.kind == CLASSIFICATION:
        return float(np.mean(np.asarray(source.classes)[classes_of(outputs)] == labels.astype(str)))
    wanted = labels.astype(np.float64).reshape(len(labels), -1)
    spread = float(((wanted - wanted.mean(axis=0)) ** 2).sum())
    return 1.0 - float(((wanted - outputs) ** 2).sum()) / max(spread, 1e-12)
