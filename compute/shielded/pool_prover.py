"""Proves the transfers of one pool, with the key that this machine has of it."""

from functools import cached_property

from chain.execution.action import Claim
from chain.types.scalars import ProofBytes
from client.notes.errors import PoolKeyMissing
from compute.confidential.prover import CircuitSource, Draft, solve
from compute.dev_keys import CircuitKeys, DevKeys
from compute.shielded.prover import TRANSFER
from contracts.shielded.queries import PoolView
from crypto.groth16.encoding import compress_proof
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.wtns_file import write_wtns


class PoolProver:
    """Builds the circuit once; never runs a setup, whose key no pool that exists would know."""

    def __init__(self, keys: DevKeys, pool: PoolView, source: CircuitSource = TRANSFER) -> None:
        self._keys, self.pool, self._source = keys, pool, source

    @cached_property
    def _circuit(self) -> Circuit:
        return self._source.build()

    @cached_property
    def _found(self) -> CircuitKeys:
        found = self._keys.find(self._source.name, self._circuit)
        if found is None or found.vk_id != self.pool.vk_id:
            here = None if found is None else "0x" + found.vk_id.hex()
            raise PoolKeyMissing("0x" + self.pool.pool.hex(), "0x" + self.pool.vk_id.hex(), here)
        return found

    def require(self) -> None:
        """That transfers of the pool can be proven here; about 1.5 s the first time. Raises PoolKeyMissing."""
        _ = self._found

    def prove(self, draft: Draft, claim: Claim) -> ProofBytes:
        """The proof of a draft's claim, 1.3 CPU-seconds. Raises PoolKeyMissing, StatementFalse, what proving raises."""
        witness = solve(draft, claim, self._found.circuit)
        return ProofBytes(compress_proof(self._found.proving.prove(write_wtns(witness))))
