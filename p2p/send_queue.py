"""What waits to be sent to one peer: a bounded lane per topic, the urgent first (votes, then blocks, transactions)."""

from collections import deque
from typing import Final

from p2p.errors import QueueOverflow
from p2p.topics import MESSAGE_OVERHEAD, Drop, Topics, TopicSpec
from p2p.wire import BATCH_BYTES, HEADER_BYTES

FRAME_OVERHEAD: Final = MESSAGE_OVERHEAD - HEADER_BYTES  # a frame has its header already
CONTROL_FRAMES: Final = 4


class _Lane:
    __slots__ = ("frames", "held", "spec")

    def __init__(self, spec: TopicSpec) -> None:
        self.spec = spec
        self.frames: deque[bytes] = deque()
        self.held = 0


class SendQueue:
    """Frames in, batches out; bounded by each topic's queue_bytes, the drop rule of TopicSpec.drop applies."""

    __slots__ = ("_by_number", "_control", "_lanes", "depth", "dropped")

    def __init__(self, topics: Topics) -> None:
        self._lanes = [_Lane(spec) for spec in topics]
        self._by_number = {lane.spec.number: lane for lane in self._lanes}
        self._control: deque[bytes] = deque(maxlen=CONTROL_FRAMES)
        self.depth = 0  # frames that wait, control frames not counted
        self.dropped = 0

    @property
    def waiting_bytes(self) -> int:
        return sum(lane.held for lane in self._lanes)

    def put_control(self, frame: bytes) -> None:
        """Ahead of everything; only the newest few are kept."""
        self._control.append(frame)

    def put(self, topic: int, frame: bytes) -> bool:
        """False if the frame was left out. Raises QueueOverflow if the topic's rule is to drop the peer."""
        lane = self._by_number[topic]
        size = len(frame) + FRAME_OVERHEAD
        if lane.held + size > lane.spec.queue_bytes and not self._make_room(lane, size):
            return False
        lane.frames.append(frame)
        lane.held += size
        self.depth += 1
        return True

    def take(self) -> bytes:
        """The next batch, b"" if nothing waits: urgent topics first, whole frames, BATCH_BYTES or one larger frame."""
        batch, size = list(self._control), sum(map(len, self._control))
        self._control.clear()
        for lane in self._lanes:
            frames = lane.frames
            while frames:
                if size + len(frames[0]) > BATCH_BYTES and batch:
                    return b"".join(batch)
                frame = self._pop(lane)
                batch.append(frame)
                size += len(frame)
        return b"".join(batch)

    def _make_room(self, lane: _Lane, size: int) -> bool:
        self.dropped += 1
        if lane.spec.drop is Drop.PEER:
            raise QueueOverflow(lane.spec.name, lane.spec.queue_bytes)
        if lane.spec.drop is Drop.NEWEST:
            return False
        while lane.held + size > lane.spec.queue_bytes:
            self._pop(lane)
        return True

    def _pop(self, lane: _Lane) -> bytes:
        frame = lane.frames.popleft()
        lane.held -= len(frame) + FRAME_OVERHEAD
        self.depth -= 1
        return frame
