"""What is believed of a node that proves its state: heights, epochs and ages, each as the validators signed it."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chain.types.scalars import FieldElement, Height, Uint
from client.notes.reach import Signed, signed_counts
from compute.confidential import proven
from compute.confidential.errors import ContractNotSigned, StateTooOld
from compute.confidential.on_chain import ContractClient
from compute.confidential.prover import Prover
from compute.dev_keys import DevKeys
from compute.dsl import Contract, Public, Register, Sealed, contract, method, u64
from compute.sandbox import Sandbox
from compute.sandbox.deployed import Deployed
from tests.support.contract_node import NOW, SignedNode
from tests.support.dsl_contracts import Auction

EPOCHS = 3
SIGNED = 77  # the height of the header that signs all of the state here


@contract
class Shelf(Contract):
    count = Sealed(u64)
    shown = Register(u64)

    @method
    def put(self, shown: Public[u64]) -> None:
        self.count += shown
        self.shown = shown


@contract
class Plate(Contract):
    shown = Register(u64)

    @method
    def put(self, shown: Public[u64]) -> None:
        self.shown = shown


@pytest.fixture(scope="module")
def shelf() -> Iterator[Deployed]:
    with Sandbox(prove=False) as chain:
        owner = chain.person("owner")
        deployed = chain.deploy(Shelf, owner)
        for _ in range(EPOCHS - 1):
            deployed.set_readers(owner)
        deployed.put(5, sender=owner)
        yield deployed


@pytest.fixture
def node(shelf: Deployed, monkeypatch: pytest.MonkeyPatch) -> SignedNode:
    monkeypatch.setattr(proven, "ATTEMPTS", 1)
    assert isinstance(shelf.chain, Sandbox)
    return SignedNode(shelf.chain, SIGNED)


def client(node: SignedNode, shelf: Deployed, tmp_path: Path, later: int = 1, **options: Any) -> ContractClient:
    prover = Prover(DevKeys(tmp_path))
    clock = lambda: NOW + later  # noqa: E731
    return ContractClient(node.wallet, prover, shelf.id, light=node.light, clock=clock, **options)


async def test_the_height_is_that_of_the_signed_header(node: SignedNode, shelf: Deployed, tmp_path: Path) -> None:
    """A call would otherwise be good for heights of the node's choice."""
    for told in (Height(2), Height(SIGNED), Height(10**9)):
        node.alter["contract_getState"] = partial(replace, height=told)
        assert (await client(node, shelf, tmp_path).now()).height == SIGNED


async def test_the_height_is_signed_where_nothing_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proven, "ATTEMPTS", 1)
    with Sandbox(prove=False) as chain:
        plate = chain.deploy(Plate, chain.person("owner"))
        node = SignedNode(chain, SIGNED)
        node.alter["contract_getState"] = lambda now: replace(now, height=Height(10**9), registers=())
        assert (await client(node, plate, tmp_path).now()).height == SIGNED


async def test_a_made_up_number_of_epochs_is_refused_before_one_is_asked_for(
    node: SignedNode, shelf: Deployed, tmp_path: Path
) -> None:
    node.alter["contract_get"] = lambda view: replace(view, record=replace(view.record, epoch=Uint(2**62)))
    with pytest.raises(ContractNotSigned):
        await client(node, shelf, tmp_path).view()
    assert "contract_getEpochs" not in node.asked


async def test_former_epochs_count_as_they_were_signed(node: SignedNode, shelf: Deployed, tmp_path: Path) -> None:
    asking = client(node, shelf, tmp_path)
    view = await asking.view()
    history = await asking.with_epochs(view, range(1, EPOCHS + 1))
    assert [each.number for each in history.epochs] == [1, 2, EPOCHS]
    node.alter["contract_getEpochs"] = lambda told: replace(
        told, epochs=tuple(replace(each, epoch=replace(each.epoch, kc=FieldElement(1))) for each in told.epochs)
    )
    with pytest.raises(ContractNotSigned, match="epoch 1"):
        await asking.with_epochs(view, range(1, 2))


async def test_the_oldest_state_is_what_one_allows(node: SignedNode, shelf: Deployed, tmp_path: Path) -> None:
    for later, options in ((30, {}), (5, {"oldest_ms": 5_000}), (3_600, {"oldest_ms": 3_600_000})):
        await client(node, shelf, tmp_path, later, **options).view()
        await client(node, shelf, tmp_path, later, **options).now()
        with pytest.raises(StateTooOld) as refusal:
            await client(node, shelf, tmp_path, later + 1, **options).view()
        assert (refusal.value.seconds, refusal.value.limit) == (later + 1, later)
        with pytest.raises(StateTooOld):
            await client(node, shelf, tmp_path, later + 1, **options).now()


async def test_how_many_notes_there_are_is_signed() -> None:
    with Sandbox(prove=False) as chain:
        seller = chain.person("seller")
        deployed = chain.deploy(Auction, seller, initial={"seller": seller, "closes": 20})
        assert await signed_counts(SignedNode(chain, SIGNED).light) == Signed(Height(SIGNED - 1), 0, 0)
        deployed.place(5, sender=chain.person("alice"), period=(chain.height + 1, 19))
        assert await signed_counts(SignedNode(chain, SIGNED).light) == Signed(Height(SIGNED - 1), 1, 0)
