"""Add, Sub, Mul, Div, Neg, Sum, BatchNormalization and Scaler: an element with constants, or sums of tensors."""

from math import prod
from typing import Final

import numpy as np

from compute.zkml.graph import LOGISTIC, Total
from compute.zkml.importers.onnx.call import Call, Support
from compute.zkml.importers.onnx.tensors import Complement, Computed, Scored, Tensor, laid_out
from compute.zkml.taps import Floats

ONE: Final = np.ones(())
ZERO: Final = np.zeros(())


def scaled(call: Call, tensor: Computed, factor: Floats = ONE, shift: Floats = ZERO) -> Computed:
    """factor * x + shift, all three broadcast; a factor or shift used for many elements is one shared weight."""
    shape = np.broadcast_shapes(tensor.shape, factor.shape, shift.shape)
    size = prod(shape)
    call.sketch.reserve(size, call.name)
    numbers = [
        np.broadcast_to(np.arange(array.size, dtype=np.int64).reshape(array.shape), shape).reshape(-1)
        for array in (factor, shift)
    ]
    columns = np.broadcast_to(tensor.positions, shape).reshape(-1)
    bias = (numbers[1], shift.reshape(-1))
    return call.sketch.affine(call.name, tensor.value, columns, numbers[0], factor.reshape(-1), shape, bias)


def total(call: Call, terms: list[tuple[float, Computed]]) -> Computed:
    """Sums of computed tensors, broadcast."""
    if len(terms) == 1:
        coefficient, only = terms[0]
        return only if coefficient == 1.0 else scaled(call, only, np.array(coefficient))
    shape = np.broadcast_shapes(*(tensor.shape for _, tensor in terms))
    size = prod(shape)
    call.sketch.reserve(size * len(terms), call.name)
    wide = [tensor.at(np.broadcast_to(tensor.positions, shape)) for _, tensor in terms]
    values = tuple(call.sketch.flat(tensor, call.name) for tensor in wide)
    coefficients = tuple(coefficient for coefficient, _ in terms)
    return laid_out(call.sketch.emit(Total(coefficients), values, size, call.name), shape)


def sums(call: Call, signs: tuple[float, ...]) -> Computed:
    """sign * input, summed over the inputs; constants among them become one shift."""
    constants = [
        sign * call.weights(number) for number, sign in enumerate(signs) if isinstance(call.given(number), np.ndarray)
    ]
    terms = [
        (sign, call.computed(number))
        for number, sign in enumerate(signs)
        if not isinstance(call.given(number), np.ndarray)
    ]
    if not constants:
        return total(call, terms)
    shift = constants[0]
    for constant in constants[1:]:
        shift = shift + constant
    if len(terms) == 1:
        return scaled(call, terms[0][1], np.array(terms[0][0]), shift)
    return scaled(call, total(call, terms), ONE, shift)


def add(call: Call) -> Tensor:
    return sums(call, (1.0, 1.0))


def sub(call: Call) -> Tensor:
    left, right = call.given(0), call.given(1)
    if isinstance(left, np.ndarray) and isinstance(right, Scored) and _is_single(right) and np.all(left == 1):
        return Complement(right)
    return sums(call, (1.0, -1.0))


def _is_single(scored: Scored) -> bool:
    return scored.link == LOGISTIC and not scored.pair and scored.scores.positions.size == 1


def sum_all(call: Call) -> Tensor:
    return sums(call, (1.0,) * len(call.inputs))


def neg(call: Call) -> Tensor:
    return scaled(call, call.computed(0), np.array(-1.0))


def mul(call: Call) -> Tensor:
    constants = [number for number in (0, 1) if isinstance(call.given(number), np.ndarray)]
    if not constants:
        raise call.unsupported("it multiplies two computed tensors", "only products with constants are supported")
    return scaled(call, call.computed(1 - constants[0]), call.weights(constants[0]))


def div(call: Call) -> Tensor:
    if not isinstance(call.given(1), np.ndarray):
        raise call.unsupported("it divides by a computed tensor", "only division by constants is supported")
    divisor = call.weights(1)
    if np.any(divisor == 0):
        raise call.malformed("division by zero")
    return scaled(call, call.computed(0), 1.0 / divisor)


def batch_normalization(call: Call) -> Tensor:
    """scale * (x - mean) / sqrt(variance + epsilon) + bias, for each channel (axis 1)."""
    if call.integer("training_mode", 0) or call.outputs > 1:
        raise call.unsupported("it is in training mode", "export the model in inference mode (model.eval())")
    source = call.computed(0)
    scale, bias, mean, variance = (call.weights(number).reshape(-1) for number in range(1, 5))
    if np.any(variance < 0):
        raise call.malformed("a variance is negative")
    if len(source.shape) < 2 or any(len(array) != source.shape[1] for array in (scale, bias, mean, variance)):
        raise call.malformed(f"scale, bias, mean and variance are not of the channels of shape {source.shape}")
    factor = scale / np.sqrt(variance + call.number("epsilon", 1e-5))
    by_channel = (-1,) + (1,) * (len(source.shape) - 2)
    return scaled(call, source, factor.reshape(by_channel), (bias - mean * factor).reshape(by_channel))


def scaler(call: Call) -> Tensor:
    """(x - offset) * scale, for each feature (last axis), or one of each for all."""
    offset = call.finite(np.asarray(call.attributes.get("offset", [0.0])), "offset")
    scale = call.finite(np.asarray(call.attributes.get("scale", [1.0])), "scale")
    source = call.computed(0)
    if any(len(array) not in (1, source.shape[-1]) for array in (offset, scale)):
        raise call.malformed(f"offset and scale are not of the {source.shape[-1]} features")
    return scaled(call, source, scale, -offset * scale)


OPERATORS: Final = {
    "Add": Support(add, "broadcasting; a constant, or two computed tensors"),
    "Sub": Support(sub, "as Add"),
    "Sum": Support(sum_all, "as Add, of any number"),
    "Mul": Support(mul, "by a constant, broadcasting"),
    "Div": Support(div, "by a constant, broadcasting"),
    "Neg": Support(neg, ""),
    "BatchNormalization": Support(batch_normalization, "in inference mode"),
    "Scaler": Support(scaler, "", "ai.onnx.ml"),
}
