"""Nodes that read constants alone: exporters leave chains of them behind, and they are computed once, here."""

from collections.abc import Sequence
from math import prod
from typing import Any, Final

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from compute.zkml.importers.errors import ImportTooLarge, NodeMalformed, OperatorUnsupported
from compute.zkml.importers.onnx.call import attributes_of
from compute.zkml.importers.onnx.sketch import MAX_TAPS
from compute.zkml.importers.onnx.tensors import Constant

# Results are no larger than the inputs together.
SHRINKING: Final = """
    Abs ArgMax ArgMin BatchNormalization Cast CastLike Ceil Concat Constant Cos Dropout Erf Exp Flatten Floor Identity
    IsInf IsNaN Log LogSoftmax Neg Not Reciprocal ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum Relu Reshape Round
    Shape Sigmoid Sign Sin Size Slice Softmax Split Sqrt Squeeze Tanh Transpose Unsqueeze
"""
BROADCASTING: Final = """
    Add And Clip Div Equal Greater GreaterOrEqual LeakyRelu Less LessOrEqual Max Mean Min Mod Mul Or PRelu Pow Sub Sum
    Where
"""
SIZED: Final = "ConstantOfShape Expand Gather Gemm MatMul Pad Range Tile"
FOLDED: Final = frozenset(f"{SHRINKING} {BROADCASTING} {SIZED}".split())


def folded(node: onnx.NodeProto, inputs: Sequence[Constant | None], opset: int) -> tuple[Constant, ...]:
    """The outputs of a node on constants.

    Raises OperatorUnsupported for an operator that is not folded, ImportTooLarge before a result grows beyond memory,
    NodeMalformed.
    """
    if node.op_type == "Constant":
        return (constant_of(node),)
    if node.op_type not in FOLDED or node.domain not in ("", "ai.onnx"):
        raise OperatorUnsupported(
            node.op_type, node.name, "it is not computed from constants", "fold constants before the export"
        )
    try:
        size = _size(node, inputs)
        if size > MAX_TAPS:
            raise ImportTooLarge(f"the constant that node {node.name!r} makes", size, MAX_TAPS)
        evaluator = ReferenceEvaluator(node, opsets={"": opset})
        names = [name for name in node.input if name]
        with np.errstate(all="ignore"):
            made = evaluator.run(None, dict(zip(names, (array for array in inputs if array is not None), strict=True)))
    except (ValueError, IndexError, TypeError, KeyError, AttributeError, RuntimeError, ArithmeticError) as error:
        raise NodeMalformed(node.op_type, node.name, str(error)) from error
    return tuple(np.asarray(array) for array in made)


def constant_of(node: onnx.NodeProto) -> Constant:
    """What a Constant node holds, in whichever of its attributes. Raises OperatorUnsupported."""
    attributes = attributes_of(node)
    forms: dict[str, Any] = {
        "value_float": np.float32,
        "value_floats": np.float32,
        "value_int": np.int64,
        "value_ints": np.int64,
        "value_string": object,
        "value_strings": object,
    }
    for name, value in attributes.items():
        if name == "value":
            return np.asarray(value)
        if name in forms:
            return np.array(value, dtype=forms[name])
    raise OperatorUnsupported(
        "Constant", node.name, f"it holds {', '.join(attributes) or 'nothing'}", "store the constant densely"
    )


def _size(node: onnx.NodeProto, inputs: Sequence[Constant | None]) -> int:
    """Elements of the result, at most, as an integer of Python that cannot wrap."""
    arrays = [array for array in inputs if array is not None]
    shapes: list[tuple[int, ...]] = [array.shape for array in arrays]
    total = sum(int(array.size) for array in arrays)
    kind = node.op_type
    if kind in ("ConstantOfShape", "Expand"):
        own = int(arrays[0].size) if kind == "Expand" else 1
        return own * _product(arrays[-1])
    if kind == "Tile":
        return int(arrays[0].size) * _product(arrays[1])
    if kind == "Gather":
        return int(arrays[0].size) // max(shapes[0][_axis(node)], 1) * int(arrays[1].size)
    if kind == "Pad":
        pads = [int(entry) for entry in arrays[1].flat]
        return prod([length + sum(map(abs, pads)) for length in shapes[0]])
    if kind == "Range":
        start, limit, delta = (float(array) for array in arrays)
        return int(abs((limit - start) / delta)) + 1
    if kind in ("MatMul", "Gemm"):
        left, right = shapes[0] or (1,), shapes[1] or (1,)
        return prod(np.broadcast_shapes(left[:-2], right[:-2])) * max(left) * max(right) if total else 0
    if kind in BROADCASTING.split():
        return prod(np.broadcast_shapes(*shapes))
    return total


def _axis(node: onnx.NodeProto) -> int:
    return int(attributes_of(node).get("axis", 0))


def _product(shape: Constant) -> int:
    lengths: list[int] = shape.reshape(-1).tolist()
    return prod([max(length, 0) for length in lengths])
