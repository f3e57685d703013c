"""The prototype with which this work began: what it took then, and what stands in for it in the same run.

Its code does not exist any more. Known are its figures (`PUBLISHED`: two cores, another day) and what it called:
groth16py's own `setup` of a `.r1cs` and `prove_wtns` of a finished `.wtns`. `StandIn` makes just these calls on a
circuit of as many constraints as the prototype's, which repeats those of the row with fresh wires. Nothing else is in
its times: no writing of the circuit, integers, witness, compression or check, all of which ours have.
"""

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import groth16py

from crypto.groth16 import encode_evm_proof, key_to_snarkjs
from crypto.r1cs.circuit import Circuit, Witness
from crypto.r1cs.constraints import Constraints, Matrix
from crypto.r1cs.r1cs_file import write_r1cs
from crypto.r1cs.wtns_file import write_wtns
from tests.support.trapdoor import Trapdoor

SMALL_INPUTS: Final = tuple(range(1, 9))
MACHINE_VERIFY_MS: Final = 1.6  # of a proof with so many small inputs, by groth16py where the prototype was measured
_AT_ONCE: Final = 10


@dataclass(frozen=True, slots=True)
class Published:
    """A line of the prototype's table."""

    constraints: int
    setup_s: float
    prove_cpu_s: float


PUBLISHED: Final = {
    "digits-logistic": Published(800, 0.10, 0.06),
    "digits-mlp": Published(1_332, 0.18, 0.075),
    "digits-mlp-private": Published(26_512, 2.5, 0.80),
    "tumour-trees": Published(1_875, 0.26, 0.09),
    "mnist-cnn": Published(40_439, 3.5, 1.16),
    "sgd-logistic": Published(14_294, 1.4, 0.44),
    "certificate-logistic": Published(211_342, 20.0, 6.1),
    "federated-update": Published(104_093, 8.7, 2.7),
}


class FalseProof(Exception):
    """The stand-in proved nothing, so its times mean nothing."""


class StandIn:
    """groth16py's calls for one circuit, from files and bare."""

    def __init__(self, circuit: Circuit, witness: Witness, folder: Path) -> None:
        self._r1cs, self._wtns, self._public = folder / "stand-in.r1cs", folder / "stand-in.wtns", witness.public
        self._r1cs.write_bytes(write_r1cs(circuit))
        self._wtns.write_bytes(write_wtns(witness))

    def set_up(self) -> tuple[Any, Any]:
        """Proving and verifying key, in memory."""
        return groth16py.setup(str(self._r1cs))

    def prover(self, keys: tuple[Any, Any]) -> Callable[[], bytes]:
        """What makes a proof. Raises FalseProof if the first does not verify: the circuit is sound all the same."""
        prove = partial(groth16py.prove_wtns, keys[0], str(self._wtns))
        if not groth16py.Verifier(keys[1]).verify(prove(), self._public):
            raise FalseProof
        return prove


def repeated(circuit: Circuit, witness: Witness, rows: int) -> tuple[Circuit, Witness]:
    """A circuit of so many constraints: the given one's from first to last, again and again, each time on fresh wires
    of the same widths with the same values. Public signals are the first copy's. The last copy may be a part."""
    source, origins = circuit.constraints, list(range(circuit.cell_count))
    matrices = (Matrix(), Matrix(), Matrix())
    renamed: dict[int, int] = dict(enumerate(origins))
    for number in range(rows):
        row = number % len(source)
        if number and not row:
            renamed = _Fresh(origins)
        for given, made in zip((source.a, source.b, source.c), matrices, strict=True):
            start, end = given.span(row)
            made.append(array("I", map(renamed.__getitem__, given.cells[start:end])), given.coefficients[start:end])
    scopes = array("I", bytes(4 * rows))
    bits = bytes(circuit.cell_bits[origin] for origin in origins)
    constraints = Constraints(*matrices, source.coefficients, scopes, ("",))
    cells = tuple(witness.cells[origin] for origin in origins)
    return Circuit(constraints, bits, circuit.public_count, {}, {}, ()), Witness(cells, circuit.public_count)


class _Fresh(dict[int, int]):
    """For each cell another one, made when it is first asked for and added to `origins`. Cell 0, the 1, is shared."""

    def __init__(self, origins: list[int]) -> None:
        super().__init__({0: 0})
        self._origins = origins

    def __missing__(self, cell: int) -> int:
        self[cell] = len(self._origins)
        self._origins.append(cell)
        return self[cell]


def machine() -> Callable[[], None]:
    """What verifies one small proof `_AT_ONCE` times with groth16py: how fast is this machine, just now?"""
    trapdoor = Trapdoor.random(len(SMALL_INPUTS), seed=1)
    verifier = groth16py.Verifier(groth16py.VerifyingKey.from_snarkjs(key_to_snarkjs(trapdoor.key())))
    proof = encode_evm_proof(trapdoor.prove(SMALL_INPUTS, seed=1))

    def run() -> None:
        for _ in range(_AT_ONCE):
            if not verifier.verify(proof, SMALL_INPUTS):
                raise FalseProof

    return run


def verify_ms(seconds: float) -> float:
    """Milliseconds a verification, of one run of `machine`."""
    return 1000 * seconds / _AT_ONCE
