"""What a node answers about confidential contracts, as the schemas say."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chain.codec import from_json
from chain.execution import accounts
from chain.state.overlay import Overlay
from chain.types.scalars import NATIVE, Amount, AssetId, Uint
from contracts.confidential.call import Take
from contracts.confidential.errors import UnknownContract
from contracts.confidential.lease_actions import Lease
from contracts.confidential.lease_state import LEASE_HEIGHTS
from contracts.confidential.queries import MAX_ASSETS, ContractAbi, ContractState, ContractView
from contracts.confidential.specs import INBOX, LEASE, PUBLIC, abi_hash
from contracts.notes import state as notes
from node.parts import Node
from node.rpc.contract_methods import ContractMethods
from node.rpc.errors import InvalidParams
from node.rpc.method import MethodTable
from node.rpc.results import result_schemas
from tests.support.contract_calls import method, outputs, register
from tests.support.contract_chain import ALICE, BOB, ContractChain
from tests.support.json_schema import faults
from tests.support.small_chain import account

REGISTERS = (
    register("secret", values=2),
    register("turns", PUBLIC, LEASE),
    register("bids", PUBLIC, INBOX, initial=(9,)),
)
METHODS = (
    method("add", REGISTERS, writes=(Uint(0),)),
    method("bid", REGISTERS, outputs=outputs(2, inbox=2), takes=Uint(1)),
)


@pytest.fixture(scope="module")
def chain() -> ContractChain:
    """A contract with a written register, a lease, two notes in its inbox and some money."""
    chain = ContractChain(REGISTERS, METHODS)
    chain.send(ALICE, chain.call("add"))
    for amount in (30, 12):
        chain.send(BOB, chain.call("bid", takes=(Take(NATIVE, Amount(amount)),)))
    chain.do(BOB, Lease(chain.contract, Uint(1)))
    return chain


async def ask(chain: ContractChain, name: str, **params: Any) -> Any:
    """The answer, which fits its schema."""
    node = cast(Node, SimpleNamespace(ledger=SimpleNamespace(view=chain.view)))
    found = MethodTable(ContractMethods(node).table()).find(name)
    answer = await found.handler(**found.bind({"id": "0x" + chain.contract.hex(), **params}))
    assert list(faults(dict(result_schemas()[name]), answer)) == []
    return json.loads(json.dumps(answer))


async def test_a_contract_is_answered_whole(chain: ContractChain) -> None:
    view = from_json(ContractView, await ask(chain, "contract_get"))
    assert (view.record.registers, view.record.methods) == (REGISTERS, METHODS)
    assert [each % 256 for each in view.record.sizes] == [0, 0]
    assert [register.version for register in view.registers] == [1, 0, 0]
    assert len(view.registers[0].ciphertext) == 3 and view.registers[2].values == (9,)


async def test_what_changes_of_a_contract_is_answered_by_itself(chain: ContractChain) -> None:
    state = from_json(ContractState, await ask(chain, "contract_getState"))
    assert (state.contract, state.height, state.epoch, state.holding) == (chain.contract, chain.height, 1, 42)
    assert (state.assets, state.more_assets) == ((), False)
    assert state.note_root == notes.tree_of(chain.view, chain.contract).root
    assert [each.name for each in state.registers] == ["secret", "turns", "bids"]
    assert [each.register for each in state.registers] == [chain.register_now(index) for index in range(3)]
    assert ([each.posted for each in state.registers], state.notes) == ([0, 0, 2], 2)
    secret, turns, bids = (each.lease for each in state.registers)
    assert turns is not None and (turns.holder, turns.until) == (account(BOB), chain.height + LEASE_HEIGHTS)
    assert secret is None and bids is None


async def test_a_lease_that_ran_out_is_not_answered(chain: ContractChain) -> None:
    later = ContractChain(REGISTERS, METHODS)
    later.do(BOB, Lease(later.contract, Uint(1)))
    later.pass_to(later.height + LEASE_HEIGHTS)
    assert (await ask(later, "contract_getState"))["registers"][1]["lease"] is None


async def test_assets_that_a_contract_holds_are_answered_up_to_64(chain: ContractChain) -> None:
    rich = ContractChain(REGISTERS, METHODS)
    for count in (MAX_ASSETS, MAX_ASSETS + 1):
        overlay = Overlay(rich.view)
        for number in range(count):
            accounts.add_to_holding(overlay, rich.contract, Amount(1), AssetId(bytes(31) + bytes([number + 1])))
        rich.store.apply(overlay.changes())
        state = from_json(ContractState, await ask(rich, "contract_getState"))
        assert (len(state.assets), state.more_assets) == (MAX_ASSETS, count > MAX_ASSETS)
        assert (state.assets[0].asset[31], state.assets[0].amount) == (1, 1 if count == MAX_ASSETS else 2)


async def test_the_abi_comes_with_the_hashes_to_check_it_by(chain: ContractChain) -> None:
    answer = from_json(ContractAbi, await ask(chain, "contract_getAbi"))
    assert (answer.abi, answer.abi_hash) == (chain.deployment.abi, abi_hash(chain.deployment.abi))
    assert answer.code_hash == chain.deployment.code_hash
    assert answer.fixed_readers is chain.deployment.fixed_readers


async def test_epochs_are_answered_by_ranges(chain: ContractChain) -> None:
    answer = await ask(chain, "contract_getEpochs")
    assert [each["number"] for each in answer["epochs"]] == [answer["newest"]] == [1]
    with pytest.raises(InvalidParams):
        await ask(chain, "contract_getEpochs", count=65)


@pytest.mark.parametrize("name", ["contract_get", "contract_getState", "contract_getAbi", "contract_getEpochs"])
async def test_an_unknown_contract_is_told_so(chain: ContractChain, name: str) -> None:
    with pytest.raises(UnknownContract):
        await ask(chain, name, id="0x" + bytes(32).hex())
