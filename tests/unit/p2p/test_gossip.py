"""Gossip between links and handler: judged once, relayed once and only when accepted, dropped by stated rules."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from p2p.address import NodeId
from p2p.errors import FrameTooLarge, UnknownTopic
from p2p.gossip import REJECTED_COST, Gossip
from p2p.handler import Verdict
from p2p.limits import TokenBucket
from p2p.scores import FLOOR, Ban, ScoreBook
from p2p.seen import SeenCache
from p2p.topics import Drop, Topics, TopicSpec
from p2p.wire import Frame, Kind, decode_batch
from tests.support.p2p_nodes import STATUS, TOPICS, TRANSACTIONS, VOTES, ManualClock, Recorder, eventually, key


class Neighbour:
    """Stands where a Peer stands; keeps what is queued for it."""

    def __init__(self, name: str) -> None:
        self.node_id = NodeId(key(name).public)
        self.allowance = {spec.number: TokenBucket(spec.rate, spec.burst, 1000.0) for spec in TOPICS}
        self.rate_limited = 0
        self.queued: list[Frame] = []
        self.banned: Ban | None = None

    def enqueue(self, spec: TopicSpec, frame: bytes) -> bool:
        self.queued += decode_batch(frame, Topics(TOPICS).max_sizes).frames
        return True

    def ban(self, ban: Ban, now: float) -> None:
        self.banned = ban


@dataclass
class Place:
    """A node's gossip with three neighbours a, b and c."""

    topics: tuple[TopicSpec, ...] = TOPICS
    handler: Any = field(default_factory=Recorder)

    def __post_init__(self) -> None:
        self.clock = ManualClock()
        self.scores = ScoreBook(self.clock, ban_seconds=600)
        self.a, self.b, self.c = Neighbour("a"), Neighbour("b"), Neighbour("c")
        peers: Any = {peer.node_id: peer for peer in (self.a, self.b, self.c)}
        seen = SeenCache(1000, 60, bytes(32), self.clock)
        self.gossip = Gossip(Topics(self.topics), self.handler, peers, self.scores, seen, self.clock)

    def hears(self, peer: Any, spec: TopicSpec, *payloads: bytes, kind: Kind = Kind.GOSSIP) -> None:
        self.gossip.receive(peer, [Frame(kind, spec.number, payload) for payload in payloads])

    @asynccontextmanager
    async def judging(self) -> AsyncIterator[None]:
        workers = [asyncio.create_task(self.gossip.judge(spec)) for spec in self.topics]
        try:
            yield
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.wait(workers)

    async def settled(self, messages: int) -> None:
        await eventually(lambda: len(self.handler.messages) >= messages)
        for _ in range(5):
            await asyncio.sleep(0)


async def test_accepted_gossip_goes_to_everybody_but_its_sender() -> None:
    place = Place()
    async with place.judging():
        place.hears(place.a, VOTES, b"vote")
        await place.settled(1)
    assert place.handler.messages == [(place.a.node_id, VOTES.number, b"vote")]
    assert place.a.queued == []
    assert place.b.queued == place.c.queued == [Frame(Kind.GOSSIP, VOTES.number, b"vote")]


@pytest.mark.parametrize("verdict", [Verdict.IGNORE, Verdict.reject("bad signature")])
async def test_what_is_not_accepted_is_not_relayed(verdict: Verdict) -> None:
    place = Place()
    place.handler.verdicts[b"vote"] = verdict
    async with place.judging():
        place.hears(place.a, VOTES, b"vote")
        await place.settled(1)
    assert place.a.queued == place.b.queued == place.c.queued == []


async def test_a_message_is_judged_once_and_not_returned_to_whoever_has_it() -> None:
    place = Place()
    place.hears(place.a, VOTES, b"vote", b"vote")
    place.hears(place.b, VOTES, b"vote")
    async with place.judging():
        await place.settled(1)
        place.hears(place.c, VOTES, b"vote")
        await place.settled(1)
    assert len(place.handler.messages) == 1
    assert place.b.queued == []
    assert len(place.c.queued) == 1


async def test_ignored_gossip_may_come_again_and_rejected_may_not() -> None:
    place = Place()
    place.handler.verdicts |= {b"later": Verdict.IGNORE, b"never": Verdict.reject("bad signature")}
    async with place.judging():
        place.hears(place.a, VOTES, b"later", b"never")
        await place.settled(2)
        place.handler.verdicts[b"later"] = Verdict.ACCEPT
        place.hears(place.b, VOTES, b"never", b"later")
        await place.settled(3)
    assert place.handler.payloads(VOTES.number) == [b"later", b"never", b"later"]
    assert [frame.payload for frame in place.c.queued] == [b"later"]


async def test_direct_messages_meet_no_cache_and_are_not_relayed() -> None:
    place = Place()
    place.gossip.publish(VOTES.number, b"vote")
    place.c.queued.clear()
    async with place.judging():
        place.hears(place.a, VOTES, b"vote", b"vote", kind=Kind.DIRECT)
        await place.settled(2)
    assert len(place.handler.messages) == 2
    assert place.c.queued == []


def test_published_messages_go_to_all_and_are_known_when_they_come_back() -> None:
    place = Place()
    assert place.gossip.publish(VOTES.number, b"vote") == 3
    assert place.a.queued == [Frame(Kind.GOSSIP, VOTES.number, b"vote")]
    place.hears(place.a, VOTES, b"vote")
    assert len(place.gossip._lanes[VOTES.number]) == 0


def test_a_topic_without_gossip_is_published_as_direct_messages() -> None:
    place = Place()
    place.gossip.publish(STATUS.number, b"height 7")
    assert place.a.queued == [Frame(Kind.DIRECT, STATUS.number, b"height 7")]


def test_sending_goes_to_one_peer_as_often_as_asked() -> None:
    place = Place()
    assert place.gossip.send(place.b.node_id, VOTES.number, b"vote")
    assert place.gossip.send(place.b.node_id, VOTES.number, b"vote")
    assert len(place.b.queued) == 2
    assert place.a.queued == []
    assert not place.gossip.send(NodeId(key("nobody").public), VOTES.number, b"vote")


def test_what_peers_would_refuse_is_not_sent() -> None:
    place = Place()
    with pytest.raises(UnknownTopic):
        place.gossip.publish(99, b"")
    with pytest.raises(FrameTooLarge):
        place.gossip.publish(VOTES.number, bytes(VOTES.max_size + 1))
    with pytest.raises(FrameTooLarge):
        place.gossip.send(place.a.node_id, VOTES.number, bytes(VOTES.max_size + 1))


def test_beyond_its_rate_a_peer_is_dropped_message_by_message_and_scored_but_never_banned() -> None:
    place = Place()
    place.hears(place.a, STATUS, *[b"x"] * 200, kind=Kind.DIRECT)
    assert place.a.rate_limited == 200 - STATUS.burst
    assert len(place.gossip._lanes[STATUS.number]) == STATUS.burst
    assert place.scores.score(place.a.node_id) == FLOOR
    assert place.scores.reasons(place.a.node_id) == ("too fast on topic 'status'",)
    assert place.a.banned is None
    place.hears(place.a, VOTES, b"vote")
    place.hears(place.b, STATUS, b"x", kind=Kind.DIRECT)
    assert len(place.gossip._lanes[VOTES.number]) == 1
    assert place.b.rate_limited == 0


async def test_rejected_gossip_costs_allowance_and_points_and_never_a_ban() -> None:
    place = Place()
    nonsense = [b"nonsense %d" % number for number in range(300)]
    place.handler.verdicts |= dict.fromkeys(nonsense, Verdict.reject("bad signature"))
    async with place.judging():
        for number in range(0, 300, 10):
            place.hears(place.a, VOTES, *nonsense[number : number + 10])
            await asyncio.sleep(0)
            await asyncio.sleep(0)
    judged = len(place.handler.messages)
    assert VOTES.burst / (REJECTED_COST + 1) <= judged <= VOTES.burst / REJECTED_COST + 10
    assert place.a.rate_limited == 300 - judged
    assert place.scores.reasons(place.a.node_id)[0] == "topic 'votes': bad signature"
    assert place.scores.score(place.a.node_id) == FLOOR
    assert place.a.banned is None


async def test_direct_messages_that_are_rejected_ban_in_the_end() -> None:
    place = Place()
    place.handler.verdicts[b"bad"] = Verdict.reject("bad signature")
    async with place.judging():
        place.hears(place.a, VOTES, *[b"bad"] * 5, kind=Kind.DIRECT)
        await place.settled(5)
    assert place.a.banned is not None
    assert place.a.banned.reason == "topic 'votes': bad signature"


class Faulty(Recorder):
    async def on_message(self, peer: NodeId, topic: int, payload: bytes) -> Verdict:
        await super().on_message(peer, topic, payload)
        if payload == b"poison":
            raise ValueError("a fault of the handler")
        return Verdict.ACCEPT


async def test_a_fault_of_the_handler_stops_neither_the_worker_nor_blames_the_peer() -> None:
    place = Place(handler=Faulty())
    async with place.judging():
        place.hears(place.a, VOTES, b"poison", b"vote")
        await place.settled(2)
    assert [frame.payload for frame in place.b.queued] == [b"vote"]
    assert place.scores.score(place.a.node_id) == 0


class Stuck(Recorder):
    """Never finishes judging a transaction."""

    async def on_message(self, peer: NodeId, topic: int, payload: bytes) -> Verdict:
        await super().on_message(peer, topic, payload)
        if topic == TRANSACTIONS.number:
            await asyncio.Event().wait()
        return Verdict.ACCEPT


async def test_votes_are_judged_while_a_transaction_takes_long() -> None:
    place = Place(handler=Stuck())
    async with place.judging():
        place.hears(place.a, TRANSACTIONS, b"heavy")
        place.hears(place.a, VOTES, b"vote")
        await place.settled(2)
    assert [frame.payload for frame in place.b.queued] == [b"vote"]


class Slow(Recorder):
    """Takes the event loop for a while with each message."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()

    async def on_message(self, peer: NodeId, topic: int, payload: bytes) -> Verdict:
        self.clock.now += 0.02
        return await super().on_message(peer, topic, payload)


async def test_others_have_their_turn_between_messages_that_take_long() -> None:
    place = Place(handler=Slow())
    place.clock = place.handler.clock
    place.gossip._clock = place.clock
    async with place.judging():
        await asyncio.sleep(0)
        place.hears(place.a, TRANSACTIONS, *(b"heavy %d" % number for number in range(10)))
        place.hears(place.b, VOTES, b"vote")
        await place.settled(11)
    assert [payload for _, _, payload in place.handler.messages].index(b"vote") <= 2


def small_inbox(drop: Drop) -> Place:
    return Place(topics=(replace(VOTES, drop=drop, queue_bytes=2000), *TOPICS[1:]))


async def test_a_full_inbox_that_drops_the_oldest_keeps_the_newest_and_what_gave_way_may_come_again() -> None:
    place = small_inbox(Drop.OLDEST)
    place.hears(place.a, VOTES, *[bytes([number]) * 500 for number in range(5)])
    assert place.gossip.dropped["votes"] == 2
    place.hears(place.b, VOTES, bytes(500))
    async with place.judging():
        await place.settled(3)
    assert [payload[0] for payload in place.handler.payloads(VOTES.number)] == [3, 4, 0]


@pytest.mark.parametrize("drop", [Drop.NEWEST, Drop.PEER])
async def test_a_full_inbox_otherwise_leaves_the_new_one_out(drop: Drop) -> None:
    place = small_inbox(drop)
    place.hears(place.a, VOTES, *[bytes([number]) * 500 for number in range(5)])
    assert place.gossip.dropped["votes"] == 2
    async with place.judging():
        await place.settled(3)
        place.hears(place.b, VOTES, bytes([4]) * 500)
        await place.settled(4)
    assert [payload[0] for payload in place.handler.payloads(VOTES.number)] == [0, 1, 2, 4]
    assert place.gossip._judging == {}
