"""What a node answers about contracts is read as records, and answers that do not belong together are refused."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from chain.types.scalars import Hash, ObjectId, Uint
from client.contracts import (
    MOST_EPOCHS,
    add_epochs,
    get_contract,
    get_contract_abi,
    get_contract_history,
    get_contract_state,
)
from client.errors import AnswerRefused, NotAnRpc, TooManyEpochs
from compute.confidential.counter_calls import INCREMENT, deploy_counter
from compute.confidential.reader_changes import draft_set_readers, sealing_circuit
from compute.sandbox import Sandbox
from tests.support.contract_node import ContractNode

EPOCHS = 5


@pytest.fixture(scope="module")
def deployed() -> Iterator[tuple[Sandbox, ObjectId]]:
    """A counter with EPOCHS epochs."""
    with Sandbox() as chain:
        owner = chain.person("owner")
        sealing = {1: chain.circuit(sealing_circuit(1))}
        contract = chain.send(owner, deploy_counter(chain.circuit(INCREMENT), sealing)).created()
        for _ in range(EPOCHS):
            key = [owner.reader.public]
            chain.send(owner, draft_set_readers(chain.contract(contract), key, chain.entropy))
        yield chain, contract


@pytest.fixture
def node(deployed: tuple[Sandbox, ObjectId]) -> ContractNode:
    return ContractNode(deployed[0])


@pytest.fixture
def contract(deployed: tuple[Sandbox, ObjectId]) -> ObjectId:
    return deployed[1]


async def test_a_contract_is_read_as_it_stands(node: ContractNode, contract: ObjectId) -> None:
    view = await get_contract(node, contract)
    assert (view.contract, view.record.epoch, [each.number for each in view.epochs]) == (contract, EPOCHS, [EPOCHS])
    assert (await get_contract_state(node, contract)).registers[0].name == "count"
    assert (await get_contract_abi(node, contract)).abi == b""


async def test_its_history_has_every_epoch_however_many_answers_that_takes(
    node: ContractNode, contract: ObjectId
) -> None:
    history = await get_contract_history(node, contract)
    assert [each.number for each in history.epochs] == list(range(1, EPOCHS + 1))


OTHER = ObjectId(b"o" * 32)
LIES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "another contract": ("contract_get", lambda record: replace(record, contract=OTHER)),
    "another contract's state": ("contract_getState", lambda record: replace(record, contract=OTHER)),
    "another contract's ABI": ("contract_getAbi", lambda record: replace(record, contract=OTHER)),
    "an ABI that hashes to something else": ("contract_getAbi", lambda record: replace(record, abi_hash=Hash(OTHER))),
    "no epochs": ("contract_getEpochs", lambda record: replace(record, epochs=())),
    "epochs from another place on": (
        "contract_getEpochs",
        lambda record: replace(
            record, epochs=tuple(replace(each, number=Uint(each.number + 1)) for each in record.epochs)
        ),
    ),
}


@pytest.mark.parametrize("lie", sorted(LIES))
async def test_answers_to_another_question_are_refused(node: ContractNode, contract: ObjectId, lie: str) -> None:
    method, change = LIES[lie]
    node.alter[method] = change
    with pytest.raises(AnswerRefused):
        await get_contract_history(node, contract)
        await get_contract_state(node, contract)
        await get_contract_abi(node, contract)


async def test_answers_in_another_shape_are_no_answers(node: ContractNode, contract: ObjectId) -> None:
    for method in ("contract_get", "contract_getEpochs"):
        node.alter[method] = lambda record: {"contract": 1}
        with pytest.raises(NotAnRpc):
            await get_contract_history(node, contract)


async def test_a_made_up_number_of_epochs_is_no_endless_work(node: ContractNode, contract: ObjectId) -> None:
    """The node would answer for ever: its record says that 2^62 epochs began."""
    node.alter["contract_get"] = lambda view: replace(view, record=replace(view.record, epoch=Uint(2**62)))
    with pytest.raises(TooManyEpochs):
        await get_contract_history(node, contract)
    assert "contract_getEpochs" not in node.asked
    view = await get_contract(node, contract)
    with pytest.raises(TooManyEpochs):
        await add_epochs(node, view, range(5, 6 + MOST_EPOCHS))


async def test_epochs_are_read_as_far_as_they_are_named_and_began(node: ContractNode, contract: ObjectId) -> None:
    view = await get_contract(node, contract)
    for wanted, found in (((2, 4), [2, 3, EPOCHS]), ((4, 99), [4, EPOCHS]), ((0, 1), [EPOCHS]), ((7, 9), [EPOCHS])):
        assert [each.number for each in (await add_epochs(node, view, range(*wanted))).epochs] == found
    more = replace(view.epochs[0], number=Uint(3))
    node.alter["contract_getEpochs"] = lambda told: replace(told, epochs=(*told.epochs, more))
    assert [each.number for each in (await add_epochs(node, view, range(1, 2))).epochs] == [1, EPOCHS]
