"""The server on a real socket: HTTP, WebSocket, subscriptions, and what keeps one client from hurting others."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from chain.types.scalars import Amount
from client.rpc import RpcClient
from client.wallet import Wallet
from contracts.token.actions import Transfer
from node.hub import QUEUE, BlockFinal
from node.rpc import server as server_module
from node.rpc.server import RpcServer
from tests.support.devnet_scene import free_base_port
from tests.support.one_node import OneNode, one_node
from tests.support.open_task import opened_task, prepare

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Socket:
    """One WebSocket; answers by id, news in order."""

    def __init__(self, inner: aiohttp.ClientWebSocketResponse) -> None:
        self.inner = inner
        self.news: list[Any] = []

    async def send(self, request: object) -> None:
        await self.inner.send_str(request if isinstance(request, str) else json.dumps(request))

    async def next(self) -> Any:
        async with asyncio.timeout(20):
            message = await self.inner.receive()
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return json.loads(message.data)

    async def answer(self, request: Any) -> Any:
        """The answer to a request; news that come before are kept."""
        await self.send(request)
        while True:
            message = await self.next()
            if message.get("method") != "subscription" if isinstance(message, dict) else True:
                return message
            self.news.append(message["params"])

    async def call(self, method: str, *params: object) -> Any:
        return await self.answer({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})

    async def news_of(self, topic: str) -> Any:
        """The next piece of news of a topic."""
        while True:
            kept = next((params for params in self.news if params["topic"] == topic), None)
            if kept is not None:
                self.news.remove(kept)
                return kept
            self.news.append((await self.next())["params"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OneNode]:
    async with one_node(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def ws(node: OneNode) -> AsyncIterator[Socket]:
    async with aiohttp.ClientSession() as session, session.ws_connect(node.url + "/ws") as inner:
        yield Socket(inner)


@asynccontextmanager
async def another_server(node: OneNode, **limits: Any) -> AsyncIterator[str]:
    """A second RPC server of the same node with limits of its own."""
    port = free_base_port(1)
    config = replace(node.app.node.config.rpc, listen=f"127.0.0.1:{port}", **limits)
    server = RpcServer(replace(node.app.node, config=replace(node.app.node.config, rpc=config)))
    await server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await server.stop()


@asynccontextmanager
async def wallet_of(node: OneNode, name: str) -> AsyncIterator[Wallet]:
    async with RpcClient(node.url) as rpc:
        yield await Wallet.open(node.secret(name), rpc)


# HTTP


async def test_health_and_readiness_tell_the_height(node: OneNode) -> None:
    async with aiohttp.ClientSession() as session:
        for path, name in (("/health", "status"), ("/ready", "ready")):
            async with session.get(node.url + path) as response:
                answer = await response.json()
            assert response.status == 200
            assert name in answer
            assert answer["height"] >= 0


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("PUT", "/", 405), ("POST", "/ws", 405)]
)
async def test_other_paths_and_verbs_are_not_served(node: OneNode, method: str, path: str, status: int) -> None:
    async with aiohttp.ClientSession() as session, session.request(method, node.url + path, data=b"{}") as response:
        assert response.status == status


async def test_a_get_at_ws_without_an_upgrade_is_refused(node: OneNode) -> None:
    async with aiohttp.ClientSession() as session, session.get(node.url + "/ws") as response:
        assert response.status == 400


async def test_connections_beyond_the_limit_are_told_so_and_closed(node: OneNode) -> None:
    async with another_server(node, max_connections=3) as url:
        host, port = url.removeprefix("http://").split(":")
        idle = [socket.create_connection((host, int(port))) for _ in range(3)]
        await asyncio.sleep(0.1)
        async with aiohttp.ClientSession() as session:
            async with session.post(url, data=b"{}") as response:
                answer = await response.json()
            assert (response.status, answer["error"]["data"]["name"]) == (503, "TooManyConnections")
            for connection in idle:
                connection.close()
            await asyncio.sleep(0.1)
            async with session.post(url, data=b"{}") as response:
                assert response.status == 200


async def test_a_body_that_does_not_arrive_is_given_up(node: OneNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "BODY_SECONDS", 0.05)
    host, port = node.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    head = await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)
    assert b" 408 " in head
    writer.close()


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
        async with session.get(node.url + "/health") as response:
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


async def test_one_connection_holds_so_many_subscriptions_and_they_end_with_it(node: OneNode) -> None:
    hub = node.app.node.hub
    before = len(hub._subscriptions)
    async with another_server(node, max_subscriptions=2) as url:
        async with aiohttp.ClientSession() as session, session.ws_connect(url + "/ws") as inner:
            ws = Socket(inner)
            ids = [(await ws.call("subscribe", "tasks"))["result"] for _ in range(2)]
            assert (await ws.call("subscribe", "tasks"))["error"]["data"]["name"] == "TooManySubscriptions"
            await ws.call("unsubscribe", ids[0])
            assert "result" in await ws.call("subscribe", "tasks")
            assert len(hub._subscriptions) == before + 2
        async with asyncio.timeout(10):
            while len(hub._subscriptions) > before:  # noqa: ASYNC110  an observable fact, not an event of ours
                await asyncio.sleep(0.01)


async def test_a_listener_that_cannot_follow_is_told_and_dropped(node: OneNode, ws: Socket) -> None:
    await ws.call("subscribe", "blocks")
    hub, last = node.app.node.hub, await _one_block(node)
    for _ in range(QUEUE + 2):  # faster than anybody could take them
        hub.announce(last)
    async with asyncio.timeout(20):
        while "lagged" not in (params := await ws.news_of("blocks")):
            assert "data" in params
    assert params["lagged"] is True
    assert "result" in await ws.call("subscribe", "blocks")


async def _one_block(node: OneNode) -> BlockFinal:
    subscription = node.app.node.hub.subscribe(BlockFinal)
    news = await subscription.next()
    node.app.node.hub.unsubscribe(subscription)
    assert isinstance(news, BlockFinal)
    return news


async def test_a_socket_that_does_not_read_is_closed(node: OneNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "SEND_SECONDS", 0.3)
    hub, last = node.app.node.hub, await _one_block(node)
    before = len(hub._subscriptions)
    host, port = node.url.removeprefix("http://").split(":")
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, (host, int(port)))
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    head = f"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
    await loop.sock_sendall(raw, (head + "Sec-WebSocket-Version: 13\r\n\r\n").encode())
    await loop.sock_recv(raw, 1_024)
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": ["blocks"]}).encode()
    await loop.sock_sendall(raw, bytes([0x81, 0x80 | len(request), 0, 0, 0, 0]) + request)
    async with asyncio.timeout(30):
        while len(hub._subscriptions) == before:  # noqa: ASYNC110  an observable fact, not an event of ours
            await asyncio.sleep(0.01)
        while len(hub._subscriptions) > before:  # never read: it is dropped, and its subscription with it
            for _ in range(50):
                hub.announce(last)
            await asyncio.sleep(0.02)
    raw.close()


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
            await session.get(url + "/health")


async def test_a_socket_that_says_nothing_does_not_hold_up_the_end(node: OneNode) -> None:
    async with aiohttp.ClientSession() as session:
        async with asyncio.timeout(20), another_server(node) as url:
            silent = [await session.ws_connect(url + "/ws", autoclose=False) for _ in range(3)]
        for inner in silent:
            await inner.close()
