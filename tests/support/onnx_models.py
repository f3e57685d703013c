"""Small ONNX models, and what ONNX's own reference evaluator says of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from compute.zkml.graph import FloatModel
from compute.zkml.importers.onnx import import_onnx

OPSET = 18
ML_OPSET = 3


def node(operator: str, inputs: Sequence[str], outputs: Sequence[str] = ("y",), **attributes: Any) -> onnx.NodeProto:
    """A node named after its operator."""
    domain = attributes.pop("domain", "")
    return helper.make_node(operator, list(inputs), list(outputs), name=f"the {operator}", domain=domain, **attributes)


def model_of(
    nodes: Sequence[onnx.NodeProto],
    shape: Sequence[int | str | None],
    constants: Mapping[str, Any] | None = None,
    outputs: Sequence[str] = ("y",),
    *,
    opset: int = OPSET,
    ml_opset: int = ML_OPSET,
    kind: int = TensorProto.DOUBLE,
    output_kind: int | None = None,
) -> onnx.ModelProto:
    """A model with input x of this shape, in double so that the reference hardly rounds."""
    arrays = {name: np.asarray(value) for name, value in (constants or {}).items()}
    graph = helper.make_graph(
        list(nodes),
        "small",
        [helper.make_tensor_value_info("x", kind, list(shape))],
        [helper.make_tensor_value_info(name, output_kind or kind, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", ml_opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def one(
    operator: str, shape: Sequence[int | str | None], constants: Mapping[str, Any] | None = None, **more: Any
) -> onnx.ModelProto:
    """A model of a single node that reads x and then the constants, in their order."""
    settings = {name: more.pop(name) for name in ("opset", "kind", "ml_opset") if name in more}
    return model_of([node(operator, ["x", *(constants or {})], **more)], shape, constants, **settings)


def reference(model: onnx.ModelProto, row: Any, output: int = 0) -> Any:
    """What the reference evaluator makes of one row, which has the input's shape."""
    return ReferenceEvaluator(model).run(None, {"x": row})[output]


def row_for(model: onnx.ModelProto, seed: int = 0) -> Any:
    """A row of the model's input shape, in its type."""
    tensor = model.graph.input[0].type.tensor_type
    shape = [axis.dim_value or 1 for axis in tensor.shape.dim]
    dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def imported_and_agreeing(model: onnx.ModelProto, rows: int = 2, tolerance: float = 1e-9) -> FloatModel:
    """The imported model, after a comparison of its outputs with the reference on random rows."""
    imported = import_onnx(model)
    for seed in range(rows):
        row = row_for(model, seed)
        expected = np.asarray(reference(model, row), dtype=np.float64).reshape(-1)
        found = imported.outputs(np.asarray(row, dtype=np.float64).reshape(1, -1))[0]
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
    return imported
