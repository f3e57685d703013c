"""Proves the transfers of one pool, with the key that this machine has of it."""

from functools import cached_property
from pathlib import Path

from chain.execution.action import Claim
from chain.types.scalars import ProofBytes, VkId
from client.notes.errors import PoolKeyMissing
from client.whole_files import write_first
from compute.confidential.prover import CircuitSource, Draft, solve
from compute.dev_keys import CircuitKeys, DevKeys
from compute.shielded.prover import TRANSFER
from contracts.shielded.queries import PoolView
from crypto.groth16.encoding import compress_proof
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.wtns_file import write_wtns


class PoolKeys:
    """Keys of transfers: those of this machine, and other pools' in a folder, a file for each verifying key."""

    def __init__(self, keys: DevKeys, folder: Path, source: CircuitSource = TRANSFER) -> None:
        self._keys, self._folder, self._source = keys, folder, source

    @cached_property
    def circuit(self) -> Circuit:
        """Built once, 0.8 s."""
        return self._source.build()

    @cached_property
    def _own(self) -> CircuitKeys | None:
        """This machine's, looked for once: a chain may have any number of pools under other keys."""
        return self._keys.find(self._source.name, self.circuit)

    def find(self, vk_id: VkId) -> CircuitKeys | None:
        """The keys of a verifying key's id. Raises DamagedKeyFile."""
        path = self._path(vk_id)
        if path.exists():
            return self._keys.read(self._source.name, self.circuit, path)
        return self._own if self._own is not None and self._own.vk_id == vk_id else None

    def knows(self, vk_id: VkId) -> bool:
        """Whether it is the transfer circuit's key, and known here: made here or imported. Raises DamagedKeyFile."""
        return self.find(vk_id) is not None

    def keep(self, file: Path) -> CircuitKeys:
        """Check a file of keys and keep a copy. Raises DamagedKeyFile, OSError."""
        keys = self._keys.read(self._source.name, self.circuit, file)
        self._folder.mkdir(parents=True, exist_ok=True)
        write_first(self._path(keys.vk_id), file.read_bytes())
        return keys

    def _path(self, vk_id: VkId) -> Path:
        return self._folder / f"{vk_id.hex()}.zkey"


class PoolProver:
    """Never runs a setup, whose key no pool that exists would know."""

    def __init__(self, keys: PoolKeys, pool: PoolView) -> None:
        self._keys, self.pool = keys, pool

    @cached_property
    def _found(self) -> CircuitKeys:
        found = self._keys.find(self.pool.vk_id)
        if found is None:
            raise PoolKeyMissing("0x" + self.pool.pool.hex(), "0x" + self.pool.vk_id.hex())
        return found

    def require(self) -> None:
        """That transfers of the pool can be proven here; about 1.5 s the first time. Raises PoolKeyMissing."""
        _ = self._found

    def prove(self, draft: Draft, claim: Claim) -> ProofBytes:
        """The proof of a draft's claim, 1.3 CPU-seconds. Raises PoolKeyMissing, StatementFalse, what proving raises."""
        witness = solve(draft, claim, self._found.circuit)
        return ProofBytes(compress_proof(self._found.proving.prove(write_wtns(witness))))
