"""What a node answers about confidential contracts, as the chain's own records."""

from typing import TypeVar

from chain.codec import from_json
from chain.errors import ChainError
from chain.types.scalars import ObjectId
from client.errors import AnswerRefused, NotAnRpc
from client.rpc import RpcClient
from contracts.confidential.queries import ContractAbi, ContractState, ContractView, EpochsView
from contracts.confidential.specs import abi_hash

T = TypeVar("T")


async def get_contract(rpc: RpcClient, contract: ObjectId) -> ContractView:
    """A contract as it stands, with the epochs that its registers are under.

    Raises RpcFailed (UnknownContract), AnswerRefused, Unreachable, NotAnRpc.
    """
    view = _record(rpc, ContractView, await rpc.call("contract_get", id=contract))
    if view.contract != contract:
        raise AnswerRefused(f"contract 0x{contract.hex()} was asked for, and 0x{view.contract.hex()} shown")
    return view


async def get_contract_history(rpc: RpcClient, contract: ObjectId) -> ContractView:
    """A contract as it stands, with all its epochs. Raises as get_contract."""
    view = await get_contract(rpc, contract)
    wanted = 1
    while wanted <= view.record.epoch:
        answer = _record(rpc, EpochsView, await rpc.call("contract_getEpochs", id=contract, first=wanted))
        numbers = [numbered.number for numbered in answer.epochs]
        if not numbers or numbers != list(range(wanted, wanted + len(numbers))):
            raise AnswerRefused(f"epochs from {wanted} on were asked for, and {numbers} shown")
        view = view.with_epochs(answer.epochs)
        wanted += len(numbers)
    return view


async def get_contract_state(rpc: RpcClient, contract: ObjectId) -> ContractState:
    """What changes of a contract between two calls: inboxes, leases, notes, holding. Raises as get_contract."""
    state = _record(rpc, ContractState, await rpc.call("contract_getState", id=contract))
    if state.contract != contract:
        raise AnswerRefused(f"contract 0x{contract.hex()} was asked for, and 0x{state.contract.hex()} shown")
    return state


async def get_contract_abi(rpc: RpcClient, contract: ObjectId) -> ContractAbi:
    """The ABI that a contract was deployed with. Raises as get_contract."""
    abi = _record(rpc, ContractAbi, await rpc.call("contract_getAbi", id=contract))
    if abi.contract != contract or abi_hash(abi.abi) != abi.abi_hash:
        raise AnswerRefused(f"the ABI does not hash to what contract 0x{contract.hex()} was deployed with")
    return abi


def _record(rpc: RpcClient, cls: type[T], answer: object) -> T:
    try:
        return from_json(cls, answer)
    except ChainError as error:
        raise NotAnRpc(rpc.url, f"a {cls.__name__} came in another shape ({error})") from error
