"""Calls of contracts that a shielded transfer pays: they name no account, and whoever comes too late is told."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from chain.execution import accounts
from chain.execution.action import Claim
from chain.types.receipt import OK
from chain.types.scalars import Amount, Hash, Height, ObjectId, ProofBytes, Uint, VkId
from client.errors import TransactionExpired, TransactionOvertaken
from client.light.client import LightClient
from client.notes.choice import value_of
from client.notes.errors import NotEnoughNotes
from client.wallet import ChainIdentity, Wallet
from compute.confidential import proven
from compute.confidential.errors import NamesItsCaller
from compute.confidential.keys import reader_key
from compute.confidential.nameless import overtaken, require_nameless
from compute.confidential.on_chain import ContractClient
from compute.confidential.prover import CircuitSource, Draft, Prover, complete, solve
from compute.confidential.reader import open_named
from compute.confidential.reader_changes import draft_set_readers, sealing_circuit
from compute.dev_keys import DevKeys
from compute.dsl import (
    Address,
    Contract,
    Note,
    Owner,
    Private,
    Public,
    Register,
    Sealed,
    contract,
    method,
    require,
    u32,
    u64,
)
from compute.dsl.arguments import bound_arguments
from compute.dsl.caller import Caller
from compute.dsl.calls import draft_call
from compute.dsl.deployment import deploy
from compute.sandbox import Deployed, Sandbox
from compute.shielded.payments import NoteWallet
from contracts.confidential.queries import ContractView
from contracts.registry.actions import RegisterKey
from crypto.groth16.encoding import compress_proof
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.r1cs_file import write_r1cs
from tests.support.contract_node import NOW, ContractNode, SignedNode
from tests.support.note_wallets import ALICE, BOB, OPENER, NoteRpc
from tests.support.programs import compressed_key, trapdoor, vk_id
from tests.support.small_chain import CHAIN_ID, CLU, account, secret

QUIET = 100  # blocks after which the base fee is the lowest


class Slip(Note):
    worth: u32


@contract
class Box(Contract):
    """What its readers put in, and what only its owner may do."""

    total = Sealed(u64)
    marks = Register(u32)
    owner = Register(Address)
    desk = Register(u32, mode="lease")
    slips = Register(u32, inbox=Slip)

    @method
    def put(self, amount: Private[u32]) -> None:
        self.total += amount

    @method
    def mark(self, by: Public[u32]) -> None:
        require(self.before < 1_000_000, "too late")
        self.marks += by

    @method
    def reset(self) -> None:
        require(self.caller == self.owner, "only the owner resets")
        self.marks = 0

    @method
    def buy(self, price: Public[u64]) -> None:
        self.take(price)
        self.marks += 1

    @method
    def sit(self, at: Public[u32]) -> None:
        self.desk = at

    @method
    def post(self, worth: Private[u32], to: Private[Owner]) -> None:
        self.create(Slip(worth=worth), to)

    @method
    def count(self) -> Public[u64]:
        return self.posted(Slip)


@cache
def built(source: CircuitSource) -> Circuit:
    return source.build()


@dataclass(frozen=True)
class Keyed:
    """A circuit under the trapdoor's key of its number of public inputs."""

    circuit: Circuit

    @property
    def vk_id(self) -> VkId:
        return vk_id(self.circuit.public_count)

    @property
    def r1cs_hash(self) -> bytes:
        return Hash(sha256(write_r1cs(self.circuit)).digest())


class SimulatedProver(Prover):
    """Proves what circuits allow, and nothing else, without setups."""

    def __init__(self) -> None:
        super().__init__(DevKeys(Path()))

    def prove(self, draft: Draft, claim: Claim) -> ProofBytes:
        solve(draft, claim, built(draft.circuit))
        return ProofBytes(compress_proof(trapdoor(len(claim.inputs)).prove(claim.inputs, 1)))


class WatchedRpc(NoteRpc):
    """Keeps what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, Any]] = []

    async def call(self, method: str, /, **params: Any) -> Any:
        self.asked.append((method, params))
        return await super().call(method, **params)


@dataclass
class Scene:
    """A box of Alice's, who reads it and has a note of 2 CLU; the node notes down what it is asked."""

    rpc: WatchedRpc
    alice: NoteWallet
    box: ContractClient

    async def draft(self, name: str, *given: object) -> Draft:
        now, keys = await self.box.now(), reader_key(secret(ALICE).seed)
        caller = Caller(account=account(ALICE), reader=keys)
        bound = bound_arguments(Box.compiled.method(name), given, {})
        period = (now.height + 1, now.height + 20)
        return draft_call(Box.compiled, await self.box.view(), name, bound, caller, now=now, period=period)

    async def total(self) -> int:
        return open_named(reader_key(secret(ALICE).seed), await self.box.view(), "total").values[0]

    async def held(self) -> int:
        store = await self.alice.read()
        return sum(value_of(note) for note in store.unspent(self.alice.pool.pool))


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with WatchedRpc().running() as rpc:
        assert isinstance(rpc, WatchedRpc)
        keys = {each.name: Keyed(each.circuit) for each in Box.compiled.methods}
        sealing = Keyed(built(sealing_circuit(1)))
        sizes = {each.circuit.public_count for each in (*keys.values(), sealing)}
        registered = rpc.chain.do(OPENER, *(RegisterKey(compressed_key(size), None) for size in sorted(sizes)))
        assert registered.code == OK
        rpc.pass_to(rpc.chain.height + rpc.chain.params.activation_delay)
        action = deploy(Box.compiled, keys, {1: sealing}, {"owner": account(ALICE)})
        wallet = await rpc.wallet(ALICE)
        outcome = await wallet.submit([action])
        contract_id = ObjectId(bytes.fromhex(outcome.events[0]["contract"][2:]))
        box = ContractClient(wallet, SimulatedProver(), contract_id)
        await box.send(draft_set_readers(await box.view(), [reader_key(secret(ALICE).seed).public]))
        alice = await rpc.notes(ALICE, tmp_path)
        await alice.shield(Amount(2 * CLU))
        rpc.pass_to(rpc.chain.height + QUIET)
        rpc.asked.clear()
        yield Scene(rpc, alice, box)


async def test_a_call_that_a_note_pays_names_no_account(scene: Scene) -> None:
    before = scene.rpc.chain.nonce(ALICE), accounts.balance(scene.rpc.chain.view, account(ALICE))
    outcome = await scene.box.send_nameless(scene.alice, await scene.draft("put", 5))
    transaction = scene.rpc.submitted[-1]
    assert transaction.envelope.proof_paid and "0x" + transaction.hash.hex() == outcome.hash
    assert bytes(account(ALICE)) not in transaction.raw
    asked = repr(scene.rpc.asked)
    assert "chain_getAccount" not in asked and scene.box.wallet.address not in asked  # nor was the node told
    assert (scene.rpc.chain.nonce(ALICE), accounts.balance(scene.rpc.chain.view, account(ALICE))) == before
    assert await scene.total() == 5
    fee = int((outcome.receipt or {})["fee"])
    assert await scene.held() == 2 * CLU - fee and len(str(fee).rstrip("0")) <= 2


@pytest.mark.slow
async def test_two_such_calls_look_alike(scene: Scene) -> None:
    for amount in (1, 4_000_000_000):
        await scene.box.send_nameless(scene.alice, await scene.draft("put", amount))
    first, second = scene.rpc.submitted[-2:]
    assert len(first.raw) == len(second.raw) and first.envelope.fee_limit == second.envelope.fee_limit
    assert first.sender != second.sender


@pytest.mark.slow
async def test_a_refused_call_spends_nothing(scene: Scene, tmp_path: Path) -> None:
    submitted = len(scene.rpc.submitted)
    with pytest.raises(NamesItsCaller):
        await scene.box.send_nameless(scene.alice, await scene.draft("reset"))
    bob = await scene.rpc.notes(BOB, tmp_path)
    with pytest.raises(NotEnoughNotes):
        await scene.box.send_nameless(bob, await scene.draft("put", 5))
    assert len(scene.rpc.submitted) == submitted and (await scene.alice.read()).waiting == []


@pytest.mark.slow
async def test_notes_are_put_together_before_calls(scene: Scene, tmp_path: Path) -> None:
    """Three notes cover the fee and that of putting two together; no two of them cover it."""

    async def drafts() -> list[Draft]:
        owner = scene.alice.view.incoming.address()
        return [await scene.draft(*each) for each in (("put", 1), ("mark", 1), ("count",), ("post", 1, owner))]

    await scene.box.send_nameless(scene.alice, *await drafts())
    fee = int(scene.rpc.submitted[-1].envelope.fee_limit)
    bob = await scene.rpc.notes(BOB, tmp_path)
    said: list[str] = []
    bob.say = said.append
    for _ in range(2):
        await bob.shield(Amount((fee - 1) // 2))
    await bob.shield(Amount(2))
    with pytest.raises(NotEnoughNotes):  # they cover the fee, and nothing more
        await scene.box.send_nameless(bob, *await drafts())
    assert "putting notes together" not in said
    await bob.shield(Amount((fee - 1) // 2))
    await scene.box.send_nameless(bob, *await drafts())
    together, calls = scene.rpc.submitted[-2:]
    assert "putting notes together" in said and await scene.total() == 2
    assert len(together.envelope.actions) == 1 and together.envelope.fee_limit < calls.envelope.fee_limit == fee


@pytest.mark.slow
async def test_who_comes_too_late_is_told_and_has_paid_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    draft, first = await scene.draft("put", 5), await scene.draft("put", 2)

    def somebody_else_first() -> None:
        scene.rpc._waiting.clear()  # as a proposer leaves it out
        envelope = scene.rpc.chain.envelope(ALICE, first.action)
        proven = complete(envelope, [first], SimulatedProver().prove)
        assert scene.rpc.chain.block(scene.rpc.chain.sign(ALICE, proven))[0].code == OK

    with monkeypatch.context() as patched:
        patched.setattr(scene.rpc, "block", somebody_else_first)
        with pytest.raises(TransactionOvertaken):
            await scene.box.send_nameless(scene.alice, draft)
    assert await scene.held() == 2 * CLU and await scene.total() == 2
    await scene.box.send_nameless(scene.alice, await scene.draft("put", 5))
    assert await scene.total() == 7


@pytest.mark.slow
async def test_what_nothing_overtakes_is_waited_for_until_it_expires(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgets() -> None:
        scene.rpc._waiting.clear()
        scene.rpc.chain.pass_to(scene.rpc.submitted[-1].envelope.expiry_height)

    draft = await scene.draft("put", 5)
    monkeypatch.setattr(scene.rpc, "block", forgets)
    with pytest.raises(TransactionExpired):
        await scene.box.send_nameless(scene.alice, draft)


# What needs no chain behind a node: drafts and what they are about


def standing(box: Deployed, path: Path, node: ContractNode, light: LightClient | None = None) -> ContractClient:
    wallet = Wallet(secret(1), ChainIdentity(CHAIN_ID, Hash(bytes(32)), Hash(bytes(32))), node)
    return ContractClient(wallet, Prover(DevKeys(path)), box.id, light=light, clock=lambda: NOW + 1)


@pytest.fixture
def box() -> Iterator[Deployed]:
    with Sandbox() as chain:
        owner = chain.person("owner")
        yield chain.deploy(Box, owner, initial={"owner": owner})


def drafted(box: Deployed, name: str, *given: object) -> Draft:
    return box.draft(name, *given, sender=box.owner)


@pytest.mark.parametrize(
    ("name", "given", "why"),
    [("reset", (), "asks who calls it"), ("buy", (7,), "takes tokens"), ("sit", (1,), "leases")],
)
def test_what_is_about_the_caller_is_refused(box: Deployed, name: str, given: tuple[object, ...], why: str) -> None:
    with pytest.raises(NamesItsCaller, match=why) as refused:
        require_nameless(drafted(box, name, *given), box.view)
    assert refused.value.action == name and "--fee-from account" in str(refused.value)


def test_readers_are_changed_by_an_account(box: Deployed) -> None:
    draft = draft_set_readers(box.view, [box.owner.reader.public])
    with pytest.raises(NamesItsCaller, match="owns something"):
        require_nameless(draft, box.view)


def test_what_is_about_nobody_is_not_refused(box: Deployed) -> None:
    for name, given in (("put", 5), ("mark", 5), ("buy", 0)):  # of which the last takes nothing
        assert require_nameless(drafted(box, name, given), box.view).method == name


async def test_what_overtakes_a_call(box: Deployed, tmp_path: Path) -> None:
    assert isinstance(box.chain, Sandbox)
    rpc, height = standing(box, tmp_path, ContractNode(box.chain)), 9
    put, mark, count = (
        require_nameless(drafted(box, *each), box.view) for each in (("put", 5), ("mark", 5), ("count",))
    )
    assert not await overtaken(rpc, put, mark, count)(height)
    assert not await overtaken(rpc, mark)(mark.before - 1)
    assert await overtaken(rpc, replace(put, epoch=Uint(2)))(height)  # as after a change of readers
    assert await overtaken(rpc, replace(count, counts=(Uint(1),)))(height)
    box.mark(1, sender=box.owner)
    watch = overtaken(rpc, mark)
    assert await watch(height) and not await watch(height)  # a second question at one height is none
    assert not await overtaken(rpc, put)(height)
    assert await overtaken(rpc, put, mark)(height)
    late = require_nameless(drafted(box, "mark", 6), box.view)
    assert not await overtaken(rpc, late)(late.before)  # the contract's own answer is of an earlier height
    box.chain.mine_to(late.before)
    assert await overtaken(rpc, put, late)(late.before)  # its period is over


async def test_a_node_alone_talks_nobody_into_giving_a_call_up(
    box: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proven, "ATTEMPTS", 1)
    assert isinstance(box.chain, Sandbox)
    put, mark, count = (
        require_nameless(drafted(box, *each), box.view) for each in (("put", 5), ("mark", 5), ("count",))
    )
    node = SignedNode(box.chain, box.chain.height + 1)
    trusting, checking = (standing(box, tmp_path, node, light) for light in (None, node.light))

    def moved(view: ContractView) -> ContractView:
        return replace(view, registers=tuple(replace(each, version=Uint(each.version + 1)) for each in view.registers))

    node.alter["contract_get"] = moved
    assert await overtaken(trusting, mark)(9) and not await overtaken(checking, mark)(9)
    node.alter["contract_get"] = lambda view: replace(view, record=replace(view.record, epoch=Uint(2)))
    assert await overtaken(trusting, put)(9) and not await overtaken(checking, put)(9)
    del node.alter["contract_get"]
    node.alter["contract_getState"] = lambda now: replace(
        now,
        height=Height(10**9),
        registers=tuple(replace(each, posted=Uint(each.posted + 1)) for each in now.registers),
    )
    for call, height in ((mark, mark.before), (count, 9)):
        assert await overtaken(trusting, call)(height) and not await overtaken(checking, call)(height)
    node.alter.clear()
    box.mark(1, sender=box.owner)
    assert await overtaken(standing(box, tmp_path, node, node.light), mark)(9)  # as validators signed it
    late = require_nameless(drafted(box, "mark", 6), box.view)
    node.height = Height(box.chain.height + 1)
    assert not await overtaken(standing(box, tmp_path, node, node.light), late)(late.before)  # not signed yet
    box.chain.mine_to(late.before)
    node.height = Height(box.chain.height + 1)
    assert await overtaken(standing(box, tmp_path, node, node.light), late)(late.before)
