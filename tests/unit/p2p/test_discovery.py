"""Peer exchange: the messages, who is asked and answered how often, and networks that find themselves from one seed."""

from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.address import Address, NodeId, PeerAddress
from p2p.address_book import AddressBook
from p2p.discovery import ANSWER, ASK_EVERY_S, PEX, Discovery, Malformed, Terms, decode_addresses, encode_addresses
from p2p.network import Options
from p2p.peer import Peer
from tests.support.p2p_nodes import CountedEntropy, ManualClock, Node, eventually, key
from tests.unit.p2p.test_address_book import ME, node, peer

ASK = bytes((1, 0x68, 0x20))  # port 26656
FAST = Options(backoff_first=0.02, tick_seconds=0.05, find_seconds=0.03, seed_seconds=0.05)


class Scene:
    """A discovery whose peers are the test."""

    def __init__(self, terms: Terms | None = None) -> None:
        self.clock = ManualClock()
        self.book = AddressBook(ME, b"k" * 32, CountedEntropy("book"), self.clock)
        self.discovery = Discovery(self.book, terms or Terms(), self.clock)
        self.sent: list[tuple[NodeId, bytes]] = []
        self.released: list[NodeId] = []
        self.discovery.connect(self._send, self.released.append)

    def _send(self, to: NodeId, data: bytes) -> bool:
        self.sent.append((to, data))
        return True

    def up(self, number: int, remote: str = "8.8.4.4:50000", *, outbound: bool = False) -> Peer:
        link = cast(Peer, SimpleNamespace(node_id=node(number), address=remote, outbound=outbound))
        self.discovery.up(link)
        return link

    def hear(self, number: int, data: bytes) -> str | None:
        return self.discovery.take(node(number), data).fault


# The messages


def test_addresses_are_read_as_they_were_written() -> None:
    peers = [peer(1), peer(2, "2a00:1450::9", 1), peer(3, port=65_535)]
    assert decode_addresses(encode_addresses(peers)) == peers
    assert decode_addresses(encode_addresses([])) == []


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused_or_are_addresses(data: bytes) -> None:
    try:
        peers = decode_addresses(bytes((ANSWER,)) + data)
    except Malformed:
        return
    assert encode_addresses(peers) == bytes((ANSWER,)) + data


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x01\x00", ASK + b"x", b"\x03\x00\x01", b"\x09" * 40])
def test_what_is_no_message_is_rejected(data: bytes) -> None:
    scene = Scene()
    scene.up(1)
    assert scene.hear(1, data)


# How often


def test_a_peer_is_asked_when_it_comes_and_again_after_a_while() -> None:
    scene = Scene()
    scene.discovery.port = 26_656
    scene.up(1)
    assert scene.sent == [(node(1), ASK)]
    scene.hear(1, encode_addresses([]))
    scene.clock.now += ASK_EVERY_S - 1
    scene.discovery.tick()
    assert len(scene.sent) == 1
    scene.clock.now += 1
    scene.discovery.tick()
    assert len(scene.sent) == 2


def test_addresses_that_nobody_asked_for_are_rejected_and_not_learned() -> None:
    scene = Scene()
    scene.up(1)
    assert scene.hear(1, encode_addresses([peer(5)])) is None
    assert scene.hear(1, encode_addresses([peer(6)]))
    assert scene.hear(2, encode_addresses([peer(7)]))
    assert [known.peer for known in scene.book.known()] == [peer(5)]


def test_who_asks_again_and_again_is_answered_once_a_minute_also_after_coming_back() -> None:
    scene = Scene()
    scene.book.add(peer(5), "source")
    link = scene.up(1)
    scene.sent.clear()
    for _ in range(20):
        scene.hear(1, ASK)
        scene.discovery.down(link)
        scene.discovery.up(link)
    answers = [data for _, data in scene.sent if data[0] == ANSWER]
    assert answers == [encode_addresses([peer(5)])]
    scene.clock.now += ASK_EVERY_S
    scene.hear(1, ASK)
    assert len([data for _, data in scene.sent if data[0] == ANSWER]) == 2


def test_a_peer_that_dialled_is_learned_at_the_address_of_its_link_and_told_to_others_not_to_itself() -> None:
    scene = Scene()
    scene.up(1, "8.8.4.4:50123")
    scene.up(2, "9.9.9.9:26656", outbound=True)
    scene.sent.clear()
    scene.hear(1, ASK)
    scene.hear(2, ASK)
    there = PeerAddress(Address("8.8.4.4", 26_656), node(1))
    assert scene.sent == [(node(1), encode_addresses([])), (node(2), encode_addresses([there]))]


def test_who_wants_to_be_told_to_nobody_is_not() -> None:
    scene = Scene()
    scene.up(1)
    scene.hear(1, bytes((1, 0, 0)))
    assert len(scene.book) == 0


def test_without_peer_exchange_nothing_is_asked_answered_or_learned() -> None:
    scene = Scene(Terms(enabled=False))
    scene.up(1)
    assert scene.hear(1, ASK) is None
    assert scene.hear(1, encode_addresses([peer(5)])) is None
    assert (scene.sent, len(scene.book)) == ([], 0)


def test_what_a_peer_tells_counts_as_told_by_its_network() -> None:
    scene = Scene()
    scene.up(1, "66.6.1.1:1")
    scene.hear(1, encode_addresses([peer(5)]))
    assert scene.book.known()[0].source == "66.6.0.0/16"


# Networks


def pex_node(name: str, terms: Terms, *peers: PeerAddress) -> Node:
    identity = NodeId(key(name).public)
    clock = ManualClock()
    book = AddressBook(identity, b"k" * 32, CountedEntropy(name), clock, private=True)
    return Node(name, *peers, discovery=Discovery(book, terms, clock), options=FAST)


def book_of(there: Node) -> AddressBook:
    assert there.network.discovery is not None
    return there.network.discovery.book


def named(there: Node) -> PeerAddress:
    return PeerAddress(there.address.address, there.id)


async def test_nodes_that_know_one_seed_find_each_other_and_the_seed_lets_them_go() -> None:
    async with AsyncExitStack() as stack:
        seed = await stack.enter_async_context(pex_node("seed", Terms(seed=True, outbound=0)).running())
        terms = Terms(outbound=3, seeds=(named(seed),))
        first = await stack.enter_async_context(pex_node("first", terms).running())
        await eventually(lambda: len(book_of(seed)) == 1)
        second = await stack.enter_async_context(pex_node("second", terms).running())
        await eventually(lambda: second.id in first.connected)
        third = await stack.enter_async_context(pex_node("third", terms).running())
        await eventually(lambda: third.connected >= {first.id} or third.connected >= {second.id})
        await eventually(lambda: not seed.connected)


async def test_a_found_peer_that_is_gone_is_written_off_and_one_that_answers_is_remembered() -> None:
    async with AsyncExitStack() as stack:
        alive = await stack.enter_async_context(pex_node("alive", Terms(outbound=0)).running())
        finder = pex_node("finder", Terms(outbound=2))
        book = book_of(finder)
        gone = PeerAddress(Address("127.0.0.1", 9), node(9))
        book.add(named(alive), "local")
        book.add(gone, "local")
        await stack.enter_async_context(finder.running())
        await eventually(lambda: alive.id in finder.connected)
        await eventually(lambda: any(known.failures for known in book.known()))
        assert {known.peer: (known.tried, known.failures) for known in book.known()} == {
            named(alive): (True, 0),
            gone: (False, 1),
        }


async def test_a_validator_behind_its_sentry_is_told_to_nobody() -> None:
    async with AsyncExitStack() as stack:
        sentry = await stack.enter_async_context(pex_node("sentry", Terms(outbound=0)).running())
        hidden = pex_node("hidden", Terms(enabled=False), named(sentry))
        await stack.enter_async_context(hidden.running())
        other = pex_node("other", Terms(outbound=0), named(sentry))
        await stack.enter_async_context(other.running())
        await eventually(lambda: sentry.connected == {hidden.id, other.id})
        await eventually(lambda: len(book_of(sentry)) == 1)
        assert book_of(sentry).known()[0].peer.node_id == other.id
        assert book_of(other).known() == ()


async def test_nodes_without_a_discovery_ignore_it() -> None:
    asker = pex_node("asker", Terms())
    async with Node("plain").running() as plain, asker.running():
        book_of(asker).add(named(plain), "local")
        await eventually(lambda: plain.id in asker.connected and asker.id in plain.connected)
        plain.network.send(asker.id, PEX, b"\x09")
        await eventually(lambda: asker.network.peers()[0].score < 0)
        assert plain.network.peers()[0].score == 0
