"""Operators from ONNX that move elements, against its reference evaluator: they cost nothing."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from compute.zkml.graph import Affine, Gather
from compute.zkml.importers.errors import NodeMalformed, OperatorUnsupported, WeightsNotConstant
from compute.zkml.importers.onnx import import_onnx
from tests.support.onnx_models import imported_and_agreeing, model_of, node, one


def ints(*values: int) -> Any:
    return np.array(values, dtype=np.int64)


@pytest.mark.parametrize(
    "model",
    [
        one("Identity", [1, 3]),
        one("Dropout", [1, 3]),
        one("Cast", [1, 3], to=TensorProto.DOUBLE),
        one("Flatten", [1, 2, 3]),
        one("Flatten", [1, 2, 3], axis=0),
        one("Flatten", [1, 2, 3], axis=-1),
        one("Reshape", [1, 2, 6], {"s": ints(0, -1, 4)}),
        one("Reshape", [1, 2, 6], {"s": ints(12)}),
        one("Reshape", [1, 2, 6], {"s": ints(1, 3, -1)}, allowzero=1),
        one("Squeeze", [1, 2, 1, 3], {"a": ints(0, -2)}),
        one("Squeeze", [1, 2, 1, 3]),
        one("Unsqueeze", [1, 3], {"a": ints(0, -1)}),
    ],
)
def test_what_keeps_the_order_computes_nothing(model: Any) -> None:
    imported = imported_and_agreeing(model)
    (step,) = imported.nodes
    assert isinstance(step.operation, Gather)
    assert step.operation.index.tolist() == list(range(imported.features))


@pytest.mark.parametrize(
    "model",
    [
        one("Transpose", [1, 2, 3]),
        one("Transpose", [1, 2, 3, 2], perm=[0, 3, 1, 2]),
        one("Expand", [1, 3, 1], {"s": ints(2, 1, 2)}),
        one("Slice", [1, 6], {"s": ints(-1), "e": ints(-100), "a": ints(1), "t": ints(-2)}),
        one("Slice", [1, 6, 4], {"s": ints(1, 0), "e": ints(2**62, -1), "a": ints(-2, 2)}),
        one("Slice", [3, 4], {"s": ints(1), "e": ints(3)}),
        one("Gather", [1, 4, 2], {"i": ints(3, -4)}, axis=1),
        one("Gather", [1, 4], {"i": np.array([[0, 2], [1, 1]])}, axis=-1),
        one("Pad", [1, 2, 3], {"p": ints(0, 1, 0, 0, 0, 2)}),
        one("Pad", [1, 2, 3], {"p": ints(0, 1, 0, 0, 0, 2), "v": np.array(0.75)}),
        one("Pad", [1, 4], {"p": ints(2, 1), "v": np.array(0.0), "a": ints(1)}, mode="reflect"),
        one("Pad", [1, 4], {"p": ints(0, 2, 0, 1)}, mode="edge"),
        one("Concat", [1, 2], {"c": np.array([[0.5, -0.5]])}, axis=-1),
        one("ArrayFeatureExtractor", [1, 4], {"i": ints(3, 0)}, domain="ai.onnx.ml"),
    ],
)
def test_moves(model: Any) -> None:
    assert len(imported_and_agreeing(model).nodes) == 1


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_slices(data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    start, end, step = (data.draw(st.integers(-7, 7)) for _ in range(3))
    step = step or 1
    model = one("Slice", shape, {"s": ints(start), "e": ints(end), "a": ints(axis), "t": ints(step)})
    if len(range(*slice(start, end, step).indices(shape[axis]))):
        imported_and_agreeing(model, rows=1)
    else:
        with pytest.raises(NodeMalformed, match="empty"):
            import_onnx(model)


@pytest.mark.parametrize(("lengths", "more"), [(ints(1, 3, 1), {}), (None, {"num_outputs": 3})])
def test_split(lengths: Any, more: dict[str, int]) -> None:
    constants = {} if lengths is None else {"l": lengths}
    nodes = [
        node("Split", ["x", *constants], ["a", "b", "c"], axis=1, **more),
        node("Concat", ["c", "a"], axis=1),
    ]
    imported_and_agreeing(model_of(nodes, [1, 5], constants))


def test_a_concat_of_many_values_and_constants_is_one_gather_and_one_affine() -> None:
    nodes = [
        node("Relu", ["x"], ["r"]),
        node("Transpose", ["x"], ["t"], perm=[0, 2, 1]),
        node("Concat", ["r", "c", "t", "r"], axis=2),
    ]
    imported = imported_and_agreeing(model_of(nodes, [1, 2, 2], {"c": np.array([[[1.0], [2.0]]])}))
    assert [type(step.operation) for step in imported.nodes[1:]] == [Gather, Affine]


def test_moves_before_an_operator_of_elements_stay_moves() -> None:
    nodes = [node("Transpose", ["x"], ["t"]), node("Relu", ["t"], ["r"]), node("Transpose", ["r"])]
    assert len(imported_and_agreeing(model_of(nodes, [2, 3])).nodes) == 1


def test_shapes_that_exporters_compute_are_constants() -> None:
    nodes = [
        node("Shape", ["x"], ["shape"]),
        node("Gather", ["shape", "zero"], ["batch"]),
        node("Unsqueeze", ["batch", "zeros"], ["first"]),
        node("Concat", ["first", "rest"], ["wanted"], axis=0),
        node("Reshape", ["x", "wanted"]),
    ]
    constants = {"zero": np.array(0), "zeros": ints(0), "rest": ints(-1)}
    imported_and_agreeing(model_of(nodes, ["N", 2, 3], constants))


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"value": helper.make_tensor("v", TensorProto.DOUBLE, [2], [1.5, 2.5])}, [1.5, 2.5]),
        ({"value_float": 1.5}, [1.5, 1.5]),
        ({"value_floats": [1.5, 2.5]}, [1.5, 2.5]),
        ({"value_int": 3}, [3.0, 3.0]),
        ({"value_ints": [3, 4]}, [3.0, 4.0]),
    ],
)
def test_constant_in_all_its_forms(form: dict[str, Any], expected: list[float]) -> None:
    imported = import_onnx(model_of([node("Constant", [], ["c"], **form), node("Add", ["x", "c"])], [1, 2]))
    assert imported.outputs(np.zeros((1, 2))).tolist() == [expected]


def test_constants_are_folded() -> None:
    nodes = [
        node("Sqrt", ["c"], ["root"]),
        node("MatMul", ["m", "m"], ["square"]),
        node("ConstantOfShape", ["shape"], ["single"]),
        node("Cast", ["single"], ["zeros"], to=TensorProto.DOUBLE),
        node("Add", ["zeros", "root"], ["shift"]),
        node("MatMul", ["x", "square"], ["p"]),
        node("Add", ["p", "shift"]),
    ]
    constants = {"c": np.array([4.0, 9.0]), "m": np.array([[1.0, 2.0], [3.0, 4.0]]), "shape": ints(1, 2)}
    imported_and_agreeing(model_of(nodes, [1, 2], constants))


@pytest.mark.parametrize(
    "model",
    [
        one("Reshape", [1, 4], {"s": ints(3)}),
        one("Reshape", [1, 4], {"s": ints(1, 4, 0)}),
        one("Reshape", [1, 4], {"s": np.array([4.0])}),
        one("Reshape", [1, 4]),
        one("Squeeze", [1, 4], {"a": ints(1)}),
        one("Squeeze", [1, 4], {"a": ints(2)}),
        one("Unsqueeze", [1, 4], {"a": ints(5)}),
        one("Flatten", [1, 4], axis=3),
        one("Transpose", [1, 4], perm=[0, 0]),
        one("Slice", [1, 4], {"s": ints(0), "e": ints(1), "a": ints(1), "t": ints(0)}),
        one("Gather", [1, 4], {"i": ints(4)}, axis=1),
        one("Gather", [1, 4], {"i": np.array([0.0])}, axis=1),
        one("Expand", [1, 4], {"s": ints(3)}),
        one("Pad", [1, 4], {"p": ints(0, -1, 0, 0)}),
        one("Pad", [1, 4], {"p": ints(0, 1, 0, 0)}, mode="mirror"),
        one("Concat", [1, 4], {"c": np.zeros((2, 1))}, axis=1),
        one("Concat", [1, 4], {"c": np.zeros((1, 1))}, axis=2),
        model_of([node("Split", ["x", "l"], ["y", "z"], axis=1)], [1, 4], {"l": ints(1, 2)}),
    ],
)
def test_what_does_not_fit_is_refused(model: Any) -> None:
    with pytest.raises(NodeMalformed, match=model.graph.node[0].op_type):
        import_onnx(model)


def test_computed_shapes_are_refused() -> None:
    nodes = [node("Cast", ["x"], ["s"], to=TensorProto.INT64), node("Reshape", ["x", "s"])]
    with pytest.raises(OperatorUnsupported, match="Cast"):
        import_onnx(model_of(nodes, [2]))
    with pytest.raises(WeightsNotConstant, match="Reshape"):
        import_onnx(model_of([node("Reshape", ["x", "x"])], [2]))


def test_dropout_in_training_is_refused() -> None:
    model = model_of([node("Dropout", ["x", "r", "t"])], [1, 2], {"r": np.array(0.5), "t": np.array(True)})
    with pytest.raises(OperatorUnsupported, match="training mode"):
        import_onnx(model)
