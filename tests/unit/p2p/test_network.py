"""Whole networks on links in memory: gossip through a chain of nodes, reconnection, bans, and a clean end."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from random import Random

import pytest

from p2p.address import Address, NodeId, PeerAddress
from p2p.channel import Channel
from p2p.errors import ListenFailed
from p2p.network import Options
from p2p.session import initiate
from p2p.wire import Kind, encode_frame
from tests.support.memory_network import MemoryHub, MemoryLink
from tests.support.p2p_nodes import (
    NETWORK_ID,
    QUICK,
    STATUS,
    TRANSACTIONS,
    VOTES,
    CountedEntropy,
    ManualClock,
    Node,
    eventually,
    key,
    uses_of_one_link,
)


def address(name: str) -> Address:
    return Address(name, 1)


def node(hub: MemoryHub, name: str, *knows: str, **settings: object) -> Node:
    peers = [PeerAddress(address(other)) for other in knows]
    return Node(name, *peers, listen=address(name), transport=hub.transport(), **settings)


@asynccontextmanager
async def all_running(*nodes: Node):
    async with AsyncExitStack() as stack:
        for each in nodes:
            await stack.enter_async_context(each.running())
        yield


async def stranger(hub: MemoryHub, at: str, name: str = "stranger") -> tuple[MemoryLink, Channel]:
    """A node played by the test, through its handshake."""
    link = hub.connect(address(at))
    channel = await initiate(link, key(name), NETWORK_ID, CountedEntropy(name), None, lambda node: None)
    return link, channel


async def test_a_message_reaches_nodes_that_its_author_does_not_know() -> None:
    hub = MemoryHub()
    a, b, c, d = node(hub, "a"), node(hub, "b", "a"), node(hub, "c", "b"), node(hub, "d", "c")
    async with all_running(a, b, c, d):
        await eventually(lambda: len(b.connected) == len(c.connected) == 2)
        a.network.publish(VOTES.number, b"vote")
        await eventually(lambda: d.handler.messages)
    assert b.handler.messages == [(a.id, VOTES.number, b"vote")]
    assert d.handler.messages == [(c.id, VOTES.number, b"vote")]
    assert a.handler.messages == []


async def test_in_a_full_mesh_everybody_judges_a_message_once() -> None:
    hub = MemoryHub()
    names = "abcd"
    nodes = [node(hub, name, *names.replace(name, "")) for name in names]
    async with all_running(*nodes):
        await eventually(lambda: all(len(each.connected) == 3 for each in nodes))
        for number in range(50):
            nodes[number % 4].network.publish(TRANSACTIONS.number, b"tx %d" % number)
        await eventually(lambda: sum(len(each.handler.messages) for each in nodes) >= 150)
        await asyncio.sleep(0.02)
    for each in nodes:
        payloads = each.handler.payloads(TRANSACTIONS.number)
        assert len(payloads) == len(set(payloads))
    assert sum(len(each.handler.messages) for each in nodes) == 150


@pytest.mark.parametrize("turn", range(12))
async def test_nodes_that_dial_each_other_use_one_link_however_their_handshakes_interleave(turn: int) -> None:
    hub = MemoryHub(delays=Random(turn))
    a, b = node(hub, "a", "b"), node(hub, "b", "a")

    def settled() -> bool:
        still_open = [near for near, _ in hub.links if near.reason is None]
        return len(still_open) == 1 and uses_of_one_link(a, b)

    async with all_running(a, b):
        await eventually(settled)
        a.network.publish(VOTES.number, b"from a")
        b.network.publish(VOTES.number, b"from b")
        await eventually(lambda: a.handler.messages and b.handler.messages)
        assert uses_of_one_link(a, b)


async def test_connecting_lets_the_handler_send_at_once() -> None:
    hub = MemoryHub()
    a, b = node(hub, "a"), node(hub, "b", "a")

    def greet(peer: NodeId) -> None:
        assert a.network.send(peer, STATUS.number, b"height 7")

    a.handler.on_peer_up = greet
    async with all_running(a, b):
        await eventually(lambda: b.handler.messages)
    assert b.handler.messages == [(a.id, STATUS.number, b"height 7")]


async def test_a_broken_link_is_made_again() -> None:
    hub = MemoryHub()
    a, b = node(hub, "a"), node(hub, "b", "a")
    async with all_running(a, b):
        await eventually(lambda: a.connected and b.connected)
        await hub.cut_all()
        await eventually(lambda: a.handler.events[-2:] == [("down", b.id), ("up", b.id)])
        a.network.publish(VOTES.number, b"again")
        await eventually(lambda: b.handler.messages)


async def test_a_peer_that_starts_late_is_found() -> None:
    hub = MemoryHub()
    a, b = node(hub, "a"), node(hub, "b", "a")
    async with b.running():
        await asyncio.sleep(0.1)
        assert b.connected == set()
        async with a.running():
            await eventually(lambda: b.connected == {a.id})


async def test_a_node_that_is_told_to_dial_itself_does_not() -> None:
    hub = MemoryHub()
    a = node(hub, "a", "a")
    async with a.running():
        await eventually(lambda: hub.links)
        await asyncio.sleep(0.1)
        assert a.connected == set()
        assert len(hub.links) == 1


async def test_the_wrong_node_at_an_address_is_not_connected() -> None:
    hub = MemoryHub()
    a = node(hub, "a")
    b = Node("b", PeerAddress(address("a"), NodeId(key("c").public)), listen=address("b"), transport=hub.transport())
    async with all_running(a, b):
        await eventually(lambda: len(hub.links) >= 2)
        assert a.connected == b.connected == set()
    assert a.handler.events == b.handler.events == []


async def test_another_network_is_not_connected_and_hears_why() -> None:
    hub = MemoryHub()
    a, b = node(hub, "a"), node(hub, "b", "a", network_id=b"another chain")
    async with all_running(a, b):
        await eventually(lambda: len(hub.links) >= 2)
        assert hub.links[0][0].reason == "WrongNetwork"
    assert a.handler.events == b.handler.events == []


async def test_bytes_that_break_the_format_ban_a_peer_until_the_ban_expires() -> None:
    hub, clock = MemoryHub(), ManualClock()
    a = node(hub, "a", clock=clock)
    async with a.running():
        link, channel = await stranger(hub, "a")
        await link.send(channel.seal(b"\x09\x00\x01\x00\x00\x00\x00"))
        await eventually(a.network.bans)
        (ban,) = a.network.bans()
        assert (ban.node, ban.until) == (key("stranger").public, clock.now + QUICK.ban_seconds)
        assert "kind 9" in ban.reason
        assert link.reason == "MalformedFrame"

        link, _ = await stranger(hub, "a")
        await eventually(lambda: link.reason)
        assert link.reason == "PeerBanned"
        assert a.connected == set()

        clock.now += QUICK.ban_seconds
        assert a.network.bans() == ()
        await stranger(hub, "a")
        await eventually(lambda: a.connected)


async def test_altered_ciphertext_ends_the_link_but_bans_nobody() -> None:
    """Somebody on the path could have altered it; the node at the other end is not to blame."""
    hub = MemoryHub()
    a = node(hub, "a")
    async with a.running():
        link, _ = await stranger(hub, "a")
        await link.send(bytes(64))
        await eventually(lambda: link.reason)
        assert link.reason == "BadSeal"
        assert a.network.bans() == ()


async def test_a_handshake_that_does_not_come_to_an_end_is_given_up() -> None:
    hub = MemoryHub()
    a = node(hub, "a", options=replace(QUICK, handshake_seconds=0.05))
    async with a.running():
        link = hub.connect(address("a"))
        await eventually(lambda: link.reason)
    assert link.reason == "HandshakeTimeout"


async def test_unfinished_handshakes_are_bounded() -> None:
    hub = MemoryHub()
    a = node(hub, "a", options=replace(QUICK, max_handshakes=2))
    async with a.running():
        links = [hub.connect(address("a")) for _ in range(3)]
        await eventually(lambda: links[2].reason)
        assert [link.reason for link in links] == [None, None, "TooManyPeers"]


async def test_strangers_beyond_the_limit_are_turned_away() -> None:
    hub = MemoryHub()
    a = node(hub, "a", options=replace(QUICK, max_inbound=1))
    async with a.running():
        await stranger(hub, "a", "first")
        await eventually(lambda: a.connected)
        link, _ = await stranger(hub, "a", "second")
        await eventually(lambda: link.reason)
        assert link.reason == "TooManyPeers"
        assert a.connected == {key("first").public}


async def test_what_is_known_of_a_peer_is_shown() -> None:
    hub = MemoryHub()
    a, b = node(hub, "a"), node(hub, "b", "a")
    async with all_running(a, b):
        await eventually(lambda: a.connected and b.connected)
        b.network.publish(VOTES.number, b"vote")
        await eventually(lambda: a.network.peers()[0].messages_in and a.network.peers()[0].round_trip_seconds)
        (info,) = a.network.peers()
        assert (info.node_id, info.direction, info.score, info.reasons) == (b.id, "inbound", 0, ())
        assert (info.messages_in, info.queue_depth, info.queue_bytes, info.queue_dropped) == (1, 0, 0, 0)
        assert info.bytes_in > 0
        assert info.connected_seconds >= 0
        assert b.network.peers()[0].direction == "outbound"
        assert a.network.inbox_dropped() == {"votes": 0, "blocks": 0, "transactions": 0, "status": 0, "addresses": 0}


async def test_too_many_messages_on_a_topic_are_dropped_and_shown() -> None:
    hub = MemoryHub()
    a = node(hub, "a", clock=ManualClock())
    async with a.running():
        link, channel = await stranger(hub, "a")
        await link.send(channel.seal(encode_frame(Kind.DIRECT, STATUS.number, b"x") * 50))
        await eventually(lambda: len(a.handler.messages) == STATUS.burst)
        (info,) = a.network.peers()
        assert info.rate_limited == 50 - STATUS.burst
        assert info.score == -(50 - STATUS.burst)
        assert info.reasons == ("too fast on topic 'status'",)
        assert a.network.bans() == ()


async def test_an_address_in_use_is_a_typed_error() -> None:
    hub = MemoryHub()
    async with node(hub, "a").running():
        with pytest.raises(ListenFailed):
            async with node(hub, "a").running():
                pass


async def test_no_task_outlives_the_network() -> None:
    hub = MemoryHub()
    before = asyncio.all_tasks()
    a, b = node(hub, "a", "b", "nobody"), node(hub, "b", "a")
    async with all_running(a, b):
        await eventually(lambda: a.connected and b.connected)
        hub.connect(address("a"))
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) > len(before)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    assert a.handler.events[-1] == ("down", b.id)


async def test_the_default_options_are_consistent() -> None:
    options = Options()
    assert options.patience.ping_after < options.patience.idle
    assert options.backoff_first < options.backoff_longest
