"""EZKL proves the same MLP for the same row: it finds the same class; what each costs is printed side by side."""

import json
import subprocess
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pytest

from compute.dev_keys import DevKeys
from compute.zkml.artifact import model_keys
from compute.zkml.example_models import digits
from compute.zkml.inference import Private
from compute.zkml.model import predicted_class
from compute.zkml.prover import InferenceProver
from tests.support.rooms import ROOT

PYTHON = ROOT / ".venv-peers" / "bin" / "python"
SCRIPT = ROOT / "tests" / "peers" / "ezkl_prove.py"


def installed() -> bool:
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", "import ezkl, onnx"], check=False).returncode == 0


pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not installed(), reason="EZKL is not installed: run tests/peers/setup.sh"),
]


def ezkl(request: dict[str, Any], log: Path) -> dict[str, Any]:
    """What the script answers; EZKL's own reports go to a log."""
    with log.open("w") as reports:
        done = subprocess.run(
            [PYTHON, SCRIPT], input=json.dumps(request), stdout=subprocess.PIPE, stderr=reports, text=True, check=True
        )
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def test_ezkl_finds_the_same_class_in_the_same_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = digits()
    network, manifest, row = example.classifier, example.provable.manifest, example.rows[0]
    theirs = ezkl(
        {
            "weights": [weights.T.tolist() for weights in network.coefs_],
            "biases": [bias.tolist() for bias in network.intercepts_],
            "row": row.tolist(),
            "folder": str(tmp_path),
        },
        tmp_path / "ezkl.log",
    )
    numbers = tuple(manifest.quantise(row.tolist()))
    prover = InferenceProver(example.provable, model_keys(DevKeys(tmp_path), example.provable))
    prover.prove(1, 2, numbers, 3)  # what is made at first use is not measured
    start = process_time()
    ours = prover.prove(1, 2, numbers, 3)
    seconds = process_time() - start
    assert theirs["valid"]
    assert ours.outputs == example.provable.statement.compute(1, 2, Private(numbers, 3)).outputs
    logits = example.provable.model.logits(numbers)
    assert predicted_class(logits) == int(np.argmax(theirs["logits"]))
    scaled = np.asarray(logits) * manifest.unit
    assert np.abs(scaled - np.asarray(theirs["logits"])).max() <= manifest.worst_error + 0.1
    assert len(ours.proof) < theirs["proof_bytes"]
    with capsys.disabled():
        print("\nEZKL:", json.dumps({name: value for name, value in theirs.items() if name != "logits"}))
        print("ours:", json.dumps({"prove_cpu_s": round(seconds, 3), "proof_bytes": len(ours.proof)}))
