"""State sync: a node without a database fetches the state of one height from its peers before it starts.

It believes a block that its configuration names, or genesis within the trust period; the block after the snapshot's
signs the root, and each chunk is held against that as it comes. What is proven is on disk: after a kill it goes on.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chain.codec import decode, encode
from chain.errors import CodecError
from chain.state.errors import InvalidProof
from chain.state.ranges import Range
from chain.types.genesis import Genesis
from chain.types.scalars import Height
from chain.types.sync import WrongPiece
from client.light.blocks import Trust
from node.snapshots.errors import NoSnapshot, OtherChain, SnapshotUnusable, TrustNeeded, WrongTrust
from node.snapshots.fetch import Answer, ChunkFetch
from node.snapshots.head import SnapshotHead, decode_head, require_trusted, require_whole
from node.snapshots.messages import (
    HEAD,
    NEWEST,
    SNAPSHOT_PIECE,
    SNAPSHOT_REQUEST,
    AnswerCollector,
    SnapshotPiece,
    SnapshotRequest,
)
from node.storage.restore import Restore, discard
from node.storage.storage_key import StorageKey
from p2p.address import NodeId
from p2p.handler import Verdict

SEGMENTS: Final = 16
TURN_S: Final = 0.1
GIVE_UP_S: Final = 60.0  # without a usable head
GONE_AFTER: Final = 20  # "I have not got it" in a row: the height is pruned everywhere
ASK_AGAIN_S: Final = 2.0

Send = Callable[[NodeId, int, bytes], bool]
Charge = Callable[[NodeId, int, str], None]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be filled, and whom to believe."""

    path: Path
    storage_key: StorageKey | None
    genesis: Genesis
    trust: Trust | None


@dataclass(slots=True)
class _Heads:
    """Who was asked for a head, and what came."""

    asked: dict[NodeId, tuple[float, AnswerCollector]] = field(default_factory=dict)
    refused: set[NodeId] = field(default_factory=set)
    found: SnapshotHead | None = None
    doubt: TrustNeeded | WrongTrust | None = None


class StateSync:
    """The network's handler while it lasts; other topics are not for it. `run` ends when the database is in place.

    clock: seconds that never run backwards; now_ms: the time of day.
    """

    def __init__(self, target: Target, clock: Callable[[], float], now_ms: Callable[[], int]) -> None:
        self._target, self._clock, self._now_ms = target, clock, now_ms
        self._send: Send
        self._charge: Charge
        self._peers: set[NodeId] = set()
        self._heads = _Heads()
        self._fetch: ChunkFetch | None = None
        self._answers: asyncio.Queue[Answer] = asyncio.Queue()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="restore")

    def connect(self, send: Send, charge: Charge) -> None:
        """How to reach peers, and how to blame them."""
        self._send, self._charge = send, charge

    # Handler

    def on_peer_up(self, peer: NodeId) -> None:
        self._peers.add(peer)
        if self._fetch is not None:
            self._fetch.peer_up(peer, self._clock())

    def on_peer_down(self, peer: NodeId, reason: str) -> None:
        self._peers.discard(peer)
        self._heads.asked.pop(peer, None)
        if self._fetch is not None:
            self._fetch.peer_down(peer)

    async def on_message(self, peer: NodeId, topic: int, payload: bytes) -> Verdict:
        if topic != SNAPSHOT_PIECE:
            return Verdict.IGNORE
        try:
            self._take(peer, decode(SnapshotPiece, payload))
        except CodecError as error:
            return Verdict.reject(str(error))
        except WrongPiece:  # one before it may have been lost in a full queue
            return Verdict.IGNORE
        return Verdict.ACCEPT

    def _take(self, peer: NodeId, piece: SnapshotPiece) -> None:
        if self._fetch is not None:
            answer = self._fetch.took(peer, piece, self._clock())
            if answer is not None:
                self._answers.put_nowait(answer)
        elif piece.start == HEAD and peer in self._heads.asked:
            self._take_head(peer, piece)

    def _take_head(self, peer: NodeId, piece: SnapshotPiece) -> None:
        if piece.count == 0:
            return  # it is asked again after a while
        encoded = self._heads.asked[peer][1].add(piece)
        if encoded is None or self._heads.found is not None:
            return
        try:
            head = decode_head(encoded)
            require_whole(head, self._target.genesis.chain_id)
            require_trusted(head, self._target.genesis, self._target.trust, self._now_ms())
        except (TrustNeeded, WrongTrust) as doubt:
            self._heads.doubt = doubt
            self._heads.refused.add(peer)
        except (CodecError, SnapshotUnusable, OtherChain) as error:
            self._heads.refused.add(peer)
            self._charge(peer, SNAPSHOT_PIECE, str(error))
        else:
            self._heads.found = head

    # Its life

    async def run(self) -> None:
        """Until the database is in place. Raises TrustNeeded, WrongTrust, NoSnapshot, and what writing raises."""
        try:
            while not await self._fill():
                log.warning("no peer has the state of that height any more; begun anew with a newer one")
        finally:
            self._writer.shutdown()

    async def _fill(self) -> bool:
        """One snapshot; False when it is gone everywhere before all of it was here."""
        target = self._target
        restore = Restore.resume(target.path, target.storage_key)
        if restore is None:
            head = await self._find_head()
            log.info("fetching the state after %s, root %s", head.height, head.root.hex())
            restore = Restore.begin(target.path, target.storage_key, target.genesis.hash(), head.restored(), SEGMENTS)
        try:
            whole = await self._fetch_chunks(restore)
            if whole:
                restore.finish()
        finally:
            self._fetch = None
            await asyncio.get_running_loop().run_in_executor(self._writer, restore.close)
        if not whole:
            if target.trust is not None:
                raise NoSnapshot(restore.tip.height, "no peer has it any more: name a newer block")
            discard(target.path)
        return whole

    async def _find_head(self) -> SnapshotHead:
        trust, started = self._target.trust, self._clock()
        height = NEWEST if trust is None else Height(trust.height - 1)
        heads = self._heads = _Heads()
        while heads.found is None:
            now = self._clock()
            if now - started > GIVE_UP_S:
                raise heads.doubt or NoSnapshot(height, f"{len(self._peers)} peers were asked for {GIVE_UP_S:.0f} s")
            for peer in sorted(self._peers - heads.refused):
                if peer not in heads.asked or now - heads.asked[peer][0] > ASK_AGAIN_S:
                    heads.asked[peer] = now, AnswerCollector()
                    self._send(peer, SNAPSHOT_REQUEST, encode(SnapshotRequest(height, HEAD)))
            if heads.doubt is not None and heads.refused >= self._peers:
                raise heads.doubt
            await asyncio.sleep(TURN_S)
        return heads.found

    async def _fetch_chunks(self, restore: Restore) -> bool:
        fetch = self._fetch = ChunkFetch(restore.tip.height, restore.places)
        for peer in self._peers:
            fetch.peer_up(peer, self._clock())
        shown = 0
        while not fetch.is_done:
            if fetch.absences > max(GONE_AFTER, 2 * fetch.peers):
                return False
            for peer, request in fetch.next_requests(self._clock()):
                self._send(peer, SNAPSHOT_REQUEST, encode(request))
            try:
                answer = await asyncio.wait_for(self._answers.get(), TURN_S)
            except TimeoutError:
                continue
            await self._judge(restore, fetch, answer)
            done = sum(place is None for place in restore.places)
            if done != shown:
                shown = done
                log.info("%s of %s parts of the state are here", done, len(restore.places))
        return True

    async def _judge(self, restore: Restore, fetch: ChunkFetch, answer: Answer) -> None:
        loop = asyncio.get_running_loop()
        try:
            chunk = decode(Range, answer.encoded)
            await loop.run_in_executor(self._writer, restore.add, answer.segment, answer.start, chunk)
        except (CodecError, InvalidProof) as error:
            log.warning("peer %s sent a chunk that proves nothing: %s", answer.peer.hex()[:16], error)
            fetch.lied(answer)
            self._charge(answer.peer, SNAPSHOT_PIECE, str(error))
        else:
            fetch.proved(answer, restore.places[answer.segment])
