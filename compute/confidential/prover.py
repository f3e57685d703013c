"""Proves drafts of actions: calls of confidential contracts, changes of their readers, shielded transfers.

A draft is an action without its proof, and the witness. ctx binds a proof to its whole transaction, so proving comes
last, when the envelope with all its actions stands.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from chain.execution.action import Action, Claim
from chain.types.scalars import ProofBytes
from chain.types.transaction import Envelope
from compute.confidential.errors import AnotherKey, DraftMissing, StatementFalse
from compute.dev_keys import CircuitKeys, DevKeys
from contracts.confidential.actions import SetReaders
from contracts.confidential.call import Call
from contracts.shielded.actions import Transfer
from crypto.field import SCALAR_FIELD
from crypto.groth16.encoding import compress_proof
from crypto.r1cs.circuit import Circuit, Inputs, Witness
from crypto.r1cs.wtns_file import write_wtns

Entropy = Callable[[int], bytes]

_WIDE_BYTES: Final = 64  # reduced into a field of 254 bits, this is uniform up to 2^-258


@dataclass(frozen=True, slots=True)
class CircuitSource:
    """A circuit by name, built when it is needed. Equal ones build equal circuits."""

    name: str
    build: Callable[[], Circuit] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """An action that lacks only its proof, and the secret inputs of the circuit that will prove it."""

    action: SetReaders | Call | Transfer
    circuit: CircuitSource
    inputs: Inputs = field(repr=False)


def random_element(entropy: Entropy = os.urandom, modulus: int = SCALAR_FIELD) -> int:
    """A uniformly random number in 1..modulus - 1."""
    return 1 + int.from_bytes(entropy(_WIDE_BYTES), "big") % (modulus - 1)


class Prover:
    """Proves drafts under this machine's development keys."""

    def __init__(self, keys: DevKeys) -> None:
        self._keys = keys
        self._known: dict[CircuitSource, CircuitKeys] = {}

    def keys(self, source: CircuitSource) -> CircuitKeys:
        """A circuit and its keys; the first time on a machine this runs the setup."""
        if source not in self._known:
            self._known[source] = self._keys.get(source.name, source.build)
        return self._known[source]

    def complete(self, envelope: Envelope, drafts: Sequence[Draft]) -> Envelope:
        """The envelope with every draft's action proven in its place.

        Raises DraftMissing, StatementFalse, and what proving raises.
        """
        return complete(envelope, drafts, self.prove)

    def prove(self, draft: Draft, claim: Claim) -> ProofBytes:
        """The proof of the draft's claim. Raises AnotherKey, StatementFalse, and what proving raises."""
        keys = self.keys(draft.circuit)
        if keys.vk_id != claim.key_digest:
            raise AnotherKey(keys.name, claim.key_digest)
        witness = solve(draft, claim, keys.circuit)
        return ProofBytes(compress_proof(keys.proving.prove(write_wtns(witness))))


def complete(envelope: Envelope, drafts: Sequence[Draft], prove: Callable[[Draft, Claim], ProofBytes]) -> Envelope:
    """The envelope with what `prove` gives for each draft's claim in its place. Raises DraftMissing and as `prove`."""
    proven: dict[Action, Action] = {}
    for draft in drafts:
        if draft.action not in envelope.actions:
            raise DraftMissing(draft.action.name)
        (claim,) = draft.action.claims(envelope, envelope.actions.index(draft.action))
        proven[draft.action] = replace(draft.action, proof=prove(draft, claim))
    return replace(envelope, actions=tuple(proven.get(action, action) for action in envelope.actions))


def solve(draft: Draft, claim: Claim, circuit: Circuit) -> Witness:
    """The witness of a draft's claim, satisfying the circuit, its public signals those of the claim.

    Raises StatementFalse, Unsatisfied, and ValueRefused for values that the circuit does not allow.
    """
    witness = circuit.solve({**draft.inputs, "ctx": claim.inputs[0]})
    for position, (said, computed) in enumerate(zip(claim.inputs, witness.public, strict=True)):
        if said != computed:
            raise StatementFalse(draft.circuit.name, position)
    circuit.check(witness)
    return witness
