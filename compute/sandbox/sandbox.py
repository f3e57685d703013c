"""A chain of one's own for a test: no network, no consensus, no waiting; the rules and circuits are the real ones.

    with Sandbox() as chain:
        owner, alice = chain.person("owner"), chain.person("alice")
        counter = chain.deploy(Counter, owner, readers=[owner, alice])
        sent = counter.increment(5, sender=alice)
        assert counter.read(owner).count == 5
        assert sent.fee < 2_000_000
        chain.mine(10)

Whatever breaks a rule of the chain raises that rule's error, as a node's answer would name it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Final, Self

from chain.execution import accounts
from chain.execution.action import Action, Event
from chain.params import DEVNET, Params
from chain.state.keys import account as account_key
from chain.state.view import View
from chain.types.genesis import Genesis, GenesisAccount, GenesisValidator
from chain.types.scalars import (
    NATIVE,
    Amount,
    AssetId,
    Blob,
    ChainId,
    FieldElement,
    Height,
    Name,
    Nonce,
    ObjectId,
    Power,
    Timestamp,
    Uint,
    ValidatorId,
    VkId,
    VrfKey,
)
from chain.types.transaction import FROM_PROOF, Envelope, FeeSource, Transaction
from chain.types.validators import Validator
from client.wallet import ChainIdentity
from compute.confidential.prover import CircuitSource, Draft, complete
from compute.confidential.reader_changes import draft_first_readers, sealing_circuit
from compute.dev_keys import DevKeys, KeyedCircuit
from compute.dsl.contract import Contract
from compute.dsl.deployment import deploy
from compute.sandbox.deployed import Deployed, initial_values
from compute.sandbox.errors import SandboxClosed
from compute.sandbox.evidence import Evidence, Proofs, Witnesses
from compute.sandbox.local_chain import LocalChain, Snapshot
from compute.sandbox.people import Person, person
from compute.sandbox.sent import Sent
from compute.sandbox.verifiers import DirectVerifier, WitnessVerifier
from contracts.confidential.queries import (
    MAX_EPOCHS,
    ContractState,
    ContractView,
    contract_state,
    contract_view,
    epochs_view,
)
from contracts.notes import state as notes
from contracts.notes.state import NoteRecord
from contracts.registry import state as registry
from contracts.registry.actions import RegisterKey
from contracts.token.actions import Transfer
from contracts.token.asset_actions import CreateAsset, SendAsset

CLU: Final = 10**9
FUNDS: Final = Amount(1_000 * CLU)
CHAIN_ID: Final = ChainId("sandbox")

_FAUCET: Final = person("faucet")
_FAUCET_FUNDS: Final = Amount(10**18)
_GENESIS_TIME: Final = Timestamp(1_700_000_000_000)

Step = Action | Draft


class Sandbox:
    """One chain. Without `prove` circuits are solved and checked and nothing is proven, which takes milliseconds."""

    def __init__(self, *, prove: bool = False, keys: DevKeys | Path | None = None, params: Params = DEVNET) -> None:
        """prove: real setups and proofs, a second or more each. keys: where setups are kept and found again; without
        such a place they last as long as the sandbox.
        """
        self._people: dict[str, tuple[Person, int]] = {}
        self.assets: tuple[AssetId, ...] = ()
        self._entropy = 0
        self._folder: TemporaryDirectory[str] | None = None
        self._evidence: Evidence | None
        verifier: DirectVerifier | WitnessVerifier
        if prove:
            self._evidence = Proofs(keys if isinstance(keys, DevKeys) else DevKeys(keys or self._own_folder()))
            verifier = DirectVerifier(lambda vk_id: registry.key_bytes(self.view, vk_id))
        else:
            verifier = WitnessVerifier()
            self._evidence = Witnesses(verifier)
        self.local = LocalChain(_genesis(params), verifier)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._evidence = None
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def keys_folder(self) -> Path | None:
        """Where setups lie that last as long as the sandbox; None when it makes none or was told another place."""
        return None if self._folder is None else Path(self._folder.name)

    def _own_folder(self) -> Path:
        self._folder = TemporaryDirectory(prefix="cluster-sandbox-")
        return Path(self._folder.name)

    # Time

    @property
    def height(self) -> Height:
        """Of the last block."""
        return self.local.height

    @property
    def time(self) -> Timestamp:
        """Of the next block, in milliseconds."""
        return self.local.next_block.time

    def mine(self, blocks: int = 1) -> tuple[Event, ...]:
        """So many empty blocks: expiries and block ends happen. The events of the last block's end."""
        self.local.pass_to(self.height + blocks)
        return self.local.closing_events

    def mine_to(self, height: int) -> None:
        """Empty blocks until `height` is the last one. Raises Backwards."""
        self.local.pass_to(height)

    def save(self) -> Snapshot:
        """Everything on the chain, to be restored later, any number of times."""
        return self.local.save()

    def restore(self, snapshot: Snapshot) -> None:
        """The chain as it was. Raises AnotherSandbox."""
        self.local.restore(snapshot)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """What happens inside is undone at its end, also after an error."""
        with self.local.snapshot() as taken:
            yield taken

    # People and money

    def person(self, name: str, funds: int = FUNDS) -> Person:
        """The account of that name; it is given `funds` nano-CLU when it is first asked for."""
        known, given = self._people.setdefault(name, (person(name), funds))
        if given and self.view.get(account_key(known.id)) is None:  # new, or from before what was restored
            self.fund(known, given)
        return known

    @property
    def people(self) -> list[Person]:
        """Everybody who was named, in order."""
        return [known for known, _ in self._people.values()]

    def fund(self, receiver: Person, amount: int) -> None:
        """Give nano-CLU to an account, out of nowhere that a test would count. Raises InsufficientBalance."""
        with self.local.amended() as overlay:
            accounts.transfer(overlay, _FAUCET.id, receiver.id, Amount(amount))

    def pay(self, payer: Person, receiver: Person, amount: int) -> Sent:
        """One account pays another in nano-CLU. Raises as `send`."""
        return self.send(payer, Transfer(receiver.id, Amount(amount)))

    def create_asset(self, owner: Person, name: str, supply: int, decimals: int = 0) -> AssetId:
        """A new asset, all of which goes to its owner; no more of it ever exists. Raises as `send`."""
        made = self.send(owner, CreateAsset(Name(name), Uint(decimals), Amount(supply))).created()
        self.assets = (*self.assets, AssetId(made))
        return AssetId(made)

    def send_asset(self, payer: Person, receiver: Person, asset: AssetId, amount: int) -> Sent:
        """Units of an asset go from one account to another. Raises as `send`."""
        return self.send(payer, SendAsset(asset, receiver.id, Amount(amount)))

    def balance(self, holder: Person, asset: AssetId = NATIVE) -> Amount:
        """What an account can spend."""
        return accounts.balance(self.view, holder.id, asset)

    def holding(self, contract: ObjectId, asset: AssetId = NATIVE) -> Amount:
        """What a contract, or another object, holds."""
        return accounts.holding(self.view, contract, asset)

    # Transactions

    @property
    def view(self) -> View:
        """Committed state, for whatever the sandbox has no word for."""
        return self.local.view

    @property
    def identity(self) -> ChainIdentity:
        """What signatures and permits of this chain name."""
        return ChainIdentity(self.local.chain.chain_id, self.local.chain.genesis_hash, self.local.next_block.fork.id)

    def note_records(self) -> list[NoteRecord]:
        """Every note that was ever made on the chain, in order."""
        found = (notes.find_output(self.view, number) for number in range(notes.counts(self.view).outputs))
        return [record for record in found if record is not None]

    def is_spent(self, contract: ObjectId, nullifier: FieldElement) -> bool:
        """Whether a nullifier of a contract's was published."""
        return notes.is_spent(self.view, contract, nullifier)

    def entropy(self, count: int) -> bytes:
        """Random bytes for drafts, the same ones in every run of a test."""
        out = b""
        while len(out) < count:
            self._entropy += 1
            out += sha256(b"sandbox" + self._entropy.to_bytes(8, "big")).digest()
        return out[:count]

    def transaction(self, sender: Person, *steps: Step, tip: int = 0) -> Transaction:
        """A signed transaction of actions and of drafts, each shown to be true; several work together or not at all.

        Raises what showing raises: StatementFalse, Unsatisfied, ValueRefused.
        """
        actions = [step.action if isinstance(step, Draft) else step for step in steps]
        envelope = self.shown(self.local.envelope_of(sender.id, *actions, tip=tip), *steps)
        return self.local.signed(sender.secret, envelope)

    def proof_paid(self, signer: Person, *steps: Step, tip: int = 0) -> Transaction:
        """A signed transaction whose fee the first step's proof offers: it reads and writes no account of the signer.

        Raises as `transaction`.
        """
        actions = [step.action if isinstance(step, Draft) else step for step in steps]
        envelope = replace(
            self.local.envelope_of(signer.id, *actions, tip=tip),
            fee_source=FeeSource(FROM_PROOF, signer.id),
            nonce=Nonce(0),
            fee_limit=actions[0].fee_offer(),
        )
        return self.local.signed(signer.secret, self.shown(envelope, *steps))

    def send(self, sender: Person, *steps: Step, tip: int = 0) -> Sent:
        """One transaction in a block of its own, after the checks of a node that admits it.

        Raises the error of the rule that an action breaks, and as `transaction`.
        """
        transaction = self.transaction(sender, *steps, tip=tip)
        self.local.judge(transaction)
        return self.block(transaction)[0]

    def block(self, *transactions: Transaction) -> list[Sent]:
        """One block of these. A rule that fails only now makes a receipt: the fee is paid, nothing else happened.

        Raises InvalidTransaction or FalseEvidence for what may stand in no block.
        """
        receipts = self.local.block(*transactions)
        return [
            Sent(transaction, receipt, self.height) for transaction, receipt in zip(transactions, receipts, strict=True)
        ]

    def shown(self, envelope: Envelope, *steps: Step) -> Envelope:
        """The envelope of these steps, with every draft shown to be true in its place. Raises as `transaction`."""
        drafts = [step for step in steps if isinstance(step, Draft)]
        return complete(envelope, drafts, self._open_evidence.show) if drafts else envelope

    @property
    def _open_evidence(self) -> Evidence:
        if self._evidence is None:
            raise SandboxClosed
        return self._evidence

    # Contracts

    def circuit(self, source: CircuitSource) -> KeyedCircuit:
        """The circuit under its key, registered and active. Raises SandboxClosed, and what a setup raises."""
        evidence = self._open_evidence
        circuit = evidence.circuit(source)
        if registry.find_key(self.view, circuit.vk_id) is None:
            if isinstance(evidence, Proofs):
                self.send(_FAUCET, RegisterKey(Blob(evidence.compressed(source)), None))
                self.mine(self.local.params.activation_delay)
            elif isinstance(evidence, Witnesses):
                self._enter(circuit.vk_id, evidence.circuit(source).circuit.public_count)
        return circuit

    def _enter(self, vk_id: VkId, public_inputs: int) -> None:
        """Write a key's record by hand: there is no verifying key whose bytes could be registered."""
        record = registry.KeyRecord(vk_id, _FAUCET.id, Uint(public_inputs), None, self.height, self.height, None)
        with self.local.amended() as overlay:
            registry.write_key(overlay, record)

    def register(self, contract: type[Contract], *, counts: Sequence[int] = (1, 2)) -> None:
        """What `deploy` does first, where a test wants it done before: keys of all circuits are registered and active.

        counts: of readers that it can ever have. Raises as `circuit`.
        """
        for source in (*(method.source for method in contract.compiled.methods), *map(sealing_circuit, counts)):
            self.circuit(source)

    def deploy(
        self,
        contract: type[Contract],
        owner: Person,
        *,
        readers: Sequence[Person] = (),
        counts: Sequence[int] = (1, 2),
        initial: Mapping[str, object] | None = None,
        fixed_readers: bool = False,
    ) -> Deployed:
        """A contract of the language, and its first readers, if it seals anything: the owner, unless others are named.

        counts: of readers that it can ever have, beside the number of the first ones; initial: first contents of public
        registers; fixed_readers: that its readers stay those for ever, also where its class does not ask for that.
        Raises as compute.dsl.deployment.deploy, draft_first_readers, Sandbox.send.
        """
        compiled = contract.compiled
        sealed = any(each.sealed for each in compiled.declaration.registers)
        first = list(readers) or [owner]
        keys = {method.name: self.circuit(method.source) for method in compiled.methods}
        sealing = {count: self.circuit(sealing_circuit(count)) for count in {*counts, len(first)} if sealed}
        given = initial_values(compiled, initial or {})
        action = deploy(compiled, keys, sealing, given, fixed_readers=fixed_readers)
        steps: list[Step] = [action]
        if sealed:
            contract_id = self.local.envelope_of(owner.id, action).object_id(0)
            points = [reader.reader.public for reader in first]
            steps.append(draft_first_readers(contract_id, action, points, self.entropy))
        return Deployed(self, compiled, self.send(owner, *steps).created(), owner)

    def contract(self, contract: ObjectId) -> ContractView:
        """What a node would answer about a contract, with all its epochs. Raises UnknownContract."""
        view = contract_view(self.view, contract)
        for first in range(1, view.record.epoch + 1, MAX_EPOCHS):
            view = view.with_epochs(epochs_view(self.view, contract, first, MAX_EPOCHS).epochs)
        return view

    def contract_state(self, contract: ObjectId) -> ContractState:
        """Its inboxes, leases, notes and holding. Raises UnknownContract."""
        return contract_state(self.view, contract)


def _genesis(params: Params) -> Genesis:
    """One validator, and the account that everybody's funds come from."""
    operator = person("operator")
    key = operator.secret.public
    validator = GenesisValidator(Validator(ValidatorId(key), VrfKey(key), Power(10)), operator.id, Name("validator-0"))
    funded = (GenesisAccount(_FAUCET.id, _FAUCET_FUNDS), GenesisAccount(operator.id, FUNDS))
    return Genesis(CHAIN_ID, _GENESIS_TIME, params, (validator,), funded, ())
