"""Elementwise operators and activations from ONNX, against its reference evaluator."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto

from compute.zkml.errors import NotFinite
from compute.zkml.graph import LOGISTIC, REGRESSION, Affine, Clip, Curve, LeakyRelu, Relu, Total
from compute.zkml.importers.errors import NodeMalformed, OperatorUnsupported
from compute.zkml.importers.onnx import import_onnx
from tests.support.onnx_models import imported_and_agreeing, model_of, node, one, reference, row_for

SHAPES = st.lists(st.integers(1, 3), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
@given(SHAPES, st.data())
@pytest.mark.parametrize("operator", ["Add", "Sub", "Mul", "Div"])
def test_a_constant_is_broadcast_from_either_side(operator: str, shape: list[int], data: st.DataObject) -> None:
    other = [data.draw(st.sampled_from([1, length])) for length in shape[data.draw(st.integers(0, len(shape))) :]]
    constant = np.random.default_rng(1).uniform(0.5, 2.0, size=other)
    names = ["x", "c"] if operator == "Div" or data.draw(st.booleans()) else ["c", "x"]
    imported = imported_and_agreeing(model_of([node(operator, names)], shape, {"c": constant}), rows=1)
    affine = imported.nodes[0].operation
    assert isinstance(affine, Affine)
    assert len(affine.weights) <= max(1, constant.size)  # one for each constant, however often it is used


@settings(max_examples=25, deadline=None)
@given(SHAPES, st.data())
@pytest.mark.parametrize("operator", ["Add", "Sub", "Sum"])
def test_two_computed_tensors_are_broadcast(operator: str, shape: list[int], data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, len(shape) - 1))
    keep = st.booleans()
    nodes = [
        node("ReduceMean", ["x", "axes"], ["m"], keepdims=1),
        node("Relu", ["x"], ["r"]),
        node(operator, ["r", "m"] if data.draw(keep) else ["m", "r"]),
    ]
    imported = imported_and_agreeing(model_of(nodes, shape, {"axes": np.array([axis])}), rows=1)
    assert isinstance(imported.nodes[-1].operation, Total)


def test_a_sum_of_many_takes_constants_along() -> None:
    nodes = [node("Neg", ["x"], ["n"]), node("Sum", ["c", "x", "n", "d", "x"])]
    imported_and_agreeing(model_of(nodes, [1, 3], {"c": np.array([1.0, 2.0, 3.0]), "d": np.array([[0.5]])}))


def test_two_computed_tensors_are_not_multiplied_or_divided() -> None:
    for operator in ("Mul", "Div"):
        with pytest.raises(OperatorUnsupported, match=f"operator {operator} .*computed tensor"):
            import_onnx(model_of([node(operator, ["x", "x"])], [1, 3]))


def test_division_by_zero_is_refused() -> None:
    with pytest.raises(NodeMalformed, match="division by zero"):
        import_onnx(one("Div", [1, 2], {"c": np.array([1.0, 0.0])}))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_constant_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(NotFinite, match="operator Add"):
        import_onnx(one("Add", [1, 2], {"c": np.array([1.0, value])}))


def normalised(channels: int, **more: object) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    drawn = {name: rng.uniform(0.2, 2.0, channels) for name in ("scale", "bias", "mean", "variance")}
    return drawn | {name: np.asarray(value) for name, value in more.items()}


@pytest.mark.parametrize("shape", [[1, 3], [1, 3, 4], [1, 3, 2, 5]])
def test_batch_normalization_has_a_weight_and_a_bias_for_each_channel(shape: list[int]) -> None:
    imported = imported_and_agreeing(one("BatchNormalization", shape, normalised(3), epsilon=0.01))
    affine = imported.nodes[0].operation
    assert isinstance(affine, Affine)
    assert (len(affine.weights), len(affine.bias)) == (3, 3)


def test_batch_normalization_in_training_is_refused() -> None:
    with pytest.raises(OperatorUnsupported, match="training mode"):
        import_onnx(one("BatchNormalization", [1, 3, 4], normalised(3), training_mode=1))


@pytest.mark.parametrize("more", [{"variance": [-1.0, 1.0, 1.0]}, {"mean": [0.0, 0.0]}])
def test_a_batch_normalization_that_does_not_fit_is_refused(more: dict[str, list[float]]) -> None:
    with pytest.raises(NodeMalformed):
        import_onnx(one("BatchNormalization", [1, 3, 4], normalised(3, **more)))


def test_a_scaler_subtracts_and_multiplies() -> None:
    step = node("Scaler", ["x"], domain="ai.onnx.ml", offset=[1.0, 2.0], scale=[0.5, 4.0])
    model = model_of([step], [1, 2], kind=TensorProto.FLOAT)
    imported_and_agreeing(model, tolerance=1e-6)
    with pytest.raises(NodeMalformed):
        import_onnx(model_of([node("Scaler", ["x"], domain="ai.onnx.ml", offset=[1.0] * 3)], [1, 2]))


def test_activations_agree_and_keep_their_kind() -> None:
    for operator, kind in (("Relu", Relu), ("LeakyRelu", LeakyRelu), ("Tanh", Curve)):
        imported = imported_and_agreeing(one(operator, [1, 2, 3]))
        assert [type(step.operation) for step in imported.nodes] == [kind]
    steep = imported_and_agreeing(one("LeakyRelu", [1, 4], alpha=0.25)).nodes[0].operation
    assert steep == LeakyRelu(0.25)


@settings(max_examples=20, deadline=None)
@given(st.none() | st.floats(-1, 0.5), st.none() | st.floats(-0.4, 1))
def test_clip_takes_either_limit_or_none(low: float | None, high: float | None) -> None:
    constants = {name: np.array(value) for name, value in (("low", low), ("high", high)) if value is not None}
    names = ["x", "low" if low is not None else "", "high" if high is not None else ""]
    imported_and_agreeing(model_of([node("Clip", names)], [1, 6], constants), rows=1)


def test_clip_is_as_short_as_its_limits_allow() -> None:
    largest = float(np.finfo(np.float32).max)
    plain = imported_and_agreeing(one("Clip", [1, 4], {"low": np.array(0.0), "high": np.array(0.5)}))
    assert [step.operation for step in plain.nodes] == [Clip(0.0, 0.5)]
    floor = imported_and_agreeing(one("Clip", [1, 4], {"low": np.array(0.0), "high": np.array(largest)}))
    assert [step.operation for step in floor.nodes] == [Relu()]


def test_the_limits_of_clip_must_be_constants() -> None:
    with pytest.raises(NodeMalformed, match="single float"):
        import_onnx(one("Clip", [1, 4], {"low": np.zeros(4)}))


def test_a_sigmoid_inside_a_model_is_a_curve() -> None:
    inside = imported_and_agreeing(model_of([node("Sigmoid", ["x"], ["s"]), node("Neg", ["s"])], [1, 3]))
    assert isinstance(inside.nodes[0].operation, Curve)


def test_a_single_sigmoid_at_the_end_is_the_link() -> None:
    model = model_of([node("ReduceSum", ["x", "axes"], ["s"]), node("Sigmoid", ["s"])], [1, 3], {"axes": np.array([1])})
    imported = import_onnx(model)
    row = row_for(model)
    assert (imported.link, imported.classes) == (LOGISTIC, ("0", "1"))
    assert not any(isinstance(step.operation, Curve) for step in imported.nodes)
    score = imported.outputs(row)[0, 0]
    assert 1 / (1 + np.exp(-score)) == pytest.approx(reference(model, row).item())


def test_many_sigmoids_at_the_end_are_many_answers() -> None:
    imported = imported_and_agreeing(one("Sigmoid", [1, 3]))
    assert (imported.kind, imported.classes) == (REGRESSION, ())
    assert import_onnx(one("Sigmoid", [1, 3]), "classification").link == LOGISTIC
