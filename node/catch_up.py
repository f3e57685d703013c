"""Catching up: ask a peer that is ahead for final blocks, a few at a time, and offer them to the driver in order.

A peer that answers late, wrongly or not at all is passed over for the next, and what it says about its height is not
believed for a while: else one liar would keep every node waiting. Blocks are believed for their commits only. Kept are
a window of blocks from the peer that was asked, and from each other the block that is next.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from chain.codec import encode
from chain.consensus.repeats import Status
from chain.consensus.state import Step
from chain.types.scalars import Height
from chain.types.sync import BlockPiece, BlockRequest, PieceCollector, pieces_of
from node.executor import Executor
from p2p.address import NodeId

WINDOW: Final = 16  # blocks asked for at once
PATIENCE_S: Final = 2.0  # without progress, another peer is asked
TURN_S: Final = 0.1
FIRST_DOUBT_S: Final = 4.0  # how long a peer that did not deliver is not believed; doubles each time
LONGEST_DOUBT_S: Final = 300.0
MAX_DOUBTS: Final = 1_024

Send = Callable[[NodeId, bytes], bool]

log = logging.getLogger(__name__)


class CatchUp:
    """Both sides of it: `run` asks, `answer` gives. `clock` shows seconds that never run backwards."""

    def __init__(
        self, executor: Executor, ask: Send, give: Send, deliver: Callable[[], None], clock: Callable[[], float]
    ) -> None:
        self._executor, self._ask, self._give, self._deliver, self._clock = executor, ask, give, deliver, clock
        self._heads: dict[NodeId, Height] = {}
        self._doubts: dict[NodeId, tuple[float, float]] = {}  # until when, and for how long
        self._collectors: dict[NodeId, PieceCollector] = {}
        self._offered: dict[Height, dict[NodeId, bytes]] = {}
        self._asked: NodeId | None = None
        self._asked_until = Height(0)
        self._progress = 0.0
        self._seen_tip = Height(0)

    @property
    def best_head(self) -> Height:
        """The highest block that a connected and believed peer says it has committed."""
        return max(self._believed().values(), default=Height(0))

    def heard(self, peer: NodeId, status: Status) -> None:
        """A peer told where it stands: deciding `height`, or done with it."""
        done = status.step == int(Step.DECIDED)
        self._heads[peer] = status.height if done else Height(max(status.height - 1, 0))

    def lost(self, peer: NodeId) -> None:
        """A peer is gone."""
        self._heads.pop(peer, None)
        self._forget_offers(peer)
        if self._asked == peer:
            self._asked = None

    def take_piece(self, peer: NodeId, piece: BlockPiece) -> None:
        """A piece of an answer. Raises WrongPiece. What nobody needs is dropped."""
        tip = self._executor.ledger.tip.height
        last = tip + WINDOW if peer == self._asked else tip + 1
        if not tip < piece.height <= last:
            return
        whole = self._collectors.setdefault(peer, PieceCollector()).add(piece)
        if whole is not None:
            self._offered.setdefault(piece.height, {})[peer] = whole
            self._deliver()

    def next_final(self, height: Height) -> tuple[NodeId, bytes] | None:
        """Take out an offered FinalBlock of this height, and forget those of lower ones."""
        for passed in [offered for offered in self._offered if offered < height]:
            del self._offered[passed]
        offers = self._offered.get(height)
        if not offers:
            return None
        peer = next(iter(offers))
        return peer, offers.pop(peer)

    def final_failed(self, peer: NodeId) -> None:
        """A block that this peer sent proved nothing."""
        self._forget_offers(peer)
        self._doubt(peer)

    async def answer(self, peer: NodeId, request: BlockRequest) -> None:
        """Send a peer the final blocks that it asked for, as far as they exist and its queue takes them."""
        last = min(request.last, request.first + WINDOW - 1, self._executor.ledger.tip.height)
        for height in range(request.first, last + 1):
            if not await self.give_block(peer, Height(height)):
                return

    async def give_block(self, peer: NodeId, height: Height) -> bool:
        """Send one final block; False when there is none or the peer's queue is full."""
        encoded = await self._executor.reading_for_peers(self._executor.ledger.final_block, height)
        if encoded is None:
            return False
        return all(self._give(peer, encode(piece)) for piece in pieces_of(height, encoded))

    async def run(self) -> None:
        """Ask while somebody is ahead by more than the block that is being decided."""
        while True:
            await asyncio.sleep(TURN_S)
            self.turn()

    def turn(self) -> None:
        """Ask anew, or another peer, if it is time for that."""
        now, tip = self._clock(), self._executor.ledger.tip.height
        if tip > self._seen_tip:
            self._seen_tip, self._progress = tip, now
            if self._asked is not None:
                self._doubts.pop(self._asked, None)
        if self._asked is not None and now - self._progress > PATIENCE_S:
            self._doubt(self._asked)
        if self.best_head <= tip + 1:
            self._asked = None
        elif self._asked is None or tip >= self._asked_until:
            self._ask_next(tip, now)

    def _ask_next(self, tip: Height, now: float) -> None:
        heads = self._believed()
        ahead = sorted(peer for peer, head in heads.items() if head > tip)
        if self._asked not in ahead:
            self._asked = ahead[0]
        self._asked_until = Height(min(tip + WINDOW, heads[self._asked]))
        self._progress = now
        self._ask(self._asked, encode(BlockRequest(Height(tip + 1), self._asked_until)))

    def _believed(self) -> dict[NodeId, Height]:
        now = self._clock()
        return {peer: head for peer, head in self._heads.items() if self._doubts.get(peer, (now, 0.0))[0] <= now}

    def _doubt(self, peer: NodeId) -> None:
        """Do not believe this peer's height for a while, and ask another."""
        _, last = self._doubts.get(peer, (0.0, FIRST_DOUBT_S / 2))
        length = min(2 * last, LONGEST_DOUBT_S)
        self._doubts[peer] = (self._clock() + length, length)
        if len(self._doubts) > MAX_DOUBTS:
            del self._doubts[next(iter(self._doubts))]
        if self._asked == peer:
            self._asked = None

    def _forget_offers(self, peer: NodeId) -> None:
        self._collectors.pop(peer, None)
        for offers in self._offered.values():
            offers.pop(peer, None)
