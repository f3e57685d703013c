"""One row of a table of proofs: what is proven, and what its setup, its proofs and their verification take here."""

import os
import resource
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from operator import truediv
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, Final, Generic, TypeVar

from benchmarks.proofs.prototype import MACHINE_VERIFY_MS, Published, StandIn, machine, repeated, verify_ms
from compute.dev_keys import CircuitKeys, DevKeys, keys_in_memory
from compute.prover_process import peak_bytes
from crypto.groth16 import PreparedKey, verify
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.wtns_file import write_wtns

CTX, TASK, SALT = 2**240 + 7, 2**247 + 9, 2**253 + 11  # full width, as on chain
WITNESS: Final = "case.wtns"
SHORT_SECONDS: Final = 4.0  # of setups or proofs for one median, if they are short
SETUPS: Final = 3  # at least, where there are as many proofs
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


def measured(case: Case, folder: Path, rounds: int, prototype: Published | None = None) -> Row:
    """Sets up, proves, verifies; leaves the key and a witness in `folder`. Peers have no values yet.

    rounds: at least so many proofs; short ones are repeated for SHORT_SECONDS. Setups and proofs alternate with those
    of the prototype's stand-in, if there was one. Peak memory is the whole process's while it proves, model included.
    """
    keys, kept = _kept(case, folder)
    witness = case.circuit.solve(case.inputs)
    (folder / WITNESS).write_bytes(write_wtns(witness))
    prove = case.prover(keys)
    prove()  # what is made at first use is not measured
    reset_peak()
    made = prove()
    peak = peak_bytes()
    runs = _Alternating(case, prove, rounds)
    if prototype is None:
        beside = runs.alone()
    else:
        beside = runs.beside(StandIn(*repeated(case.circuit, witness, prototype.constraints), folder), prototype)
    return {
        "task": case.task,
        "constraints": len(case.circuit.constraints),
        "setup_s": round(median(runs.setups.wall), 3),
        "prove_cpu_s": round(median(runs.proofs.cpu), 4),
        "verify_ms": _verify_ms(keys, made),
        "proof_bytes": len(made.proof),
        "key_mb": kept.pop("key_mb"),
        "accuracy_float": case.accuracies and round(case.accuracies[0], 4),
        "accuracy_proven": case.accuracies and round(case.accuracies[1], 4),
        **dict.fromkeys(("peer", "peer_prove_cpu_s", "peer_verify_ms", "peer_proof_bytes")),
        **beside,
        "setup_cpu_s": round(median(runs.setups.cpu), 3),
        **kept,
        "prove_cpu_s_least": round(min(runs.proofs.cpu), 4),
        "proofs": len(runs.proofs.cpu),
        "public_inputs": len(made.signals),
        "peak_mb": round(peak / 1e6),
        "load": round(os.getloadavg()[0], 1),
    }


def _kept(case: Case, folder: Path) -> tuple[CircuitKeys, Row]:
    """Keys that are kept, with which snarkjs proves too, and what they took."""
    wall, cpu = perf_counter(), cpu_with_children()
    keys = DevKeys(folder).get("case", lambda: case.circuit)
    assert keys.zkey is not None
    return keys, {
        "kept_setup_s": round(perf_counter() - wall, 2),
        "kept_setup_cpu_s": round(cpu_with_children() - cpu, 2),
        "key_mb": round(keys.zkey.stat().st_size / 1e6, 2),
    }


def _verify_ms(keys: CircuitKeys, made: Made) -> float:
    """Median CPU milliseconds, from the compressed proof."""
    prepared = PreparedKey(keys.verifying)
    return round(
        1000 * median(cpu_of(lambda: verify(prepared, made.proof, made.signals)) for _ in range(VERIFICATIONS)), 2
    )


class _Alternating:
    """Setups in memory and proofs of a case, alone or in turn with the prototype's stand-in."""

    def __init__(self, case: Case, prove: Prove, rounds: int) -> None:
        self._set_up, self._prove = partial(keys_in_memory, "case", case.circuit), prove
        self._setups, self._rounds = min(rounds, SETUPS), rounds

    def alone(self) -> Row:
        """No fields."""
        (self.setups,) = alternated(self._set_up, rounds=self._setups)
        (self.proofs,) = alternated(self._prove, rounds=self._rounds)
        return {}

    def beside(self, stand_in: StandIn, prototype: Published) -> Row:
        """The fields about the prototype. Ratios are medians over neighbours, so that a change of pace cancels."""
        self.setups, their_setups = alternated(self._set_up, stand_in.set_up, rounds=self._setups)
        runs = (self._prove, stand_in.prover(their_setups.last), machine())
        self.proofs, their_proofs, verifications = alternated(*runs, rounds=self._rounds)
        milliseconds = verify_ms(median(verifications.cpu))
        return {
            "prototype_constraints": prototype.constraints,
            "prototype_setup_s": round(median(their_setups.wall), 3),
            "prototype_setup_cpu_s": round(median(their_setups.cpu), 3),
            "prototype_prove_cpu_s": round(median(their_proofs.cpu), 4),
            "prototype_setup_ratio": _ratio(their_setups, self.setups),
            "prototype_prove_ratio": _ratio(their_proofs, self.proofs),
            "prototype_published_setup_s": prototype.setup_s,
            "prototype_published_prove_cpu_s": prototype.prove_cpu_s,
            "machine_verify_ms": round(milliseconds, 2),
            "machine_factor": round(milliseconds / MACHINE_VERIFY_MS, 2),
        }


@dataclass(slots=True)
class Times(Generic[Result]):
    """Seconds of each of several runs, CPU of all threads and by the clock, and what the last one returned."""

    last: Result
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)


def alternated(*runs: Callable[[], Any], rounds: int) -> list[Times[Any]]:
    """All runs in turn, at least `rounds` times, and until the first took SHORT_SECONDS."""
    times = [Times[Any](None) for _ in runs]
    while len(times[0].cpu) < rounds or sum(times[0].cpu) < SHORT_SECONDS:
        for time, run in zip(times, runs, strict=True):
            time.last = None  # keys of large circuits need not be there twice
            wall, cpu = perf_counter(), process_time()
            time.last = run()
            time.cpu.append(process_time() - cpu)
            time.wall.append(perf_counter() - wall)
    return times


def _ratio(theirs: Times[Any], ours: Times[Any]) -> float:
    return round(float(median(map(truediv, theirs.cpu, ours.cpu))), 3)


def timed(prove: Callable[[], Result], rounds: int = 1) -> tuple[list[float], Result]:
    """CPU seconds, all threads, of each of several proofs, and the last."""
    (times,) = alternated(prove, rounds=rounds)
    return times.cpu, times.last


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
