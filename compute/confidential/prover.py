"""Builds the actions of a confidential contract with their proofs, from what a node answers about the contract.

First a draft: the action without its proof, and the witness. ctx binds a proof to its whole transaction, so proving
comes last, when the envelope with all its actions stands.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from chain.codec import encode
from chain.execution.action import Action
from chain.execution.statement import id_element
from chain.types.scalars import FieldElement, Hash, ProofBytes, Uint
from chain.types.transaction import Envelope
from compute.confidential import counter, readers
from compute.confidential.errors import AmountRefused, DraftMissing, StatementFalse
from compute.confidential.keys import ReaderKey, as_point
from compute.confidential.reader import current_data_key, open_contract
from compute.dev_keys import CircuitKeys, DevKeys
from contracts.confidential import state
from contracts.confidential.actions import Call, Deploy, Move, SetReaders
from contracts.confidential.queries import ContractView
from contracts.confidential.statement import SET_READERS
from crypto import babyjubjub, domains
from crypto.field import SCALAR_FIELD
from crypto.groth16.encoding import compress_proof
from crypto.hashing import tagged_hash
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.wtns_file import write_wtns

Entropy = Callable[[int], bytes]

_NO_PROOF = ProofBytes(bytes(128))
_WIDE_BYTES = 64  # reduced into a field of 254 bits, this is uniform up to 2^-258


@dataclass(frozen=True, slots=True)
class Draft:
    """An action that lacks only its proof, and the secret inputs of the circuit that will prove it."""

    action: SetReaders | Call
    circuit: str
    inputs: Inputs = field(repr=False)


def random_element(entropy: Entropy = os.urandom, modulus: int = SCALAR_FIELD) -> int:
    """A uniformly random number in 1..modulus - 1."""
    return 1 + int.from_bytes(entropy(_WIDE_BYTES), "big") % (modulus - 1)


def deploy_counter(increment: CircuitKeys, sealing_keys: CircuitKeys) -> Deploy:
    """The action that creates a confidential counter with one reader; both keys must be registered and active."""
    code = tagged_hash(domains.CONTRACT_CODE, encode([increment.r1cs_hash, sealing_keys.r1cs_hash]))
    sealed_to_one = state.SealingKey(Uint(readers.READERS), sealing_keys.vk_id)
    return Deploy(Hash(code), (counter.SPEC,), (counter.method(increment.vk_id),), (sealed_to_one,))


def draft_set_readers(contract: ContractView, reader: state.Point, entropy: Entropy = os.urandom) -> Draft:
    """Begin the next epoch with a fresh data key for one reader. Its owner sends it."""
    epoch = contract.record.epoch + 1
    secret = readers.Private(random_element(entropy), random_element(entropy, babyjubjub.SUBORDER))
    public = readers.compute(id_element(contract.contract), epoch, babyjubjub.Point(reader.x, reader.y), secret)
    vk_id = next(key.vk_id for key in contract.record.sealing if key.readers == readers.READERS)
    action = SetReaders(
        contract.contract,
        Uint(epoch),
        vk_id,
        FieldElement(public.kc),
        as_point(public.ephemeral),
        (state.SealedDataKey(reader, FieldElement(public.wrapped)),),
        _NO_PROOF,
    )
    return Draft(action, SET_READERS, readers.circuit_inputs(public, secret))


def draft_increment(
    contract: ContractView, key: ReaderKey, amount: int, entropy: Entropy = os.urandom, *, sealed: bool = True
) -> Draft:
    """Add `amount` to the counter, as one of its readers. A fresh blinding each time: never send two drafts as one.

    Raises AmountRefused, and what `open_contract` raises.
    """
    data_key = current_data_key(key, contract)
    opening = open_contract(key, contract)[counter.REGISTER]
    (value,) = opening.values
    if not (0 <= amount < 2**counter.AMOUNT_BITS and value + amount < 2**counter.VALUE_BITS):
        raise AmountRefused
    secret = counter.Private(data_key, value, opening.blinding, amount, random_element(entropy))
    public = counter.compute(
        id_element(contract.contract), contract.record.epoch, opening.version, secret, sealed=sealed
    )
    move = Move(
        Uint(counter.REGISTER),
        Uint(public.version),
        FieldElement(public.before),
        FieldElement(public.after),
        FieldElement(public.nonce),
        tuple(FieldElement(element) for element in public.ciphertext),
    )
    method = state.require_method(contract.record, contract.contract, counter.METHOD)
    epoch, kc = contract.record.epoch, FieldElement(public.kc)
    action = Call(contract.contract, method.name, method.vk_id, epoch, kc, (), (), (move,), _NO_PROOF)
    return Draft(action, counter.METHOD, counter.circuit_inputs(public, secret))


class Prover:
    """Proves drafts under this machine's development keys; sealed as in counter.compute."""

    def __init__(self, keys: DevKeys, *, sealed: bool = True) -> None:
        self._keys, self._sealed = keys, sealed
        self._known: dict[str, CircuitKeys] = {}

    def increment_keys(self) -> CircuitKeys:
        """The counter's circuit and keys; the first time on a machine this runs the setup."""
        return self._get(counter.METHOD, lambda: counter.constrain(sealed=self._sealed))

    def sealing_keys(self) -> CircuitKeys:
        """The circuit and keys that seal a data key to one reader."""
        return self._get(SET_READERS, readers.constrain)

    def _get(self, name: str, build: Callable[[], Circuit]) -> CircuitKeys:
        if name not in self._known:
            self._known[name] = self._keys.get(name, build)
        return self._known[name]

    def complete(self, envelope: Envelope, drafts: Sequence[Draft]) -> Envelope:
        """The envelope with every draft's action proven in its place.

        Raises DraftMissing, StatementFalse, and what proving raises.
        """
        for draft in drafts:
            if draft.action not in envelope.actions:
                raise DraftMissing(draft.action.name)
        proven: dict[Action, Action] = {draft.action: self.prove(draft, envelope) for draft in drafts}
        return replace(envelope, actions=tuple(proven.get(action, action) for action in envelope.actions))

    def prove(self, draft: Draft, envelope: Envelope) -> SetReaders | Call:
        """The draft's action with its proof, good for this envelope's chain, sender and effects only."""
        keys = self.increment_keys() if draft.circuit == counter.METHOD else self.sealing_keys()
        (claim,) = draft.action.claims(envelope, 0)
        witness = keys.circuit.solve({**draft.inputs, "ctx": claim.inputs[0]})
        for position, (said, computed) in enumerate(zip(claim.inputs, witness.public, strict=True)):
            if said != computed:
                raise StatementFalse(keys.name, position)
        keys.circuit.check(witness)
        return replace(draft.action, proof=ProofBytes(compress_proof(keys.proving.prove(write_wtns(witness)))))
