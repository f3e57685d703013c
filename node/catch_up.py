"""Catching up: ask peers that are ahead for final blocks, offer them to the driver in order, and give to others.

Blocks are believed for their commits only. Whom to ask for what is node/sync_schedule.py's matter. Kept are the blocks
that a peer was asked for, and from each other the block that is next.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from chain.codec import encode
from chain.consensus.repeats import Status
from chain.consensus.state import Step
from chain.types.scalars import Blob, Height, Uint
from chain.types.sync import BlockPiece, BlockRequest, PieceCollector, pieces_of
from node.executor import Executor
from node.sync_schedule import BATCH, SyncSchedule
from p2p.address import NodeId

TURN_S: Final = 0.1
HELD_BYTES: Final = 64 * 2**20  # whole blocks in memory; beyond that only the next one is taken, whoever was asked

Send = Callable[[NodeId, bytes], bool]

log = logging.getLogger(__name__)


class CatchUp:
    """Both sides of it: `run` asks, `answer` gives. `clock` shows seconds that never run backwards."""

    def __init__(
        self, executor: Executor, ask: Send, give: Send, deliver: Callable[[], None], clock: Callable[[], float]
    ) -> None:
        self._executor, self._ask, self._give, self._deliver, self._clock = executor, ask, give, deliver, clock
        self.schedule = SyncSchedule()
        self._collectors: dict[NodeId, PieceCollector] = {}
        self._offered: dict[Height, dict[NodeId, bytes]] = {}
        self._buffered = 0  # bytes in _offered
        self._judging: dict[Height, NodeId] = {}  # who brought what the driver has taken out

    @property
    def best_head(self) -> Height:
        """The highest block that a connected and believed peer says it has committed."""
        return self.schedule.best_head(self._tip, self._clock())

    @property
    def _tip(self) -> Height:
        return self._executor.ledger.tip.height

    def heard(self, peer: NodeId, status: Status) -> None:
        """A peer told where it stands: deciding `height`, or done with it."""
        done = status.step == int(Step.DECIDED)
        self.schedule.heard_head(peer, status.height if done else Height(max(status.height - 1, 0)))

    def lost(self, peer: NodeId) -> None:
        """A peer is gone; what it was asked for is asked of others."""
        self._forget_offers(peer)
        self.schedule.lost(peer)

    def take_piece(self, peer: NodeId, piece: BlockPiece) -> None:
        """A piece of an answer, or the word that there is none. Raises WrongPiece. What nobody needs is dropped."""
        height = piece.height
        asked = self.schedule.was_asked(peer, height)
        self.schedule.piece_came(peer, self._clock())
        if piece.count == 0:
            if asked:
                log.info("peer %s has no block %s any more", peer.hex()[:16], height)
                self.schedule.absent(peer, height)
            return
        is_next = height == self._tip + 1
        if height <= self._tip or not (is_next or (asked and self._buffered <= HELD_BYTES)):
            return
        whole = self._collectors.setdefault(peer, PieceCollector()).add(piece)
        if whole is not None and peer not in self._offered.get(height, {}):
            self._offered.setdefault(height, {})[peer] = whole
            self._buffered += len(whole)
            self.schedule.block_came(peer, height, len(whole))
            self._deliver()

    def next_final(self, height: Height) -> tuple[NodeId, bytes] | None:
        """Take out an offered FinalBlock of this height, and forget those of lower ones."""
        for passed in [offered for offered in self._offered if offered < height]:
            for peer in tuple(self._offered[passed]):
                self._take_out(passed, peer)
                self.schedule.block_went(passed)
        offers = self._offered.get(height)
        if not offers:
            return None
        peer = next(iter(offers))
        self._judging[height] = peer  # and it is not asked for again meanwhile
        return peer, self._take_out(height, peer)

    def final_failed(self, peer: NodeId) -> None:
        """A block that this peer sent proved nothing: nothing else of it is believed either."""
        for height in [judged for judged, sender in self._judging.items() if sender == peer]:
            del self._judging[height]
            self.schedule.block_went(height)
        self._forget_offers(peer)
        self.schedule.doubt(peer, self._clock())
        self.turn()

    async def answer(self, peer: NodeId, request: BlockRequest) -> None:
        """Send a peer the final blocks that it asked for, as far as its queue takes them; where one lacks, say so."""
        for height in range(request.first, min(request.last, request.first + BATCH - 1) + 1):
            encoded = await self._final_block(Height(height))
            if encoded is None:
                self._give(peer, encode(BlockPiece(Height(height), Uint(0), Uint(0), Blob(b""))))
                return
            if not self._give_pieces(peer, Height(height), encoded):
                return

    async def give_block(self, peer: NodeId, height: Height) -> bool:
        """Send one final block; False when there is none or the peer's queue is full."""
        encoded = await self._final_block(height)
        return encoded is not None and self._give_pieces(peer, height, encoded)

    async def run(self) -> None:
        """Ask while somebody is ahead by more than the block that is being decided."""
        while True:
            await asyncio.sleep(TURN_S)
            self.turn()

    def turn(self) -> None:
        """Ask whoever is free for what is lacking, and others for what somebody is late with."""
        now, tip = self._clock(), self._tip
        for height in [judged for judged in self._judging if judged <= tip]:
            self.schedule.proved(self._judging.pop(height), height)
            self.schedule.block_went(height)
        self.schedule.passed(tip, now)
        for peer, first, last in self.schedule.next_requests(tip, now, self._buffered):
            if not self._ask(peer, encode(BlockRequest(first, last))):
                self.schedule.lost(peer)

    async def _final_block(self, height: Height) -> bytes | None:
        if not 0 < height <= self._tip:
            return None
        return await self._executor.reading_for_peers(self._executor.ledger.final_block, height)

    def _give_pieces(self, peer: NodeId, height: Height, encoded: bytes) -> bool:
        return all(self._give(peer, encode(piece)) for piece in pieces_of(height, encoded))

    def _take_out(self, height: Height, peer: NodeId) -> bytes:
        offers = self._offered[height]
        encoded = offers.pop(peer)
        if not offers:
            del self._offered[height]
        self._buffered -= len(encoded)
        return encoded

    def _forget_offers(self, peer: NodeId) -> None:
        self._collectors.pop(peer, None)
        for height in [offered for offered, offers in self._offered.items() if peer in offers]:
            self._take_out(height, peer)
            self.schedule.block_went(height)
