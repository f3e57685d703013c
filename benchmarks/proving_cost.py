"""What do setup and proofs cost by size, and how near are the estimates? Prints one JSON line per shape and size.

Each row in a process of its own: a development setup, one proof, the key's bytes, and the peak resident set of both.
Beside them stands what crypto/r1cs/estimate.py says, whose constants were fitted to this output. Seconds of CPU.

    python -m benchmarks.proving_cost [EXPONENT ...]    2**EXPONENT and 7/8 of it, by default 10 12 14; 18 takes minutes

A circuit of 2**n constraints has its proofs' polynomials on 2**(n + 1) points, one of 7/8 of that on 2**n.
"""

import json
import multiprocessing
import sys
from hashlib import sha256
from pathlib import Path
from time import process_time

from benchmarks.circuits import SHAPES, build, inputs_of
from compute.prover_process import peak_bytes
from crypto.groth16.dev_setup import development_zkey
from crypto.groth16.native import ProvingKey
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.estimate import estimate
from crypto.r1cs.r1cs_file import write_r1cs
from crypto.r1cs.wtns_file import write_wtns

SIZES = (10, 12, 14)


def main(exponents: list[int]) -> None:
    for size in (size for exponent in exponents for size in (7 << exponent - 3, 1 << exponent)):
        for name in SHAPES:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(json.dumps(pool.apply(measure, (name, size))), flush=True)


def measure(shape: str, constraints: int) -> dict[str, object]:
    """One row: setup and one proof of a circuit of about that many constraints, and what was estimated."""
    circuit = build(shape, constraints)
    row = {"constraints": len(circuit.constraints), "terms": circuit.size.terms, **costs(circuit)}
    said = estimate(circuit.size)
    estimates = {
        "r1cs_mb": mb(said.r1cs_bytes),
        "setup_cpu_s": round(said.setup_microseconds / 1e6, 3),
        "setup_peak_mb": mb(said.setup_peak_bytes),
        "prove_cpu_s": round(said.prove_microseconds / 1e6, 3),
        "prove_peak_mb": mb(said.prove_peak_bytes),
        "key_mb": mb(said.key_bytes),
    }
    off = [name for name, value in estimates.items() if not row[name] / 2 <= value <= 2 * row[name]]
    return {"shape": shape, **row, "widths": circuit.size.widths, "estimates": estimates, "off_by_more_than_two": off}


def costs(circuit: Circuit) -> dict[str, float]:
    """Setup and one proof, measured. Peaks are of the whole process, circuit and files included."""
    data = write_r1cs(circuit)
    size, built = len(data), _peak_mb()
    _reset_peak()
    start = process_time()
    constraints, digest = circuit.constraints, sha256(data).digest()
    zkey = development_zkey(constraints, circuit.cell_count, circuit.public_count, digest)
    setup_seconds, setup_peak = process_time() - start, _peak_mb()
    del data
    proving = ProvingKey.from_zkey(zkey)
    witness = write_wtns(circuit.solve(inputs_of(circuit)))
    _reset_peak()
    start = process_time()
    proving.prove(witness)
    return {
        "r1cs_mb": mb(size),
        "build_peak_mb": built,
        "setup_cpu_s": round(setup_seconds, 3),
        "setup_peak_mb": setup_peak,
        "prove_cpu_s": round(process_time() - start, 3),
        "prove_peak_mb": _peak_mb(),
        "key_mb": mb(len(zkey)),
    }


def mb(size: int) -> float:
    return round(size / 1e6, 2)


def _peak_mb() -> float:
    return mb(peak_bytes())


def _reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    main([int(exponent) for exponent in sys.argv[1:]] or list(SIZES))
