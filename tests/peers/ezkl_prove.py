"""Runs in .venv-peers: the network of a JSON request as ONNX, proven and verified by EZKL with an SRS made here.

stdin: {"weights": [[[...]]], "biases": [[...]]} or {"onnx": "the file, in hex"}, and {"row": [...], "folder": "...",
"input": "private" | "public", "parameters": "fixed" | "hashed", "rounds": n}     stdout: one JSON object
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import ezkl
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

VERIFICATIONS = 5


def main() -> None:
    request = json.load(sys.stdin)
    folder, rounds = Path(request["folder"]), request.get("rounds", 1)
    names = ("model.onnx", "input.json", "settings", "circuit", "srs", "vk", "pk", "witness", "proof")
    path = {name: str(folder / name) for name in names}
    onnx.save(
        onnx.load_from_string(bytes.fromhex(request["onnx"])) if "onnx" in request else _network(request),
        path["model.onnx"],
    )
    Path(path["input.json"]).write_text(json.dumps({"input_data": [request["row"]]}))
    setup_seconds = timed(time.perf_counter, lambda: set_up(request, path))
    ezkl.gen_witness(path["input.json"], path["circuit"], path["witness"])
    proving = [timed(time.process_time, lambda: prove(path)) for _ in range(rounds)]
    checks: list[bool] = []
    verifying = [timed(time.process_time, lambda: checks.append(verified(path))) for _ in range(VERIFICATIONS)]
    proof = json.loads(Path(path["proof"]).read_text())
    answer = {
        "valid": all(checks),
        "logits": [float(value) for value in proof["pretty_public_inputs"]["rescaled_outputs"][0]],
        "setup_s": round(setup_seconds, 2),
        "prove_cpu_s": round(median(proving), 3),
        "verify_ms": round(1000 * median(verifying), 1),
        "proof_bytes": len(bytes(proof["proof"])),
        "key_bytes": Path(path["pk"]).stat().st_size,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6),
    }
    print(json.dumps(answer))


def set_up(request: dict[str, Any], path: dict[str, str]) -> None:
    """Settings for few resources, the circuit, an SRS and keys."""
    arguments = ezkl.PyRunArgs()
    arguments.input_visibility, arguments.output_visibility = request.get("input", "private"), "public"
    arguments.param_visibility = request.get("parameters", "fixed")
    ezkl.gen_settings(path["model.onnx"], path["settings"], py_run_args=arguments)
    ezkl.calibrate_settings(path["input.json"], path["model.onnx"], path["settings"], "resources")
    ezkl.compile_circuit(path["model.onnx"], path["circuit"], path["settings"])
    ezkl.gen_srs(path["srs"], json.loads(Path(path["settings"]).read_text())["run_args"]["logrows"])
    ezkl.setup(path["circuit"], path["vk"], path["pk"], srs_path=path["srs"])


def prove(path: dict[str, str]) -> None:
    ezkl.prove(path["witness"], path["circuit"], path["pk"], path["proof"], srs_path=path["srs"])


def verified(path: dict[str, str]) -> bool:
    return bool(ezkl.verify(path["proof"], path["settings"], path["vk"], srs_path=path["srs"]))


def timed(clock: Callable[[], float], run: Callable[[], object]) -> float:
    start = clock()
    run()
    return clock() - start


def _network(request: dict[str, Any]) -> onnx.ModelProto:
    """Dense layers with ReLU between them; weights come as (outputs, inputs)."""
    nodes, constants, value = [], [], "input"
    layers = list(zip(request["weights"], request["biases"], strict=True))
    for number, (weights, bias) in enumerate(layers):
        constants.append(numpy_helper.from_array(np.asarray(weights, dtype=np.float32).T.copy(), f"w{number}"))
        constants.append(numpy_helper.from_array(np.asarray([bias], dtype=np.float32), f"b{number}"))
        nodes.append(helper.make_node("MatMul", [value, f"w{number}"], [f"product{number}"]))
        nodes.append(helper.make_node("Add", [f"product{number}", f"b{number}"], [f"sum{number}"]))
        value = f"sum{number}"
        if number < len(layers) - 1:
            nodes.append(helper.make_node("Relu", [value], [f"relu{number}"]))
            value = f"relu{number}"
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, len(request["row"])])
    wanted = helper.make_tensor_value_info(value, TensorProto.FLOAT, [1, len(layers[-1][1])])
    graph = helper.make_graph(nodes, "mlp", [given], [wanted], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8  # what EZKL reads
    onnx.checker.check_model(model)
    return model


if __name__ == "__main__":
    main()
