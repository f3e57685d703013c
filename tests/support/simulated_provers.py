"""Provers without a setup: one simulates proofs of true statements with a key's trapdoor, one writes none at all."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from chain.execution.action import Claim
from chain.types.scalars import Hash, ProofBytes, VkId
from compute.confidential.prover import CircuitSource, Draft, Prover, solve
from crypto.groth16.encoding import compress_proof
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.r1cs_file import write_r1cs
from tests.support.programs import NO_PROOF, compressed_key, trapdoor, vk_id


@dataclass(frozen=True)
class SimulatedKeys:
    """A circuit under a key for its number of public inputs, whose trapdoor is known."""

    circuit: Circuit

    @cached_property
    def r1cs_hash(self) -> Hash:
        return Hash(sha256(write_r1cs(self.circuit)).digest())

    @property
    def vk_id(self) -> VkId:
        return vk_id(self.circuit.public_count)

    @property
    def compressed(self) -> bytes:
        return compressed_key(self.circuit.public_count)


class SimulatedProver(Prover):
    """Proves what circuits allow and nothing else; the chain verifies it like any proof."""

    def __init__(self) -> None:
        self._made: dict[CircuitSource, Any] = {}

    def keys(self, source: CircuitSource) -> Any:
        if source not in self._made:
            self._made[source] = SimulatedKeys(source.build())
        return self._made[source]

    def prove(self, draft: Draft, claim: Claim) -> ProofBytes:
        circuit = self.keys(draft.circuit).circuit
        solve(draft, claim, circuit)
        return ProofBytes(compress_proof(trapdoor(circuit.public_count).prove(claim.inputs, 1)))


class SilentProver(SimulatedProver):
    """Proves nothing, for a credulous chain: where only the looks of transactions matter."""

    def prove(self, draft: Draft, claim: Claim) -> ProofBytes:
        return NO_PROOF
