"""The proof that settled a task, verified by whoever asked: a node's word is not taken for it.

Whoever asked says what was asked; the program is hashed, the public inputs are rebuilt from the settling transaction as
every validator builds them, and the verifying key's bytes must hash to the id that the program covers. Which block has
the transaction, and the price, stay the node's word; client/light.py proves state. Source: protocol.md, "Statements".
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from chain.errors import ChainError
from chain.execution.action import Claim
from chain.execution.verifier import FalseEvidence
from chain.types.scalars import FieldElement, ObjectId, ProgramId, TxHash, VkId
from chain.types.transaction import Transaction
from client.errors import AnswerRefused
from client.market import ProgramState, get_program
from client.rpc import RpcClient
from contracts.application import build_application
from contracts.tasks.actions import Settle, SettleUnbound
from contracts.tasks.state import Result, Task
from crypto.errors import CryptoError
from crypto.groth16 import PreparedKey, verify
from crypto.groth16.encoding import decompress_key, key_id


@dataclass(frozen=True, slots=True)
class Asked:
    """What a requester knows of its task without any node."""

    task: ObjectId
    program: ProgramId
    input_commitment: FieldElement


@dataclass(frozen=True, slots=True)
class Settlement:
    """A task whose result is what was proven, the program that it was proven of, and the transaction with the proof."""

    task: Task
    program: ProgramState
    transaction: TxHash


async def check_settlement(rpc: RpcClient, asked: Asked, task: Task) -> Settlement:
    """Verify the proof behind the result of `task`, which a node showed, against what was asked.

    Raises AnswerRefused where task, program, transaction or key are not what was asked, or malformed; FalseEvidence
    where the proof does not verify; RpcFailed, Unreachable, NotAnRpc.
    """
    shown = Asked(task.id, task.terms.program, task.terms.input_commitment)
    if shown != asked:
        raise AnswerRefused("the task shown is not the one that was asked: other id, program or input")
    if task.result is None or task.lock is None:
        raise AnswerRefused("the task has no result")
    program = await get_program(rpc, asked.program)
    transaction, action, claim = await _settling(rpc, asked, task.result, program)
    _verify(await _key(rpc, program.record.vk_id), claim)
    result = replace(task.result, outputs=action.outputs, provider=transaction.sender)
    return Settlement(replace(task, result=result), program, transaction.hash)


async def _settling(
    rpc: RpcClient, asked: Asked, result: Result, program: ProgramState
) -> tuple[Transaction, Settle | SettleUnbound, Claim]:
    """The transaction that settled the task, its action and what that must prove. Raises AnswerRefused."""
    unions = build_application().unions
    block = await rpc.call("chain_getBlock", height=result.height)
    hashes = _member(block, "transactions")
    if not isinstance(hashes, list):
        raise AnswerRefused("a block came without a list of transactions")
    for named in hashes:
        raw = _bytes(await rpc.call("chain_getTransaction", hash=named), "raw")
        try:
            transaction = Transaction.decode(raw, unions)
        except ChainError as error:
            raise AnswerRefused(f"a transaction came that is none ({error})") from error
        for action, claim in _claims(transaction, asked, program):
            if (transaction.sender, action.outputs) == (result.provider, result.outputs):
                return transaction, action, claim
    raise AnswerRefused(f"block {result.height} holds no transaction that settles the task with this result")


def _claims(
    transaction: Transaction, asked: Asked, program: ProgramState
) -> Iterator[tuple[Settle | SettleUnbound, Claim]]:
    """Actions that settle what was asked, as the program's key is to be read, each with what it must prove."""
    record = program.record
    kind = Settle if record.bound else SettleUnbound
    wanted = (asked.task, record.vk_id, asked.input_commitment, record.model, record.outputs)
    for index, action in enumerate(transaction.envelope.actions):
        if not isinstance(action, kind):
            continue
        if (action.task, action.vk_id, action.input_commitment, action.model, len(action.outputs)) == wanted:
            yield from ((action, claim) for claim in action.claims(transaction.envelope, index))


async def _key(rpc: RpcClient, vk_id: VkId) -> bytes:
    """The compressed verifying key, whose bytes hash to its id. Raises AnswerRefused."""
    compressed = _bytes(await rpc.call("registry_getKey", id=vk_id), "key")
    if bytes(key_id(compressed)) != bytes(vk_id):
        raise AnswerRefused("the verifying key's bytes are not those that the program names")
    return compressed


def _verify(compressed: bytes, claim: Claim) -> None:
    """Raises FalseEvidence."""
    try:
        verify(PreparedKey(decompress_key(compressed)), claim.evidence, claim.inputs)
    except CryptoError as error:
        raise FalseEvidence(claim, f"{error}.") from error


def _member(answer: object, name: str) -> Any:
    if not isinstance(answer, dict) or name not in answer:
        raise AnswerRefused(f"an answer came without its member {name!r}")
    return answer[name]


def _bytes(answer: object, name: str) -> bytes:
    try:
        return bytes.fromhex(str(_member(answer, name)).removeprefix("0x"))
    except ValueError as error:
        raise AnswerRefused(f"member {name!r} of an answer is not hex") from error
