"""Two people with a contract of the language and a shielded pool, behind any node: readers are set, calls made, notes
given and accepted, money shielded, sent privately, unshielded. Everything that they must hide is remembered.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from chain.execution.action import Claim
from chain.types.scalars import AccountId, Amount, ObjectId, ProofBytes
from client.notes.address import Address
from client.notes.content import ContractNote
from client.notes.keys import SpendingKey, spending_key
from client.notes.pages import list_pools
from client.notes.store import open_store
from client.notes.sync import read_chain
from client.rpc import RpcClient
from client.wallet import Wallet
from compute.confidential.keys import ReaderKey, reader_key
from compute.confidential.on_chain import ContractClient, deploy_contract, register_circuits
from compute.confidential.prover import CircuitSource, Draft, Prover
from compute.confidential.reader import open_named
from compute.confidential.reader_changes import draft_set_readers, sealing_circuit
from compute.dev_keys import CircuitKeys, DevKeys
from compute.dsl.caller import Caller, WalletNote
from compute.dsl.calls import draft_call
from compute.dsl.compiled import Compiled
from compute.dsl.deployment import deploy
from compute.dsl.reading import register_value
from compute.shielded.payments import NoteWallet
from compute.shielded.pool_prover import PoolProver
from compute.shielded.prover import TRANSFER
from contracts.shielded.actions import Open
from contracts.shielded.queries import PoolView
from crypto.keys import SecretKey
from tests.support.hidden_values import Hidden
from tests.support.savings import Savings

Entropy = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is private in a run, beside keys and randomness. Both deposits fit 64 bits and cover what is given."""

    deposits: tuple[int, int]
    words: tuple[int, int, int]
    given: int
    sent: int  # nano-CLU, at most what is shielded less fees and what is unshielded
    memo: bytes  # at most 62 bytes


class Listening(Prover):
    """Proves as another prover does, and remembers the witness."""

    def __init__(self, prover: Prover, hidden: Hidden) -> None:
        self._prover, self._hidden = prover, hidden

    def keys(self, source: CircuitSource) -> CircuitKeys:
        return self._prover.keys(source)

    def prove(self, draft: Draft, claim: Claim) -> ProofBytes:
        self._hidden.learn(draft, self.keys(draft.circuit).circuit)
        return self._prover.prove(draft, claim)


class ListeningAtPool(PoolProver):
    """The same for a pool's transfers."""

    def __init__(self, prover: Prover, pool: PoolView) -> None:
        super().__init__(DevKeys(Path()), pool)
        self._prover = prover

    def require(self) -> None:
        """The prover has made the pool's key."""

    def prove(self, draft: Draft, claim: Claim) -> ProofBytes:
        return self._prover.prove(draft, claim)


@dataclass(frozen=True, slots=True)
class Person:
    """An account with all keys that follow from its own."""

    name: str
    wallet: Wallet
    secret: SecretKey = field(repr=False)

    @property
    def reader(self) -> ReaderKey:
        return reader_key(self.secret.seed)

    @property
    def spending(self) -> SpendingKey:
        return spending_key(self.secret.seed)

    @property
    def private_address(self) -> Address:
        return self.spending.full_view().incoming.address()


class PrivateLife:
    """One run. folder: of the note stores; compiled: the class Savings, as it is or without sealing."""

    SHIELDED = Amount(900 * 10**9)
    UNSHIELDED = Amount(7 * 10**9)

    def __init__(
        self,
        rpc: RpcClient,
        prover: Prover,
        folder: Path,
        drawn: Drawn,
        entropy: Entropy,
        compiled: Compiled = Savings.compiled,
    ) -> None:
        self.hidden, self.compiled = Hidden(), compiled
        self._rpc, self._folder, self._drawn, self._entropy = rpc, folder, drawn, entropy
        self._prover = Listening(prover, self.hidden)
        self.contract = ObjectId(bytes(32))
        self.owner: Person
        self.friend: Person

    async def live(self, owner: SecretKey, friend: SecretKey, *, with_pool: bool = True) -> None:
        """All of it, from nothing."""
        self.owner, self.friend = [
            Person(name, await Wallet.open(secret, self._rpc), secret)
            for name, secret in (("owner", owner), ("friend", friend))
        ]
        for person in (self.owner, self.friend):
            self.hidden.learn_person(person.name, person.secret, person.spending, person.reader)
        self.hidden.learn_receiver(self.friend.name, self.friend.private_address)
        await self._use_contract()
        if with_pool:
            self.hidden.learn_receiver(self.owner.name, self.owner.private_address)
            await self._use_pool()

    async def _use_contract(self) -> None:
        drawn, owner, friend = self._drawn, self.owner, self.friend
        await self._deploy()
        await self._set_readers(owner)
        await self.call(owner, "deposit", amount=drawn.deposits[0], word=drawn.words[0])
        await self._set_readers(owner, friend)
        await self.call(owner, "deposit", amount=drawn.deposits[1], word=drawn.words[1])
        await self.call(owner, "give", amount=drawn.given, word=drawn.words[2], to=friend.private_address)
        (gift,) = await self._notes(friend)
        await self.call(friend, "accept", gift=gift)

    async def _deploy(self) -> None:
        keys = {method.name: self._prover.keys(method.source) for method in self.compiled.methods}
        sealing = {count: self._prover.keys(sealing_circuit(count)) for count in (1, 2)}
        await register_circuits(self.owner.wallet, [*keys.values(), *sealing.values()])
        action = deploy(self.compiled, keys, sealing)
        self.contract, _ = await deploy_contract(self.owner.wallet, self._prover, action)

    async def _set_readers(self, *readers: Person) -> None:
        client = self._client(self.owner)
        keys = [reader.reader.public for reader in readers]
        await client.send(draft_set_readers(await client.view(), keys, self._entropy))

    async def call(self, person: Person, method: str, **given: object) -> None:
        """One call, final."""
        client = self._client(person)
        caller = Caller(person.wallet.account, person.reader, person.spending)
        view, now = await client.view(), await client.now()
        await client.send(
            draft_call(self.compiled, view, method, given, caller, now=now, entropy=self._entropy),
        )

    async def read(self, person: Person, register: str) -> object:
        """What a register holds, as a reader sees it."""
        declared = next(each for each in self.compiled.declaration.registers if each.name == register)
        return register_value(declared, open_named(person.reader, await self._client(person).view(), register))

    def _client(self, person: Person) -> ContractClient:
        return ContractClient(person.wallet, self._prover, self.contract)

    async def _notes(self, person: Person) -> list[WalletNote]:
        view, identity = person.spending.full_view(), person.wallet.identity
        store = open_store(self._folder / "contract", view, identity.chain_id, identity.genesis_hash)
        await read_chain(self._rpc, store, view)
        tree = store.trees[self.contract]
        return [
            WalletNote(note.content, int(note.address), int(note.position), tree.witness(note.position))
            for note in store.unspent(self.contract)
            if isinstance(note.content, ContractNote)
        ]

    async def _use_pool(self) -> None:
        drawn = self._drawn
        keys = self._prover.keys(TRANSFER)
        await register_circuits(self.owner.wallet, [keys])
        await self.owner.wallet.submit([Open(keys.vk_id)])
        owner, friend = [await self._note_wallet(person) for person in (self.owner, self.friend)]
        await owner.shield(self.SHIELDED)
        await owner.send(self.friend.private_address, Amount(drawn.sent), memo=drawn.memo)
        await friend.unshield(AccountId(self.owner.wallet.account), self.UNSHIELDED)

    async def _note_wallet(self, person: Person) -> NoteWallet:
        prover = ListeningAtPool(self._prover, (await list_pools(self._rpc))[0])
        return NoteWallet(person.wallet, person.spending, prover, self._folder / "pool", self._entropy)
