"""Probabilities that something computes with: a logistic link becomes a curve in the model, a softmax is refused."""

from typing import Final

import numpy as np

from compute.zkml.graph import IDENTITY, LOGISTIC, SIGMOID, Curve, FloatOperation
from compute.zkml.importers.errors import OperatorUnsupported
from compute.zkml.importers.onnx.sketch import Sketch
from compute.zkml.importers.onnx.tensors import Complement, Computed, Label, Scored, laid_out

AT_THE_END: Final = "let the model end with it, or take it out of the model and apply it to the proven outputs"


def pointwise(sketch: Sketch, layer: str, operation: FloatOperation, source: Computed) -> Computed:
    """An operation on each element. Where all of a value is used, the result keeps its order and positions stay."""
    width = sketch.widths[source.value]
    if source.positions.size >= width and len(np.unique(source.positions)) == width:
        return Computed(sketch.emit(operation, (source.value,), width, layer), source.positions)
    value = sketch.flat(source, layer)
    return laid_out(sketch.emit(operation, (value,), source.positions.size, layer), source.shape)


def computed(sketch: Sketch, layer: str, tensor: Scored | Complement | Label, reader: str) -> Computed:
    """A tensor that operations can read. Raises OperatorUnsupported for what only stands at the end of a model."""
    if isinstance(tensor, Complement):
        return _complement(sketch, layer, computed(sketch, layer, tensor.scored, reader))
    if isinstance(tensor, Label):
        made = tensor.scored
        raise OperatorUnsupported(made.operator, made.node, f"a class number feeds {reader}", AT_THE_END)
    if tensor.link not in (IDENTITY, LOGISTIC):
        raise OperatorUnsupported(tensor.operator, tensor.node, f"its probabilities feed {reader}", AT_THE_END)
    is_logistic = tensor.link == LOGISTIC
    single = pointwise(sketch, layer, Curve(SIGMOID), tensor.scores) if is_logistic else tensor.scores
    return _pair(sketch, layer, single, 1.0 if is_logistic else 0.0) if tensor.pair else single


def _pair(sketch: Sketch, layer: str, single: Computed, whole: float) -> Computed:
    """(whole - p, p)."""
    numbers = np.arange(2, dtype=np.int64)
    columns = np.repeat(single.positions.reshape(-1), 2)
    bias = (numbers, np.array([whole, 0.0]))
    return sketch.affine(layer, single.value, columns, numbers, np.array([-1.0, 1.0]), (1, 2), bias)


def _complement(sketch: Sketch, layer: str, single: Computed) -> Computed:
    columns = single.positions.reshape(-1)
    zeros = np.zeros(len(columns), dtype=np.int64)
    bias = (zeros, np.ones(1))
    return sketch.affine(layer, single.value, columns, zeros, np.array([-1.0]), single.shape, bias)
