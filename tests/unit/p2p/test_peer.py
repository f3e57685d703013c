"""One live link, with the test at its other end: keepalive, batching, priorities, slow readers, every way to end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from p2p import errors
from p2p.channel import Channel
from p2p.handshake import Initiator, Responder
from p2p.peer import Patience, Peer
from p2p.topics import Drop, Topics, TopicSpec
from p2p.wire import HEADER, Batch, Frame, Kind, decode_batch, encode_control, encode_frame
from tests.support.memory_network import MESSAGES_IN_FLIGHT, MemoryLink, link_pair
from tests.support.p2p_nodes import (
    BLOCKS,
    NETWORK_ID,
    STATUS,
    TOPICS,
    TRANSACTIONS,
    VOTES,
    ManualClock,
    eventually,
    key,
)

SIZES = Topics(TOPICS).max_sizes


def channels() -> tuple[Channel, Channel]:
    near = Initiator(key("near"), NETWORK_ID, b"\x01" * 32)
    far = Responder(key("far"), NETWORK_ID, b"\x02" * 32)
    near.receive_reply(far.receive_hello(near.hello()))
    proof, channel = near.prove()
    return channel, far.receive_proof(proof)


class FarEnd:
    """The other node, played by the test: sends what it likes, reads when it likes."""

    def __init__(self, topics: tuple[TopicSpec, ...] = TOPICS, patience: Patience | None = None) -> None:
        self.clock = ManualClock()
        self.patience = patience or Patience()
        self.delivered: list[Frame] = []
        self.taps: list[tuple[str, bytes]] = []
        near_channel, self.channel = channels()
        near_link, self.link = link_pair()
        self.near_link: MemoryLink = near_link
        self.peer = Peer(
            near_link,
            near_channel,
            True,
            Topics(topics),
            self.patience,
            lambda _, frames: self.delivered.extend(frames),
            self.clock,
            lambda kind, data: self.taps.append((kind, data)),
        )

    async def says(self, *frames: bytes) -> None:
        await self.link.send(self.channel.seal(b"".join(frames)))

    async def hears(self) -> Batch:
        return decode_batch(self.channel.open(await self.link.receive()), SIZES)

    def queue(self, spec: TopicSpec, payload: bytes) -> bool:
        return self.peer.enqueue(spec, encode_frame(Kind.GOSSIP, spec.number, payload))

    @asynccontextmanager
    async def running(self) -> AsyncIterator["asyncio.Task[errors.P2PError]"]:
        task = asyncio.create_task(self.peer.run())
        try:
            yield task
        finally:
            self.peer.disconnect(errors.ShuttingDown())
            await task


async def test_frames_are_delivered_and_counted() -> None:
    far = FarEnd()
    async with far.running():
        await far.says(encode_frame(Kind.GOSSIP, VOTES.number, b"vote"), encode_frame(Kind.DIRECT, STATUS.number, b"7"))
        await eventually(lambda: far.delivered)
    assert far.delivered == [Frame(Kind.GOSSIP, VOTES.number, b"vote"), Frame(Kind.DIRECT, STATUS.number, b"7")]
    assert far.peer.frames_in == 2
    assert far.peer.bytes_in == 2 * HEADER.size + len(b"vote7") + 17


async def test_what_was_queued_together_is_sent_as_one_sealed_message() -> None:
    far = FarEnd()
    async with far.running():
        for number in range(100):
            assert far.queue(TRANSACTIONS, b"tx %d" % number)
        batch = await far.hears()
    assert [frame.payload for frame in batch.frames] == [b"tx %d" % number for number in range(100)]


async def test_an_urgent_message_takes_lingering_ones_along_at_once() -> None:
    patient = replace(TRANSACTIONS, linger=3600)
    far = FarEnd((VOTES, patient))
    async with far.running():
        far.queue(patient, b"tx")
        await asyncio.sleep(0)
        far.queue(VOTES, b"vote")
        batch = await far.hears()
    assert [frame.payload for frame in batch.frames] == [b"vote", b"tx"]


async def test_votes_overtake_transactions_that_a_slow_reader_left_waiting() -> None:
    far = FarEnd()
    async with far.running():
        for _ in range(3 * MESSAGES_IN_FLIGHT):
            far.queue(TRANSACTIONS, bytes(60_000))
        await eventually(lambda: far.peer.queue.depth < 2 * MESSAGES_IN_FLIGHT)
        far.queue(VOTES, b"vote")
        kinds = [frame.topic for _ in range(MESSAGES_IN_FLIGHT + 2) for frame in (await far.hears()).frames]
    assert VOTES.number in kinds
    assert far.peer.queue.depth > 0


async def test_pings_are_answered_and_round_trips_measured() -> None:
    far = FarEnd()
    async with far.running():
        await far.says(encode_control(Kind.PING, 77))
        assert [(f.kind, int.from_bytes(f.payload, "big")) for f in (await far.hears()).control] == [(Kind.PONG, 77)]
        far.peer.tick(far.clock())
        nonce = int.from_bytes((await far.hears()).control[0].payload, "big")
        far.clock.now += 0.25
        await far.says(encode_control(Kind.PONG, nonce + 1), encode_frame(Kind.DIRECT, STATUS.number, b"7"))
        await eventually(lambda: far.delivered)
        assert far.peer.round_trip is None
        await far.says(encode_control(Kind.PONG, nonce))
        await eventually(lambda: far.peer.round_trip)
    assert far.peer.round_trip == 0.25


async def test_a_silent_peer_is_given_up_and_one_that_answers_is_not() -> None:
    far = FarEnd()
    async with far.running() as ending:
        far.clock.now += far.patience.idle
        await far.says(encode_control(Kind.PONG, 5))
        await eventually(lambda: far.peer.bytes_in)
        far.clock.now += far.patience.idle
        far.peer.tick(far.clock())
        assert far.peer.ended is None
        far.clock.now += 0.1
        far.peer.tick(far.clock())
        reason = await ending
    assert isinstance(reason, errors.IdlePeer)
    assert far.link.reason == "IdlePeer"


async def test_a_probed_peer_has_only_a_moment_to_answer() -> None:
    far = FarEnd()
    async with far.running() as ending:
        far.peer.probe()
        assert (await far.hears()).control[0].kind == Kind.PING
        far.clock.now += far.patience.ping_after + 0.1
        far.peer.tick(far.clock())
        assert isinstance(await ending, errors.IdlePeer)


async def test_a_slow_reader_is_dropped() -> None:
    far = FarEnd()
    async with far.running() as ending:
        for _ in range(3 * MESSAGES_IN_FLIGHT):
            far.queue(TRANSACTIONS, bytes(60_000))
        await eventually(lambda: len(far.link._arrived) == MESSAGES_IN_FLIGHT)
        await asyncio.sleep(0)
        far.clock.now += far.patience.slow_reader
        far.peer.tick(far.clock())
        assert far.peer.ended is None
        far.clock.now += 0.1
        far.peer.tick(far.clock())
        reason = await ending
    assert isinstance(reason, errors.SlowReader)
    assert far.link.reason == "SlowReader"


async def test_a_reader_that_has_caught_up_is_not_slow() -> None:
    far = FarEnd()
    async with far.running():
        far.queue(VOTES, b"vote")
        await far.hears()
        far.clock.now += far.patience.slow_reader + 0.1
        far.peer.tick(far.clock())
        assert far.peer.ended is None


async def test_a_peer_that_cannot_follow_a_topic_whose_rule_is_to_drop_it_is_dropped() -> None:
    spec = replace(BLOCKS, max_size=1000, queue_bytes=3000, drop=Drop.PEER)
    far = FarEnd((spec,))
    async with far.running() as ending:
        assert [far.queue(spec, bytes(1000)) for _ in range(4)] == [True, True, False, False]
        reason = await ending
    assert isinstance(reason, errors.QueueOverflow)
    assert far.peer.queue.dropped == 1


@pytest.mark.parametrize(
    ("batch", "error"),
    [
        (b"", errors.MalformedFrame),
        (encode_frame(Kind.GOSSIP, 99, b""), errors.UnknownTopic),
        (encode_frame(Kind.GOSSIP, VOTES.number, bytes(VOTES.max_size + 1)), errors.FrameTooLarge),
        (HEADER.pack(9, 1, 0), errors.MalformedFrame),
    ],
)
async def test_a_batch_that_breaks_the_format_ends_the_link(batch: bytes, error: type[errors.P2PError]) -> None:
    far = FarEnd()
    async with far.running() as ending:
        await far.says(batch)
        assert isinstance(await ending, error)
    assert far.delivered == []
    assert far.link.reason == error.__name__


async def test_bytes_that_do_not_open_end_the_link() -> None:
    far = FarEnd()
    async with far.running() as ending:
        await far.link.send(bytes(100))
        assert isinstance(await ending, errors.BadSeal)


async def test_an_oversize_message_ends_the_link_unopened() -> None:
    far = FarEnd()
    async with far.running() as ending:
        await far.link.send(bytes(200_000))
        assert isinstance(await ending, errors.MessageTooLarge)


async def test_the_other_ends_closing_is_told_with_its_reason() -> None:
    far = FarEnd()
    async with far.running() as ending:
        await far.link.close("TooManyPeers")
        reason = await ending
    assert isinstance(reason, errors.LinkClosed)
    assert reason.reason == "TooManyPeers"


async def test_the_first_reason_to_disconnect_stands_and_nothing_is_queued_after_it() -> None:
    far = FarEnd()
    async with far.running() as ending:
        far.peer.disconnect(errors.DuplicateConnection(key("near").public))
        far.peer.disconnect(errors.ShuttingDown())
        assert not far.queue(VOTES, b"vote")
        assert isinstance(await ending, errors.DuplicateConnection)


async def test_cancelling_closes_the_link() -> None:
    far = FarEnd()
    task = asyncio.create_task(far.peer.run())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert far.link.reason == "ShuttingDown"


async def test_cancelling_counts_even_when_the_other_end_closes_at_the_same_moment() -> None:
    far = FarEnd()
    task = asyncio.create_task(far.peer.run())
    await asyncio.sleep(0)
    far.peer.disconnect(errors.LinkClosed("ShuttingDown"))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_flood_is_answered_by_reading_more_slowly() -> None:
    far = FarEnd(patience=Patience(bytes_per_second=1, bytes_at_once=2000))
    frame = encode_frame(Kind.GOSSIP, VOTES.number, b"")
    async with far.running():
        await far.says(*[frame] * 20)
        await far.says(frame)
        await eventually(lambda: len(far.delivered) >= 20)
        await asyncio.sleep(0.05)
        assert len(far.delivered) == 20
        assert len(far.near_link._arrived) == 1


async def test_the_tap_sees_payloads_as_they_are() -> None:
    far = FarEnd()
    async with far.running():
        far.queue(VOTES, b"going out")
        await far.hears()
        await far.says(encode_frame(Kind.GOSSIP, VOTES.number, b"coming in"))
        await eventually(lambda: far.delivered)
    assert [kind for kind, _ in far.taps] == ["payload-out", "payload-in"]
    assert far.taps[0][1].endswith(b"going out")
    assert far.taps[1][1].endswith(b"coming in")
