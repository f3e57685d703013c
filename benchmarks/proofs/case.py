"""One row of a table of proofs: what is proven, and what its setup, its proofs and their verification take here."""

import os
import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, Final, TypeVar

from compute.dev_keys import CircuitKeys, DevKeys, keys_in_memory
from compute.prover_process import peak_bytes
from crypto.groth16 import PreparedKey, verify
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.wtns_file import write_wtns

CTX, TASK, SALT = 2**240 + 7, 2**247 + 9, 2**253 + 11  # full width, as on chain
WITNESS: Final = "case.wtns"
SHORT_SECONDS: Final = 4.0  # of proofs for one median, if they are short
VERIFICATIONS: Final = 50

Row = dict[str, Any]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Made:
    """A compressed proof and all its public inputs."""

    proof: bytes
    signals: tuple[int, ...]


Prove = Callable[[], Made]


@dataclass(frozen=True, slots=True)
class Case:
    """prover: from the circuit's keys to what makes one proof as its user makes it: the integer reference, witness,
    proof, compression, and the prover's own check. inputs: of a witness for snarkjs. accuracies: on the same rows, of
    the float model and of what is proven, None where nothing is classified. ezkl: what EZKL is asked
    (tests/peers/ezkl_prove.py), None where it cannot.
    """

    task: str
    circuit: Circuit
    prover: Callable[[CircuitKeys], Prove]
    inputs: Inputs
    accuracies: tuple[float, float] | None
    ezkl: Row | None = None


def measured(case: Case, folder: Path, rounds: int) -> Row:
    """Sets up, proves, verifies; leaves the key and a witness in `folder`.

    Peers have no values yet. rounds: at least so many proofs; short ones are repeated for SHORT_SECONDS. Peak memory is
    the whole process's while it proves, the compiled model and its circuit included.
    """
    keys, setups = _set_up(case, folder)
    (folder / WITNESS).write_bytes(write_wtns(case.circuit.solve(case.inputs)))
    prove = case.prover(keys)
    prove()  # what is made at first use is not measured
    reset_peak()
    seconds, made = timed(prove, rounds)
    peak = peak_bytes()
    prepared = PreparedKey(keys.verifying)
    verifications = [cpu_of(lambda: verify(prepared, made.proof, made.signals)) for _ in range(VERIFICATIONS)]
    return {
        "task": case.task,
        "constraints": len(case.circuit.constraints),
        "setup_s": setups.pop("setup_s"),
        "prove_cpu_s": round(median(seconds), 4),
        "verify_ms": round(1000 * median(verifications), 2),
        "proof_bytes": len(made.proof),
        "key_mb": setups.pop("key_mb"),
        "accuracy_float": case.accuracies and round(case.accuracies[0], 4),
        "accuracy_proven": case.accuracies and round(case.accuracies[1], 4),
        **dict.fromkeys(("peer", "peer_prove_cpu_s", "peer_verify_ms", "peer_proof_bytes")),
        **setups,
        "prove_cpu_s_least": round(min(seconds), 4),
        "proofs": len(seconds),
        "public_inputs": len(made.signals),
        "peak_mb": round(peak / 1e6),
        "load": round(os.getloadavg()[0], 1),
    }


def _set_up(case: Case, folder: Path) -> tuple[CircuitKeys, Row]:
    """Kept keys, with which snarkjs proves too; what they took, and what those of `setup()` without a folder take."""
    wall, cpu = perf_counter(), process_time()
    keys_in_memory("case", case.circuit)
    in_memory = {"setup_s": round(perf_counter() - wall, 2), "setup_cpu_s": round(process_time() - cpu, 2)}
    wall, cpu = perf_counter(), cpu_with_children()
    keys = DevKeys(folder).get("case", lambda: case.circuit)
    assert keys.zkey is not None
    return keys, {
        **in_memory,
        "kept_setup_s": round(perf_counter() - wall, 2),
        "kept_setup_cpu_s": round(cpu_with_children() - cpu, 2),
        "key_mb": round(keys.zkey.stat().st_size / 1e6, 2),
    }


def timed(prove: Callable[[], Result], rounds: int = 1) -> tuple[list[float], Result]:
    """CPU seconds, all threads, of each of several proofs, and the last."""
    seconds = list[float]()
    while len(seconds) < rounds or sum(seconds) < SHORT_SECONDS:
        start = process_time()
        made = prove()
        seconds.append(process_time() - start)
    return seconds, made


def reset_peak() -> None:
    """From now on `peak_bytes` is what is resident from now on (Linux; elsewhere it stays the process's whole peak)."""
    path = Path("/proc/self/clear_refs")
    if path.exists():
        path.write_text("5")


def cpu_of(run: Callable[[], object]) -> float:
    """CPU seconds, all threads."""
    start = process_time()
    run()
    return process_time() - start


def cpu_with_children() -> float:
    """CPU seconds of this process and of those that it started and that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime
