"""Keys of circuits without a setup: a trapdoor's. Witnesses are solved and checked as ever, and nodes verify the proofs
as any other; what is left out is the minutes that real setups of many circuits take.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import cast

from compute.dev_keys import CircuitKeys, DevKeys
from crypto.groth16.native import ProvingKey
from crypto.groth16.types import Proof
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.r1cs_file import write_r1cs
from crypto.r1cs.wtns_file import read_wtns
from tests.support.trapdoor import Trapdoor

PROOF_SEED = 1


@dataclass(frozen=True)
class SimulatedProvingKey:
    """Proves the public signals of a witness."""

    trapdoor: Trapdoor

    def prove(self, wtns: bytes) -> Proof:
        return self.trapdoor.prove(read_wtns(wtns, len(self.trapdoor.ic) - 1).public, PROOF_SEED)


class SimulatedKeys(DevKeys):
    """Keys by the hash of the constraints, as a machine's own are; nothing is kept on disk."""

    def __init__(self) -> None:
        super().__init__(Path())
        self._made: dict[bytes, CircuitKeys] = {}

    def get(self, name: str, build: Callable[[], Circuit]) -> CircuitKeys:
        circuit = build()
        digest = sha256(write_r1cs(circuit)).digest()
        if digest not in self._made:
            trapdoor = Trapdoor.random(circuit.public_count, int.from_bytes(digest, "big"))
            proving = cast(ProvingKey, SimulatedProvingKey(trapdoor))
            self._made[digest] = CircuitKeys(name, circuit, digest, proving, trapdoor.key())
        return self._made[digest]
