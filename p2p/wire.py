"""What a sealed message holds: a batch of frames, each kind u8 || topic u16 || length u32 || payload.

Fixed-width fields leave one encoding per batch. Sizes are compared before a payload is touched. Small frames share a
batch of at most BATCH_BYTES, so that many of them cost one seal; a frame beyond that travels alone.
"""

import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import Final, NamedTuple

from p2p.channel import SEAL_BYTES
from p2p.errors import FrameTooLarge, MalformedFrame, UnknownTopic

HEADER: Final = struct.Struct(">BHI")
HEADER_BYTES: Final = HEADER.size
MAX_PAYLOAD: Final = 128 * 1024
BATCH_BYTES: Final = 64 * 1024
MAX_MESSAGE: Final = HEADER_BYTES + MAX_PAYLOAD + SEAL_BYTES

CONTROL_TOPIC: Final = 0
PING_BYTES: Final = 8


class Kind(IntEnum):
    GOSSIP = 1  # relayed once accepted, judged once however often it comes
    DIRECT = 2  # meant for the receiver alone, judged every time
    PING = 3
    PONG = 4


class Frame(NamedTuple):
    kind: int
    topic: int
    payload: bytes


class Batch(NamedTuple):
    """Frames in order of arrival: those that carry payload, and pings and pongs."""

    frames: list[Frame]
    control: list[Frame]


def encode_frame(kind: Kind, topic: int, payload: bytes) -> bytes:
    return HEADER.pack(kind, topic, len(payload)) + payload


def encode_control(kind: Kind, nonce: int) -> bytes:
    """A ping or its pong; `nonce` below 2**64."""
    return encode_frame(kind, CONTROL_TOPIC, nonce.to_bytes(PING_BYTES, "big"))


def decode_batch(data: bytes, max_sizes: Mapping[int, int]) -> Batch:
    """All frames of a batch, or the first error; `max_sizes` maps topic to payload bytes.

    Raises MalformedFrame, UnknownTopic, FrameTooLarge.
    """
    batch = Batch([], [])
    offset, end = 0, len(data)
    if not end:
        raise MalformedFrame(0, "an empty batch")
    while offset < end:
        start = offset + HEADER_BYTES
        if start > end:
            raise MalformedFrame(offset, f"{end - offset} bytes are left, a header has {HEADER_BYTES}")
        kind, topic, length = HEADER.unpack_from(data, offset)
        stop = start + length
        if kind == Kind.GOSSIP or kind == Kind.DIRECT:
            _check_payload(topic, length, max_sizes)
            batch.frames.append(Frame(kind, topic, data[start:stop]))
        else:
            _check_control(offset, kind, topic, length)
            batch.control.append(Frame(kind, topic, data[start:stop]))
        if stop > end:
            raise MalformedFrame(offset, f"{length} payload bytes are announced, {end - start} are left")
        offset = stop
    if end > BATCH_BYTES and len(batch.frames) + len(batch.control) > 1:
        raise MalformedFrame(BATCH_BYTES, f"several frames in a batch of more than {BATCH_BYTES} bytes")
    return batch


def _check_payload(topic: int, length: int, max_sizes: Mapping[int, int]) -> None:
    limit = max_sizes.get(topic)
    if limit is None:
        raise UnknownTopic(topic)
    if length > limit:
        raise FrameTooLarge(topic, length, limit)


def _check_control(offset: int, kind: int, topic: int, length: int) -> None:
    if kind not in (Kind.PING, Kind.PONG):
        raise MalformedFrame(offset, f"kind {kind} is unknown")
    if topic != CONTROL_TOPIC:
        raise MalformedFrame(offset, f"a control frame names topic {topic}")
    if length != PING_BYTES:
        raise MalformedFrame(offset, f"a control frame carries {length} bytes, it has exactly {PING_BYTES}")
