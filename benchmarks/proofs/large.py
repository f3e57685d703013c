"""The largest model that is promised to work: a generated ONNX CNN of about 2**20 constraints, from file to proof."""

import os
import resource
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from benchmarks.proofs.case import CTX, TASK, VERIFICATIONS, Row, cpu_of, cpu_with_children, reset_peak
from compute.prover_process import peak_bytes
from compute.zkml.compiled import Settings, compile
from crypto.groth16 import PreparedKey, verify

SIDE: Final = 72
CHANNELS: Final = (10, 10)
CLASSES: Final = 10
BITS: Final = 4
SEED: Final = 11
SAMPLE: Final = 64


def large(side: int = SIDE, channels: tuple[int, int] = CHANNELS) -> Row:
    """Compiles, sets up, proves and verifies; compares with ONNX's own evaluator. Peaks are of the whole process."""
    random, clock = np.random.default_rng(SEED), _Clock()
    model = network(random, side, channels)
    images = random.integers(0, 2**BITS, size=(SAMPLE, 1, side, side)).astype(np.float64)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "large.onnx"
        path.write_bytes(model.SerializeToString())
        compiled = clock.of("compile", lambda: compile(path, images, settings=Settings(bits=BITS)))
        said = compiled.cost.constraints
        clock.of("circuit", lambda: compiled.circuit)
        ready = clock.of("setup", lambda: compiled.setup(Path(folder)))
        assert ready.keys.zkey is not None
        key_bytes = ready.keys.zkey.stat().st_size
    proof = clock.of("prove", lambda: ready.prove(images[0].reshape(1, -1), ctx=CTX, task=TASK))
    prepared = PreparedKey(ready.keys.verifying)
    verifying = [cpu_of(lambda: verify(prepared, proof.proven.proof, proof.public)) for _ in range(VERIFICATIONS)]
    truth = _float_outputs(model, images[:1])
    off = float(np.abs(np.asarray(proof.values[0]) - truth).max())
    constraints = len(compiled.circuit.constraints)
    assert constraints == said and off <= compiled.manifest.worst_error
    return {
        "large": f"CNN of two convolutions 3 x 3, {side} x {side}, channels {channels}",
        "constraints": constraints,
        "share_of_2_20": round(constraints / 2**20, 3),
        **clock.fields,
        "verify_ms": round(1000 * float(np.median(verifying)), 2),
        "proof_bytes": len(proof.proven.proof),
        "key_mb": round(key_bytes / 1e6),
        "off_by": round(off, 6),
        "stated_error": round(compiled.manifest.worst_error, 6),
        "sample_error": round(compiled.manifest.sample_error, 6),
        "outputs_spread": round(float(np.ptp(truth)), 3),
        "child_peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6),
        "load": round(os.getloadavg()[0], 1),
    }


def network(random: np.random.Generator, side: int, channels: tuple[int, int]) -> onnx.ModelProto:
    """Conv 3 x 3, ReLU, average of 2 x 2, Conv 3 x 3, ReLU, dense; random weights (He et al., arXiv 1502.01852)."""
    first, second = channels
    pooled = (side - 2) // 2 - 2
    weights: dict[str, npt.NDArray[np.float32]] = {
        "w1": _drawn(random, (first, 1, 3, 3)) / np.float32(2**BITS),
        "b1": np.zeros(first, dtype=np.float32),
        "w2": _drawn(random, (second, first, 3, 3)),
        "b2": np.zeros(second, dtype=np.float32),
        "w3": _drawn(random, (CLASSES, second * pooled * pooled)),
        "b3": np.zeros(CLASSES, dtype=np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["image", "w1", "b1"], ["c1"], "conv 1", kernel_shape=[3, 3]),
        helper.make_node("Relu", ["c1"], ["r1"], "relu 1"),
        helper.make_node("AveragePool", ["r1"], ["p1"], "pool", strides=[2, 2], kernel_shape=[2, 2]),
        helper.make_node("Conv", ["p1", "w2", "b2"], ["c2"], "conv 2", kernel_shape=[3, 3]),
        helper.make_node("Relu", ["c2"], ["r2"], "relu 2"),
        helper.make_node("Flatten", ["r2"], ["flat"], "flatten"),
        helper.make_node("Gemm", ["flat", "w3", "b3"], ["logits"], "dense", transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "large",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, side, side])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, CLASSES])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def _drawn(random: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Weights of variance 2 / inputs."""
    return random.normal(0, np.sqrt(2 / np.prod(shape[1:])), size=shape).astype(np.float32)


def _float_outputs(model: onnx.ModelProto, images: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What ONNX's own evaluator says of one image."""
    outputs: Any = ReferenceEvaluator(model).run(None, {"image": images.astype(np.float32)})
    return np.asarray(outputs[0], dtype=np.float64).reshape(-1)


class _Clock:
    """Of each stage: seconds by the clock, CPU seconds of it and its children, peak memory of it without them."""

    def __init__(self) -> None:
        self.fields: Row = {}

    def of(self, stage: str, run: Callable[[], Any]) -> Any:
        reset_peak()
        wall, cpu = perf_counter(), cpu_with_children()
        result = run()
        self.fields[f"{stage}_s"] = round(perf_counter() - wall, 1)
        self.fields[f"{stage}_cpu_s"] = round(cpu_with_children() - cpu, 1)
        self.fields[f"{stage}_peak_mb"] = round(peak_bytes() / 1e6)
        return result
