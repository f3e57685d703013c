"""Models that LightGBM, XGBoost and scikit-learn export come in and agree with ONNX Runtime; random graphs do too."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from compute.zkml.graph import CLASSIFICATION, LOGISTIC, SOFTMAX, FloatModel
from compute.zkml.importers.onnx import import_onnx
from tests.support.onnx_graphs import random_model
from tests.support.onnx_models import one
from tests.support.rooms import ROOT

PYTHON = ROOT / ".venv-peers" / "bin" / "python"
SCRIPT = ROOT / "tests" / "peers" / "onnx_export.py"
PACKAGES = "import lightgbm, onnxmltools, onnxruntime, skl2onnx, xgboost"
GRAPHS, POOLS = 200, 60


def installed() -> bool:
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", PACKAGES], check=False).returncode == 0


pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not installed(), reason="the ONNX exporters are not installed: run tests/peers/setup.sh"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained models and ours, with what ONNX Runtime says of each."""
    place = tmp_path_factory.mktemp("onnx")
    for name, model in ours():
        onnx.save(model, place / f"{name}.onnx")
        shape = [axis.dim_value or 1 for axis in model.graph.input[0].type.tensor_type.shape.dim]
        rows = np.random.default_rng(1).normal(size=(2, *shape[1:])).astype(np.float32)
        np.save(
            place / f"{name}.rows.npy",
            rows if model.graph.input[0].type.tensor_type.shape.dim[0].dim_value else rows[:1],
        )
    subprocess.run([PYTHON, SCRIPT, place], check=True, capture_output=True)
    return place


def ours() -> list[tuple[str, onnx.ModelProto]]:
    return [(f"graph-{seed}", random_model(seed)) for seed in range(GRAPHS)] + [
        (f"pool-{seed}", random_pool(np.random.default_rng(seed))) for seed in range(POOLS)
    ]


def random_pool(rng: np.random.Generator) -> onnx.ModelProto:
    """A pool with whatever ONNX allows: uneven pads, dilations, ceil_mode, auto_pad."""
    kernel = rng.integers(1, 4, 2)
    dilations = rng.integers(1, 3, 2)
    spatial = [int(size) for size in (kernel - 1) * dilations + rng.integers(1, 5, 2)]
    more: dict[str, Any] = {"kernel_shape": kernel.tolist(), "strides": rng.integers(1, 4, 2).tolist()}
    if rng.random() < 0.3:
        more["auto_pad"] = str(rng.choice(["VALID", "SAME_UPPER", "SAME_LOWER"]))
        more["strides"] = np.minimum(more["strides"], kernel).tolist()  # ONNX Runtime pads by less than 0 otherwise
    else:
        pads = [int(rng.integers(0, size)) for size in (*kernel, *kernel)]
        more |= {"pads": pads, "ceil_mode": int(rng.integers(2)), "dilations": dilations.tolist()}
    if rng.random() < 0.5:
        return one("MaxPool", [1, 2, *spatial], opset=22, kind=TensorProto.FLOAT, **more)
    counted = int(rng.integers(2))
    return one("AveragePool", [1, 2, *spatial], opset=22, kind=TensorProto.FLOAT, count_include_pad=counted, **more)


def probabilities(model: FloatModel, outputs: Any) -> Any:
    """What people read: both columns for a single score."""
    if model.link == LOGISTIC:
        chances = 1 / (1 + np.exp(-outputs))
        return (
            np.hstack([1 - chances, chances]) if outputs.shape[1] == 1 else chances / chances.sum(axis=1, keepdims=True)
        )
    if model.link == SOFTMAX:
        raised = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)
    return outputs


@pytest.mark.parametrize("task", ["two", "three"])
def test_exported_classifiers_agree_with_onnx_runtime(folder: Path, task: str) -> None:
    found = sorted(folder.glob(f"*-{task}.onnx"))
    assert len(found) == 8
    for path in found:
        model, rows, theirs = (
            import_onnx(path),
            np.load(path.with_suffix(".rows.npy")),
            np.load(path.with_suffix(".npz")),
        )
        assert model.kind == CLASSIFICATION
        named = np.array(model.classes)[model.predictions(rows).astype(np.int64)]
        assert named.tolist() == theirs["first"].astype(str).tolist(), path.name
        shown = probabilities(model, model.outputs(rows))
        np.testing.assert_allclose(shown, theirs["second"].reshape(shown.shape), atol=2e-5, err_msg=path.name)


def test_exported_regressors_agree_with_onnx_runtime(folder: Path) -> None:
    found = sorted(folder.glob("*-number.onnx"))
    assert len(found) == 6
    for path in found:
        rows, theirs = np.load(path.with_suffix(".rows.npy")), np.load(path.with_suffix(".npz"))["first"]
        np.testing.assert_allclose(
            import_onnx(path).outputs(rows), theirs.reshape(len(rows), -1), rtol=2e-5, err_msg=path.name
        )


def test_random_graphs_and_pools_agree_with_onnx_runtime(folder: Path) -> None:
    for name, _ in ours():
        path = folder / f"{name}.onnx"
        model, rows, theirs = (
            import_onnx(path),
            np.load(path.with_suffix(".rows.npy")),
            np.load(path.with_suffix(".npz"))["first"],
        )
        outputs = model.outputs(rows.reshape(len(rows), -1).astype(np.float64))
        shown = 1 / (1 + np.exp(-outputs)) if model.link == LOGISTIC else outputs
        np.testing.assert_allclose(shown, theirs.reshape(shown.shape), rtol=1e-4, atol=1e-4, err_msg=name)
