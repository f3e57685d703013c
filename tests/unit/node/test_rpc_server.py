"""The server on a real socket: HTTP, WebSocket, subscriptions, and what keeps one client from hurting others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from chain.types.scalars import Amount
from client.rpc import RpcClient
from client.wallet import Wallet
from contracts.token.actions import Transfer
from tests.support.one_node import OneNode, one_node
from tests.support.open_task import opened_task, prepare
from tests.support.rpc_sockets import Socket, another_server

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OneNode]:
    async with one_node(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def ws(node: OneNode) -> AsyncIterator[Socket]:
    async with aiohttp.ClientSession() as session, session.ws_connect(node.url + "/ws") as inner:
        yield Socket(inner)


@asynccontextmanager
async def wallet_of(node: OneNode, name: str) -> AsyncIterator[Wallet]:
    async with RpcClient(node.url) as rpc:
        yield await Wallet.open(node.secret(name), rpc)


# HTTP


async def test_a_node_that_makes_blocks_is_live_and_ready(node: OneNode) -> None:
    async with aiohttp.ClientSession() as session:
        for path, name in (("live", "live"), ("ready", "ready")):
            async with session.get(f"{node.url}/health/{path}") as response:
                answer = await response.json()
            assert response.status == 200 and answer[name] is True
            assert answer["height"] >= 1


async def test_a_node_that_is_not_ready_says_why_with_503(node: OneNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node.app.node.pulse, "stopping", True)
    async with aiohttp.ClientSession() as session, session.get(f"{node.url}/health/ready") as response:
        assert response.status == 503
        assert (await response.json())["reasons"] == ["the node is stopping"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("PUT", "/", 405), ("POST", "/ws", 405)]
)
async def test_other_paths_and_verbs_are_not_served(node: OneNode, method: str, path: str, status: int) -> None:
    async with aiohttp.ClientSession() as session, session.request(method, node.url + path, data=b"{}") as response:
        assert response.status == status


async def test_a_get_at_ws_without_an_upgrade_is_refused(node: OneNode) -> None:
    async with aiohttp.ClientSession() as session, session.get(node.url + "/ws") as response:
        assert response.status == 400


async def test_health_answers_while_a_long_read_is_under_way(node: OneNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that goes through many blocks runs in a thread."""
    ledger = node.app.node.ledger
    release = asyncio.Event()
    loop = asyncio.get_running_loop()
    slow = type(ledger.database).receipts

    def blocking(self: Any, height: Any) -> Any:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(20)
        return slow(self, height)

    monkeypatch.setattr(type(ledger.database), "receipts", blocking)
    async with aiohttp.ClientSession() as session:
        events = {"jsonrpc": "2.0", "id": 1, "method": "chain_getEvents", "params": [0, 0]}
        reading = asyncio.create_task(session.post(node.url, json=events))
        async with session.get(node.url + "/health/live") as response:
            assert response.status == 200
        assert not reading.done()
        release.set()
        async with await reading as response:
            assert "result" in await response.json()


# WebSocket


async def test_single_batch_and_notification_over_websocket(ws: Socket) -> None:
    assert "result" in await ws.call("chain_status")
    batch = [{"jsonrpc": "2.0", "id": index, "method": "mempool_status"} for index in range(3)]
    assert [entry["id"] for entry in await ws.answer(batch)] == [0, 1, 2]
    await ws.send({"jsonrpc": "2.0", "method": "mempool_status"})
    assert (await ws.call("net_info"))["result"]["protocol_version"] == 1
    assert (await ws.answer("{"))["error"]["code"] == -32700


async def test_bytes_are_taken_as_text(ws: Socket) -> None:
    await ws.inner.send_bytes(b'{"jsonrpc": "2.0", "id": 4, "method": "mempool_status"}')
    assert (await ws.next())["id"] == 4


async def test_a_waiting_request_does_not_hold_up_the_next(node: OneNode, ws: Socket) -> None:
    async with wallet_of(node, "account5") as wallet:
        envelope = await wallet.prepare([Transfer(wallet.account, Amount(1))])
        raw = wallet.sign_envelope(envelope).raw
    submit = {"jsonrpc": "2.0", "id": "slow", "method": "tx_submit", "params": ["0x" + raw.hex(), "committed"]}
    await ws.send(submit)
    await ws.send({"jsonrpc": "2.0", "id": "quick", "method": "net_info"})
    assert [(await ws.next())["id"] for _ in range(2)] == ["quick", "slow"]


async def test_a_message_beyond_the_limit_closes_the_socket(node: OneNode, ws: Socket) -> None:
    await ws.inner.send_str("x" * (node.app.node.config.rpc.max_body_bytes + 1))
    message = await asyncio.wait_for(ws.inner.receive(), 10)
    assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
    assert ws.inner.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


# Subscriptions


async def test_blocks_come_one_after_the_other(ws: Socket) -> None:
    id_ = (await ws.call("subscribe", "blocks"))["result"]
    heights = [(await ws.news_of("blocks"))["data"]["header"]["height"] for _ in range(3)]
    assert heights == list(range(heights[0], heights[0] + 3))
    assert (await ws.call("unsubscribe", id_))["result"] is True
    assert (await ws.call("unsubscribe", id_))["error"]["data"]["name"] == "NotFound"


async def test_a_transaction_is_heard_of_when_admitted_and_when_final(node: OneNode, ws: Socket) -> None:
    await ws.call("subscribe", "transactions")
    async with wallet_of(node, "account6") as wallet:
        outcome = await wallet.submit([Transfer(wallet.account, Amount(1))])
    news = [await ws.news_of("transactions") for _ in range(2)]
    assert [entry["data"]["status"] for entry in news] == ["admitted", "final"]
    assert {entry["data"]["hash"] for entry in news} == {outcome.hash}
    assert news[1]["data"]["receipt"]["code"] == 0


async def test_changes_of_tasks_are_heard_of(node: OneNode, ws: Socket) -> None:
    async with wallet_of(node, "account7") as requester, wallet_of(node, "account8") as provider:
        await prepare(requester, provider)
        await ws.call("subscribe", "tasks")
        task = await opened_task(requester, provider)
    news = await ws.news_of("tasks")
    assert news["data"]["type"] == "tasks.opened"
    assert news["data"]["task"] == "0x" + task.id.hex()


async def test_all_subscribers_of_a_topic_hear_the_same(ws: Socket) -> None:
    one, two = [(await ws.call("subscribe", "blocks"))["result"] for _ in range(2)]
    by_id: dict[int, list[Any]] = {one: [], two: []}
    while min(map(len, by_id.values())) < 2:
        params = await ws.news_of("blocks")
        by_id[params["id"]].append(params["data"])
    shared = [data for data in by_id[one] if data in by_id[two]]
    assert shared


@pytest.mark.parametrize(
    ("params", "name"), [(["weather"], "InvalidParams"), ([], "InvalidParams"), ([5], "InvalidParams")]
)
async def test_what_cannot_be_subscribed_to(ws: Socket, params: list[object], name: str) -> None:
    assert (await ws.call("subscribe", *params))["error"]["data"]["name"] == name


# Its end


async def test_stopping_tells_sockets_and_frees_the_port(node: OneNode) -> None:
    async def read_to_the_end() -> None:
        async for _ in inner:
            pass

    async with aiohttp.ClientSession() as session:
        async with another_server(node) as url:
            inner = await session.ws_connect(url + "/ws")
            await Socket(inner).call("subscribe", "blocks")
            reading = asyncio.create_task(read_to_the_end())
        await asyncio.wait_for(reading, 10)
        assert inner.close_code == aiohttp.WSCloseCode.GOING_AWAY
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(url + "/health/live")


async def test_a_socket_that_says_nothing_does_not_hold_up_the_end(node: OneNode) -> None:
    async with aiohttp.ClientSession() as session:
        async with asyncio.timeout(20), another_server(node) as url:
            silent = [await session.ws_connect(url + "/ws", autoclose=False) for _ in range(3)]
        for inner in silent:
            await inner.close()
