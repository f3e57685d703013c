"""Tree ensembles from ONNX, against its reference evaluator, at thresholds and one float32 beside them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, helper

from compute.zkml.errors import NotFinite
from compute.zkml.graph import IDENTITY, LOGISTIC, SOFTMAX, FloatModel, Forest
from compute.zkml.importers.errors import ImportTooLarge, NodeMalformed, OperatorUnsupported
from compute.zkml.importers.onnx import import_onnx
from compute.zkml.importers.onnx.forest import single_at_most
from tests.support.onnx_models import model_of, node, one, reference
from tests.support.onnx_trees import FEATURES, ML, MODES, THRESHOLDS, edges, regressor


def agrees(imported: FloatModel, model: ModelProto) -> None:
    rows = edges()
    expected = np.asarray(reference(model, rows), dtype=np.float64).reshape(len(rows), -1)
    np.testing.assert_allclose(imported.outputs(rows.astype(np.float64)), expected, atol=1e-5)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 2), st.sampled_from(["SUM", "AVERAGE"]), st.booleans())
def test_regressors_agree_at_every_threshold(seed: int, outputs: int, aggregate: str, based: bool) -> None:
    more = {"base_values": [0.5, -0.25][:outputs]} if based else {}
    model = regressor(seed, outputs, aggregate_function=aggregate, **more)
    agrees(import_onnx(model), model)


@pytest.mark.parametrize("mode", MODES)
def test_each_way_to_compare(mode: str) -> None:
    model = regressor(1, depth=2, modes=[mode])
    agrees(import_onnx(model), model)


def test_parents_stand_before_their_children_and_no_child_has_two() -> None:
    forest = import_onnx(regressor(2)).nodes[0].operation
    assert isinstance(forest, Forest)
    inner = np.flatnonzero(forest.feature >= 0)
    children = [*forest.left[inner].tolist(), *forest.right[inner].tolist()]
    assert np.all(forest.left[inner] > inner) and np.all(forest.right[inner] > inner)
    assert sorted([*children, *forest.roots.tolist()]) == list(range(len(forest.feature)))


@given(st.floats(-1e30, 1e30), st.booleans())
def test_the_largest_single_below(value: float, strictly: bool) -> None:
    found = single_at_most(value, strictly)
    after = float(np.nextafter(np.float32(found), np.float32(np.inf)))
    assert float(np.float32(found)) == found
    assert (found < value <= after) if strictly else (found <= value < after)


@pytest.mark.parametrize("targets", [2**40, 2**23, 0, -1])
def test_more_targets_than_memory_are_refused_before_they_are_made(targets: int) -> None:
    model = regressor(1)
    model.graph.node[0].attribute.remove(next(a for a in model.graph.node[0].attribute if a.name == "n_targets"))
    model.graph.node[0].attribute.append(helper.make_attribute("n_targets", targets))
    with pytest.raises(ImportTooLarge if targets > 0 else NodeMalformed):
        import_onnx(model)


def classifier(ids: list[int], weights: list[float], link: str, classes: int, **more: Any) -> ModelProto:
    """One split on each feature; the leaves of each say weights for ids, in turn."""
    attributes = {
        "nodes_treeids": [0, 0, 0, 1, 1, 1],
        "nodes_nodeids": [0, 1, 2] * 2,
        "nodes_featureids": [0, 0, 0, 1, 1, 1],
        "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"] * 2,
        "nodes_values": [THRESHOLDS[0], 0.0, 0.0, THRESHOLDS[1], 0.0, 0.0],
        "nodes_truenodeids": [1, 0, 0] * 2,
        "nodes_falsenodeids": [2, 0, 0] * 2,
        "class_treeids": [0, 0, 1, 1],
        "class_nodeids": [1, 2, 1, 2],
        "class_ids": ids,
        "class_weights": weights,
        "classlabels_int64s": list(range(4, 4 + classes)),
        "post_transform": link,
    } | more
    step = node("TreeEnsembleClassifier", ["x"], ["label", "y"], domain=ML, **attributes)
    return model_of([step], ["N", FEATURES], outputs=("label", "y"), kind=TensorProto.FLOAT)


@pytest.mark.parametrize(
    ("ids", "weights", "link", "classes", "more", "outputs"),
    [
        ([0, 1, 2, 0], [0.5, 0.25, 1.0, -1.0], "SOFTMAX", 3, {}, 3),
        ([0, 1, 2, 0], [0.5, 0.25, 1.0, -1.0], "SOFTMAX", 3, {"base_values": [0.1, 0.2, 0.3]}, 3),
        ([0, 1, 2, 0], [0.5, 0.25, 1.0, -1.0], "NONE", 3, {}, 3),
        ([0, 1, 1, 0], [0.5, 0.25, 1.0, 0.75], "NONE", 2, {}, 2),
        ([0, 0, 0, 0], [0.5, 0.25, -1.0, 0.75], "LOGISTIC", 2, {}, 1),
        ([0, 0, 0, 0], [0.5, 0.25, -1.0, 0.75], "LOGISTIC", 2, {"base_values": [-0.6]}, 1),
        ([1, 1, 1, 1], [0.5, 0.25, -1.0, 0.75], "LOGISTIC", 2, {}, 1),
        ([0, 0, 0, 0], [0.5, 0.0, 0.25, 0.0], "NONE", 2, {}, 2),
        ([0, 0, 0, 0], [0.5, 0.25, -1.0, 0.75], "SOFTMAX", 2, {}, 2),
    ],
)
def test_classifiers(
    ids: list[int], weights: list[float], link: str, classes: int, more: dict[str, Any], outputs: int
) -> None:
    model = classifier(ids, weights, link, classes, **more)
    imported = import_onnx(model)
    assert imported.link == {"NONE": IDENTITY, "LOGISTIC": LOGISTIC, "SOFTMAX": SOFTMAX}[link]
    rows = edges()
    assert imported.outputs(rows.astype(np.float64)).shape == (len(rows), outputs)
    found = np.array(imported.classes)[imported.predictions(rows.astype(np.float64)).astype(np.int64)]
    if ids == [1, 1, 1, 1]:  # the reference forgets such scores; ONNX Runtime sums them as if of class 0
        assert set(found) == {"4", "5"}
    else:
        assert found.tolist() == [str(label) for label in reference(model, rows)]


def test_trees_read_the_row_chosen_and_scaled() -> None:
    model = regressor(4)
    (tree,) = model.graph.node
    tree.input[0] = "scaled"
    before = [
        node("ArrayFeatureExtractor", ["x", "order"], ["chosen"], domain=ML),
        node("Scaler", ["chosen"], ["scaled"], domain=ML, offset=[1.0, 2.0], scale=[0.5, 2.0]),
    ]
    model = model_of([*before, tree], ["N", 3], {"order": np.array([2, 0])}, kind=TensorProto.FLOAT)
    imported = import_onnx(model)
    (step,) = imported.nodes
    assert isinstance(step.operation, Forest) and step.inputs == (0,)
    assert step.operation.offsets.tolist() == [2.0, 0.0, 1.0]
    assert step.operation.steps.tolist() == [0.5, 1.0, 2.0]
    for row in np.random.default_rng(0).normal(size=(20, 1, 3)).astype(np.float32):
        np.testing.assert_allclose(imported.outputs(row.astype(np.float64)), reference(model, row), atol=1e-5)


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (node("Relu", ["x"], ["h"]), "computed features"),
        (node("Neg", ["x"], ["h"]), "zero or less"),
        (node("MatMul", ["x", "w"], ["h"]), "computed features"),
    ],
)
def test_trees_on_anything_else_are_refused(before: Any, why: str) -> None:
    (tree,) = regressor(5).graph.node
    tree.input[0] = "h"
    with pytest.raises(OperatorUnsupported, match=why):
        import_onnx(
            model_of([before, tree], ["N", 2], {"w": np.ones((2, 2), dtype=np.float32)}, kind=TensorProto.FLOAT)
        )


def test_a_feature_in_two_scalings_is_refused() -> None:
    (tree,) = regressor(5).graph.node
    tree.input[0] = "h"
    before = [node("Gather", ["x", "i"], ["g"], axis=1), node("Mul", ["g", "c"], ["h"])]
    constants = {"i": np.array([0, 0]), "c": np.array([1.0, 2.0], dtype=np.float32)}
    with pytest.raises(OperatorUnsupported, match="two scalings"):
        import_onnx(model_of([*before, tree], ["N", 2], constants, kind=TensorProto.FLOAT))


def tables(**more: Any) -> ModelProto:
    """A TreeEnsemble of version 5: a tree of two levels and one of a single leaf, which share a leaf."""
    attributes = {
        "nodes_splits": helper.make_tensor("s", TensorProto.FLOAT, [3], [THRESHOLDS[0], THRESHOLDS[1], 0.0]),
        "nodes_featureids": [0, 1, 0],
        "nodes_modes": helper.make_tensor("m", TensorProto.UINT8, [3], [0, 3, 0]),
        "nodes_truenodeids": [1, 1, 2],
        "nodes_falsenodeids": [0, 2, 2],
        "nodes_trueleafs": [0, 1, 1],
        "nodes_falseleafs": [1, 1, 1],
        "leaf_targetids": [0, 1, 0],
        "leaf_weights": helper.make_tensor("w", TensorProto.FLOAT, [3], [0.5, -1.0, 2.0]),
        "tree_roots": [0, 2],
        "n_targets": 2,
        "aggregate_function": 1,
        "post_transform": 0,
    } | more
    step = node("TreeEnsemble", ["x"], domain=ML, **attributes)
    return model_of([step], ["N", FEATURES], kind=TensorProto.FLOAT, ml_opset=5)


@pytest.mark.parametrize("aggregate", [0, 1])
def test_tree_ensembles_of_version_5(aggregate: int) -> None:
    model = tables(aggregate_function=aggregate)
    agrees(import_onnx(model), model)


def test_doubles_are_compared_as_doubles() -> None:
    splits = helper.make_tensor("s", TensorProto.DOUBLE, [3], [0.1, -1.5, 0.0])
    weights = helper.make_tensor("w", TensorProto.DOUBLE, [3], [0.5, -1.0, 2.0])
    model = tables(nodes_splits=splits, leaf_weights=weights)
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.DOUBLE
    rows = np.array([[value, 0.0] for value in (np.nextafter(0.1, 0), 0.1, np.nextafter(0.1, 1))])
    assert len(set(rows[:, 0].astype(np.float32))) == 1
    np.testing.assert_array_equal(import_onnx(model).outputs(rows), reference(model, rows))


def test_tree_ensembles_of_version_5_may_end_in_a_link() -> None:
    assert import_onnx(tables(post_transform=1)).link == SOFTMAX


@pytest.mark.parametrize(
    ("model", "error"),
    [
        (regressor(0, aggregate_function="MAX"), OperatorUnsupported),
        (regressor(0, post_transform="PROBIT"), OperatorUnsupported),
        (regressor(0, modes=["BRANCH_MEMBER"]), OperatorUnsupported),
        (regressor(0, base_values=[1.0, 2.0]), NodeMalformed),
        (regressor(0, n_targets=0), NodeMalformed),
        (regressor(0, nodes_truenodeids=[0] * 45), NodeMalformed),
        (regressor(0, nodes_truenodeids=[99] * 45), NodeMalformed),
        (regressor(0, nodes_featureids=[7] * 45), NodeMalformed),
        (regressor(0, nodes_values=[1.0]), NodeMalformed),
        (regressor(0, nodes_values=[float("nan")] * 45), NotFinite),
        (regressor(0, target_weights=[float("inf")] * 24), NotFinite),
        (regressor(0, target_nodeids=[99] * 24), NodeMalformed),
        (classifier([0, 1, 2, 0], [1.0] * 4, "NONE", 2), NodeMalformed),
        (classifier([0, 0, 0, 0], [1.0] * 4, "NONE", 1), NodeMalformed),
        (classifier([0, 0, 0, 0], [1.0] * 4, "SOFTMAX_ZERO", 2), OperatorUnsupported),
        (tables(aggregate_function=3), OperatorUnsupported),
        (tables(post_transform=4), OperatorUnsupported),
        (tables(tree_roots=[0, 9]), NodeMalformed),
        (tables(nodes_truenodeids=[0, 1, 2]), NodeMalformed),
        (tables(nodes_falsenodeids=[9, 2, 2]), NodeMalformed),
    ],
)
def test_forests_that_have_no_circuit_are_refused(model: ModelProto, error: type[Exception]) -> None:
    with pytest.raises(error, match="TreeEnsemble"):
        import_onnx(model)


def test_trees_need_a_row() -> None:
    (tree,) = regressor(0).graph.node
    attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in tree.attribute}
    with pytest.raises(NodeMalformed, match="features"):
        import_onnx(one("TreeEnsembleRegressor", [2, 2], domain=ML, kind=TensorProto.FLOAT, **attributes))
