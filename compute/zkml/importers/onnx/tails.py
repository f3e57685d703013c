"""Operators that stand at the end of classifiers: they choose or show, and are not proven."""

from dataclasses import replace
from math import prod
from typing import Final

from compute.zkml.graph import IDENTITY, LOGISTIC, SOFTMAX
from compute.zkml.importers.onnx.call import Call, Support
from compute.zkml.importers.onnx.dense import class_names
from compute.zkml.importers.onnx.tensors import Computed, Label, Scored, Tensor


def softmax(call: Call) -> Tensor:
    """A link over the axis of the classes, which must be the only one longer than 1."""
    source = call.computed(0)
    _require_class_axis(call, source.shape, call.integer("axis", -1))
    return Scored(source, SOFTMAX, call.operator, call.name)


def arg_max(call: Call) -> Tensor:
    """The class of the largest score; the first of equals."""
    if call.integer("select_last_index", 0):
        raise call.unsupported("it selects the last of equal scores", "export with select_last_index = 0")
    given = call.given(0)
    scored = given if isinstance(given, Scored) else _bare(call, call.computed(0))
    _require_class_axis(call, scored.shape, call.integer("axis", 0))
    return Label(scored)


def _bare(call: Call, scores: Computed) -> Scored:
    return Scored(scores, IDENTITY, call.operator, call.name)


def _require_class_axis(call: Call, shape: tuple[int, ...], axis: int) -> None:
    axis = call.axis(axis, len(shape))
    if prod(shape) != shape[axis]:
        raise call.unsupported(
            f"it compares along axis {axis} of shape {shape}, so makes several results",
            "only one choice among the classes can end a model",
        )


def normalizer(call: Call) -> Tensor:
    """Of a classifier's probabilities by their sum: which is the largest stays."""
    given = call.given(0)
    if isinstance(given, Scored) and given.link in (SOFTMAX, LOGISTIC) and call.text("norm", "MAX") == "L1":
        return given
    raise call.unsupported(
        "it divides by what it computes from the row", "normalise rows before the model, or scale them by constants"
    )


def zip_map(call: Call) -> Tensor:
    """Names for the columns of probabilities; dropped, the names are kept."""
    classes, given = class_names(call, "classlabels_int64s"), call.given(0)
    scored = given if isinstance(given, Scored) else _bare(call, call.computed(0))
    return replace(scored, classes=classes)


OPERATORS: Final = {
    "Softmax": Support(softmax, "at the end, as the link"),
    "LogSoftmax": Support(softmax, "as Softmax: the scores before it are proven"),
    "ArgMax": Support(arg_max, "at the end, over the classes; alone it says the class and no scores"),
    "Normalizer": Support(normalizer, "L1 of a classifier's probabilities, dropped; refused elsewhere", "ai.onnx.ml"),
    "ZipMap": Support(zip_map, "at the end, dropped", "ai.onnx.ml"),
}
