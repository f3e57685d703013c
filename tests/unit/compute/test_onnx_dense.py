"""Gemm, MatMul and linear models from ONNX, against its reference evaluator."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto

from compute.zkml.errors import NotFinite
from compute.zkml.graph import IDENTITY, LOGISTIC, SOFTMAX, Affine
from compute.zkml.importers.errors import NodeMalformed, OperatorUnsupported
from compute.zkml.importers.onnx import import_onnx
from tests.support.onnx_models import imported_and_agreeing, model_of, node, one, reference, row_for

RNG = np.random.default_rng(7)


@settings(max_examples=25, deadline=None)
@given(st.booleans(), st.booleans(), st.booleans(), st.sampled_from([None, (1,), (4,), (2, 1), (2, 4)]), st.booleans())
def test_gemm(trans_a: bool, trans_b: bool, left: bool, bias: tuple[int, ...] | None, scaled: bool) -> None:
    shapes = [(3, 2) if trans_a else (2, 3), (4, 3) if trans_b else (3, 4)]
    constants = {"c": RNG.normal(size=shapes[0 if left else 1])}
    names = ["c", "x"] if left else ["x", "c"]
    if bias is not None:
        names, constants = [*names, "b"], constants | {"b": RNG.normal(size=bias)}
    more = {"alpha": 0.5, "beta": -2.0} if scaled else {}
    step = node("Gemm", names, transA=int(trans_a), transB=int(trans_b), **more)
    imported_and_agreeing(model_of([step], shapes[1 if left else 0], constants), rows=1)


def test_gemm_adds_a_computed_bias() -> None:
    nodes = [node("Relu", ["x"], ["r"]), node("Gemm", ["x", "w", "r"], beta=3.0)]
    imported_and_agreeing(model_of(nodes, [1, 3], {"w": RNG.normal(size=(3, 3))}))


def test_gemm_has_a_weight_for_each_entry_and_a_bias_for_each_output() -> None:
    imported = imported_and_agreeing(one("Gemm", ["N", 3], {"w": RNG.normal(size=(3, 4)), "b": RNG.normal(size=4)}))
    affine = imported.nodes[0].operation
    assert isinstance(affine, Affine)
    assert (len(affine.weights), len(affine.bias), affine.taps.count) == (12, 4, 12)


@pytest.mark.parametrize(
    ("shape", "constant", "left"),
    [
        ([1, 3], (3, 4), False),
        ([1, 3], (3,), False),
        ([3], (3, 4), False),
        ([3], (3,), False),
        ([1, 2, 3], (3, 4), False),
        ([2, 2, 3], (2, 3, 4), False),
        ([1, 2, 3], (5, 3, 4), False),
        ([3, 2], (4, 3), True),
        ([3], (4, 3), True),
        ([3], (5, 4, 3), True),
        ([3, 2], (3,), True),
        ([2, 3, 2], (4, 3), True),
        ([3, 2], (2, 4, 3), True),
    ],
)
def test_matmul(shape: list[int], constant: tuple[int, ...], left: bool) -> None:
    names = ["c", "x"] if left else ["x", "c"]
    imported = imported_and_agreeing(model_of([node("MatMul", names)], shape, {"c": RNG.normal(size=constant)}))
    affine = imported.nodes[0].operation
    assert isinstance(affine, Affine)
    assert len(affine.weights) == np.prod(constant)


def test_matmul_of_two_computed_tensors_is_refused() -> None:
    with pytest.raises(OperatorUnsupported, match=r"MatMul .*two computed tensors"):
        import_onnx(model_of([node("MatMul", ["x", "x"])], [2, 2]))


def test_shapes_that_cannot_be_multiplied_are_refused() -> None:
    for operator, shape in (("MatMul", (4, 2)), ("Gemm", (4, 2)), ("Gemm", (3, 2, 1)), ("MatMul", ())):
        with pytest.raises(NodeMalformed, match=operator):
            import_onnx(one(operator, [1, 3], {"c": np.zeros(shape)}))


def test_weights_that_are_not_finite_are_refused() -> None:
    with pytest.raises(NotFinite, match="Gemm"):
        import_onnx(one("Gemm", [1, 2], {"w": np.array([[np.nan], [1.0]])}))


def test_a_million_parameters_are_imported() -> None:
    wide = {"w": np.ones((1000, 1000), dtype=np.float32), "v": np.ones((1000, 10), dtype=np.float32)}
    model = model_of(
        [node("MatMul", ["x", "w"], ["h"]), node("Relu", ["h"], ["r"]), node("MatMul", ["r", "v"])],
        ["N", 1000],
        wide,
        kind=TensorProto.FLOAT,
    )
    first, _, last = (step.operation for step in import_onnx(model).nodes)
    assert isinstance(first, Affine) and isinstance(last, Affine)
    assert (first.taps.count, last.taps.count) == (1_000_000, 10_000)


def classifier(
    coefficients: list[float], intercepts: list[float], link: str, classes: int, names: tuple[str, ...] = ()
) -> ModelProto:
    labels = {"classlabels_strings": names} if names else {"classlabels_ints": list(range(5, 5 + classes))}
    return model_of(
        [
            node(
                "LinearClassifier",
                ["x"],
                ["label", "y"],
                domain="ai.onnx.ml",
                coefficients=coefficients,
                intercepts=intercepts,
                post_transform=link,
                **labels,
            )
        ],
        ["N", 2],
        outputs=("label", "y"),
        kind=TensorProto.FLOAT,
    )


@pytest.mark.parametrize(
    ("link", "coefficients", "intercepts", "classes", "outputs"),
    [
        ("LOGISTIC", [-1.0, 2.0, 1.0, -2.0], [-0.5, 0.5], 2, 1),
        ("LOGISTIC", [1.0, -2.0], [0.5], 2, 1),
        ("NONE", [1.0, -2.0], [0.5], 2, 1),
        ("SOFTMAX", [-1.0, 2.0, 1.0, -2.0], [-0.5, 0.5], 2, 2),
        ("SOFTMAX", [1.0, -2.0], [0.5], 2, 2),
        ("SOFTMAX", [-1.0, 2.0, 1.0, -2.0, 0.3, 0.4], [-0.5, 0.5, 0.1], 3, 3),
        ("LOGISTIC", [-1.0, 2.0, 1.0, -2.0, 0.3, 0.4], [-0.5, 0.5, 0.1], 3, 3),
        ("NONE", [-1.0, 2.0, 1.0, -2.0, 0.3, 0.4], [-0.5, 0.5, 0.1], 3, 3),
    ],
)
def test_linear_classifier(
    link: str, coefficients: list[float], intercepts: list[float], classes: int, outputs: int
) -> None:
    model = classifier(coefficients, intercepts, link, classes)
    imported = import_onnx(model)
    assert imported.link == {"NONE": IDENTITY, "LOGISTIC": LOGISTIC, "SOFTMAX": SOFTMAX}[link]
    for seed in range(8):
        row = row_for(model, seed)
        (number,) = imported.predictions(row)
        assert imported.outputs(row).shape == (1, outputs)
        assert int(imported.classes[int(number)]) == reference(model, row)[0]


def test_classes_may_be_words() -> None:
    model = classifier([1.0, -2.0], [0.5], "NONE", 2, ("no", "yes"))
    assert import_onnx(model).classes == ("no", "yes")


def test_a_linear_classifier_that_does_not_fit_is_refused() -> None:
    for coefficients, intercepts, classes in (([1.0], [1.0], 2), ([1.0, 2.0], [1.0], 3), ([1.0, 2.0], [1.0, 2.0], 2)):
        with pytest.raises(NodeMalformed, match="LinearClassifier"):
            import_onnx(classifier(coefficients, intercepts, "NONE", classes))
    with pytest.raises(OperatorUnsupported, match="PROBIT"):
        import_onnx(classifier([1.0, -2.0], [0.5], "PROBIT", 2))


def test_linear_regressor() -> None:
    weights = {"coefficients": [1.0, 2.0, 3.0, 4.0], "intercepts": [0.5, 1.0]}
    step = node("LinearRegressor", ["x"], domain="ai.onnx.ml", targets=2, **weights)
    imported_and_agreeing(model_of([step], ["N", 2], kind=TensorProto.FLOAT), tolerance=1e-6)
    single = node("LinearRegressor", ["x"], domain="ai.onnx.ml", coefficients=[1.0, 2.0, 3.0, 4.0])
    with pytest.raises(NodeMalformed, match="1 targets"):
        import_onnx(model_of([single], ["N", 2], kind=TensorProto.FLOAT))
