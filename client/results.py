"""Answers of a node as typed records, where a client computes with them."""

from dataclasses import dataclass
from typing import Any

from chain.codec import from_json
from chain.params import Params
from chain.types.scalars import Amount, ChainId, Hash, Height, Nonce
from client.errors import NotAnRpc
from client.rpc import RpcClient
from crypto.errors import ClusterError


@dataclass(frozen=True, slots=True)
class ChainStatus:
    """chain_status: who the chain is, where its head stands, what a unit of work costs now."""

    chain_id: ChainId
    genesis_hash: Hash
    fork_id: Hash
    height: Height
    base_fee: Amount  # nano-CLU per work unit
    params: Params


@dataclass(frozen=True, slots=True)
class AccountState:
    """chain_getAccount: nano-CLU, the nonce in state, and the next one after what waits at the node."""

    balance: Amount
    nonce: Nonce
    next_nonce: Nonce


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a submitted transaction. height, index and receipt are None while it is only admitted."""

    hash: str
    height: Height | None = None
    index: int | None = None
    receipt: dict[str, Any] | None = None

    @property
    def events(self) -> list[dict[str, Any]]:
        """The receipt's events, in order; none before finality."""
        return [] if self.receipt is None else list(self.receipt["events"])


async def chain_status(rpc: RpcClient) -> ChainStatus:
    """Raises RpcFailed, Unreachable, NotAnRpc."""
    answer = await rpc.call("chain_status")
    try:
        return ChainStatus(
            ChainId(answer["chain_id"]),
            Hash(bytes.fromhex(answer["genesis_hash"][2:])),
            Hash(bytes.fromhex(answer["fork_id"][2:])),
            Height(answer["height"]),
            Amount(int(answer["base_fee"])),
            from_json(Params, answer["params"]),
        )
    except (KeyError, TypeError, ValueError, ClusterError) as error:
        raise NotAnRpc(rpc.url, f"chain_status answered in an unknown shape ({error})") from error


async def account_state(rpc: RpcClient, address: str) -> AccountState:
    """Raises RpcFailed, Unreachable, NotAnRpc."""
    answer = await rpc.call("chain_getAccount", address=address)
    try:
        return AccountState(
            Amount(int(answer["balance"])), Nonce(int(answer["nonce"])), Nonce(int(answer["next_nonce"]))
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NotAnRpc(rpc.url, f"chain_getAccount answered in an unknown shape ({error})") from error
