"""What a contract's elements mean is read from the ABI that its record names, and from no other that a node shows."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chain.types.scalars import Blob
from client.errors import AnswerRefused
from compute.confidential.reader import Opening
from compute.dsl import Contract, Public, Register, contract, method, u64
from compute.sandbox import Sandbox
from compute.sandbox.deployed import Deployed
from contracts.confidential.specs import abi_hash
from node.cli.contract_source import Entry
from node.cli.contract_types import types_of
from tests.support.contract_node import ContractNode

OPENING = Opening(1, (7,), 0)


@contract
class Shelf(Contract):
    shown = Register(u64)

    @method
    def put(self, shown: Public[u64]) -> None:
        self.shown = shown


@pytest.fixture(scope="module")
def shelf() -> Iterator[Deployed]:
    with Sandbox(prove=False) as chain:
        yield chain.deploy(Shelf, chain.person("owner"))


@pytest.fixture
def node(shelf: Deployed) -> ContractNode:
    assert isinstance(shelf.chain, Sandbox)
    return ContractNode(shelf.chain)


async def test_the_abi_of_the_record_says_what_elements_mean(node: ContractNode, shelf: Deployed) -> None:
    types = await types_of(node, Entry(shelf.id, None), shelf.view)
    assert types.register("shown", OPENING) == 7


@pytest.mark.parametrize("shown", [b"", b'{"name": "Another"}'])
async def test_another_abi_with_its_own_hash_is_refused(node: ContractNode, shelf: Deployed, shown: bytes) -> None:
    """It hashes to what the node says beside it, and not to what the record says, which validators signed."""
    abi = Blob(shown)
    node.alter["contract_getAbi"] = lambda told: replace(told, abi=abi, abi_hash=abi_hash(abi))
    with pytest.raises(AnswerRefused, match="record"):
        await types_of(node, Entry(shelf.id, None), shelf.view)
