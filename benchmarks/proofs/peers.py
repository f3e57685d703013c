"""What others take for the same statement, or for the same model and row: snarkjs and EZKL, in processes of their own.

Neither is needed: without tests/peers/setup.sh their values are None. Of snarkjs, proof_bytes is the size of its
proof.json; its proofs are the same group elements as ours. EZKL's circuits say less: they commit to no private input.
"""

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.proofs.case import WITNESS, Row
from compute.dev_keys import FOLDER, SUFFIX
from tests.support import snarkjs

_ROOT: Final = Path(__file__).parent.parent.parent
PYTHON: Final = _ROOT / ".venv-peers" / "bin" / "python"
SCRIPT: Final = _ROOT / "tests" / "peers" / "ezkl_prove.py"
EZKL_VERSION: Final = "23.0.5"


class EzklFailed(Exception):
    """EZKL cannot prove what it was asked; it says why."""


def ezkl_installed() -> bool:
    """Whether EZKL of the version that the figures speak of can be run."""
    check = f"import ezkl, onnx; assert ezkl.__version__ == {EZKL_VERSION!r}"
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", check], capture_output=True, check=False).returncode == 0


def ezkl(request: Row, folder: Path) -> Row:
    """What the script answers; EZKL's own reports go to a log in the folder. Raises EzklFailed."""
    log = folder / "ezkl.log"
    with log.open("w") as reports:
        done = subprocess.run(
            [PYTHON, SCRIPT],
            input=json.dumps({**request, "folder": str(folder)}),
            stdout=subprocess.PIPE,
            stderr=reports,
            text=True,
            check=False,
        )
    if done.returncode:
        raise EzklFailed(log.read_text().strip().splitlines()[-1])
    answer: Row = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def peers_of(request: Row | None, folder: Path, rounds: int) -> Row:
    """The fields about others: `peer` is EZKL where it can prove the model, else snarkjs, else None.

    folder: where `measured` left key and witness; request: what EZKL is asked.
    """
    fields = dict[str, object]()
    (zkey,) = (folder / FOLDER).glob(f"*{SUFFIX}")
    if snarkjs.installed():
        theirs = snarkjs.cost(zkey, folder / WITNESS, rounds)
        fields |= _peer("snarkjs", theirs["cpu_s"], theirs["verify_ms"], theirs["proof_bytes"])
        fields |= {"snarkjs_prove_cpu_s": round(theirs["cpu_s"], 3), "snarkjs_peak_mb": theirs["peak_mb"]}
    if request is not None and ezkl_installed():
        try:
            with TemporaryDirectory() as room:
                theirs = ezkl({**request, "rounds": rounds}, Path(room))
        except EzklFailed as failed:
            return {**fields, "ezkl_refused": str(failed)}
        fields |= _peer("ezkl", theirs["prove_cpu_s"], theirs["verify_ms"], theirs["proof_bytes"])
        fields |= {"ezkl_setup_s": theirs["setup_s"], "ezkl_key_mb": round(theirs["key_bytes"] / 1e6, 1)}
        fields |= {"ezkl_peak_mb": theirs["peak_mb"]}
    return fields


def _peer(name: str, seconds: float, milliseconds: float, size: int) -> dict[str, object]:
    return {
        "peer": name,
        "peer_prove_cpu_s": round(seconds, 3),
        "peer_verify_ms": round(milliseconds, 1),
        "peer_proof_bytes": size,
    }
