"""Proving and verifying keys from a development setup, kept on disk per circuit.

insecure-dev: one party ran the setup, so whoever ran it can forge proofs. Real use imports a ceremony's keys (zkml.md,
Keys). A file's name carries the hash of its constraints: another circuit never meets an old key.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from chain.types.scalars import VkId
from crypto.groth16.encoding import compress_key, decompress_key, key_id
from crypto.groth16.native import ProvingKey, setup
from crypto.groth16.types import VerifyingKey
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.r1cs_file import write_r1cs

FOLDER: Final = "insecure-dev"
_HASH_DIGITS: Final = 16
_LENGTH_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class CircuitKeys:
    """A circuit with the keys of its setup."""

    name: str
    circuit: Circuit
    r1cs_hash: bytes
    proving: ProvingKey
    verifying: VerifyingKey

    @property
    def compressed(self) -> bytes:
        """The verifying key as it is registered on a chain."""
        return compress_key(self.verifying)

    @property
    def vk_id(self) -> VkId:
        return VkId(key_id(self.compressed))


class DevKeys:
    """The keys of this machine's own setups, in `home`/insecure-dev. Loaded keys stay in memory."""

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER
        self._loaded: dict[bytes, CircuitKeys] = {}  # by the hash of the constraints: names say nothing

    def get(self, name: str, build: Callable[[], Circuit]) -> CircuitKeys:
        """The keys of the circuit that `build` makes: from memory, from disk, or from a setup that is run now and kept.

        Raises what setup and decoding raise.
        """
        circuit = build()
        r1cs = write_r1cs(circuit)
        digest = sha256(r1cs).digest()
        if digest not in self._loaded:
            path = self._path(name, digest)
            if not path.exists():
                self._write(*setup(r1cs), path)
            self._loaded[digest] = self._read(name, circuit, digest, path)
        return self._loaded[digest]

    def find(self, name: str, circuit: Circuit) -> CircuitKeys | None:
        """The circuit's keys if they lie on disk; no setup is run. Raises what decoding raises."""
        digest = sha256(write_r1cs(circuit)).digest()
        path = self._path(name, digest)
        return self._read(name, circuit, digest, path) if path.exists() else None

    def put(self, keys: CircuitKeys) -> None:
        """Keep keys that came from elsewhere, unless the circuit has some here already."""
        self._write(keys.proving, keys.verifying, self._path(keys.name, keys.r1cs_hash))

    def _path(self, name: str, digest: bytes) -> Path:
        return self._folder / f"{name}-{digest.hex()[:_HASH_DIGITS]}.keys"

    def _read(self, name: str, circuit: Circuit, digest: bytes, path: Path) -> CircuitKeys:
        data = path.read_bytes()
        size = int.from_bytes(data[:_LENGTH_BYTES], "big")
        verifying, proving = data[_LENGTH_BYTES : _LENGTH_BYTES + size], data[_LENGTH_BYTES + size :]
        return CircuitKeys(name, circuit, digest, ProvingKey.from_bytes(proving), decompress_key(verifying))

    def _write(self, proving: ProvingKey, verifying: VerifyingKey, path: Path) -> None:
        """One file for both keys, put in place whole: of two processes that make it at once, the first one's stays."""
        self._folder.mkdir(parents=True, exist_ok=True)
        compressed = compress_key(verifying)
        with NamedTemporaryFile(dir=self._folder) as new:
            new.write(len(compressed).to_bytes(_LENGTH_BYTES, "big") + compressed + proving.to_bytes())
            new.flush()
            with suppress(FileExistsError):
                os.link(new.name, path)
