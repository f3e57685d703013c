"""What keeps one client of RPC from hurting others: limits of connections, time, subscriptions; slow readers end."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from node.hub import QUEUE, BlockFinal
from tests.support.one_node import OneNode, one_node
from tests.support.rpc_sockets import Socket, another_server

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OneNode]:
    async with one_node(tmp_path_factory.mktemp("limits")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def ws(node: OneNode) -> AsyncIterator[Socket]:
    async with aiohttp.ClientSession() as session, session.ws_connect(node.url + "/ws") as inner:
        yield Socket(inner)


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


async def test_one_address_gets_so_many_connections_and_others_still_get_theirs(node: OneNode) -> None:
    async with another_server(node, max_connections_per_address=2) as url:
        host, port = url.removeprefix("http://").split(":")
        idle = [await asyncio.open_connection(host, int(port)) for _ in range(2)]
        async with aiohttp.ClientSession() as session:
            async with session.post(url, data=b"{}") as response:
                answer = await response.json()
            assert (response.status, answer["error"]["data"]["name"]) == (503, "TooManyOfOneAddress")
            assert answer["error"]["data"]["address"] == "127.0.0.1"
        other = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))
        async with aiohttp.ClientSession(connector=other) as session, session.post(url, data=b"{}") as response:
            assert response.status == 200
        for _, writer in idle:
            writer.close()
        async with asyncio.timeout(10), aiohttp.ClientSession() as session:
            while True:  # the place is free again once the server has noticed
                async with session.post(url, data=b"{}") as response:
                    if response.status == 200:
                        break


async def test_a_connection_that_says_nothing_is_closed(node: OneNode) -> None:
    async with another_server(node, idle_seconds=0.1) as url:
        host, port = url.removeprefix("http://").split(":")
        for beginning in (b"", b"POST / HTTP/1.1\r\nHost: x\r\nX-Slow:"):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(beginning)
            assert await asyncio.wait_for(reader.read(), 10) == b""
            writer.close()


async def test_the_time_of_a_request_is_that_of_the_configuration(node: OneNode) -> None:
    request = {"jsonrpc": "2.0", "id": 2, "method": "net_info"}
    async with (
        another_server(node, request_seconds=0) as url,
        aiohttp.ClientSession() as session,
        session.post(url, json=request) as response,
    ):
        answer = await response.json()
    assert answer["error"]["data"] == {"name": "RequestTooSlow", "code": 7208, "seconds": 0}


async def test_an_answer_that_nobody_reads_is_given_up(node: OneNode) -> None:
    batch = json.dumps([{"jsonrpc": "2.0", "id": 1, "method": "rpc.discover"}] * 100).encode()
    async with another_server(node, send_seconds=0.2) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.socket() as raw:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            raw.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(raw, (host, int(port)))
            head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(batch)}\r\n\r\n"
            await loop.sock_sendall(raw, head.encode() + batch)
            before = _sample(node, "cluster_rpc_refused_total", rule="SlowReader")
            async with asyncio.timeout(20):
                while _sample(node, "cluster_rpc_refused_total", rule="SlowReader") == before:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            answer = b""
            async with asyncio.timeout(20):
                while part := await loop.sock_recv(raw, 65_536):
                    answer += part
            head, _, body = answer.partition(b"\r\n\r\n")
            announced = next(line for line in head.split(b"\r\n") if line.startswith(b"Content-Length: "))
            assert len(body) < int(announced.split()[1])


def _sample(node: OneNode, name: str, **labels: str) -> float:
    return node.app.node.metrics.registry.get_sample_value(name, labels) or 0.0


async def test_a_body_that_does_not_arrive_is_given_up(node: OneNode) -> None:
    async with another_server(node, body_seconds=0.05) as url:
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)
        assert b" 408 " in head
        writer.close()


# Subscriptions


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
    assert params["error"]["data"] == {"name": "SlowListener", "code": 7217, "topic": "blocks", "limit": QUEUE}
    assert "result" in await ws.call("subscribe", "blocks")


async def _one_block(node: OneNode) -> BlockFinal:
    subscription = node.app.node.hub.subscribe(BlockFinal)
    news = await subscription.next()
    node.app.node.hub.unsubscribe(subscription)
    assert isinstance(news, BlockFinal)
    return news


async def test_a_socket_that_does_not_read_is_closed(node: OneNode) -> None:
    async with another_server(node, send_seconds=0.3) as url:
        await _read_nothing_of(url, node)
    refused = node.app.node.metrics.registry.get_sample_value("cluster_rpc_refused_total", {"rule": "SlowReader"})
    assert refused and refused >= 1


async def _read_nothing_of(url: str, node: OneNode) -> None:
    """A subscriber that never reads, until it is dropped and its subscription with it."""
    hub, last = node.app.node.hub, await _one_block(node)
    before = len(hub._subscriptions)
    host, port = url.removeprefix("http://").split(":")
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
        while len(hub._subscriptions) > before:
            for _ in range(50):
                hub.announce(last)
            await asyncio.sleep(0.02)
    raw.close()
