"""Is it still the chain that was read? The block at the last height that a store was read to says so, by its id.

A block's id covers all blocks before it, so a chain that was put back and grew again has another one there. It is the
node's word: a node that lies about it shows a wallet nothing worse than a node that lies about notes.
"""

from dataclasses import dataclass

from chain.codec import from_json, wire
from chain.errors import ChainError
from chain.types.block import Header
from chain.types.scalars import BlockId, Height
from client.errors import NotAnRpc, RpcFailed
from client.notes.errors import ChainPutBack
from client.rpc import RpcClient
from client.wallet import NOT_FOUND


@wire()
@dataclass(frozen=True, slots=True)
class Anchor:
    """The last block that was read, by height and id."""

    height: Height
    block: BlockId


async def anchor_at(rpc: RpcClient, height: Height) -> Anchor | None:
    """The node's block at a height; None at height 0, which has none.

    Raises RpcFailed (NotFound), Unreachable, NotAnRpc.
    """
    if not height:
        return None
    answer = await rpc.call("chain_getBlock", height=height)
    try:
        header = from_json(Header, answer["header"])
    except (KeyError, TypeError, ChainError) as error:
        raise NotAnRpc(rpc.url, f"a block was answered in an unknown shape ({error})") from error
    if header.height != height:
        raise NotAnRpc(rpc.url, f"the block at height {height} was asked for, and that at {header.height} shown")
    return Anchor(height, header.id())


async def require_same_chain(rpc: RpcClient, anchor: Anchor | None) -> None:
    """That the node's chain still has the block that was read last.

    Raises ChainPutBack if it has another one there or none, RpcFailed, Unreachable, NotAnRpc.
    """
    if anchor is None:
        return
    try:
        found = await anchor_at(rpc, anchor.height)
    except RpcFailed as failed:
        if failed.name != NOT_FOUND:
            raise
        found = None
    if found != anchor:
        raise ChainPutBack(anchor.height, found is None)
