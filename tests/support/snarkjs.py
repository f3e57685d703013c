"""snarkjs under Node.js, as tests/peers/setup.sh installs it: what ours is checked and measured against."""

import json
import shutil
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crypto.groth16 import Proof, VerifyingKey, inputs_to_snarkjs, key_to_snarkjs, proof_to_snarkjs

_ROOT = Path(__file__).parent.parent.parent
_PEERS = _ROOT / "tests" / "peers"

Case = tuple[Proof, Sequence[int]]


@dataclass(frozen=True)
class Verdicts:
    """What snarkjs says of each case, and the median time of one verification in process (None if not measured)."""

    valid: list[bool]
    ms: float | None


def node() -> str | None:
    """The Node.js to run, or None."""
    own = _ROOT / ".venv-peers" / "bin" / "node"
    return shutil.which("node") or (str(own) if own.exists() else None)


def installed(package: str = "snarkjs") -> bool:
    """Whether snarkjs, or another package of tests/peers, can be run."""
    return node() is not None and (_PEERS / "node_modules" / package).is_dir()


def verify(key: VerifyingKey, cases: Sequence[Case], repeat: int = 0) -> Verdicts:
    """snarkjs's verdict on each (proof, inputs) under one key; repeat verifications of the first are timed."""
    request = {
        "key": json.loads(key_to_snarkjs(key)),
        "cases": [
            {"proof": json.loads(proof_to_snarkjs(proof)), "inputs": json.loads(inputs_to_snarkjs(inputs))}
            for proof, inputs in cases
        ],
        "repeat": repeat,
    }
    answer = run("snarkjs_verify.mjs", request)
    return Verdicts(answer["valid"], answer["ms"])


def ceremony(r1cs: bytes, wtns: bytes) -> dict[str, Any]:
    """A toy ceremony of both phases and a proof; see snarkjs_ceremony.mjs for what it returns."""
    return run("snarkjs_ceremony.mjs", {"r1cs": b64encode(r1cs).decode(), "wtns": b64encode(wtns).decode()})


@dataclass(frozen=True)
class Ceremony:
    """The files of a toy ceremony, and what snarkjs says of them; see snarkjs_zkeys.mjs."""

    ptau: bytes
    prepared: bytes
    initial: bytes
    first: bytes
    final: bytes
    hashes: tuple[str, ...]  # of the circuit, then of each contribution
    key: dict[str, Any]
    valid: bool


def zkeys(r1cs: bytes, power: int) -> Ceremony:
    """A ceremony of both phases for this circuit: two contributions and a beacon."""
    answer = run("snarkjs_zkeys.mjs", {"r1cs": b64encode(r1cs).decode(), "power": power})
    files = {name: b64decode(answer[name]) for name in ("ptau", "prepared", "initial", "first", "final")}
    return Ceremony(**files, hashes=tuple(answer["hashes"]), key=answer["key"], valid=answer["valid"])


def verify_zkeys(r1cs: bytes, prepared: bytes, keys: Sequence[bytes]) -> list[bool]:
    """Whether `snarkjs zkey verify` accepts each key for this circuit and these powers of tau."""
    request = {"r1cs": b64encode(r1cs).decode(), "ptau": b64encode(prepared).decode()}
    answer = run("snarkjs_zkey_verify.mjs", {**request, "zkeys": [b64encode(key).decode() for key in keys]})
    return list(answer)


def prove(zkey: bytes, wtns: bytes) -> dict[str, Any]:
    """{proof, inputs, key}: what `snarkjs groth16 prove` makes with this key and witness."""
    return run("snarkjs_prove.mjs", {"zkey": b64encode(zkey).decode(), "wtns": b64encode(wtns).decode()})


def cost(zkey: Path, wtns: Path, rounds: int, repeat: int = 20) -> dict[str, Any]:
    """What `snarkjs groth16 prove` makes of these files and what it takes; see snarkjs_cost.mjs."""
    request = {"zkey": str(zkey), "wtns": str(wtns), "rounds": rounds, "repeat": repeat}
    return dict(run("snarkjs_cost.mjs", request, timeout=1800))


def run(script: str, request: dict[str, Any], timeout: float = 300) -> Any:
    """What a script of tests/peers answers to a request."""
    executable = node()
    if executable is None:
        raise FileNotFoundError("no Node.js here: run tests/peers/setup.sh")
    done = subprocess.run(
        [executable, str(_PEERS / script)],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
        timeout=timeout,
    )
    return json.loads(done.stdout)
