"""`cluster contract read --transaction` shows what that transaction wrote, and of no other that a node sends."""

from pathlib import Path
from typing import Any

import pytest

from client.errors import AnswerRefused
from compute.confidential.on_chain import ContractClient
from compute.confidential.prover import Prover
from compute.dev_keys import DevKeys
from compute.dsl import Contract, Public, Register, Sealed, contract, method, u64
from compute.sandbox import Sandbox
from node.cli.contract_read import _written
from node.cli.contract_types import ClassTypes
from tests.support.contract_node import SignedNode


@contract
class Shelf(Contract):
    count = Sealed(u64)
    shown = Register(u64)

    @method
    def put(self, shown: Public[u64]) -> None:
        self.count += shown
        self.shown = shown


class Sender(SignedNode):
    """Sends `raw`, whatever transaction it is asked for."""

    raw: bytes

    async def call(self, method: str, /, **params: Any) -> Any:
        return (
            {"raw": "0x" + self.raw.hex()} if method == "chain_getTransaction" else await super().call(method, **params)
        )


async def test_another_transaction_than_the_named_one_is_refused(tmp_path: Path) -> None:
    with Sandbox(prove=False) as chain:
        owner = chain.person("owner")
        shelf = chain.deploy(Shelf, owner)
        first, second = shelf.put(3, sender=owner).transaction, shelf.put(4, sender=owner).transaction
        shelf.set_readers(owner)  # the present epoch is another one than theirs
        node, types = Sender(chain, 50), ClassTypes(Shelf.compiled)
        client = ContractClient(node.wallet, Prover(DevKeys(tmp_path)), shelf.id)
        node.raw = first.raw
        name = "0x" + first.hash.hex()
        seen = await _written(client, name, types, owner.reader, shelf.view)
        assert [(each.name, each.value, each.epoch) for each in seen] == [("count", 3, 1), ("shown", 3, 1)]
        node.raw = second.raw
        with pytest.raises(AnswerRefused, match="another transaction"):
            await _written(client, name, types, owner.reader, shelf.view)
