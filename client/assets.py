"""Issued assets as a node tells of them, and what an account holds of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from chain.codec import from_json
from chain.types.scalars import Amount, AssetId
from client.errors import NotAnRpc
from client.rpc import RpcClient
from contracts.token.state import Asset
from crypto.errors import ClusterError

PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class AssetState:
    """An asset and all that exists of it, in units; 10**decimals of these are what people call one."""

    record: Asset
    supply: Amount


async def get_asset(rpc: RpcClient, asset: AssetId) -> AssetState:
    """Raises RpcFailed (UnknownAsset), Unreachable, NotAnRpc."""
    return _asset(rpc, await rpc.call("asset_get", id="0x" + asset.hex()))


async def list_assets(rpc: RpcClient) -> AsyncIterator[AssetState]:
    """All assets of the chain by id. Raises RpcFailed, Unreachable, NotAnRpc."""
    after: str | None = None
    more = True
    while more:
        answer = await rpc.call("asset_list", limit=PAGE, **({} if after is None else {"after": after}))
        try:
            found, more = [_asset(rpc, each) for each in answer["assets"]], answer["more"] is True
        except (KeyError, TypeError) as error:
            raise NotAnRpc(rpc.url, f"asset_list answered in an unknown shape ({error})") from error
        for each in found:
            yield each
        if found:
            after = "0x" + found[-1].record.id.hex()
        more = more and bool(found)


async def asset_balances(rpc: RpcClient, address: str) -> AsyncIterator[tuple[AssetId, Amount]]:
    """What an account holds of issued assets, by id, in units. Raises RpcFailed, Unreachable, NotAnRpc."""
    after: str | None = None
    more = True
    while more:
        answer = await rpc.call("chain_getAccount", address=address, **({} if after is None else {"after": after}))
        try:
            found = [(_id(each["asset"]), Amount(int(each["balance"]))) for each in answer["assets"]]
            more = answer["more_assets"] is True and bool(found)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise NotAnRpc(rpc.url, f"chain_getAccount answered in an unknown shape ({error})") from error
        for each in found:
            yield each
        if found:
            after = "0x" + found[-1][0].hex()


def _id(text: str) -> AssetId:
    return AssetId(bytes.fromhex(text.removeprefix("0x")))


def _asset(rpc: RpcClient, answer: Any) -> AssetState:
    try:
        record = {name: answer[name] for name in ("id", "name", "decimals", "issuer", "created_at")}
        return AssetState(from_json(Asset, record), Amount(int(answer["supply"])))
    except (KeyError, TypeError, ValueError, ClusterError) as error:
        raise NotAnRpc(rpc.url, f"an asset was answered in an unknown shape ({error})") from error
