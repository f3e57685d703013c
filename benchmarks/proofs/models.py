"""Inference: the models of the table, trained here and now on data that packages carry; the CNN comes from a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from benchmarks.proofs.case import CTX, SALT, TASK, Case, Made, Prove, Row
from compute.dev_keys import CircuitKeys
from compute.zkml.compiled import PRIVATE_MODEL, PUBLIC_MODEL, PUBLIC_SALT, Compiled, Ready, Settings, compile
from compute.zkml.example_models import HELD_OUT, SEED, digits
from compute.zkml.inference import Private
from crypto.r1cs.circuit import Inputs
from examples.data import PIXEL_TOP, mnist
from examples.train_cnn import MODEL

Floats = npt.NDArray[np.float64]
PIXEL_BITS: Final = PIXEL_TOP.bit_length()


def case(task: str, compiled: Compiled, row: Floats, ezkl: Row | None = None) -> Case:
    """A compiled model and one of its held-out rows."""
    manifest = compiled.manifest
    if manifest.score_float is None or manifest.score_quantised is None:
        raise ValueError("compile it with held-out rows")

    def prover(keys: CircuitKeys) -> Prove:
        ready = Ready(compiled, keys)

        def prove() -> Made:
            proof = ready.prove(row, ctx=CTX, task=TASK)
            return Made(proof.proven.proof, proof.public)

        return prove

    accuracies = (manifest.score_float, manifest.score_quantised)
    asked = None if ezkl is None else {"row": row.tolist(), **ezkl}
    return Case(task, compiled.circuit, prover, inputs_of(compiled, row), accuracies, asked)


def inputs_of(compiled: Compiled, rows: Floats) -> Inputs:
    """What the circuit's solver is given for rows of one proof."""
    statement, weights = compiled.provable.statement, compiled.provable.weights
    salt = PUBLIC_SALT if compiled.settings.row_is_public else SALT
    private = Private(tuple(compiled.manifest.quantise_rows(np.atleast_2d(rows).tolist())), salt)
    return statement.inputs(statement.compute(CTX, TASK, private, weights), private, weights)


def digits_logistic() -> Case:
    train, rows, targets, labels = digit_rows()
    model = LogisticRegression(C=1e-3, max_iter=2000, random_state=SEED).fit(train, targets)
    compiled = compile(model, train, rows=rows, labels=labels)
    dense = {"weights": [model.coef_.tolist()], "biases": [model.intercept_.tolist()]}
    return case("digits logistic regression, public model, private input", compiled, rows[0], dense)


def digits_mlp() -> Case:
    return _digits_mlp(PUBLIC_MODEL, "digits MLP 64-32-10, public model, private input", {})


def digits_mlp_private() -> Case:
    task = "digits MLP 64-32-10, private committed model, public input"
    return _digits_mlp(PRIVATE_MODEL, task, {"parameters": "hashed", "input": "public"})


def tumour_trees() -> Case:
    data = load_breast_cancer()
    train, rows, targets, labels = split(data.data, data.target)
    model = GradientBoostingClassifier(n_estimators=50, max_depth=3, random_state=SEED).fit(train, targets)
    compiled = compile(model, train, rows=rows, labels=labels)
    return case("breast cancer, boosted trees 50 x depth 3, public model, private input", compiled, rows[0])


def mnist_cnn() -> Case:
    data = mnist()
    settings = Settings(bits=PIXEL_BITS)
    compiled = compile(MODEL, data.train_rows, rows=data.rows, labels=data.labels, settings=settings)
    return case(
        "CNN 28 x 28 (MNIST), public model, private input", compiled, data.rows[0], {"onnx": logits_only(MODEL)}
    )


CASES: Final[dict[str, Callable[[], Case]]] = {
    "digits-logistic": digits_logistic,
    "digits-mlp": digits_mlp,
    "digits-mlp-private": digits_mlp_private,
    "tumour-trees": tumour_trees,
    "mnist-cnn": mnist_cnn,
}


def logits_only(path: Path) -> str:
    """The model of one image as EZKL takes it, in hex: no open axes, all strides said, and no Softmax, which would cost
    it more."""
    model = onnx.load(path)
    softmax = model.graph.node.pop()
    if softmax.op_type != "Softmax":
        raise ValueError(f"{path} ends in {softmax.op_type}, not in a Softmax")
    model.graph.output[0].name = softmax.input[0]
    for node in model.graph.node:
        if node.op_type == "Conv" and all(attribute.name != "strides" for attribute in node.attribute):
            node.attribute.append(onnx.helper.make_attribute("strides", [1, 1]))
    for value in (model.graph.input[0], model.graph.output[0]):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString()).hex()


def digit_rows() -> tuple[Any, Any, Any, Any]:
    data = load_digits()
    return split(data.data, data.target)


def split(rows: Floats, labels: npt.NDArray[Any]) -> tuple[Any, Any, Any, Any]:
    """train rows, held-out rows, train labels, held-out labels."""
    train, held_out, targets, truths = train_test_split(rows, labels, test_size=HELD_OUT, random_state=SEED)
    return train, held_out, targets, truths


def _digits_mlp(profile: str, task: str, asked: Row) -> Case:
    train, rows, _, labels = digit_rows()
    network = digits().classifier
    compiled = compile(network, train, rows=rows, labels=labels, settings=Settings(profile=profile))
    dense = {
        "weights": [weights.T.tolist() for weights in network.coefs_],
        "biases": [bias.tolist() for bias in network.intercepts_],
    }
    return case(task, compiled, rows[0], {**dense, **asked})
