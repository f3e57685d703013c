"""Real nodes over real sockets on loopback."""

import asyncio
import socket
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web

from p2p import transport
from p2p.address import Address, PeerAddress
from p2p.channel import Channel
from p2p.errors import DialFailed, LinkClosed, ListenFailed, MessageTooLarge
from p2p.peer import Patience
from p2p.session import initiate
from p2p.transport import Link, WebSocketLink, WebSocketTransport
from p2p.wire import MAX_MESSAGE, MAX_PAYLOAD
from tests.support.p2p_nodes import (
    BLOCKS,
    NETWORK_ID,
    QUICK,
    TRANSACTIONS,
    VOTES,
    CountedEntropy,
    Node,
    eventually,
    key,
    uses_of_one_link,
)

LOOPBACK = Address("127.0.0.1", 0)


@asynccontextmanager
async def mesh(count: int):
    """`count` nodes, each dialling those that were there before."""
    nodes: list[Node] = []
    async with AsyncExitStack() as stack:
        for number in range(count):
            nodes.append(Node(f"node {number}", *(each.address for each in nodes)))
            await stack.enter_async_context(nodes[-1].running())
        await eventually(lambda: all(len(each.connected) == count - 1 for each in nodes))
        yield nodes


@asynccontextmanager
async def listening(accept: transport.Accept):
    server = WebSocketTransport()
    try:
        yield await server.listen(LOOPBACK, accept)
    finally:
        await server.stop()
        await server.close()


@asynccontextmanager
async def dialled(address: Address):
    client = WebSocketTransport()
    try:
        yield await client.dial(address)
    finally:
        await client.close()


async def shake_hands(link: Link) -> Channel:
    return await initiate(link, key("stranger"), NETWORK_ID, CountedEntropy("stranger"), None, lambda node: None)


async def test_two_nodes_exchange_small_and_large_messages() -> None:
    async with mesh(2) as (a, b):
        part = bytes(range(256)) * 256
        a.network.publish(BLOCKS.number, part)
        a.network.publish(VOTES.number, b"vote")
        b.network.publish(TRANSACTIONS.number, b"transaction")
        await eventually(lambda: len(b.handler.messages) == 2 and a.handler.messages)
    assert b.handler.payloads(BLOCKS.number) == [part]
    assert b.handler.payloads(VOTES.number) == [b"vote"]
    assert a.handler.messages == [(b.id, TRANSACTIONS.number, b"transaction")]


async def test_four_nodes_gossip_to_everybody_exactly_once() -> None:
    async with mesh(4) as nodes:
        sent = {number: [b"%d says %d" % (number, each) for each in range(100)] for number in range(4)}
        for number, payloads in sent.items():
            for payload in payloads:
                nodes[number].network.publish(TRANSACTIONS.number, payload)
        await eventually(lambda: all(len(each.handler.messages) >= 300 for each in nodes))
        await asyncio.sleep(0.05)
    for number, each in enumerate(nodes):
        others = [payload for author, payloads in sent.items() if author != number for payload in payloads]
        assert sorted(each.handler.payloads(TRANSACTIONS.number)) == sorted(others)


async def test_a_peer_that_restarts_is_connected_again_and_served() -> None:
    async with Node("a").running() as a:
        async with Node("b", a.address).running() as first:
            await eventually(lambda: first.connected and a.connected)
            port = first.address.address
        await eventually(lambda: not a.connected)
        async with Node("b", a.address, listen=port).running() as second:
            await eventually(lambda: second.connected and a.connected)
            a.network.publish(VOTES.number, b"welcome back")
            await eventually(lambda: second.handler.messages)
    assert [event for event, _ in a.handler.events] == ["up", "down", "up", "down"]


async def test_the_dialling_side_reconnects_when_the_other_restarts() -> None:
    first = Node("a")
    async with first.running():
        port = first.address.address
        dialler = Node("b", first.address)
        running = dialler.running()
        await running.__aenter__()
        await eventually(lambda: dialler.connected)
    await eventually(lambda: not dialler.connected)
    async with Node("a", listen=port).running() as second:
        await eventually(lambda: dialler.connected and second.connected)
    await running.__aexit__(None, None, None)
    assert [event for event, _ in dialler.handler.events] == ["up", "down", "up", "down"]


async def test_nodes_that_dial_each_other_keep_one_link() -> None:
    ports = []
    for _ in range(2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(Address("127.0.0.1", probe.getsockname()[1]))
    a = Node("a", PeerAddress(ports[1]), listen=ports[0])
    b = Node("b", PeerAddress(ports[0]), listen=ports[1])
    async with a.running(), b.running():
        await eventually(lambda: uses_of_one_link(a, b))
        a.network.publish(VOTES.number, b"from a")
        b.network.publish(VOTES.number, b"from b")
        await eventually(lambda: a.handler.messages and b.handler.messages)
        assert uses_of_one_link(a, b)


async def test_the_wire_carries_no_plaintext_and_the_tap_shows_both() -> None:
    records: list[tuple[str, bytes]] = []
    secret = b"the plaintext that nobody on the path may read"
    a = Node("a", tap=lambda kind, data: records.append((kind, data)))
    async with a.running(), Node("b", a.address).running() as b:
        await eventually(lambda: a.connected and b.connected)
        a.network.publish(VOTES.number, secret)
        b.network.publish(VOTES.number, secret[::-1])
        await eventually(lambda: a.handler.messages and b.handler.messages)
    by_kind = {kind: b"".join(data for each, data in records if each == kind) for kind, _ in records}
    assert set(by_kind) == {"wire-in", "wire-out", "payload-in", "payload-out"}
    assert secret in by_kind["payload-out"]
    assert secret[::-1] in by_kind["payload-in"]
    assert secret not in by_kind["wire-out"]
    assert secret[::-1] not in by_kind["wire-in"]
    assert len(by_kind["wire-out"]) > len(by_kind["payload-out"])


async def test_the_largest_message_passes_and_one_byte_more_is_refused_by_either_end() -> None:
    outcomes: list[object] = []

    async def accept(link: Link) -> None:
        try:
            while True:
                outcomes.append(len(await link.receive()))
        except MessageTooLarge as error:
            outcomes.append(error.limit)

    async with listening(accept) as address, dialled(address) as link:
        await link.send(bytes(MAX_MESSAGE))
        await link.send(bytes(MAX_MESSAGE + 1))
        await eventually(lambda: len(outcomes) == 2)
        assert outcomes == [MAX_MESSAGE, MAX_MESSAGE]

    async def send_too_much(link: Link) -> None:
        await link.send(bytes(MAX_MESSAGE + 1))
        with pytest.raises(LinkClosed):
            await link.receive()

    async with listening(send_too_much) as address, dialled(address) as link:
        with pytest.raises(MessageTooLarge):
            await link.receive()


async def test_a_node_drops_a_peer_that_sends_an_oversize_message() -> None:
    async with Node("a").running() as a, dialled(a.address.address) as link:
        channel = await shake_hands(link)
        await eventually(lambda: a.connected)
        await link.send(channel.seal(bytes(2 * MAX_PAYLOAD)))
        await eventually(lambda: a.handler.reasons)
    assert "largest" in a.handler.reasons[0]


async def test_a_peer_that_stops_reading_is_dropped_and_its_socket_freed() -> None:
    """It fills its buffers and the kernel's, then the node's patience ends."""
    options = replace(QUICK, patience=Patience(slow_reader=0.2, idle=3600))
    async with Node("a", options=options).running() as a, dialled(a.address.address) as link:
        await shake_hands(link)
        await eventually(lambda: a.connected)
        async with asyncio.timeout(20):
            while a.connected:
                a.network.publish(TRANSACTIONS.number, CountedEntropy(str(len(a.handler.reasons)))(32) * 2000)
                await asyncio.sleep(0.001)
        assert "did not read" in a.handler.reasons[0]
        await eventually(lambda: not a.network._transport._runner.server.connections)


@pytest.mark.parametrize("message", ["text", "ping"])
async def test_websocket_messages_that_are_not_ours_end_the_link(message: str) -> None:
    async with Node("a").running() as a, aiohttp.ClientSession(f"http://{a.address.address}") as session:
        socket = await session.ws_connect("/")
        await (socket.send_str("hello") if message == "text" else socket.ping(b"x"))
        closing = await socket.receive()
    assert (closing.type, closing.extra) == (aiohttp.WSMsgType.CLOSE, "LinkClosed")


async def test_a_browser_is_told_what_this_port_is() -> None:
    async with Node("a").running() as a, aiohttp.ClientSession(f"http://{a.address.address}") as session:
        answer = await session.get("/")
        assert answer.status == 426
        assert "peer protocol" in await answer.text()


async def test_a_connection_that_asks_for_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "REQUEST_SECONDS", 0.05)
    async with Node("a").running() as a:
        reader, writer = await asyncio.open_connection(a.address.address.host, a.address.address.port)
        async with asyncio.timeout(20):
            assert await reader.read() == b""
        writer.close()


async def test_redirections_are_not_followed() -> None:
    visited: list[str] = []

    async def redirect(request: web.BaseRequest) -> web.Response:
        visited.append(request.path)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    runner = web.ServerRunner(web.Server(redirect))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    with pytest.raises(DialFailed, match="redirection"):
        async with dialled(Address(host, port)):
            pass
    await runner.cleanup()
    assert visited == ["/"]


async def test_nobody_listening_is_a_typed_error() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(DialFailed) as caught:
        async with dialled(Address("127.0.0.1", port)):
            pass
    assert caught.value.address == f"127.0.0.1:{port}"


async def test_a_port_in_use_is_a_typed_error_that_names_it() -> None:
    async with Node("a").running() as a:
        with pytest.raises(ListenFailed) as caught:
            async with Node("b", listen=a.address.address).running():
                pass
    assert caught.value.address == str(a.address)


async def test_closing_tells_the_reason_and_frees_a_peer_that_does_not_answer() -> None:
    closed = asyncio.Event()

    async def accept(link: Link) -> None:
        await link.close("PeerBanned")
        closed.set()

    async with listening(accept) as address, aiohttp.ClientSession() as session:
        socket = await session.ws_connect(f"http://{address}", autoclose=False)
        message = await socket.receive()
        assert message.extra == "PeerBanned"
        async with asyncio.timeout(20):
            await closed.wait()
        await socket.close()

    async with listening(accept) as address, dialled(address) as link:
        assert isinstance(link, WebSocketLink)
        with pytest.raises(LinkClosed) as caught:
            await link.receive()
        assert caught.value.reason == "PeerBanned"


async def test_no_task_outlives_the_nodes() -> None:
    before = asyncio.all_tasks()
    async with mesh(3) as nodes:
        nodes[0].network.publish(VOTES.number, b"vote")
        await eventually(lambda: nodes[2].handler.messages)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
