"""What does a proof of inference cost its prover? Prints one JSON line; times are medians of one run.

The digits MLP 64-32-10, public model, private input, as a worker proves it: integer reference, witness, Groth16 proof,
compression, and the worker's own verification of what it made. CPU seconds of the whole process, all threads.
"""

import json
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from compute.dev_keys import DevKeys
from compute.zkml.artifact import model_keys
from compute.zkml.example_models import digits
from compute.zkml.inference import Private
from compute.zkml.prover import InferenceProver
from crypto.r1cs.wtns_file import write_wtns

ROUNDS = 30
CTX, TASK, SALT = 2**240 + 7, 2**247 + 9, 2**253 + 11  # full width, as on chain


def main() -> None:
    example = digits()
    with tempfile.TemporaryDirectory() as folder:
        start = perf_counter()
        keys = model_keys(DevKeys(Path(folder)), example.provable)
        setup_seconds = perf_counter() - start
        key_bytes = keys.zkey.stat().st_size if keys.zkey else 0
    prover = InferenceProver(example.provable, keys)
    rows = [example.provable.manifest.quantise(row) for row in example.rows[:ROUNDS].tolist()]
    proofs = [timed(prover, row) for row in rows]
    witnesses = [witness_seconds(prover, row) for row in rows]
    result = {
        "public_cpu_s": round(median(cpu for cpu, _, _ in proofs), 4),
        "public_wall_s": round(median(wall for _, wall, _ in proofs), 4),
        "public_witness_cpu_s": round(median(witnesses), 4),
        "public_setup_s": round(setup_seconds, 3),
        "public_constraints": len(keys.circuit.constraints),
        "proof_bytes": len(proofs[0][2]),
        "key_bytes": key_bytes,
    }
    print(json.dumps(result))


def timed(prover: InferenceProver, row: list[int]) -> tuple[float, float, bytes]:
    """CPU and wall seconds of one proof, and the proof."""
    cpu, wall = process_time(), perf_counter()
    proven = prover.prove(CTX, TASK, row, SALT)
    return process_time() - cpu, perf_counter() - wall, proven.proof


def witness_seconds(prover: InferenceProver, row: list[int]) -> float:
    """CPU seconds for the witness alone, in the file format that the prover takes."""
    start = process_time()
    statement, private = prover.provable.statement, Private(tuple(row), SALT)
    public = statement.compute(CTX, TASK, private)
    write_wtns(prover.keys.circuit.solve(statement.inputs(public, private)))
    return process_time() - start


if __name__ == "__main__":
    main()
