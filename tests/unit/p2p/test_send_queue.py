"""What waits for a peer: the urgent overtakes, every lane is bounded, each drop rule does what it says."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.errors import QueueOverflow
from p2p.send_queue import CONTROL_FRAMES, SendQueue
from p2p.topics import MESSAGE_OVERHEAD, Drop, Topics, TopicSpec
from p2p.wire import BATCH_BYTES, HEADER_BYTES, Kind, decode_batch, encode_control, encode_frame
from tests.support.p2p_nodes import BLOCKS, TOPICS, TRANSACTIONS, VOTES


def put(queue: SendQueue, spec: TopicSpec, payload: bytes) -> bool:
    return queue.put(spec.number, encode_frame(Kind.GOSSIP, spec.number, payload))


def taken(queue: SendQueue, specs: Iterable[TopicSpec] = TOPICS) -> list[bytes]:
    sizes = Topics(specs).max_sizes
    payloads = []
    while batch := queue.take():
        payloads += [frame.payload for frame in decode_batch(batch, sizes).frames]
    return payloads


def room_for(count: int, payload: int) -> int:
    return count * (payload + MESSAGE_OVERHEAD)


def test_votes_overtake_blocks_and_blocks_overtake_transactions() -> None:
    queue = SendQueue(Topics(TOPICS))
    for number in range(3):
        put(queue, TRANSACTIONS, b"tx%d" % number)
        put(queue, BLOCKS, b"part%d" % number)
        put(queue, VOTES, b"vote%d" % number)
    assert taken(queue) == [b"vote0", b"vote1", b"vote2", b"part0", b"part1", b"part2", b"tx0", b"tx1", b"tx2"]


def test_a_late_vote_goes_before_a_backlog_of_transactions() -> None:
    queue = SendQueue(Topics(TOPICS))
    for _ in range(500):
        put(queue, TRANSACTIONS, bytes(250))
    queue.take()
    put(queue, VOTES, b"vote")
    assert decode_batch(queue.take(), Topics(TOPICS).max_sizes).frames[0].payload == b"vote"


def test_control_frames_go_first_and_only_the_newest_are_kept() -> None:
    queue = SendQueue(Topics(TOPICS))
    put(queue, VOTES, b"vote")
    for nonce in range(100):
        queue.put_control(encode_control(Kind.PONG, nonce))
    batch = queue.take()
    control = decode_batch(batch, Topics(TOPICS).max_sizes).control
    assert [int.from_bytes(frame.payload, "big") for frame in control] == list(range(100 - CONTROL_FRAMES, 100))
    assert batch[0] == Kind.PONG


def test_a_full_lane_that_drops_the_newest_keeps_what_it_has() -> None:
    spec = replace(VOTES, drop=Drop.NEWEST, max_size=1, queue_bytes=room_for(3, 1))
    queue = SendQueue(Topics([spec]))
    assert [put(queue, spec, payload) for payload in (b"1", b"2", b"3", b"4")] == [True, True, True, False]
    assert (queue.dropped, queue.depth) == (1, 3)
    assert taken(queue, [spec]) == [b"1", b"2", b"3"]


def test_a_full_lane_that_drops_the_oldest_makes_room() -> None:
    spec = replace(VOTES, drop=Drop.OLDEST, max_size=1, queue_bytes=room_for(3, 1))
    queue = SendQueue(Topics([spec]))
    assert all(put(queue, spec, payload) for payload in (b"1", b"2", b"3", b"4", b"5"))
    assert queue.depth == 3
    assert taken(queue, [spec]) == [b"3", b"4", b"5"]


def test_a_full_lane_that_drops_the_peer_says_so() -> None:
    spec = replace(VOTES, drop=Drop.PEER, max_size=1, queue_bytes=room_for(1, 1))
    queue = SendQueue(Topics([spec]))
    put(queue, spec, b"1")
    with pytest.raises(QueueOverflow) as caught:
        put(queue, spec, b"2")
    assert (caught.value.topic, caught.value.limit) == (spec.name, spec.queue_bytes)


def test_one_full_lane_takes_nothing_from_another() -> None:
    queue = SendQueue(Topics(TOPICS))
    while put(queue, TRANSACTIONS, bytes(60_000)):
        pass
    assert put(queue, VOTES, b"vote")


def test_empty_frames_are_bounded_too() -> None:
    queue = SendQueue(Topics([TRANSACTIONS]))
    count = 0
    while put(queue, TRANSACTIONS, b""):
        count += 1
    assert count == TRANSACTIONS.queue_bytes // MESSAGE_OVERHEAD


def test_what_is_taken_is_given_back_to_the_bound() -> None:
    queue = SendQueue(Topics(TOPICS))
    for _ in range(10):
        put(queue, TRANSACTIONS, bytes(1000))
    assert queue.waiting_bytes == room_for(10, 1000)
    taken(queue)
    assert (queue.waiting_bytes, queue.depth) == (0, 0)
    assert queue.take() == b""


@given(st.lists(st.tuples(st.sampled_from([BLOCKS, TRANSACTIONS]), st.integers(0, 65_536)), max_size=40))
def test_every_batch_is_one_that_the_other_end_accepts(messages: list[tuple[TopicSpec, int]]) -> None:
    queue = SendQueue(Topics([replace(spec, queue_bytes=2**24) for spec in TOPICS]))
    queue.put_control(encode_control(Kind.PING, 1))
    for spec, size in messages:
        assert put(queue, spec, bytes(size))
    sizes = Topics(TOPICS).max_sizes
    count = 0
    while batch := queue.take():
        frames = decode_batch(batch, sizes).frames
        count += len(frames)
        assert len(batch) <= BATCH_BYTES or len(batch) == HEADER_BYTES + len(frames[0].payload)
    assert count == len(messages)
