"""Whom to ask for which final blocks: several peers at once, none of which is relied on. No I/O; times are passed in.

Every height above the tip and up to WINDOW beyond it is in exactly one state: free, asked of one peer (of two when the
first is late), or here. A peer has one request at a time. One that is silent for PATIENCE_S or not done after LIMIT_S
loses it: the heights that are lacking are free again, and what it says is not believed for a while, twice as long each
time: else one liar would keep a node waiting. Who merely has not got old blocks any more says so and is not doubted.
"""

from dataclasses import dataclass, field
from typing import Final

from chain.types.scalars import Height
from p2p.address import NodeId

WINDOW: Final = 64  # how far beyond the tip blocks are asked for
BATCH: Final = 16  # the most heights in one request
BATCH_BYTES: Final = 4 * 2**20  # what an answer should not exceed: half a peer's queue
BUFFER_BYTES: Final = 32 * 2**20  # with so much here that cannot be used yet, only the next block is asked for
PATIENCE_S: Final = 2.0  # silence after which a request is somebody else's
LIMIT_S: Final = 10.0  # the longest that a request may take altogether
HURRY_S: Final = 1.0  # what is lacking after so long is asked of a second peer that has nothing else to do
ASK_EVERY_S: Final = 0.125  # requests to one peer: fewer than its limit on them
FIRST_DOUBT_S: Final = 4.0
LONGEST_DOUBT_S: Final = 300.0
MAX_DOUBTS: Final = 1_024
_FIRST_GUESS_BYTES: Final = 2**20


@dataclass(slots=True)
class Request:
    """What a peer was asked for, up to `last`, and has not brought yet; `spoke`: it has sent something since."""

    last: Height
    lacking: set[Height]
    since: float
    heard: float
    spoke: bool = False

    @property
    def is_over(self) -> bool:
        """Nothing lacks any more, and the peer had a part in that: who was merely overtaken has yet to speak."""
        return not self.lacking and self.spoke

    def is_late(self, now: float) -> bool:
        return now - self.heard > PATIENCE_S or now - self.since > LIMIT_S


@dataclass(slots=True)
class _Doubts:
    """Until when a peer is not believed, and for how long that was."""

    until: float
    length: float


@dataclass(slots=True)
class SyncSchedule:
    """`requests` are those under way; `here` counts each height's blocks that wait for judgement or are judged."""

    requests: dict[NodeId, Request] = field(default_factory=dict)
    here: dict[Height, int] = field(default_factory=dict)
    _heads: dict[NodeId, Height] = field(default_factory=dict)
    _bases: dict[NodeId, Height] = field(default_factory=dict)  # the lowest that peers have, where they told
    _doubts: dict[NodeId, _Doubts] = field(default_factory=dict)
    _asked_at: dict[NodeId, float] = field(default_factory=dict)
    _done: dict[NodeId, Height] = field(default_factory=dict)  # the last height of a request that was done in time
    _block_bytes: int = _FIRST_GUESS_BYTES

    # What is heard of peers

    def heard_head(self, peer: NodeId, head: Height) -> None:
        """A peer says what it has committed."""
        if head < self._heads.get(peer, 0):
            self._bases.pop(peer, None)  # another chain folder than before: what it had not, it may have
        self._heads[peer] = head

    def lost(self, peer: NodeId) -> None:
        """A peer is gone, with what it was asked for."""
        for known in (self._heads, self._bases, self._asked_at, self._done, self.requests):
            known.pop(peer, None)

    def absent(self, peer: NodeId, height: Height) -> None:
        """A peer says that it has not got a block that it was asked for."""
        if peer in self.requests:
            del self.requests[peer]
            self._bases[peer] = Height(height + 1)

    def doubt(self, peer: NodeId, now: float) -> None:
        """Do not believe or ask this peer for a while."""
        self.requests.pop(peer, None)
        self._done.pop(peer, None)
        before = self._doubts.pop(peer, _Doubts(0.0, FIRST_DOUBT_S / 2))
        length = min(2 * before.length, LONGEST_DOUBT_S)
        self._doubts[peer] = _Doubts(now + length, length)
        if len(self._doubts) > MAX_DOUBTS:
            del self._doubts[next(iter(self._doubts))]

    def proved(self, peer: NodeId, height: Height) -> None:
        """A block of this peer was good. Only a whole request done in time clears its name: drops do not."""
        if self._done.get(peer) == height:
            self._doubts.pop(peer, None)

    def is_doubted(self, peer: NodeId, now: float) -> bool:
        doubts = self._doubts.get(peer)
        return doubts is not None and doubts.until > now

    def best_head(self, tip: Height, now: float) -> Height:
        """The highest block of a peer that is believed and has what comes next."""
        return max((self._heads[peer] for peer in self._sources(tip, now)), default=Height(0))

    # What blocks do

    def piece_came(self, peer: NodeId, now: float) -> None:
        """A peer sends; it is not silent."""
        request = self.requests.get(peer)
        if request is not None:
            request.heard, request.spoke = now, True
            if request.is_over:
                del self.requests[peer]

    def was_asked(self, peer: NodeId, height: Height) -> bool:
        return peer in self.requests and height in self.requests[peer].lacking

    def block_came(self, peer: NodeId, height: Height, size: int) -> None:
        """A whole block is here, `size` bytes."""
        self.here[height] = self.here.get(height, 0) + 1
        self._block_bytes = max(size, self._block_bytes * 7 // 8)
        request = self.requests.get(peer)
        if request is not None:
            request.lacking.discard(height)
            if request.is_over:
                self._done[peer] = request.last
                del self.requests[peer]

    def block_went(self, height: Height) -> None:
        """One that was here is judged, or was dropped."""
        left = self.here.get(height, 0) - 1
        if left > 0:
            self.here[height] = left
        else:
            self.here.pop(height, None)

    # What to do next

    def passed(self, tip: Height, now: float) -> None:
        """Nobody needs to bring what is committed; whoever is late with the rest loses it and is doubted."""
        for peer, request in tuple(self.requests.items()):
            request.lacking = {height for height in request.lacking if height > tip}
            if request.is_over:
                del self.requests[peer]
            elif request.is_late(now):
                self.doubt(peer, now)

    def next_requests(self, tip: Height, now: float, buffered: int) -> list[tuple[NodeId, Height, Height]]:
        """Whom to ask for which heights, first and last, now; they count as asked. `buffered`: bytes that are here."""
        if self.best_head(tip, now) <= tip + 1:
            return []
        window = 1 if buffered > BUFFER_BYTES else WINDOW
        asked: list[tuple[NodeId, Height, Height]] = []
        for peer in self._idle(tip, now):
            last = Height(min(tip + window, self._heads[peer]))
            run = self._free_run(tip, last, self._bases.get(peer, 0)) or self._late_run(peer, tip, last, now)
            if run:
                self.requests[peer] = Request(run[-1], set(run), now, now)
                self._asked_at[peer] = now
                asked.append((peer, run[0], run[-1]))
        return asked

    def _sources(self, tip: Height, now: float) -> list[NodeId]:
        """Peers that are believed and have the block after the tip, or have not said that they lack it."""
        return [peer for peer in self._heads if not self.is_doubted(peer, now) and self._bases.get(peer, 0) <= tip + 1]

    def _idle(self, tip: Height, now: float) -> list[NodeId]:
        """Sources without a request that may be asked again, in a fixed order."""
        return sorted(
            peer
            for peer in self._sources(tip, now)
            if peer not in self.requests
            and self._heads[peer] > tip
            and now - self._asked_at.get(peer, now - ASK_EVERY_S) >= ASK_EVERY_S
        )

    def _batch(self) -> int:
        return max(1, min(BATCH, BATCH_BYTES // self._block_bytes))

    def _free_run(self, tip: Height, last: Height, base: int) -> list[Height]:
        """The lowest heights in a row that are neither here nor asked of anybody."""
        taken = {height for request in self.requests.values() for height in request.lacking}
        run: list[Height] = []
        for height in range(max(tip + 1, base), last + 1):
            if height in self.here or height in taken:
                if run:
                    break
                continue
            run.append(Height(height))
            if len(run) == self._batch():
                break
        return run

    def _late_run(self, peer: NodeId, tip: Height, last: Height, now: float) -> list[Height]:
        """The next height, and those in a row after it, if a single other peer has kept everybody waiting for it."""
        holders = [request for request in self.requests.values() if tip + 1 in request.lacking]
        if len(holders) != 1 or now - holders[0].since < HURRY_S or Height(tip + 1) in self.here:
            return []
        run: list[Height] = []
        while len(run) < self._batch() and (height := Height(tip + 1 + len(run))) in holders[0].lacking:
            if height > last or height in self.here:
                break
            run.append(height)
        return run
