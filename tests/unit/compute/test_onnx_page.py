"""docs/onnx.md says what the registry of operators says, and the registry holds what was promised."""

from compute.zkml.importers.onnx.registry import OPERATORS
from tests.support.make_onnx_page import main

# Those of the issue; LightGBM and XGBoost need the tree ensembles.
PROMISED = """
    Gemm MatMul Add Sub Mul Conv BatchNormalization AveragePool GlobalAveragePool MaxPool Relu LeakyRelu Clip Sigmoid
    Tanh Flatten Reshape Transpose Concat Slice Squeeze Unsqueeze Identity Softmax ArgMax
"""


def test_the_page_is_that_of_the_registry() -> None:
    assert main(["--check"]) == 0, "run python -m tests.support.make_onnx_page"


def test_the_promised_operators_are_there() -> None:
    assert {("", name) for name in PROMISED.split()} <= OPERATORS.keys()
    assert {("ai.onnx.ml", f"TreeEnsemble{end}") for end in ("", "Classifier", "Regressor")} <= OPERATORS.keys()
