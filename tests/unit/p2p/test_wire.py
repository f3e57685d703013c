"""Frames: one encoding per batch, sizes compared before payloads are touched, typed errors for everything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p import errors
from p2p.wire import BATCH_BYTES, HEADER, HEADER_BYTES, MAX_PAYLOAD, Kind, decode_batch, encode_control, encode_frame

SIZES = {1: 100, 2: MAX_PAYLOAD, 65_535: 10}

payload_frames = st.tuples(
    st.sampled_from([Kind.GOSSIP, Kind.DIRECT]), st.sampled_from([1, 65_535]), st.binary(max_size=10)
)


@given(st.lists(payload_frames, min_size=1, max_size=20), st.lists(st.integers(0, 2**64 - 1), max_size=3))
def test_a_batch_comes_back_as_it_was_and_encodes_to_the_same_bytes(
    frames: list[tuple[Kind, int, bytes]], pings: list[int]
) -> None:
    data = b"".join([*(encode_control(Kind.PING, nonce) for nonce in pings), *(encode_frame(*f) for f in frames)])
    batch = decode_batch(data, SIZES)
    assert [tuple(frame) for frame in batch.frames] == frames
    assert [int.from_bytes(frame.payload, "big") for frame in batch.control] == pings
    assert b"".join(encode_frame(Kind(f.kind), f.topic, f.payload) for f in batch.control + batch.frames) == data


@given(st.binary(max_size=300))
def test_arbitrary_bytes_decode_canonically_or_raise_a_wire_error(data: bytes) -> None:
    try:
        batch = decode_batch(data, SIZES)
    except errors.WireError:
        return
    size = sum(HEADER_BYTES + len(frame.payload) for frame in batch.frames + batch.control)
    assert size == len(data) > 0


@given(st.lists(payload_frames, min_size=1, max_size=5), st.data())
def test_a_truncated_batch_is_refused_or_ends_at_a_frame(
    frames: list[tuple[Kind, int, bytes]], data: st.DataObject
) -> None:
    encoded = [encode_frame(*frame) for frame in frames]
    whole = b"".join(encoded)
    cut = data.draw(st.integers(0, len(whole) - 1))
    ends = [sum(map(len, encoded[:count])) for count in range(1, len(encoded))]
    if cut in ends:
        assert len(decode_batch(whole[:cut], SIZES).frames) == ends.index(cut) + 1
    else:
        with pytest.raises(errors.MalformedFrame):
            decode_batch(whole[:cut], SIZES)


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(errors.MalformedFrame):
        decode_batch(b"", SIZES)


def test_a_topic_outside_the_table_is_refused() -> None:
    with pytest.raises(errors.UnknownTopic) as caught:
        decode_batch(encode_frame(Kind.GOSSIP, 7, b""), SIZES)
    assert caught.value.topic == 7


def test_a_payload_beyond_its_topics_size_is_refused_by_its_header_alone() -> None:
    with pytest.raises(errors.FrameTooLarge) as caught:
        decode_batch(HEADER.pack(Kind.GOSSIP, 1, 101), SIZES)
    assert (caught.value.topic, caught.value.size, caught.value.limit) == (1, 101, 100)
    assert decode_batch(encode_frame(Kind.GOSSIP, 1, bytes(100)), SIZES).frames


@pytest.mark.parametrize("kind", [0, 5, 255])
def test_an_unknown_kind_is_refused(kind: int) -> None:
    with pytest.raises(errors.MalformedFrame, match="kind"):
        decode_batch(HEADER.pack(kind, 1, 0), SIZES)


@pytest.mark.parametrize(("topic", "length"), [(1, 8), (0, 7), (0, 9), (0, 0)])
def test_a_control_frame_has_one_form(topic: int, length: int) -> None:
    with pytest.raises(errors.MalformedFrame, match="control"):
        decode_batch(HEADER.pack(Kind.PING, topic, length) + bytes(length), SIZES)


def test_one_large_frame_travels_alone() -> None:
    large = encode_frame(Kind.GOSSIP, 2, bytes(MAX_PAYLOAD))
    assert len(decode_batch(large, SIZES).frames) == 1
    with pytest.raises(errors.MalformedFrame, match="several"):
        decode_batch(large + encode_frame(Kind.GOSSIP, 1, b""), SIZES)
    with pytest.raises(errors.MalformedFrame, match="several"):
        decode_batch(encode_control(Kind.PING, 1) + large, SIZES)


def test_a_batch_may_be_exactly_full() -> None:
    small = encode_frame(Kind.GOSSIP, 1, b"x")
    rest = encode_frame(Kind.GOSSIP, 2, bytes(BATCH_BYTES - len(small) - HEADER_BYTES))
    assert len(decode_batch(small + rest, SIZES).frames) == 2
