"""How a sandbox shows that a call's statement is true: by a Groth16 proof, or by the solved circuit alone.

The second takes neither setup nor proof, so a contract is tried out in a moment. It checks no less of the statement:
the circuit is solved, every constraint holds, and the public signals are those that the chain builds from the action.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from typing import Protocol

from chain.execution.action import Claim
from chain.types.scalars import Hash, ProofBytes, VkId
from compute.confidential.prover import CircuitSource, Draft, Prover, solve
from compute.dev_keys import DevKeys, KeyedCircuit
from compute.sandbox.verifiers import WitnessVerifier
from crypto import domains
from crypto.hashing import tagged_hash
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.r1cs_file import write_r1cs


class Evidence(Protocol):
    """One way to show it."""

    def circuit(self, source: CircuitSource) -> KeyedCircuit:
        """What the chain shall know the circuit by."""
        ...

    def show(self, draft: Draft, claim: Claim) -> ProofBytes:
        """What the sandbox's verifier believes. Raises StatementFalse, Unsatisfied and what solving raises."""
        ...


@dataclass(frozen=True)
class SolvedCircuit:
    """A circuit without keys. Its id is none that a verifying key could have."""

    circuit: Circuit

    @cached_property
    def r1cs_hash(self) -> bytes:
        return Hash(sha256(write_r1cs(self.circuit)).digest())

    @cached_property
    def vk_id(self) -> VkId:
        return VkId(tagged_hash(domains.SANDBOX_KEY, self.r1cs_hash))


@cache
def _built(source: CircuitSource) -> SolvedCircuit:
    """Once a process, whatever number of sandboxes its tests open."""
    return SolvedCircuit(source.build())


class Witnesses:
    """Solves circuits; `verifier` believes what was solved here."""

    def __init__(self, verifier: WitnessVerifier) -> None:
        self._verifier = verifier

    def circuit(self, source: CircuitSource) -> SolvedCircuit:
        return _built(source)

    def show(self, draft: Draft, claim: Claim) -> ProofBytes:
        solve(draft, claim, self.circuit(draft.circuit).circuit)
        return self._verifier.seal(claim)


class Proofs:
    """Proves under this machine's development keys."""

    def __init__(self, keys: DevKeys) -> None:
        self._prover = Prover(keys)

    def circuit(self, source: CircuitSource) -> KeyedCircuit:
        return self._prover.keys(source)

    def compressed(self, source: CircuitSource) -> bytes:
        """The verifying key as it is registered."""
        return self._prover.keys(source).compressed

    def show(self, draft: Draft, claim: Claim) -> ProofBytes:
        return self._prover.prove(draft, claim)
