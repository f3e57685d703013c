"""What a node answers about confidential contracts, as the chain's own records."""

from typing import Final, TypeVar

from chain.codec import from_json
from chain.errors import ChainError
from chain.types.scalars import ObjectId
from client.errors import AnswerRefused, NotAnRpc, TooManyEpochs
from client.rpc import RpcClient
from contracts.confidential.queries import ContractAbi, ContractState, ContractView, EpochsView, NumberedEpoch
from contracts.confidential.specs import abi_hash

T = TypeVar("T")

MOST_EPOCHS: Final = 2**16  # that are read at once: 1,024 answers of a node


async def get_contract(rpc: RpcClient, contract: ObjectId) -> ContractView:
    """A contract as it stands, with the epochs that its registers are under.

    Raises RpcFailed (UnknownContract), AnswerRefused, Unreachable, NotAnRpc.
    """
    view = _record(rpc, ContractView, await rpc.call("contract_get", id=contract))
    if view.contract != contract:
        raise AnswerRefused(f"contract 0x{contract.hex()} was asked for, and 0x{view.contract.hex()} shown")
    return view


async def get_contract_history(rpc: RpcClient, contract: ObjectId) -> ContractView:
    """A contract as it stands, with all its epochs. Raises as get_contract and add_epochs."""
    view = await get_contract(rpc, contract)
    return await add_epochs(rpc, view, range(1, view.record.epoch + 1))


async def add_epochs(rpc: RpcClient, view: ContractView, numbers: range) -> ContractView:
    """The same contract with further epochs (step 1), as far as its record says that they began.

    The record should be one that is believed: a node that makes up its number of epochs can make up epochs without end.
    Raises TooManyEpochs, AnswerRefused, RpcFailed, Unreachable, NotAnRpc.
    """
    wanted, last = max(numbers.start, 1), min(numbers.stop - 1, view.record.epoch)
    if last - wanted >= MOST_EPOCHS:
        raise TooManyEpochs(last - wanted + 1, MOST_EPOCHS)
    found: list[NumberedEpoch] = []
    while wanted <= last:
        answer = _record(rpc, EpochsView, await rpc.call("contract_getEpochs", id=view.contract, first=wanted))
        shown = [numbered.number for numbered in answer.epochs]
        if not shown or shown != list(range(wanted, wanted + len(shown))):
            raise AnswerRefused(f"epochs from {wanted} on were asked for, and {shown} shown")
        found += answer.epochs[: last - wanted + 1]
        wanted += len(shown)
    return view.with_epochs(tuple(found))


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
