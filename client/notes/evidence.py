"""What a chain says of a disclosed payment: the node's word, or a proof that the validators of a genesis signed."""

from typing import Any, cast

from chain.codec import decode
from chain.errors import ChainError
from chain.types.scalars import FieldElement, Height, TxHash
from chain.types.transaction import Transaction
from client.errors import AnswerRefused, NotAnRpc, RpcFailed
from client.light.client import LightClient
from client.notes.disclosure import Disclosure, outputs_of
from client.notes.errors import DisclosureFalse, NotFinal, NumberUnknown
from client.rpc import Call, RpcClient
from client.wallet import NOT_FOUND
from contracts.application import build_application
from contracts.notes.state import NoteRecord, output_key
from contracts.shielded.queries import PoolView
from contracts.shielded.state import POOL, Pool


async def final_transaction(rpc: RpcClient, hash_: TxHash) -> tuple[Transaction, Height]:
    """The transaction of a hash and the height at which it was applied, by the node's word.

    Raises NotFinal, AnswerRefused for bytes that do not hash to it, RpcFailed, Unreachable, NotAnRpc.
    """
    named = "0x" + hash_.hex()
    calls = [Call("chain_getTransaction", {"hash": named}), Call("chain_getReceipt", {"hash": named})]
    answers = await rpc.batch(calls)
    for answer in answers:
        if isinstance(answer, RpcFailed):
            raise NotFinal(named, None) if answer.name == NOT_FOUND else answer
    shown, receipt = (cast(dict[str, Any], answer) for answer in answers)
    try:
        body = receipt.get("receipt", receipt)
        code, height, raw = int(body["code"]), Height(int(receipt["height"])), bytes.fromhex(shown["raw"][2:])
        transaction = Transaction.decode(raw, build_application().unions)
    except (AttributeError, KeyError, TypeError, ValueError, ChainError) as error:
        raise NotAnRpc(rpc.url, f"a transaction was answered in an unknown shape ({error})") from error
    if transaction.hash != hash_:
        raise AnswerRefused(f"the node sent another transaction than {named}")
    if code:
        raise NotFinal(named, code)
    return transaction, height


async def transaction_of(rpc: RpcClient, height: Height, commitment: int) -> tuple[Transaction, int]:
    """The transaction of a block that made a note, and which of its outputs the note is.

    All transactions of the block are read. Raises as final_transaction, and AnswerRefused if none made it.
    """
    block = await rpc.call("chain_getBlock", height=height)
    try:
        hashes = [TxHash(bytes.fromhex(named[2:])) for named in block["transactions"]]
    except (KeyError, TypeError, ValueError) as error:
        raise NotAnRpc(rpc.url, f"a block was answered in an unknown shape ({error})") from error
    for hash_ in hashes:
        try:
            transaction, _ = await final_transaction(rpc, hash_)
        except NotFinal:
            continue  # it failed: its actions were undone
        made = [record.output.commitment for record in outputs_of(transaction)]
        if commitment in made:
            return transaction, made.index(FieldElement(commitment))
    raise AnswerRefused(f"block {height} holds no transaction that makes the note")


async def require_proven(light: LightClient, disclosure: Disclosure, transaction: Transaction) -> Height:
    """That the disclosed note stands in the chain's state, by a proof that trusted validators signed; its height.

    Raises NumberUnknown, DisclosureFalse, and what LightClient.prove raises.
    """
    if disclosure.number is None:
        raise NumberUnknown
    key = output_key(disclosure.number)
    proven = await light.prove(key)
    said = outputs_of(transaction)[disclosure.output]
    record = None if proven.value is None else decode(NoteRecord, proven.value)
    if record is None or (record.object, record.ephemeral, record.output) != (said.object, said.ephemeral, said.output):
        raise DisclosureFalse(f"the chain's note number {disclosure.number} is not the one that was disclosed")
    return record.height


async def require_pool_proven(light: LightClient, pool: PoolView) -> None:
    """That a pool stands in the chain's state under the key that was told of it.

    Raises AnswerRefused, and what LightClient.prove raises.
    """
    proven = await light.prove(POOL.key(pool.pool))
    record = None if proven.value is None else decode(Pool, proven.value)
    if record is None or record.vk_id != pool.vk_id:
        raise AnswerRefused(
            f"it shows 0x{pool.pool.hex()} as a pool under key 0x{pool.vk_id.hex()}, which the signed state does not"
        )
