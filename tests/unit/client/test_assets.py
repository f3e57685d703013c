"""Assets as clients read them: page after page, and nothing that a node may say otherwise."""

from typing import Any

import pytest

from chain.types.scalars import NATIVE, Amount, AssetId, Name, Uint
from client import assets
from client.assets import asset_balances, get_asset, list_assets
from client.errors import NotAnRpc, RpcFailed
from contracts.token.asset_actions import CreateAsset
from crypto.address import encode_address
from tests.support.chain_rpc import ChainRpc
from tests.support.small_chain import account


def chain_with_assets(count: int) -> tuple[ChainRpc, dict[AssetId, int]]:
    """Person 1 holds so many assets, of 1, 2, 3 ... units."""
    rpc, held = ChainRpc(), {}
    for number in range(1, count + 1):
        chain = rpc.chain
        envelope = chain.envelope(1, CreateAsset(Name("gold"), Uint(2), Amount(number)))
        chain.block(chain.sign(1, envelope))
        held[AssetId(envelope.object_id(0))] = number
    return rpc, dict(sorted(held.items()))


async def test_an_asset_is_read_with_its_supply() -> None:
    rpc, held = chain_with_assets(1)
    (asset,) = held
    found = await get_asset(rpc, asset)
    assert (found.record.id, found.record.name, found.record.decimals, found.supply) == (asset, "gold", 2, 1)
    assert found.record.issuer == account(1)
    for unknown in (NATIVE, AssetId(b"\x01" * 32)):
        with pytest.raises(RpcFailed) as refused:
            await get_asset(rpc, unknown)
        assert refused.value.name == "UnknownAsset"


@pytest.mark.parametrize("count", [0, 1, 2, 5])
async def test_lists_are_read_to_their_end(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "PAGE", 2)
    rpc, held = chain_with_assets(count)
    assert [(each.record.id, each.supply) async for each in list_assets(rpc)] == list(held.items())
    assert [each async for each in asset_balances(rpc, encode_address(account(1)))] == list(held.items())
    assert [each async for each in asset_balances(rpc, encode_address(account(2)))] == []


@pytest.mark.parametrize(
    "answer",
    [None, {}, {"assets": [{}], "more": False}, {"assets": 5, "more_assets": True}, {"assets": [{"asset": 7}]}],
)
async def test_other_answers_are_refused(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def call(_method: str, /, **_params: Any) -> Any:
        return answer

    rpc = ChainRpc()
    monkeypatch.setattr(rpc, "call", call)
    with pytest.raises(NotAnRpc):
        await get_asset(rpc, NATIVE)
    with pytest.raises(NotAnRpc):
        [each async for each in list_assets(rpc)]
    with pytest.raises(NotAnRpc):
        [each async for each in asset_balances(rpc, encode_address(account(1)))]


async def test_a_node_that_says_more_and_shows_nothing_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def call(_method: str, /, **_params: Any) -> Any:
        return {"assets": [], "more": True, "more_assets": True}

    rpc = ChainRpc()
    monkeypatch.setattr(rpc, "call", call)
    assert [each async for each in list_assets(rpc)] == []
    assert [each async for each in asset_balances(rpc, encode_address(account(1)))] == []
