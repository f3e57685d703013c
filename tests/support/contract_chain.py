"""A small chain with a confidential contract of any shape, whose calls are proven.

The keys' trapdoors are known, so a proof is simulated for any statement and verifies for exactly that one.
"""

from collections.abc import Sequence
from dataclasses import replace

from chain.execution.action import Action
from chain.types.identifiers import object_id
from chain.types.receipt import OK, Receipt
from chain.types.scalars import FieldElement, ObjectId, ProofBytes, Uint
from chain.types.transaction import Envelope
from contracts.confidential import state
from contracts.confidential.actions import SetReaders
from contracts.confidential.call import Call
from contracts.confidential.signals import call_size
from contracts.confidential.specs import Method, RegisterSpec
from contracts.confidential.state import SealedDataKey
from contracts.confidential.statement import NO_PROOF, set_readers_size
from contracts.notes.output import Point
from contracts.registry.actions import RegisterKey
from contracts.registry.state import key_bytes
from crypto.babyjubjub import public_key
from crypto.groth16.encoding import compress_proof
from tests.support.contract_calls import call_of, deployment
from tests.support.direct_verifier import DirectVerifier
from tests.support.programs import compressed_key, trapdoor, vk_id
from tests.support.shielded_pool import ephemeral
from tests.support.small_chain import SmallChain, account

DEPLOYER, ALICE, BOB, CAROL = 1, 2, 3, 4
KC = FieldElement(4242)  # of the first epoch


class ContractChain(SmallChain):
    """DEPLOYER has deployed `contract` with these registers and methods, and set one reader if anything is sealed."""

    def __init__(self, registers: Sequence[RegisterSpec], methods: Sequence[Method], **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.verifier = DirectVerifier(lambda key: key_bytes(self.view, key))
        self._fresh = 0
        self.deployment = deployment(registers, methods)
        sizes = {call_size(each, registers) for each in methods}
        sizes |= {set_readers_size(key.readers) for key in self.deployment.sealing}
        actions = [RegisterKey(compressed_key(size), None) for size in sorted(sizes)]
        assert self.do(DEPLOYER, *actions).code == OK
        self.pass_to(self.height + self.params.activation_delay)
        self.contract = self.deployed()

    def deployed(self) -> ObjectId:
        """Another contract of the same description, ready to be called."""
        contract = object_id(account(DEPLOYER), self.nonce(DEPLOYER), 0)
        assert self.do(DEPLOYER, self.deployment).code == OK
        if self.deployment.sealing:
            assert self.send(DEPLOYER, self.set_readers(contract)).code == OK
        return contract

    def set_readers(self, contract: ObjectId, secret: int = 7) -> SetReaders:
        """The next epoch of a contract, the first one of a contract that is still to be; one reader, unproven."""
        record = state.read_contract(self.view, contract)
        epoch = Uint(1 if record is None else record.epoch + 1)
        x, y = public_key(secret)
        reader = SealedDataKey(Point(FieldElement(x), FieldElement(y)), FieldElement(5))
        kc = FieldElement(KC + epoch - 1)
        return SetReaders(contract, epoch, vk_id(set_readers_size(1)), kc, ephemeral(), (reader,), NO_PROOF)

    def fresh(self) -> FieldElement:
        """A number that nothing of this chain had."""
        self._fresh += 1
        return FieldElement(10_000 + self._fresh)

    def call(self, name: str, contract: ObjectId | None = None, **changes: object) -> Call:
        """A call that agrees with state, with any field changed; padded, unproven."""
        return call_of(self.view, contract or self.contract, name, self.fresh, **changes)

    def proven(self, envelope: Envelope) -> Envelope:
        """The envelope with a proof of what each of its calls says there, true or not."""
        actions: list[Action] = []
        for index, action in enumerate(envelope.actions):
            if isinstance(action, Call | SetReaders):
                (claim,) = action.claims(envelope, index)
                proof = trapdoor(len(claim.inputs)).prove(claim.inputs, seed=1)  # A and B are made once for all
                action = replace(action, proof=ProofBytes(compress_proof(proof)))
            actions.append(action)
        return replace(envelope, actions=tuple(actions))

    def send(self, person: int, *actions: Action) -> Receipt:
        """One block with one proven transaction of a person."""
        return self.submit(person, self.proven(self.envelope(person, *actions)))

    def submit(self, person: int, envelope: Envelope) -> Receipt:
        """One block with the person's signed envelope as it is. Raises what makes the block invalid."""
        return self.block(self.sign(person, envelope))[0]

    def register_now(self, index: int, contract: ObjectId | None = None) -> state.Register:
        """A register's content."""
        contract = contract or self.contract
        spec = state.require_contract(self.view, contract).registers[index]
        return state.read_register(self.view, contract, index, spec)
