"""Gemm, MatMul, LinearClassifier and LinearRegressor: products with constant matrices."""

from math import prod
from typing import Final

import numpy as np

from compute.zkml.graph import IDENTITY, LOGISTIC, SOFTMAX
from compute.zkml.importers.onnx.arithmetic import scaled, total
from compute.zkml.importers.onnx.call import Call, Support
from compute.zkml.importers.onnx.tensors import Computed, Label, Scored, Tensor
from compute.zkml.taps import Floats, Ints

LINKS_OF: Final = {"NONE": IDENTITY, "LOGISTIC": LOGISTIC, "SOFTMAX": SOFTMAX}


def product(call: Call, tensor: Computed, matrix: Floats, bias: tuple[Ints, Floats] | None = None) -> Computed:
    """np.matmul(tensor, matrix) for ranks of at least 2; a weight for each entry of the matrix.

    bias: the bias number of each element of the result, and the biases.
    """
    positions = tensor.positions
    if positions.shape[-1] != matrix.shape[-2]:
        raise call.malformed(f"shapes {positions.shape} and {matrix.shape} cannot be multiplied")
    batch = np.broadcast_shapes(positions.shape[:-2], matrix.shape[:-2])
    (rows, inner), outputs = positions.shape[-2:], matrix.shape[-1]
    shape = (*batch, rows, outputs)
    full = (*shape, inner)
    call.sketch.reserve(prod(full), call.name)
    numbers = np.arange(matrix.size, dtype=np.int64).reshape(matrix.shape)
    weight_of = np.broadcast_to(np.swapaxes(numbers, -1, -2)[..., None, :, :], full).reshape(-1)
    columns = np.broadcast_to(positions[..., :, None, :], full).reshape(-1)
    return call.sketch.affine(call.name, tensor.value, columns, weight_of, matrix.reshape(-1), shape, bias)


def matmul(call: Call) -> Tensor:
    """np.matmul, with a constant on either side."""
    left, right = call.given(0), call.given(1)
    if isinstance(right, np.ndarray):
        tensor, matrix = call.computed(0), call.weights(1)
        return _matmul(call, tensor, matrix, tensor_first=True)
    if isinstance(left, np.ndarray):
        return _matmul(call, call.computed(1), call.weights(0), tensor_first=False)
    raise call.unsupported("it multiplies two computed tensors", "only products with constants are supported")


def _matmul(call: Call, tensor: Computed, matrix: Floats, tensor_first: bool) -> Computed:
    """Vectors become matrices and back; a constant on the left is that of the transposed product."""
    if 0 in (len(tensor.shape), matrix.ndim):
        raise call.malformed("a scalar cannot be multiplied as a matrix")
    tensor_is_vector, matrix_is_vector = len(tensor.shape) == 1, matrix.ndim == 1
    positions = tensor.positions
    if tensor_is_vector:
        positions = positions[None, :]
    elif not tensor_first:
        positions = np.swapaxes(positions, -1, -2)
    if matrix_is_vector:
        matrix = matrix[:, None]
    elif not tensor_first:
        matrix = np.swapaxes(matrix, -1, -2)
    made = product(call, tensor.at(positions), matrix)
    result = made.positions
    if matrix_is_vector:
        result = result[..., 0]
    if tensor_is_vector:
        result = result[..., 0] if matrix_is_vector else result[..., 0, :]
    if not tensor_first and not tensor_is_vector and not matrix_is_vector:
        result = np.swapaxes(result, -1, -2)
    return made.at(result)


def gemm(call: Call) -> Tensor:
    """alpha * A' B' + beta * C, where A or B is a constant."""
    alpha, beta = call.number("alpha", 1.0), call.number("beta", 1.0)
    left_is_constant = isinstance(call.given(0), np.ndarray)
    tensor = call.computed(1 if left_is_constant else 0)
    matrix = call.weights(0 if left_is_constant else 1)
    if len(tensor.shape) != 2 or matrix.ndim != 2:
        raise call.malformed(f"A and B must be matrices, not of shapes {tensor.shape} and {matrix.shape}")
    # A constant on the left: A' B' = (B'^T A'^T)^T.
    turned = [bool(call.integer(name, 0)) for name in ("transA", "transB")]
    flip_tensor = not turned[1] if left_is_constant else turned[0]
    flip_matrix = not turned[0] if left_is_constant else turned[1]
    positions = tensor.positions.T if flip_tensor else tensor.positions
    weights = alpha * (matrix.T if flip_matrix else matrix)
    given = call.given(2)
    if isinstance(given, np.ndarray) and beta != 0 and not left_is_constant:
        shape = (positions.shape[0], weights.shape[1])
        constant = beta * call.weights(2)
        numbers = np.arange(constant.size, dtype=np.int64).reshape(constant.shape)
        bias = (np.broadcast_to(numbers, shape).reshape(-1), constant.reshape(-1))
        return product(call, tensor.at(positions), weights, bias)
    made = product(call, tensor.at(positions), weights)
    result = made.at(made.positions.T) if left_is_constant else made
    if given is None or beta == 0:
        return result
    if isinstance(given, np.ndarray):
        return scaled(call, result, shift=beta * call.weights(2))
    return total(call, [(1.0, result), (beta, call.computed(2))])


def link_of(call: Call) -> str:
    """The link that a post_transform is. Raises OperatorUnsupported."""
    name = call.text("post_transform", "NONE")
    if name not in LINKS_OF:
        raise call.unsupported(f"post_transform {name}", f"supported are {', '.join(LINKS_OF)}")
    return LINKS_OF[name]


def linear_classifier(call: Call) -> tuple[Tensor, ...]:
    """Scores x W^T + b. Two classes whose scores are one another's negatives become a single score."""
    weights, bias = _coefficients(call)
    link, classes = link_of(call), class_names(call, "classlabels_ints")
    pair = len(weights) == 1 or (
        len(weights) == 2
        and link != SOFTMAX
        and np.array_equal(weights[0], -weights[1])
        and np.array_equal(bias[:1], -bias[1:])
    )
    if len(classes) < 2 or len(weights) not in (len(classes), len(classes) - 1) or (pair and len(classes) != 2):
        raise call.malformed(f"{len(weights)} rows of coefficients for {len(classes)} classes")
    if link == SOFTMAX and len(weights) == 1:
        weights, bias, pair = np.concatenate([-weights, weights]), np.concatenate([-bias, bias]), False
    if pair:
        weights, bias = weights[-1:], bias[-1:]
    scored = Scored(_linear(call, weights, bias), link, call.operator, call.name, classes, pair)
    return Label(scored), scored


def linear_regressor(call: Call) -> Tensor:
    weights, bias = _coefficients(call)
    link = link_of(call)
    made = _linear(call, weights, bias)
    return made if link == IDENTITY else Scored(made, link, call.operator, call.name)


def _coefficients(call: Call) -> tuple[Floats, Floats]:
    """(outputs, features) and (outputs,)."""
    features = _row(call).shape[1]
    flat = call.finite(np.asarray(call.attributes.get("coefficients", [])), "coefficients")
    if not len(flat) or len(flat) % features:
        raise call.malformed(f"{len(flat)} coefficients for {features} features")
    weights = flat.reshape(-1, features)
    bias = call.finite(np.asarray(call.attributes.get("intercepts") or [0.0] * len(weights)), "intercepts")
    if call.operator == "LinearRegressor" and len(weights) != call.integer("targets", 1):
        raise call.malformed(f"{len(flat)} coefficients for {call.integer('targets', 1)} targets")
    if len(bias) != len(weights):
        raise call.malformed(f"{len(bias)} intercepts for {len(weights)} rows of coefficients")
    return weights, bias


def _linear(call: Call, weights: Floats, bias: Floats) -> Computed:
    row = _row(call)
    return product(call, row, weights.T, (np.arange(len(bias), dtype=np.int64), bias))


def _row(call: Call) -> Computed:
    """The features, (1, features); a vector is one row."""
    tensor = call.computed(0)
    if tensor.positions.ndim == 1:
        return tensor.at(tensor.positions[None, :])
    if tensor.positions.ndim != 2 or tensor.shape[0] != 1:
        raise call.malformed(f"its input must be (1, features), not {tensor.shape}")
    return tensor


def class_names(call: Call, integers: str) -> tuple[str, ...]:
    """The classes that an operator of ai.onnx.ml names: `integers` is its attribute for class numbers."""
    strings = call.attributes.get("classlabels_strings") or []
    if strings:
        return tuple(name.decode("utf-8", "replace") for name in strings)
    return tuple(str(number) for number in call.attributes.get(integers) or [])


OPERATORS: Final = {
    "Gemm": Support(gemm, "A or B constant; C constant or computed; alpha, beta, transA, transB"),
    "MatMul": Support(matmul, "a constant on either side"),
    "LinearClassifier": Support(
        linear_classifier, "post_transform NONE, LOGISTIC or SOFTMAX, as the link", "ai.onnx.ml"
    ),
    "LinearRegressor": Support(linear_regressor, "as LinearClassifier", "ai.onnx.ml"),
}
