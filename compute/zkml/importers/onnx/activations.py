"""Relu, LeakyRelu, Clip, Sigmoid, Tanh."""

from typing import Final

import numpy as np

from compute.zkml.graph import LOGISTIC, TANH, Clip, Curve, LeakyRelu, Relu
from compute.zkml.importers.onnx.arithmetic import scaled
from compute.zkml.importers.onnx.call import Call, Support
from compute.zkml.importers.onnx.tensors import Computed, Scored, Tensor

# Exporters write a missing limit as the largest float32.
UNLIMITED: Final = 3.0e38


def relu(call: Call) -> Tensor:
    return call.emit(Relu(), call.computed(0))


def leaky_relu(call: Call) -> Tensor:
    return call.emit(LeakyRelu(call.number("alpha", 0.01)), call.computed(0))


def clip(call: Call) -> Tensor:
    """min(max(x, low), high); with one limit alone by Relu: low + relu(x - low), high - relu(high - x)."""
    source, low, high = call.computed(0), _limit(call, 1, -1.0), _limit(call, 2, 1.0)
    if low is None and high is None:
        return source
    if low is not None and high is not None:
        return call.emit(Clip(min(low, high), high), source)
    if high is None:
        return _floor(call, source, 1.0, low or 0.0)
    return _floor(call, source, -1.0, high)


def _floor(call: Call, source: Computed, sign: float, limit: float) -> Computed:
    """limit + sign * relu(sign * (x - limit))."""
    if sign == 1.0 and limit == 0.0:
        return call.emit(Relu(), source)
    above = scaled(call, source, np.array(sign), np.array(-sign * limit))
    return scaled(call, call.emit(Relu(), above), np.array(sign), np.array(limit))


def _limit(call: Call, number: int, sign: float) -> float | None:
    """None where left out, or so far out that nothing reaches it."""
    array = call.array(number)
    if array is None:
        return None
    if array.size != 1 or array.dtype.kind != "f":
        raise call.malformed("a limit must be a single float")
    limit = float(array.reshape(-1)[0])
    return None if limit * sign >= UNLIMITED else float(call.finite(np.asarray(limit), "a limit"))


def sigmoid(call: Call) -> Tensor:
    """A link until something computes with it: at the end of a model the score itself is proven."""
    return Scored(call.computed(0), LOGISTIC, call.operator, call.name)


def tanh(call: Call) -> Tensor:
    return call.emit(Curve(TANH), call.computed(0))


OPERATORS: Final = {
    "Relu": Support(relu, ""),
    "LeakyRelu": Support(leaky_relu, ""),
    "Clip": Support(clip, "constant limits, either may be missing"),
    "Sigmoid": Support(sigmoid, "approximated; of a single output at the end it is the link, and exact"),
    "Tanh": Support(tanh, "approximated"),
}
