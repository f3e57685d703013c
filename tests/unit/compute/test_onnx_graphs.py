"""Random graphs over all operators agree with the reference evaluator."""

import numpy as np
from onnx import ModelProto

from compute.zkml.graph import LOGISTIC
from compute.zkml.importers.onnx import import_onnx
from compute.zkml.importers.onnx.registry import OPERATORS
from tests.support.onnx_graphs import random_model
from tests.support.onnx_models import reference, row_for

SEEDS = range(100)
# Those that random graphs leave out: only at the end, or only as constants; each has tests of its own.
ELSEWHERE = {"ArgMax", "Cast", "Expand", "LogSoftmax", "Shape", "Size", "Softmax", "Split"}


def agrees(model: ModelProto, seed: int) -> None:
    imported, row = import_onnx(model), row_for(model, seed)
    expected = np.asarray(reference(model, row), dtype=np.float64).reshape(-1)
    found = imported.outputs(row.reshape(1, -1).astype(np.float64))[0]
    shown = 1 / (1 + np.exp(-found)) if imported.link == LOGISTIC else found
    np.testing.assert_allclose(shown, expected, rtol=1e-4, atol=1e-4, err_msg=f"random_model({seed})")


def test_random_graphs_agree_with_the_reference() -> None:
    for seed in SEEDS:
        agrees(random_model(seed), seed)


def test_random_graphs_reach_every_operator() -> None:
    used = {step.op_type for seed in SEEDS for step in random_model(seed).graph.node}
    assert {name for domain, name in OPERATORS if not domain} - used <= ELSEWHERE


def test_a_seed_is_a_model_and_exact_ones_have_no_curves() -> None:
    assert random_model(5).SerializeToString() == random_model(5).SerializeToString()
    assert random_model(5) != random_model(6)
    assert not {"Sigmoid", "Tanh"} & {step.op_type for seed in SEEDS for step in random_model(seed, 4, True).graph.node}
