"""What do setup and proofs cost by size, and how near are the estimates? Prints one JSON line per shape and size.

Each row in a process of its own: setup from the `.r1cs`, one proof, the key's bytes, and the peak resident set of both.
Beside them stands what crypto/r1cs/estimate.py says, whose constants were fitted to this output. Seconds of CPU.

    python -m benchmarks.groth16_cost [EXPONENT ...]    2**EXPONENT and 7/8 of it, by default 10 12 14; 18 takes minutes

A circuit of 2**n constraints has its proofs' polynomials on 2**(n + 1) points, one of 7/8 of that on 2**n.
"""

import json
import multiprocessing
import sys
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.circuits import SHAPES, build, inputs_of
from crypto.groth16.native import setup
from crypto.r1cs.r1cs_file import write_r1cs
from crypto.r1cs.wtns_file import write_wtns

SIZES = (10, 12, 14)


def main(exponents: list[int]) -> None:
    for size in (size for exponent in exponents for size in (7 << exponent - 3, 1 << exponent)):
        for name in SHAPES:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(json.dumps(pool.apply(measure, (name, size))), flush=True)


def measure(name: str, constraints: int) -> dict[str, object]:
    """One row: setup and one proof of a circuit of about that many constraints."""
    circuit = build(name, constraints)
    data = write_r1cs(circuit)
    built = _peak()
    _reset_peak()
    before = resident()
    start, wall = process_time(), perf_counter()
    proving, _ = setup(data)
    setup_cpu, setup_wall = process_time() - start, perf_counter() - wall
    setup_peak, size = _peak(), len(data)
    del data
    witness = write_wtns(circuit.solve(inputs_of(circuit)))
    key_resident = resident()
    _reset_peak()
    start, wall = process_time(), perf_counter()
    proving.prove(witness)
    prove_cpu, prove_wall = process_time() - start, perf_counter() - wall
    prove_peak = _peak()
    widths = {limit: sum(lo < bits <= limit for bits in circuit.cell_bits) for lo, limit in WIDTHS}
    matrices = (circuit.constraints.a, circuit.constraints.b, circuit.constraints.c)
    return {
        "shape": name,
        "constraints": len(circuit.constraints),
        "cells": circuit.cell_count,
        "cells_by_width": widths,
        "terms": sum(len(matrix.cells) for matrix in matrices),
        "r1cs_mb": mb(size),
        "build_peak_mb": built,
        "before_setup_mb": before,
        "setup_cpu_s": round(setup_cpu, 3),
        "setup_wall_s": round(setup_wall, 3),
        "setup_peak_mb": setup_peak,
        "key_resident_mb": key_resident,
        "prove_cpu_s": round(prove_cpu, 3),
        "prove_wall_s": round(prove_wall, 3),
        "prove_peak_mb": prove_peak,
        "key_mb": mb(len(proving.to_bytes())),
    }


WIDTHS = ((0, 1), (1, 16), (16, 128), (128, 254))


def mb(size: int) -> float:
    return round(size / 1e6, 2)


def _status(field: str) -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return mb(int(line.split()[1]) * 1024)


def resident() -> float:
    """MB of this process that are in memory now."""
    return _status("VmRSS")


def _peak() -> float:
    return _status("VmHWM")


def _reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    main([int(exponent) for exponent in sys.argv[1:]] or list(SIZES))
