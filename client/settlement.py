"""The proof that settled a task, verified by whoever asked: a node's word is not taken for it.

The public inputs are rebuilt from the settling transaction, as every validator builds them; the key's bytes must hash
to the id that the task names. Source: protocol.md, "Statements".
"""

from collections.abc import Iterator

from chain.execution.action import Claim
from chain.execution.verifier import FalseEvidence
from chain.types.scalars import TxHash
from chain.types.transaction import Transaction, transaction_hash
from client.errors import AnswerRefused
from client.rpc import RpcClient
from contracts.application import build_application
from contracts.tasks.actions import Settle, SettleUnbound
from contracts.tasks.state import Result, Task
from crypto.errors import CryptoError
from crypto.groth16 import PreparedKey, verify
from crypto.groth16.encoding import decompress_key, key_id


async def check_settlement(rpc: RpcClient, task: Task) -> TxHash:
    """Verify the proof behind a settled task's result; the hash of the transaction that carries it.

    Raises AnswerRefused where the node shows no such transaction or key, or the proof is of something else;
    FalseEvidence where it does not verify; RpcFailed, Unreachable.
    """
    if task.result is None:
        raise AnswerRefused("the task has no result")
    block = await rpc.call("chain_getBlock", height=task.result.height)
    unions = build_application().unions
    for named in block["transactions"]:
        answer = await rpc.call("chain_getTransaction", hash=named)
        transaction = Transaction.decode(bytes.fromhex(str(answer["raw"])[2:]), unions)
        for claim in _claims(transaction, task, task.result):
            await _verify(rpc, claim, task)
            return TxHash(transaction_hash(transaction.raw))
    raise AnswerRefused(f"block {task.result.height} holds no transaction that settles the task with this result")


def _claims(transaction: Transaction, task: Task, result: Result) -> Iterator[Claim]:
    """What the transaction must prove, if it is the one that settled the task."""
    envelope = transaction.envelope
    for index, action in enumerate(envelope.actions):
        if not isinstance(action, Settle | SettleUnbound) or action.task != task.id:
            continue
        said = (envelope.sender, action.vk_id, action.input_commitment, action.outputs)
        if said == (result.provider, task.vk_id, task.terms.input_commitment, result.outputs):
            yield from action.claims(envelope, index)


async def _verify(rpc: RpcClient, claim: Claim, task: Task) -> None:
    answer = await rpc.call("registry_getKey", id=task.vk_id)
    compressed = bytes.fromhex(str(answer["key"])[2:])
    if bytes(key_id(compressed)) != bytes(task.vk_id):
        raise AnswerRefused("the verifying key's bytes are not those that the task names")
    try:
        verify(PreparedKey(decompress_key(compressed)), claim.evidence, claim.inputs)
    except CryptoError as error:
        raise FalseEvidence(claim, f"{error}.") from error
