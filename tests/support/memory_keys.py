"""Keys of real setups that nobody keeps: where a test is about proofs, and not about where keys lie."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from compute.dev_keys import CircuitKeys, DevKeys, keys_in_memory
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.r1cs_file import write_r1cs


class MemoryKeys(DevKeys):
    """As DevKeys, in a quarter of the time; what it makes ends with it."""

    def __init__(self) -> None:
        super().__init__(Path())
        self._made: dict[bytes, CircuitKeys] = {}  # by the hash of the constraints

    def get(self, name: str, build: Callable[[], Circuit]) -> CircuitKeys:
        circuit = build()
        digest = sha256(write_r1cs(circuit)).digest()
        if digest not in self._made:
            self._made[digest] = keys_in_memory(name, circuit)
        return self._made[digest]
