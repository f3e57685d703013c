"""How ONNX models end: links, labels, and the chains that exporters write behind a classifier."""

from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto

from compute.zkml.graph import CLASSIFICATION, IDENTITY, LOGISTIC, REGRESSION, SOFTMAX, Affine, Curve, FloatModel
from compute.zkml.importers.errors import InterfaceUnsupported, OperatorUnsupported
from compute.zkml.importers.onnx import import_onnx
from tests.support.onnx_models import imported_and_agreeing, model_of, node, one, reference, row_for

WEIGHTS = np.random.default_rng(5).normal(size=(4, 3))
ML = "ai.onnx.ml"


def scores_then(*tail: Any, outputs: tuple[str, ...] = ("y",), width: int = 3, **constants: Any) -> ModelProto:
    """Dense scores s of 4 features, then a tail."""
    first = node("MatMul", ["x", "w"], ["s"])
    return model_of([first, *tail], ["N", 4], {"w": WEIGHTS[:, :width]} | constants, outputs)


def agrees_on_classes(imported: FloatModel, model: ModelProto) -> None:
    """With the first output, a label; the reference evaluator knows no ZipMap."""
    known = ModelProto()
    known.CopyFrom(model)
    del known.graph.output[1:], known.graph.node[:]
    known.graph.node.extend(step for step in model.graph.node if step.op_type != "ZipMap")
    for seed in range(10):
        row = row_for(model, seed)
        expected = np.asarray(reference(known, row)).reshape(-1)[0]
        assert imported.classes[int(imported.predictions(row)[0])] == str(expected)


@pytest.mark.parametrize("operator", ["Softmax", "LogSoftmax"])
def test_a_softmax_at_the_end_is_the_link(operator: str) -> None:
    model = scores_then(node(operator, ["s"]))
    imported = import_onnx(model)
    assert (imported.kind, imported.link, imported.classes) == (CLASSIFICATION, SOFTMAX, ("0", "1", "2"))
    row = row_for(model)
    np.testing.assert_allclose(imported.outputs(row), row @ WEIGHTS)


def test_a_softmax_may_be_reshaped_and_cast() -> None:
    model = scores_then(
        node("Softmax", ["s"], ["p"]),
        node("Reshape", ["p", "shape"], ["r"]),
        node("Cast", ["r"], to=TensorProto.FLOAT),
        shape=np.array([3]),
    )
    assert import_onnx(model).link == SOFTMAX


def test_a_softmax_inside_a_model_is_refused() -> None:
    with pytest.raises(OperatorUnsupported, match=r"Softmax \(node 'the Softmax'\).*feed Neg"):
        import_onnx(scores_then(node("Softmax", ["s"], ["p"]), node("Neg", ["p"])))


def test_a_softmax_over_places_is_refused() -> None:
    with pytest.raises(OperatorUnsupported, match="several results"):
        import_onnx(one("Softmax", [1, 3, 2], axis=1))
    assert import_onnx(one("Softmax", [1, 3, 1], axis=1)).link == SOFTMAX


@pytest.mark.parametrize("keep", [0, 1])
def test_arg_max_alone_says_the_class_only(keep: int) -> None:
    model = scores_then(node("ArgMax", ["s"], axis=1, keepdims=keep))
    imported = import_onnx(model)
    assert (imported.kind, imported.link, imported.class_only) == (CLASSIFICATION, IDENTITY, True)
    agrees_on_classes(imported, model)


def test_arg_max_beside_its_scores_is_dropped() -> None:
    model = scores_then(
        node("Softmax", ["s"], ["p"]), node("ArgMax", ["p"], ["label"], axis=-1), outputs=("label", "p")
    )
    imported = import_onnx(model)
    assert (imported.link, imported.class_only) == (SOFTMAX, False)
    agrees_on_classes(imported, model)


def test_arg_max_that_says_something_else_is_refused() -> None:
    with pytest.raises(OperatorUnsupported, match="last of equal"):
        import_onnx(scores_then(node("ArgMax", ["s"], axis=1, select_last_index=1)))
    with pytest.raises(OperatorUnsupported, match="several results"):
        import_onnx(one("ArgMax", [1, 3, 2], axis=1))
    tail = [node("ArgMax", ["s"], ["a"], axis=1), node("Cast", ["a"], ["f"], to=TensorProto.DOUBLE)]
    with pytest.raises(OperatorUnsupported, match="class number feeds Neg"):
        import_onnx(scores_then(*tail, node("Neg", ["f"])))


def test_scores_alone_are_a_regression_unless_said_otherwise() -> None:
    model = scores_then()
    model.graph.output[0].name = "s"
    assert import_onnx(model).kind == REGRESSION
    classifier = import_onnx(model, "classification")
    assert (classifier.kind, classifier.link, classifier.classes) == (CLASSIFICATION, IDENTITY, ("0", "1", "2"))


def skl2onnx_network(width: int) -> ModelProto:
    """What skl2onnx 1.20 writes behind an MLPClassifier."""
    binary = [
        node("Sigmoid", ["s"], ["p"]),
        node("Sub", ["one", "p"], ["q"]),
        node("Concat", ["q", "p"], ["probabilities"], axis=1),
    ]
    tail = [
        node("ArgMax", ["probabilities"], ["number"], axis=1),
        node("ZipMap", ["probabilities"], ["y"], domain=ML, classlabels_int64s=[7, 8, 9][: max(width, 2)]),
        node("ArrayFeatureExtractor", ["labels", "number"], ["named"], domain=ML),
        node("Reshape", ["named", "shape"], ["flat"]),
        node("Cast", ["flat"], ["label"], to=TensorProto.INT64),
    ]
    first = binary if width == 1 else [node("Softmax", ["s"], ["probabilities"])]
    constants = {"one": np.array(1.0), "labels": np.array([7, 8, 9][: max(width, 2)]), "shape": np.array([-1])}
    return scores_then(*first, *tail, outputs=("label", "y"), width=width, **constants)


@pytest.mark.parametrize(("width", "link", "classes"), [(1, LOGISTIC, ("7", "8")), (3, SOFTMAX, ("7", "8", "9"))])
def test_the_tail_of_a_network_from_scikit_learn(width: int, link: str, classes: tuple[str, ...]) -> None:
    model = skl2onnx_network(width)
    imported = import_onnx(model)
    assert (imported.link, imported.classes, len(imported.nodes)) == (link, classes, 1)
    assert imported.outputs(row_for(model)).shape == (1, width)
    agrees_on_classes(imported, model)


def test_the_tail_of_a_logistic_regression_from_scikit_learn() -> None:
    nodes = [
        node("Scaler", ["x"], ["scaled"], domain=ML, offset=[0.1, 0.2], scale=[2.0, 3.0]),
        node(
            "LinearClassifier",
            ["scaled"],
            ["number", "p"],
            domain=ML,
            coefficients=[-1.0, 2.0, 1.0, -2.0],
            intercepts=[0.5, -0.5],
            classlabels_ints=[4, 6],
            post_transform="LOGISTIC",
        ),
        node("Cast", ["number"], ["label"], to=TensorProto.INT64),
        node("Normalizer", ["p"], ["n"], domain=ML, norm="L1"),
        node("ZipMap", ["n"], ["y"], domain=ML, classlabels_int64s=[4, 6]),
    ]
    model = model_of(nodes, ["N", 2], outputs=("label", "y"), kind=TensorProto.FLOAT)
    imported = import_onnx(model)
    assert (imported.link, imported.classes, imported.outputs(row_for(model)).shape) == (LOGISTIC, ("4", "6"), (1, 1))
    agrees_on_classes(imported, model)


def test_the_tail_of_a_linear_svm_from_scikit_learn_shows_one_score() -> None:
    step = node(
        "LinearClassifier",
        ["x"],
        ["label", "both"],
        domain=ML,
        coefficients=[-1.0, 2.0, 1.0, -2.0],
        intercepts=[0.5, -0.5],
        classlabels_ints=[4, 6],
    )
    take = node("ArrayFeatureExtractor", ["both", "second"], ["y"], domain=ML)
    model = model_of([step, take], ["N", 2], {"second": np.array([1])}, ("label", "y"), kind=TensorProto.FLOAT)
    imported = import_onnx(model)
    assert (imported.kind, imported.link, imported.classes) == (CLASSIFICATION, IDENTITY, ("4", "6"))
    agrees_on_classes(imported, model)


def test_a_normalizer_elsewhere_is_refused() -> None:
    with pytest.raises(OperatorUnsupported, match="Normalizer"):
        import_onnx(one("Normalizer", [1, 3], domain=ML, norm="L1"))


def test_one_probability_of_two_is_computed() -> None:
    tail = [
        node("Sigmoid", ["s"], ["p"]),
        node("Sub", ["one", "p"], ["q"]),
        node("Concat", ["q", "p"], ["both"], axis=1),
        node("Slice", ["both", "from", "to", "axis"]),
    ]
    slices = {"from": np.array([0]), "to": np.array([1]), "axis": np.array([1])}
    imported = imported_and_agreeing(scores_then(*tail, width=1, one=np.array(1.0), **slices))
    assert [type(step.operation) for step in imported.nodes][:2] == [Affine, Curve]


def test_a_complement_is_computed_where_it_is_the_output() -> None:
    imported_and_agreeing(scores_then(node("Sigmoid", ["s"], ["p"]), node("Sub", ["c", "p"]), width=1, c=np.array(1.0)))


def test_what_torch_exports_for_a_small_network() -> None:
    """The nodes that torch.onnx.export writes for Conv2d, BatchNorm2d (folded or not), ReLU6, flatten and Linear."""
    rng = np.random.default_rng(9)
    nodes = [
        node("Conv", ["x", "k", "kb"], ["c"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2], group=1),
        node("BatchNormalization", ["c", "g", "b", "m", "v"], ["n"], epsilon=1e-5, momentum=0.9),
        node("Constant", [], ["low"], value_float=0.0),
        node("Constant", [], ["high"], value_float=6.0),
        node("Clip", ["n", "low", "high"], ["r"]),
        node("ReduceMean", ["r", "axes"], ["pooled"], keepdims=1),
        node("Shape", ["pooled"], ["size"]),
        node("Constant", [], ["zero"], value_ints=[0]),
        node("Gather", ["size", "zero"], ["batch"], axis=0),
        node("Constant", [], ["rest"], value_ints=[-1]),
        node("Concat", ["batch", "rest"], ["shape"], axis=0),
        node("Reshape", ["pooled", "shape"], ["flat"]),
        node("Gemm", ["flat", "w", "wb"], alpha=1.0, beta=1.0, transB=1),
    ]
    constants = {name: rng.uniform(0.5, 1.5, 4) for name in "gbmv"} | {
        "k": rng.normal(size=(4, 2, 3, 3)),
        "kb": rng.normal(size=4),
        "axes": np.array([-1, -2]),
        "w": rng.normal(size=(3, 4)),
        "wb": rng.normal(size=3),
    }
    model = model_of(
        nodes,
        ["batch_size", 2, 6, 6],
        {n: a.astype(np.float32) if a.dtype == float else a for n, a in constants.items()},
        kind=TensorProto.FLOAT,
    )
    imported_and_agreeing(model, tolerance=1e-5)


def test_outputs_that_are_several_are_refused() -> None:
    with pytest.raises(InterfaceUnsupported, match=r"2 outputs \(y, s\)"):
        import_onnx(scores_then(node("Neg", ["s"]), outputs=("y", "s")))


def test_classes_must_be_as_many_as_scores() -> None:
    with pytest.raises(InterfaceUnsupported, match="2 classes for 3 scores"):
        import_onnx(scores_then(node("ZipMap", ["s"], domain=ML, classlabels_int64s=[0, 1])))


def test_what_the_output_does_not_need_is_not_refused() -> None:
    model = scores_then(node("Softmax", ["s"]), node("NonZero", ["s"], ["unused"]))
    assert import_onnx(model).link == SOFTMAX
