"""A small chain with confidential contracts of any shape. Calls are drawn up from state; their proofs are real ones.

The keys' trapdoors are known, so a proof is simulated for any statement and verifies for exactly that one.
"""

from collections.abc import Sequence
from dataclasses import replace

from chain.execution.action import Action
from chain.types.identifiers import object_id
from chain.types.receipt import OK, Receipt
from chain.types.scalars import (
    MAX_UINT,
    NATIVE,
    AccountId,
    Amount,
    Blob,
    FieldElement,
    Hash,
    Height,
    Name,
    ObjectId,
    ProofBytes,
    Uint,
)
from chain.types.transaction import Envelope
from contracts.confidential import state
from contracts.confidential.actions import Deploy, SetReaders
from contracts.confidential.call import Call, Move, Pay, Read, Take
from contracts.confidential.padding import padded
from contracts.confidential.signals import call_size
from contracts.confidential.specs import (
    FIRST,
    SEALED,
    Method,
    OutputSpec,
    RegisterSpec,
    SealingKey,
    code_hash,
)
from contracts.confidential.state import SealedDataKey
from contracts.confidential.statement import set_readers_size
from contracts.notes import state as notes
from contracts.registry.actions import RegisterKey
from contracts.registry.state import key_bytes
from crypto.babyjubjub import public_key
from crypto.groth16.encoding import compress_proof
from tests.support.direct_verifier import DirectVerifier
from tests.support.programs import compressed_key, trapdoor, vk_id
from tests.support.shielded_pool import ephemeral, output
from tests.support.small_chain import SmallChain, account

DEPLOYER, ALICE, BOB, CAROL = 1, 2, 3, 4
R1CS = Hash(b"c" * 32)
KC = FieldElement(4242)


def register(
    name: str, sort: int = SEALED, mode: int = FIRST, values: int = 1, initial: Sequence[int] | None = None
) -> RegisterSpec:
    """A register; a public one begins with zeros unless told otherwise."""
    first = tuple(initial) if initial is not None else () if sort == SEALED else (0,) * values
    return RegisterSpec(Name(name), Uint(sort), Uint(mode), Uint(values), tuple(map(FieldElement, first)))


def method(name: str, registers: Sequence[RegisterSpec], **parts: object) -> Method:
    """A method with the key of its number of inputs. Its counts may be given as plain numbers."""
    plain = Method(Name(name), vk_id(1), R1CS, **parts)  # type: ignore[arg-type]
    return replace(plain, vk_id=vk_id(call_size(plain, registers)))


def outputs(*elements: int, inbox: int | None = None) -> tuple[OutputSpec, ...]:
    return tuple(OutputSpec(Uint(count), None if inbox is None else Uint(inbox)) for count in elements)


def deployment(registers: Sequence[RegisterSpec], methods: Sequence[Method]) -> Deploy:
    """With one circuit, for one reader, if anything is sealed."""
    sealed = any(spec.sealed for spec in registers)
    sealing = (SealingKey(Uint(1), vk_id(set_readers_size(1)), R1CS),) if sealed else ()
    code = code_hash(tuple(methods), sealing)
    return Deploy(code, tuple(registers), tuple(methods), sealing, Blob(b"abi"))


class ContractChain(SmallChain):
    """DEPLOYER has deployed `contract` with these registers and methods, and set one reader if anything is sealed."""

    def __init__(self, registers: Sequence[RegisterSpec], methods: Sequence[Method], **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.verifier = DirectVerifier(lambda key: key_bytes(self.view, key))
        self._fresh = 0
        self._register({call_size(each, registers) for each in methods} | {set_readers_size(1)})
        self.deployment = deployment(registers, methods)
        self.contract = self.deployed()

    def _register(self, sizes: set[int]) -> None:
        actions = [RegisterKey(compressed_key(size), None) for size in sorted(sizes)]
        assert self.do(DEPLOYER, *actions).code == OK
        self.pass_to(self.height + self.params.activation_delay)

    def deployed(self) -> ObjectId:
        """Another contract of the same description, ready to be called."""
        contract = object_id(account(DEPLOYER), self.nonce(DEPLOYER), 0)
        assert self.do(DEPLOYER, self.deployment).code == OK
        if self.deployment.sealing:
            assert self.send(DEPLOYER, self.set_readers(contract)).code == OK
        return contract

    def set_readers(self, contract: ObjectId, secret: int = 7) -> SetReaders:
        """The next epoch of a contract, with one reader; unproven."""
        epoch = state.require_contract(self.view, contract).epoch + 1
        x, y = public_key(secret)
        reader = SealedDataKey(replace(ephemeral(), x=FieldElement(x), y=FieldElement(y)), FieldElement(5))
        key = vk_id(set_readers_size(1))
        kc = FieldElement(KC + epoch - 1)
        return SetReaders(contract, Uint(epoch), key, kc, ephemeral(), (reader,), ProofBytes(bytes(128)))

    def fresh(self) -> FieldElement:
        """A number that nothing of this chain had."""
        self._fresh += 1
        return FieldElement(10_000 + self._fresh)

    def call(self, name: str, contract: ObjectId | None = None, **changes: object) -> Call:
        """A call that agrees with state, with any field changed; padded, unproven. Amounts are 0."""
        contract = contract or self.contract
        record = state.require_contract(self.view, contract)
        index = state.require_method(record, contract, name)
        spec = record.methods[index]
        call = replace(self._call(contract, record, spec), **changes)  # type: ignore[arg-type]
        return call if "padding" in changes else padded(call, record.sizes[index])

    def _call(self, contract: ObjectId, record: state.Contract, spec: Method) -> Call:
        sealed = spec.uses_sealed(record.registers)
        epoch = record.epoch if sealed else Uint(0)
        return Call(
            contract=contract,
            method=spec.name,
            vk_id=spec.vk_id,
            epoch=epoch,
            kc=state.require_epoch(self.view, contract, epoch).kc if sealed else None,
            caller=spec.caller,
            after=Height(1) if spec.period else Height(0),
            before=Height(MAX_UINT) if spec.period else Height(0),
            arguments=self._elements(spec.arguments),
            reads=tuple(self._read(contract, record, register) for register in spec.reads),
            moves=tuple(self._move(contract, record, register) for register in spec.writes),
            counts=tuple(state.posted(self.view, contract, register) for register in spec.counts),
            root=notes.tree_of(self.view, contract).root if spec.nullifiers else None,
            nullifiers=self._elements(spec.nullifiers),
            ephemeral=ephemeral() if spec.outputs else None,
            outputs=tuple(output(self.fresh(), each.elements) for each in spec.outputs),
            takes=(Take(NATIVE, Amount(0)),) * spec.takes,
            pays=(Pay(account(BOB), NATIVE, Amount(0)),) * spec.pays,
        )

    def _elements(self, count: int) -> tuple[FieldElement, ...]:
        return tuple(self.fresh() for _ in range(count))

    def _read(self, contract: ObjectId, record: state.Contract, index: Uint) -> Read:
        spec = record.registers[index]
        now = state.read_register(self.view, contract, index, spec)
        return Read(index, now.version, now.values, spec.sealed)

    def _move(self, contract: ObjectId, record: state.Contract, index: Uint) -> Move:
        spec = record.registers[index]
        now = state.read_register(self.view, contract, index, spec)
        after = self._elements(spec.public_length)
        if not spec.sealed:
            return Move(index, now.version, now.values, after)
        return Move(index, now.version, now.values, after, self.fresh(), self._elements(spec.ciphertext_length))

    def proven(self, envelope: Envelope) -> Envelope:
        """The envelope with a proof of what each of its calls says there, true or not."""
        actions: list[Action] = []
        for index, action in enumerate(envelope.actions):
            if isinstance(action, Call | SetReaders):
                (claim,) = action.claims(envelope, index)
                proof = trapdoor(len(claim.inputs)).prove(claim.inputs, seed=index + 1)
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

    def account_of(self, person: int) -> AccountId:
        return account(person)
