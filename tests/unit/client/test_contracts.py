"""What a node answers about contracts is read as records, and answers that do not belong together are refused."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from chain.codec import to_json
from chain.types.scalars import Hash, ObjectId, Uint
from client.contracts import get_contract, get_contract_abi, get_contract_history, get_contract_state
from client.errors import AnswerRefused, NotAnRpc
from client.rpc import RpcClient
from compute.confidential.counter_calls import INCREMENT, deploy_counter
from compute.confidential.reader_changes import draft_set_readers, sealing_circuit
from compute.sandbox import Sandbox
from contracts.confidential.queries import contract_abi, contract_state, contract_view, epochs_view

EPOCHS = 5
PAGE = 2  # epochs of an answer here


class Node(RpcClient):
    """Answers from a sandbox's state. `alter`: what happens to the record that a method answers with."""

    def __init__(self, chain: Sandbox) -> None:
        super().__init__("memory://node")
        self._view = chain.view
        self.alter: dict[str, Callable[[Any], Any]] = {}

    async def call(self, method: str, /, **params: Any) -> Any:
        contract = params["id"]
        found: Any = {
            "contract_get": lambda: contract_view(self._view, contract),
            "contract_getState": lambda: contract_state(self._view, contract),
            "contract_getAbi": lambda: contract_abi(self._view, contract),
            "contract_getEpochs": lambda: epochs_view(self._view, contract, params["first"], PAGE),
        }[method]()
        altered = self.alter.get(method, lambda record: record)(found)
        return altered if isinstance(altered, dict) else to_json(altered)


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
def node(deployed: tuple[Sandbox, ObjectId]) -> Node:
    return Node(deployed[0])


@pytest.fixture
def contract(deployed: tuple[Sandbox, ObjectId]) -> ObjectId:
    return deployed[1]


async def test_a_contract_is_read_as_it_stands(node: Node, contract: ObjectId) -> None:
    view = await get_contract(node, contract)
    assert (view.contract, view.record.epoch, [each.number for each in view.epochs]) == (contract, EPOCHS, [EPOCHS])
    assert (await get_contract_state(node, contract)).registers[0].name == "count"
    assert (await get_contract_abi(node, contract)).abi == b""


async def test_its_history_has_every_epoch_however_many_answers_that_takes(node: Node, contract: ObjectId) -> None:
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
async def test_answers_to_another_question_are_refused(node: Node, contract: ObjectId, lie: str) -> None:
    method, change = LIES[lie]
    node.alter[method] = change
    with pytest.raises(AnswerRefused):
        await get_contract_history(node, contract)
        await get_contract_state(node, contract)
        await get_contract_abi(node, contract)


async def test_answers_in_another_shape_are_no_answers(node: Node, contract: ObjectId) -> None:
    for method in ("contract_get", "contract_getEpochs"):
        node.alter[method] = lambda record: {"contract": 1}
        with pytest.raises(NotAnRpc):
            await get_contract_history(node, contract)
