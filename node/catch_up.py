"""Catching up: ask a peer that is ahead for final blocks, a few at a time, and hand them to the driver in order.

A peer that answers late, wrongly or not at all is passed over for the next; blocks are believed for their commits only.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from chain.codec import decode, encode
from chain.consensus.repeats import Status
from chain.consensus.state import Step
from chain.types.scalars import Height
from chain.types.sync import BlockPiece, BlockRequest, FinalBlock, PieceCollector, pieces_of
from node.executor import Executor
from p2p.address import NodeId

WINDOW: Final = 16  # blocks asked for at once
PATIENCE_S: Final = 2.0  # without progress, another peer is asked
TURN_S: Final = 0.2

Send = Callable[[NodeId, bytes], bool]

log = logging.getLogger(__name__)


class CatchUp:
    """Both sides of it: `run` asks, `answer` gives."""

    def __init__(self, executor: Executor, ask: Send, give: Send, deliver: Callable[[FinalBlock], None]) -> None:
        self._executor, self._ask, self._give, self._deliver = executor, ask, give, deliver
        self._heads: dict[NodeId, Height] = {}
        self._collectors: dict[NodeId, PieceCollector] = {}
        self._asked: NodeId | None = None
        self._asked_until = Height(0)
        self._progress = 0.0
        self._seen_tip = Height(0)

    @property
    def best_head(self) -> Height:
        """The highest block that a connected peer says it has committed."""
        return max(self._heads.values(), default=Height(0))

    def heard(self, peer: NodeId, status: Status) -> None:
        """A peer told where it stands: deciding `height`, or done with it."""
        done = status.step == int(Step.DECIDED)
        self._heads[peer] = status.height if done else Height(max(status.height - 1, 0))

    def lost(self, peer: NodeId) -> None:
        """A peer is gone."""
        self._heads.pop(peer, None)
        self._collectors.pop(peer, None)
        if self._asked == peer:
            self._asked = None

    def take_piece(self, peer: NodeId, piece: BlockPiece) -> None:
        """A piece of an answer. Raises WrongPiece or a CodecError. Unasked-for answers are dropped."""
        tip = self._executor.ledger.tip.height
        if not tip < piece.height <= tip + 2 * WINDOW:
            return
        whole = self._collectors.setdefault(peer, PieceCollector()).add(piece)
        if whole is not None:
            self._deliver(decode(FinalBlock, whole))

    async def answer(self, peer: NodeId, request: BlockRequest) -> None:
        """Send a peer the final blocks that it asked for, as far as they exist and its queue takes them."""
        last = min(request.last, request.first + WINDOW - 1, self._executor.ledger.tip.height)
        for height in range(request.first, last + 1):
            await self.give_block(peer, Height(height))

    async def give_block(self, peer: NodeId, height: Height) -> None:
        """Send one final block, unasked: the peer's status showed that it lacks it."""
        encoded = await asyncio.get_running_loop().run_in_executor(None, self._executor.ledger.final_block, height)
        if encoded is None:
            return
        for piece in pieces_of(height, encoded):
            self._give(peer, encode(piece))

    async def run(self) -> None:
        """Ask while somebody is ahead by more than the block that is being decided."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TURN_S)
            tip = self._executor.ledger.tip.height
            if tip > self._seen_tip:
                self._seen_tip, self._progress = tip, loop.time()
            if self.best_head <= tip + 1:
                self._asked = None
            elif self._asked is None or tip >= self._asked_until or loop.time() - self._progress > PATIENCE_S:
                self._ask_next(tip, loop.time())

    def _ask_next(self, tip: Height, now: float) -> None:
        ahead = sorted(peer for peer, head in self._heads.items() if head > tip)
        later = [peer for peer in ahead if self._asked is not None and peer > self._asked]
        stuck = now - self._progress > PATIENCE_S
        self._asked = (later or ahead)[0] if stuck or self._asked not in ahead else self._asked
        self._asked_until = Height(min(tip + WINDOW, self._heads[self._asked]))
        self._progress = now
        self._ask(self._asked, encode(BlockRequest(Height(tip + 1), self._asked_until)))
