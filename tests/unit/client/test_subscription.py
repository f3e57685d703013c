"""News from a real node, and again after it was away."""

import asyncio
import time
from pathlib import Path

import pytest

from chain.types.scalars import AccountId, Amount
from client.errors import RpcFailed
from client.rpc import RpcClient
from client.subscription import socket_url, subscribe
from client.wallet import Wallet
from contracts.token.actions import Transfer
from node.app import App
from node.devnet.files import Plan, create_single
from tests.support.devnet_scene import free_base_port
from tests.support.one_node import BLOCK_TIME_MS, one_node


def test_the_socket_stands_beside_the_rpc() -> None:
    assert socket_url("http://127.0.0.1:8645") == "ws://127.0.0.1:8645/ws"
    assert socket_url("https://node.example/") == "wss://node.example/ws"


async def test_blocks_come_in_order(tmp_path: Path) -> None:
    heights, gaps = [], []
    async with one_node(tmp_path) as node:
        async for news in subscribe(node.url, "blocks"):
            heights.append(news.data["header"]["height"])
            gaps.append(news.gap)
            if len(heights) == 4:
                break
    assert heights == list(range(heights[0], heights[0] + 4))
    assert gaps == [True, False, False, False]


async def test_a_transaction_is_heard_of_when_admitted_and_when_final(tmp_path: Path) -> None:
    async with one_node(tmp_path) as node, RpcClient(node.url) as rpc:
        news = subscribe(node.url, "transactions")
        first = asyncio.ensure_future(anext(news))
        wallet = await Wallet.open(node.secret("account0"), rpc)
        while not first.done():
            outcome = await wallet.submit([Transfer(AccountId(b"\1" * 32), Amount(1))])
        heard = [await first, await anext(news)]
        assert {piece.data["status"] for piece in heard} <= {"admitted", "final"}
        assert outcome.hash.startswith("0x")
        await news.aclose()


async def test_an_unknown_topic_is_refused(tmp_path: Path) -> None:
    async with one_node(tmp_path) as node:
        with pytest.raises(RpcFailed) as refused:
            await anext(subscribe(node.url, "weather"))
    assert refused.value.name == "InvalidParams"


async def test_a_node_that_comes_back_is_heard_again_with_a_gap(tmp_path: Path) -> None:
    plan = Plan(1, "test-chain", BLOCK_TIME_MS, free_base_port(2))
    home = create_single(tmp_path / "node", plan, time.time_ns() // 1_000_000, None)
    news = subscribe(f"http://127.0.0.1:{plan.rpc_port(0)}", "blocks")
    heard = []
    for _ in range(2):
        running = asyncio.create_task(App(home).run())
        heard.append(await anext(news))
        heard.append(await anext(news))
        running.cancel()
        await asyncio.wait({running})
    while not heard[-1].gap and len(heard) < 4:
        heard.append(await anext(news))
    await news.aclose()
    assert [piece.gap for piece in heard].count(True) >= 2
    heights = [piece.data["header"]["height"] for piece in heard]
    assert heights == sorted(set(heights))
