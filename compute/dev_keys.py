"""Proving and verifying keys of circuits, kept on disk per circuit as `.zkey` files, with which snarkjs proves too.

    HOME/ceremony/NAME-HASH.zkey          imported from a ceremony; taken before a key of one's own
    HOME/insecure-dev/NAME-HASH.zkey      from a development setup: one party ran it, and can forge proofs

HASH is of the constraints: another circuit never meets an old key, and the file itself says whether it is this
circuit's. A key of 2^15 constraints loads in 0.1 s, one from a ceremony in 0.5 s, as all its points are checked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from chain.types.scalars import VkId
from client.whole_files import write_first
from compute.errors import KeysNotKept
from compute.setup_processes import multiply
from crypto.errors import CryptoError
from crypto.groth16.ceremony import check_ceremony
from crypto.groth16.dev_setup import development_zkey, read_development_zkey
from crypto.groth16.encoding import compress_key, key_id
from crypto.groth16.key_file_errors import DamagedKeyFile
from crypto.groth16.native import ProvingKey, setup
from crypto.groth16.types import VerifyingKey
from crypto.groth16.zkey import check_circuit, read_zkey
from crypto.groth16.zkey_check import load_zkey
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.r1cs_file import R1cs, write_r1cs

FOLDER: Final = "insecure-dev"
CEREMONY: Final = "ceremony"
SUFFIX: Final = ".zkey"
_HASH_DIGITS: Final = 16


class KeyedCircuit(Protocol):
    """What a chain knows a circuit by."""

    @property
    def vk_id(self) -> VkId: ...

    @property
    def r1cs_hash(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class CircuitKeys:
    """A circuit with its keys.

    zkey: the file that both are in, None for keys that live in memory only; ceremony: whether it came from one.
    """

    name: str
    circuit: Circuit
    r1cs_hash: bytes
    proving: ProvingKey
    verifying: VerifyingKey
    zkey: Path | None = None
    ceremony: bool = False

    @property
    def compressed(self) -> bytes:
        """The verifying key as it is registered on a chain."""
        return compress_key(self.verifying)

    @property
    def vk_id(self) -> VkId:
        return VkId(key_id(self.compressed))


class DevKeys:
    """The keys of this machine: of its own setups, and those that were imported. Loaded keys stay in memory."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._loaded: dict[bytes, CircuitKeys] = {}  # by the hash of the constraints: names say nothing

    def get(self, name: str, build: Callable[[], Circuit]) -> CircuitKeys:
        """The keys of the circuit that `build` makes: from memory, from disk, or from a setup that is run now and kept.

        Raises DamagedKeyFile, and what a setup raises.
        """
        circuit = build()
        digest = sha256(write_r1cs(circuit)).digest()
        if digest not in self._loaded:
            found = self._find(name, circuit, digest)
            if found is None:
                made = development_zkey(circuit.constraints, circuit.cell_count, circuit.public_count, digest, multiply)
                self._write(made, self._path(FOLDER, name, digest))
                found = self._find(name, circuit, digest)
            if found is None:
                raise DamagedKeyFile(self._path(FOLDER, name, digest), "somebody deleted it while it was made")
            self._loaded[digest] = found
        return self._loaded[digest]

    def find(self, name: str, circuit: Circuit) -> CircuitKeys | None:
        """The circuit's keys if they lie on disk; no setup is run. Raises DamagedKeyFile."""
        return self._find(name, circuit, sha256(write_r1cs(circuit)).digest())

    def holds(self, name: str, circuit: Circuit) -> bool:
        """Whether the circuit has keys here; `find` says whether they are any good."""
        digest = sha256(write_r1cs(circuit)).digest()
        return any(self._path(folder, name, digest).exists() for folder in (CEREMONY, FOLDER))

    def read(self, name: str, circuit: Circuit, path: Path) -> CircuitKeys:
        """The circuit's keys in a file that lies elsewhere, from a ceremony or a development setup.

        Whether a ceremony's contributions hold is not looked at: `import_ceremony` does. Raises DamagedKeyFile.
        """
        digest = sha256(write_r1cs(circuit)).digest()
        try:
            return _read(name, circuit, digest, path, ceremony=False)
        except DamagedKeyFile:
            return _read(name, circuit, digest, path, ceremony=True)

    def put(self, keys: CircuitKeys) -> None:
        """Keep keys that lie elsewhere, unless the circuit has some here already.

        Raises KeysNotKept for keys that lie nowhere, OSError.
        """
        if keys.zkey is None:
            raise KeysNotKept(keys.name)
        path = self._path(CEREMONY if keys.ceremony else FOLDER, keys.name, keys.r1cs_hash)
        self._write(keys.zkey.read_bytes(), path)

    def import_ceremony(self, name: str, circuit: Circuit, zkey: bytes) -> CircuitKeys:
        """Check a ceremony's key and its contributions, and keep it; from now on it is this circuit's key here.

        `check_ceremony` says more of the key, given the ceremony's other files. Raises what it and `read_zkey` raise:
        AnotherCircuit, ForgeableKey, InconsistentKey for a development key, FalseContribution, a CircuitFileError, ...
        and DamagedKeyFile if the circuit has another ceremony's key here already.
        """
        digest = sha256(write_r1cs(circuit)).digest()
        check_ceremony(read_zkey(zkey), R1cs(circuit.cell_count, 0, circuit.public_count, 0, circuit.constraints))
        path = self._path(CEREMONY, name, digest)
        self._write(zkey, path)
        if path.read_bytes() != zkey:
            raise DamagedKeyFile(path, "it is another ceremony's key for this circuit")
        self._loaded.pop(digest, None)
        return _read(name, circuit, digest, path, ceremony=True)

    def _find(self, name: str, circuit: Circuit, digest: bytes) -> CircuitKeys | None:
        for folder in (CEREMONY, FOLDER):
            if (path := self._path(folder, name, digest)).exists():
                return _read(name, circuit, digest, path, ceremony=folder == CEREMONY)
        return None

    def _path(self, folder: str, name: str, digest: bytes) -> Path:
        return self._home / folder / f"{name}-{digest.hex()[:_HASH_DIGITS]}{SUFFIX}"

    def _write(self, data: bytes, path: Path) -> None:
        """Put in place whole: of two processes that make it at once, the first one's stays."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_first(path, data)


def keys_in_memory(name: str, circuit: Circuit) -> CircuitKeys:
    """Keys of a setup that is run now, and that end with this process: half the work of keys that are kept.

    Raises what `crypto.groth16.native.setup` raises.
    """
    r1cs = write_r1cs(circuit)
    proving, verifying = setup(r1cs)
    return CircuitKeys(name, circuit, sha256(r1cs).digest(), proving, verifying)


def _read(name: str, circuit: Circuit, digest: bytes, path: Path, ceremony: bool) -> CircuitKeys:
    try:
        data = path.read_bytes()
        verifying = _check_ceremony_key(data, circuit) if ceremony else read_development_zkey(data, digest)
        return CircuitKeys(name, circuit, digest, ProvingKey.from_zkey(data), verifying, path, ceremony)
    except (CryptoError, OSError) as error:
        raise DamagedKeyFile(path, str(error)) from error


def _check_ceremony_key(data: bytes, circuit: Circuit) -> VerifyingKey:
    zkey, verifying = load_zkey(data)
    check_circuit(zkey, circuit.constraints, circuit.cell_count, circuit.public_count)
    return verifying
