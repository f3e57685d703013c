"""A network that runs, with the sandbox's words: what works in a test works there, and takes as long as blocks do.

    with Network("http://127.0.0.1:8645", faucet, DevKeys(folder)) as chain:
        owner, alice = chain.person("owner"), chain.person("alice")
        counter = chain.deploy(Counter, owner, readers=[owner, alice])
        counter.increment(5, sender=alice)          # proven here, and final when this returns

For examples and trials: people's keys are drawn afresh, and live no longer than this object. Whoever keeps keys uses
`cluster contract`, or compute/confidential/on_chain.py.
"""

import asyncio
import os
from collections.abc import Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from chain.codec import from_json
from chain.types.receipt import Receipt
from chain.types.scalars import NATIVE, Amount, AssetId, FieldElement, Height, ObjectId
from client.contracts import get_contract_history, get_contract_state
from client.notes.pages import note_page, nullifier_page
from client.results import Outcome, chain_status
from client.rpc import RpcClient
from client.wallet import POLL_SECONDS, ChainIdentity, Wallet
from compute.confidential.on_chain import deploy_contract, register_circuits
from compute.confidential.prover import CircuitSource, Draft, Prover, complete
from compute.confidential.reader_changes import sealing_circuit
from compute.dev_keys import CircuitKeys, DevKeys
from compute.dsl.contract import Contract
from compute.dsl.deployment import deploy
from compute.sandbox.deployed import Deployed, initial_values
from compute.sandbox.errors import SandboxClosed
from compute.sandbox.people import Person
from compute.sandbox.sandbox import Step
from compute.sandbox.sent import Sent
from contracts.application import build_application
from contracts.confidential.queries import ContractState, ContractView
from contracts.notes.state import NoteRecord
from contracts.token.actions import Transfer
from crypto.keys import SEED_BYTES, SecretKey

FUNDS: Final = Amount(100 * 10**9)
KEYS: Final = ("code", "fee", "work", "events")  # of a receipt among what a node answers

T = TypeVar("T")


class Network:
    """One network behind one node. Whatever a node refuses raises RpcFailed, with the name and code of the rule."""

    def __init__(self, url: str, bank: SecretKey, keys: DevKeys) -> None:
        """bank: pays people what they begin with. keys: where setups of circuits are kept and found again."""
        self._url, self._bank, self._prover = url, bank, Prover(keys)
        self._runner: asyncio.Runner | None = None
        self._people: dict[str, Person] = {}
        self._wallets: dict[bytes, Wallet] = {}
        self.assets: tuple[AssetId, ...] = ()

    def __enter__(self) -> Self:
        """Raises Unreachable, NotAnRpc."""
        self._runner = asyncio.Runner()
        self._rpc = RpcClient(self._url)
        try:
            self._wallet(self._bank)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        self._run(self._rpc.close())
        if self._runner is not None:
            self._runner.close()
        self._runner = None

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        if self._runner is None:
            coroutine.close()
            raise SandboxClosed
        return self._runner.run(coroutine)

    # Time, people, money

    @property
    def height(self) -> Height:
        """Of the last block."""
        return self._run(chain_status(self._rpc)).height

    def mine_to(self, height: int) -> None:
        """Wait until there is a block of that height."""
        self._run(self._wait(height))

    async def _wait(self, height: int) -> None:
        while True:
            if (await chain_status(self._rpc)).height >= height:
                return
            await asyncio.sleep(POLL_SECONDS)

    def person(self, name: str, funds: int = FUNDS) -> Person:
        """An account of the bank's making, called so; it is given `funds` nano-CLU when it is first asked for."""
        if name not in self._people:
            self._people[name] = made = Person(name, SecretKey(os.urandom(SEED_BYTES)))
            if funds:
                self._run(self._wallet(self._bank).submit([Transfer(made.id, Amount(funds))]))
        return self._people[name]

    @property
    def people(self) -> list[Person]:
        """Everybody who was named, in order."""
        return list(self._people.values())

    def balance(self, holder: Person) -> Amount:
        """What an account can spend, in nano-CLU."""
        return self._run(self._wallet(holder.secret).balance())

    def holding(self, contract: ObjectId, asset: AssetId = NATIVE) -> Amount:
        """What a contract holds, of the first 64 assets that it has."""
        state = self.contract_state(contract)
        other = {held.asset: held.amount for held in state.assets}
        return state.holding if asset == NATIVE else other.get(asset, Amount(0))

    def _wallet(self, secret: SecretKey) -> Wallet:
        if secret.public not in self._wallets:
            self._wallets[secret.public] = self._run(Wallet.open(secret, self._rpc))
        return self._wallets[secret.public]

    # Transactions

    @property
    def identity(self) -> ChainIdentity:
        """What signatures and permits of this chain name."""
        return self._wallet(self._bank).identity

    def entropy(self, count: int) -> bytes:
        """Random bytes for drafts."""
        return os.urandom(count)

    def send(self, sender: Person, *steps: Step) -> Sent:
        """One transaction of actions and of drafts, proven, submitted and final. Raises as ContractClient.send."""
        return self._run(self._send(self._wallet(sender.secret), steps))

    async def _send(self, wallet: Wallet, steps: Sequence[Step]) -> Sent:
        drafts = [step for step in steps if isinstance(step, Draft)]
        envelope = await wallet.prepare([step.action if isinstance(step, Draft) else step for step in steps])
        transaction = wallet.sign_envelope(complete(envelope, drafts, self._prover.prove))
        outcome = await wallet.submit_signed(transaction)
        return Sent(transaction, _receipt(outcome), outcome.height or Height(0))

    # Contracts

    def circuit(self, source: CircuitSource) -> CircuitKeys:
        """The circuit's keys, made if this machine has none, registered and active when this returns."""
        keys = self._prover.keys(source)
        self._run(register_circuits(self._wallet(self._bank), [keys]))
        return keys

    def register(self, contract: type[Contract], *, counts: Sequence[int] = (1, 2)) -> None:
        """Keys for a contract's circuits, made if this machine has none, registered and active when this returns.

        counts: of readers that it can ever have.
        """
        self._run(register_circuits(self._wallet(self._bank), self._circuits(contract, counts), lambda text: None))

    def _circuits(self, contract: type[Contract], counts: Sequence[int]) -> list[CircuitKeys]:
        sources = [*(method.source for method in contract.compiled.methods), *map(sealing_circuit, counts)]
        return [self._prover.keys(source) for source in sources]

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
        """A contract and its first readers, as Sandbox.deploy."""
        compiled = contract.compiled
        sealed = any(each.sealed for each in compiled.declaration.registers)
        first = list(readers) or [owner]
        made = sorted({*counts, len(first)}) if sealed else []
        self.register(contract, counts=made)
        keys = {method.name: self._prover.keys(method.source) for method in compiled.methods}
        sealing = {count: self._prover.keys(sealing_circuit(count)) for count in made}
        given = initial_values(compiled, initial or {})
        action = deploy(compiled, keys, sealing, given, fixed_readers=fixed_readers)
        points = [reader.reader.public for reader in first] if sealed else []
        contract_id, _ = self._run(deploy_contract(self._wallet(owner.secret), self._prover, action, points))
        return Deployed(self, compiled, contract_id, owner)

    def contract(self, contract: ObjectId) -> ContractView:
        """What the node answers about a contract, with all its epochs."""
        return self._run(get_contract_history(self._rpc, contract))

    def contract_state(self, contract: ObjectId) -> ContractState:
        """Its inboxes, leases, notes and holding."""
        return self._run(get_contract_state(self._rpc, contract))

    def note_records(self) -> list[NoteRecord]:
        """Every note that was ever made on the chain, in order."""
        return self._run(self._notes())

    async def _notes(self) -> list[NoteRecord]:
        records: list[NoteRecord] = []
        while True:
            page = await note_page(self._rpc, len(records))
            records += page.records(range(len(page.encoded)))
            if len(records) >= page.total:
                return records

    def is_spent(self, contract: ObjectId, nullifier: FieldElement) -> bool:
        """Whether a nullifier of a contract's was published. All are read: the node learns of none."""
        return (contract, nullifier) in self._run(self._nullifiers())

    async def _nullifiers(self) -> set[tuple[ObjectId, FieldElement]]:
        found: set[tuple[ObjectId, FieldElement]] = set()
        read = 0
        while True:
            page = await nullifier_page(self._rpc, read)
            found |= {(each.object, each.nullifier) for each in page.nullifiers}
            read += len(page.nullifiers)
            if read >= page.total:
                return found


def _receipt(outcome: Outcome) -> Receipt:
    """The receipt as the chain has it."""
    shown = outcome.receipt or {}
    return from_json(Receipt, {name: shown[name] for name in KEYS}, unions=build_application().unions)
