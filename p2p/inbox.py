"""What waits to be judged: a bounded lane per topic for all peers together, so that votes never wait behind proofs."""

from asyncio import Event
from collections import deque
from typing import NamedTuple

from p2p.address import NodeId
from p2p.topics import MESSAGE_OVERHEAD, Drop, TopicSpec


class Delivery(NamedTuple):
    """`digest` is empty for a direct message."""

    sender: NodeId
    payload: bytes
    digest: bytes


class InboxLane:
    """Bounded by queue_bytes; drop rule as in TopicSpec, PEER taken as NEWEST because we are the slow one."""

    __slots__ = ("_filled", "_held", "_waiting", "dropped", "spec")

    def __init__(self, spec: TopicSpec) -> None:
        self.spec = spec
        self.dropped = 0
        self._waiting: deque[Delivery] = deque()
        self._held = 0
        self._filled = Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, delivery: Delivery) -> list[Delivery]:
        """Those that had to give way: older ones, or this one."""
        size = len(delivery.payload) + MESSAGE_OVERHEAD
        gone: list[Delivery] = []
        while self._held + size > self.spec.queue_bytes:
            self.dropped += 1
            if self.spec.drop is not Drop.OLDEST:
                return [delivery]
            gone.append(self._pop())
        self._waiting.append(delivery)
        self._held += size
        self._filled.set()
        return gone

    async def get(self) -> Delivery:
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        return self._pop()

    def _pop(self) -> Delivery:
        delivery = self._waiting.popleft()
        self._held -= len(delivery.payload) + MESSAGE_OVERHEAD
        return delivery
