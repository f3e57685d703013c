"""The table of topics: what may be sent, how large, how often, how urgently, and what gives way when a queue is full.

The caller (node/relay.py) supplies the table; this room attaches no meaning to any number in it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from p2p.errors import BadTopics
from p2p.wire import CONTROL_TOPIC, HEADER_BYTES, MAX_PAYLOAD

# Header, and what even an empty message occupies in memory: so tiny ones are bounded too.
MESSAGE_OVERHEAD: Final = HEADER_BYTES + 64


class Drop(Enum):
    """What a full queue does with one more message."""

    OLDEST = "oldest"  # the oldest of this topic give way: for news that age, such as status
    NEWEST = "newest"  # the new one is left out: for what is repeated or found elsewhere, such as transactions
    PEER = "peer"  # the peer is dropped, it cannot follow; on the way in, where we are the slow one, as NEWEST


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """One topic. Rates are per peer, queue sizes per peer on the way out and per node on the way in.

    number: 1..65535. max_size: payload bytes. rate, burst: messages per second, messages at once. priority: lower is
    sent first. queue_bytes: payload and overhead. gossip: whether others relay it; else only `send` carries it.
    workers: how many messages the handler judges at a time; 1 keeps their order. linger: seconds that a message may
    wait for company before it is sent.
    """

    number: int
    name: str
    max_size: int
    rate: float
    burst: int
    priority: int
    drop: Drop
    queue_bytes: int = 1024 * 1024
    gossip: bool = True
    workers: int = 1
    linger: float = 0.0


class Topics:
    """A checked table, iterated in the order of sending. Raises BadTopics."""

    def __init__(self, specs: Iterable[TopicSpec]) -> None:
        self._ordered = sorted(specs, key=lambda spec: (spec.priority, spec.number))
        self._by_number = {spec.number: spec for spec in self._ordered}
        self.max_sizes = {spec.number: spec.max_size for spec in self._ordered}
        for spec in self._ordered:
            _check(spec)
        if len(self._by_number) != len(self._ordered):
            raise BadTopics("two topics share a number")
        if len({spec.name for spec in self._ordered}) != len(self._ordered):
            raise BadTopics("two topics share a name")

    def __iter__(self) -> Iterator[TopicSpec]:
        return iter(self._ordered)

    def __len__(self) -> int:
        return len(self._ordered)

    def __getitem__(self, number: int) -> TopicSpec:
        return self._by_number[number]


def _check(spec: TopicSpec) -> None:
    if not CONTROL_TOPIC < spec.number < 2**16:
        raise BadTopics(f"topic '{spec.name}' has number {spec.number}, which is not in 1..65535")
    if not 0 < spec.max_size <= MAX_PAYLOAD:
        raise BadTopics(f"topic '{spec.name}' allows {spec.max_size} bytes, a frame carries 1..{MAX_PAYLOAD}")
    if spec.queue_bytes < spec.max_size + MESSAGE_OVERHEAD:
        raise BadTopics(f"the queue of topic '{spec.name}' cannot hold one message of {spec.max_size} bytes")
    if spec.rate <= 0 or spec.burst < 1 or spec.workers < 1 or spec.linger < 0:
        raise BadTopics(f"topic '{spec.name}' has a rate, burst, worker count or linger out of range")
