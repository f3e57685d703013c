"""Runs in .venv-peers: the MLP of a JSON request as ONNX, proven and verified by EZKL with an SRS made here and now.

stdin: {"weights": [[[...]]], "biases": [[...]], "row": [...], "folder": "..."}     stdout: one JSON object
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import ezkl
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def main() -> None:
    request = json.load(sys.stdin)
    folder = Path(request["folder"])
    onnx.save(_network(request), folder / "model.onnx")
    (folder / "input.json").write_text(json.dumps({"input_data": [request["row"]]}))
    path = {name: str(folder / name) for name in ("model.onnx", "input.json", "settings", "circuit", "srs", "vk", "pk")}
    witness, proof = str(folder / "witness"), str(folder / "proof")
    arguments = ezkl.PyRunArgs()
    arguments.input_visibility, arguments.output_visibility, arguments.param_visibility = "private", "public", "fixed"
    ezkl.gen_settings(path["model.onnx"], path["settings"], py_run_args=arguments)
    ezkl.calibrate_settings(path["input.json"], path["model.onnx"], path["settings"], "resources")
    ezkl.compile_circuit(path["model.onnx"], path["circuit"], path["settings"])
    ezkl.gen_srs(path["srs"], json.loads(Path(path["settings"]).read_text())["run_args"]["logrows"])
    ezkl.setup(path["circuit"], path["vk"], path["pk"], srs_path=path["srs"])
    ezkl.gen_witness(path["input.json"], path["circuit"], witness)
    start = time.process_time()
    ezkl.prove(witness, path["circuit"], path["pk"], proof, srs_path=path["srs"])
    prove_seconds = time.process_time() - start
    start = time.perf_counter()
    valid = ezkl.verify(proof, path["settings"], path["vk"], srs_path=path["srs"])
    outputs = json.loads(Path(proof).read_text())["pretty_public_inputs"]["rescaled_outputs"][0]
    answer = {
        "valid": bool(valid),
        "logits": [float(value) for value in outputs],
        "prove_cpu_s": round(prove_seconds, 3),
        "verify_s": round(time.perf_counter() - start, 3),
        "proof_bytes": len(bytes(json.loads(Path(proof).read_text())["proof"])),
        "key_bytes": (folder / "pk").stat().st_size,
    }
    print(json.dumps(answer))


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
