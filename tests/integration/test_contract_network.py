"""Contracts of the language on a real node, under the sandbox's words: deployed, called, read, notes made and spent."""

import asyncio
from pathlib import Path

import pytest

from client.errors import RpcFailed
from compute.confidential.errors import NotAReader
from compute.confidential.permits import open_permit
from compute.dev_keys import DevKeys
from compute.dsl import Address, Contract, Note, Owner, Private, Sealed, Spend, contract, method, u64
from compute.sandbox import CLU, Network
from crypto.keys import SecretKey
from tests.support.one_node import one_node


class Coupon(Note):
    worth: u64


@contract
class Shop(Contract):
    """Gives coupons for tokens and takes them back."""

    sold = Sealed(u64)
    returned = Sealed(u64)

    @method
    def buy(self, worth: Private[u64], to: Private[Owner]) -> None:
        self.take(CLU)
        self.sold += worth
        self.create(Coupon(worth=worth), to)

    @method
    def give_back(self, coupon: Spend[Coupon], to: Private[Address]) -> None:
        self.pay(to, CLU)
        self.returned += coupon.worth


@pytest.mark.slow
async def test_what_works_in_a_sandbox_works_on_a_network(tmp_path: Path) -> None:
    async with one_node(tmp_path) as node:
        await asyncio.to_thread(_story, node.url, node.secret("account0"), DevKeys(tmp_path / "keys"))


def _story(url: str, bank: SecretKey, keys: DevKeys) -> None:
    with Network(url, bank, keys) as chain:
        owner, alice, auditor = (chain.person(name) for name in ("owner", "alice", "auditor"))
        shop = chain.deploy(Shop, owner, readers=[owner, alice], counts=())
        before = chain.balance(alice)
        bought = shop.buy(7, alice, sender=alice)
        assert before - chain.balance(alice) == CLU + bought.fee
        assert bought.applied and chain.height >= bought.height
        assert (shop.read(owner).sold, shop.holding()) == (7, CLU)
        with pytest.raises(NotAReader):
            _ = shop.read(auditor).sold
        shown = open_permit(shop.permit(owner, auditor), auditor.reader, chain.identity)
        assert shop.read(shown).sold == 7
        shop.buy(2, alice, sender=alice)
        coupon, other = shop.notes_of(alice)
        assert shop.notes_of(owner) == []
        shop.give_back(coupon, owner, sender=alice)
        assert (shop.read(alice).returned, shop.holding()) == (7, CLU)
        assert [note.position for note in shop.notes_of(alice)] == [other.position]
        with pytest.raises(RpcFailed, match="is spent already"):
            shop.give_back(coupon, owner, sender=alice)
        chain.mine_to(chain.height + 2)
