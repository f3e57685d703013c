"""Proving and verifying keys from a development setup, kept on disk per circuit as `.zkey` files.

insecure-dev: one party ran the setup, so whoever ran it can forge proofs. Real use imports a ceremony's keys (zkml.md,
Keys). A file's name carries the hash of its constraints, and so does the digest in it: another circuit never meets an
old key. Loading 2^15 constraints takes 0.1 s; snarkjs proves with the same file.
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
from compute.setup_processes import multiply
from crypto.errors import CryptoError
from crypto.groth16.dev_setup import development_zkey, read_development_zkey
from crypto.groth16.encoding import compress_key, key_id
from crypto.groth16.key_file_errors import DamagedKeyFile
from crypto.groth16.native import ProvingKey
from crypto.groth16.types import VerifyingKey
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.r1cs_file import write_r1cs

FOLDER: Final = "insecure-dev"
SUFFIX: Final = ".zkey"
_HASH_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class CircuitKeys:
    """A circuit with the keys of its setup."""

    name: str
    circuit: Circuit
    r1cs_hash: bytes
    proving: ProvingKey
    verifying: VerifyingKey
    zkey: Path  # the file that both are in, which snarkjs can prove with

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

        Raises DamagedKeyFile, and what a setup raises.
        """
        circuit = build()
        digest = sha256(write_r1cs(circuit)).digest()
        if digest not in self._loaded:
            path = self._path(name, digest)
            if not path.exists():
                self._run_setup(circuit, digest, path)
            self._loaded[digest] = self._read(name, circuit, digest, path)
        return self._loaded[digest]

    def find(self, name: str, circuit: Circuit) -> CircuitKeys | None:
        """The circuit's keys if they lie on disk; no setup is run. Raises DamagedKeyFile."""
        digest = sha256(write_r1cs(circuit)).digest()
        path = self._path(name, digest)
        return self._read(name, circuit, digest, path) if path.exists() else None

    def put(self, keys: CircuitKeys) -> None:
        """Keep keys that came from elsewhere, unless the circuit has some here already. Raises OSError."""
        self._write(keys.zkey.read_bytes(), self._path(keys.name, keys.r1cs_hash))

    def _path(self, name: str, digest: bytes) -> Path:
        return self._folder / f"{name}-{digest.hex()[:_HASH_DIGITS]}{SUFFIX}"

    def _run_setup(self, circuit: Circuit, digest: bytes, path: Path) -> None:
        made = development_zkey(circuit.constraints, circuit.cell_count, circuit.public_count, digest, multiply)
        self._write(made, path)

    def _read(self, name: str, circuit: Circuit, digest: bytes, path: Path) -> CircuitKeys:
        try:
            data = path.read_bytes()
            verifying = read_development_zkey(data, digest)
            return CircuitKeys(name, circuit, digest, ProvingKey.from_zkey(data), verifying, path)
        except (CryptoError, OSError) as error:
            raise DamagedKeyFile(path, str(error)) from error

    def _write(self, data: bytes, path: Path) -> None:
        """Put in place whole: of two processes that make it at once, the first one's stays."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=self._folder) as new:
            new.write(data)
            new.flush()
            with suppress(FileExistsError):
                os.link(new.name, path)
