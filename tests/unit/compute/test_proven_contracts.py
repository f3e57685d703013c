"""With trusted validators no node can make up an epoch, a reader or a public register before something is sealed."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chain.codec import from_json, to_json
from chain.state.keys import Key
from chain.types.genesis import Genesis
from chain.types.scalars import ChainId, FieldElement, ObjectId, Uint
from client.contracts import get_contract_state
from client.light.anchors import Anchors
from client.light.blocks import genesis_anchor
from client.light.client import LightClient
from client.light.errors import LightError, OtherChainId
from client.light.source import RpcSource
from client.rpc import RpcClient
from client.wallet import Wallet
from compute.confidential import proven
from compute.confidential.errors import ContractNotSigned, StateTooOld
from compute.confidential.keys import reader_key
from compute.confidential.on_chain import ContractClient, deploy_contract, register_circuits
from compute.confidential.prover import Prover
from compute.confidential.reader import open_contract
from compute.confidential.reader_changes import sealing_circuit
from compute.dev_keys import DevKeys
from compute.dsl import Contract, Private, Public, Register, Sealed, contract, method, u64
from compute.dsl.arguments import bound_arguments
from compute.dsl.caller import Caller
from compute.dsl.calls import draft_call
from compute.dsl.deployment import deploy
from compute.sandbox import Sandbox
from contracts.confidential import state
from contracts.confidential.queries import ContractView, NumberedEpoch
from examples.contracts.sealed_bid_auction.contract import SealedBidAuction
from tests.support.one_node import OneNode, one_node

Lie = Callable[[ContractView], ContractView]


@contract
class Shelf(Contract):
    count = Sealed(u64)
    shown = Register(u64)
    never = Register(u64)

    @method
    def put(self, amount: Private[u64], shown: Public[u64]) -> None:
        self.count += amount
        self.shown = shown

    @method
    def name(self, never: Public[u64]) -> None:
        self.never = never


class Liar(RpcClient):
    """A node that answers truly but for a contract's view."""

    lie: Lie | None = None

    async def call(self, method: str, /, **params: Any) -> Any:
        answer = await super().call(method, **params)
        if method == "contract_get" and self.lie is not None:
            return to_json(self.lie(from_json(ContractView, answer)))
        return answer


class Scene:
    """A shelf on a running node, called once, with its owner as its reader."""

    def __init__(self, node: OneNode, rpc: Liar, folder: Path) -> None:
        self.rpc, self.secret = rpc, node.secret("account0")
        self.genesis = node.home.load_genesis()
        self.prover = Prover(DevKeys(folder))
        self.contract = ObjectId(bytes(32))

    async def play(self) -> None:
        wallet = await Wallet.open(self.secret, self.rpc)
        keys = {each.name: self.prover.keys(each.source) for each in Shelf.compiled.methods}
        sealing = {1: self.prover.keys(sealing_circuit(1))}
        await register_circuits(wallet, [*keys.values(), *sealing.values()])
        reader = reader_key(self.secret.seed)
        action = deploy(Shelf.compiled, keys, sealing, {"shown": 5})
        self.contract, _ = await deploy_contract(wallet, self.prover, action, [reader.public])
        client = await self.client()
        given = bound_arguments(Shelf.compiled.method("put"), (3, 7), {})
        caller = Caller(account=self.secret.public, reader=reader)
        await client.send(draft_call(Shelf.compiled, await client.view(), "put", given, caller, now=await client.now()))

    async def client(self, genesis: Genesis | None = None, clock: Callable[[], float] = time.time) -> ContractClient:
        wallet = await Wallet.open(self.secret, self.rpc)
        light = LightClient(RpcSource(self.rpc), Anchors(genesis_anchor(genesis or self.genesis)))
        return ContractClient(wallet, self.prover, self.contract, light=light, clock=clock)


def another_epoch(view: ContractView) -> ContractView:
    """One more epoch, which nobody set."""
    number = Uint(view.record.epoch + 1)
    made_up = NumberedEpoch(number, replace(view.epochs[-1].epoch, kc=FieldElement(1)))
    return replace(view, record=replace(view.record, epoch=number), epochs=(*view.epochs, made_up))


def another_data_key(view: ContractView) -> ContractView:
    last = view.epochs[-1]
    return replace(view, epochs=(*view.epochs[:-1], replace(last, epoch=replace(last.epoch, kc=FieldElement(1)))))


def one_reader_more(view: ContractView) -> ContractView:
    last = view.epochs[-1]
    more = replace(last.epoch, readers=last.epoch.readers * 2)
    return replace(view, epochs=(*view.epochs[:-1], replace(last, epoch=more)))


def no_epoch(view: ContractView) -> ContractView:
    return replace(view, epochs=())


def _register(view: ContractView, index: int, values: tuple[FieldElement, ...]) -> ContractView:
    changed = replace(view.registers[index], values=values)
    return replace(view, registers=(*view.registers[:index], changed, *view.registers[index + 1 :]))


def another_public_value(view: ContractView) -> ContractView:
    return _register(view, 1, (FieldElement(8),))


def a_first_value_that_is_not(view: ContractView) -> ContractView:
    return _register(view, 2, (FieldElement(8),))


def another_method_key(view: ContractView) -> ContractView:
    first, *rest = view.record.methods
    return replace(view, record=replace(view.record, methods=(replace(first, vk_id=rest[0].vk_id), *rest)))


def never_written(view: ContractView) -> ContractView:
    """A sealed register as it once was, which opens just as well."""
    return replace(view, registers=(state.initial_register(view.record.registers[0]), *view.registers[1:]))


LIES: list[tuple[Lie, str]] = [
    (another_epoch, "record"),
    (another_data_key, "epoch 1"),
    (one_reader_more, "epoch 1"),
    (no_epoch, "epoch 1"),
    (another_public_value, "register 'shown'"),
    (a_first_value_that_is_not, "register 'never'"),
    (another_method_key, "record"),
    (never_written, "register 'count'"),
]


@pytest.mark.slow
async def test_a_node_that_lies_is_found_out_before_anything_is_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with one_node(tmp_path) as node, Liar(node.url) as rpc:
        scene = Scene(node, rpc, tmp_path / "keys")
        await scene.play()
        client = await scene.client()
        view = await client.view()
        assert open_contract(reader_key(scene.secret.seed), view)[0].values == (3,)
        assert await client.with_epochs(view, range(1, 9)) == view
        honest = await get_contract_state(rpc, scene.contract)
        assert (await client.now()).height >= honest.height
        monkeypatch.setattr(proven, "ATTEMPTS", 2)
        for lie, what in LIES:
            rpc.lie = lie
            with pytest.raises(ContractNotSigned, match=what):
                await client.view()
        rpc.lie = None
        with pytest.raises(StateTooOld):
            await (await scene.client(clock=lambda: time.time() + 31)).view()
        async with one_node(tmp_path / "other") as other:
            strange = replace(scene.genesis, chain_id=ChainId("another"))
            with pytest.raises(OtherChainId):
                await (await scene.client(strange)).view()
            with pytest.raises(LightError):
                await (await scene.client(other.home.load_genesis())).view()


def test_a_key_of_state_is_asked_for_each_thing_that_secrecy_hangs_on() -> None:
    with Sandbox(prove=False) as chain:
        owner = chain.person("owner")
        shelf = chain.deploy(Shelf, owner)
        shelf.put(3, 7, sender=owner)
        asked: list[Key] = []
        for key, expected, _ in proven._entries(shelf.view):
            assert chain.view.get(key) == expected
            asked.append(key)
        own = shelf.id
        epoch, registers = state.epoch_key(own, 1), [state.register_key(own, index) for index in (0, 1, 2)]
        assert asked == [state.contract_key(own), epoch, *registers]


def test_an_older_sealed_register_and_count_that_tell_a_losers_bid_are_found_out() -> None:
    """close() on what stood after two of three folds would show the node a loser's bid as the price."""
    with Sandbox(prove=False) as chain:
        seller, auctioneer, *bidders = (chain.person(name) for name in ("seller", "auctioneer", "a", "b", "c"))
        closes = chain.height + 10
        terms = {"seller": seller, "reserve": 1, "deposit": 1_000, "closes": closes, "expires": closes + 100}
        initial = {"terms": terms, "auctioneer": auctioneer}
        auction = chain.deploy(SealedBidAuction, auctioneer, counts=(1,), initial=initial)
        for bidder, amount in zip(bidders, (701, 333, 902), strict=True):
            auction.place(amount, bidder, sender=bidder, period=(1, closes))
        chain.mine_to(closes)
        seen = []
        for bid in auction.notes_of(auctioneer):
            auction.fold(bid, sender=auctioneer)
            seen.append(auction.view)

        def wrong(entries: Iterator[tuple[Key, bytes | None, str]]) -> list[str]:
            return [what for key, expected, what in entries if chain.view.get(key) != expected]

        assert wrong(proven._entries(seen[2])) == wrong(proven._counts(auction.now)) == []
        assert wrong(proven._entries(seen[1])) == ["register 'standing'"]
        fewer = tuple(replace(each, posted=Uint(min(each.posted, 2))) for each in auction.now.registers)
        assert wrong(proven._counts(replace(auction.now, registers=fewer))) == ["inbox of 'standing'"]
