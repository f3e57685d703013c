"""Proofs on threads or on processes? Prints one JSON line per circuit and number of provers.

Circuits as large as a small perceptron (1,500 constraints) and LeNet (40,000), each proof with its witness, as many at
once as there are provers: on threads of this process, and in a proving pool. Proofs a second by the clock, so the
machine should be idle, and the peak memory of a process that proves.

    python -m benchmarks.provers [--proofs N]       so many of the small circuit, a tenth of that of the large one
"""

import argparse
import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter

from benchmarks.circuits import build, inputs_of
from compute.prover_process import ProverSpec, peak_bytes
from compute.proving_pool import ProvingPool
from crypto.groth16.native import ProvingKey, setup
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.r1cs_file import write_r1cs
from crypto.r1cs.wtns_file import write_wtns

SIZES = ((1_500, 1), (40_000, 10))
MEMORY_BYTES = 2**32


@dataclass(frozen=True)
class Prover:
    circuit: Circuit
    inputs: Inputs
    key: ProvingKey


def load(constraints: int) -> Prover:
    circuit = build("convolution", constraints)
    return Prover(circuit, inputs_of(circuit), setup(write_r1cs(circuit))[0])


def prove(prover: Prover) -> int:
    """One proof; the process's peak memory."""
    prover.key.prove(write_wtns(prover.circuit.solve(prover.inputs)))
    return peak_bytes()


def main(proofs: int) -> None:
    for constraints, part in SIZES:
        for provers in (1, 2):
            for kind, run in (("threads", on_threads), ("processes", on_processes)):
                row = run(constraints, provers, max(2, proofs // part))
                print(json.dumps({"on": kind, "provers": provers, "constraints": constraints, **row}), flush=True)


def on_threads(constraints: int, provers: int, proofs: int) -> dict[str, float]:
    prover = load(constraints)
    with ThreadPoolExecutor(provers) as pool:
        return timed(lambda: pool.submit(prove, prover), provers, proofs)


def on_processes(constraints: int, provers: int, proofs: int) -> dict[str, float]:
    spec = ProverSpec("benchmark", load, (constraints,), 1)
    with ProvingPool(provers, MEMORY_BYTES) as pool:
        return timed(lambda: pool.submit(spec, prove), provers, proofs)


def timed(submit: Callable[[], "Future[int]"], provers: int, proofs: int) -> dict[str, float]:
    for first in [submit() for _ in range(2 * provers)]:
        first.result()  # keys are loaded everywhere
    start = perf_counter()
    peaks = [future.result() for future in [submit() for _ in range(proofs)]]
    seconds = perf_counter() - start
    return {"proofs_per_s": round(proofs / seconds, 2), "peak_mb": max(peaks) // 10**6}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--proofs", type=int, default=60)
    main(parser.parse_args().proofs)
