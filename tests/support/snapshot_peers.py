"""State sync among simulated peers with named faults: the real StateSync and Restore, a wire in memory, time cut short.

Peers answer from a real database at once or not at all; waiting is by a clock that a test moves.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

from chain.codec import decode, encode
from chain.state.ranges import Range
from chain.types.scalars import Blob, Height
from client.light.blocks import Trust
from crypto.keys import PublicKey
from node.snapshots.head import head_at
from node.snapshots.messages import HEAD, NEWEST, SNAPSHOT_PIECE, SnapshotRequest, answer_pieces
from node.snapshots.sync import StateSync, Target
from p2p.address import NodeId
from tests.support.stored_chain import NOW_MS, StoredChain


def node_id(number: int) -> NodeId:
    return NodeId(PublicKey(bytes([number]) * 32))


class SnapshotPeer:
    """Serves what it is asked for."""

    chunk_bytes = 300

    def __init__(self, chain: StoredChain) -> None:
        self.chain, self.requests = chain, 0

    def answer(self, request: SnapshotRequest) -> bytes | None:
        self.requests += 1
        snapshot = self.chain.database.snapshot()
        height = Height(snapshot.height - 1) if request.height == NEWEST else request.height
        if request.start == HEAD:
            return self.head(height)
        return encode(self.chunk(snapshot.tree(height).range(request.start, self.chunk_bytes)))

    def head(self, height: Height) -> bytes | None:
        head = head_at(self.chain.database, height)
        return None if head is None else encode(head)

    def chunk(self, chunk: Range) -> Range:
        return chunk


class Silent(SnapshotPeer):
    """Answers nothing."""

    silent = True


class ChunkLiar(SnapshotPeer):
    """A value in each chunk is another."""

    def chunk(self, chunk: Range) -> Range:
        bent = tuple(replace(entry, value=Blob(entry.value + b"!")) for entry in chunk.entries[:1])
        return replace(chunk, entries=bent + chunk.entries[1:])


class Skipper(SnapshotPeer):
    """Leaves an entry out of each chunk."""

    def chunk(self, chunk: Range) -> Range:
        return replace(chunk, entries=chunk.entries[1:])


class HeadLiar(SnapshotPeer):
    """Its head names another state root than validators signed."""

    def head(self, height: Height) -> bytes | None:
        head = head_at(self.chain.database, height)
        if head is None:
            return None
        header = replace(head.signer.header, state_root=type(head.signer.header.state_root)(bytes(32)))
        return encode(replace(head, signer=replace(head.signer, header=header)))


class Garbage(SnapshotPeer):
    """Bytes that are nothing."""

    def answer(self, request: SnapshotRequest) -> bytes | None:
        self.requests += 1
        return b"\xc1" * 1000


class Pruned(SnapshotPeer):
    """Has not got anything of that any more."""

    def answer(self, request: SnapshotRequest) -> bytes | None:
        self.requests += 1
        return None


class Forgetful(SnapshotPeer):
    """Has heads and no chunks."""

    def answer(self, request: SnapshotRequest) -> bytes | None:
        return super().answer(request) if request.start == HEAD else None


class StateSyncScene:
    """`run` syncs into `path` among the peers; the clock runs 50 times as fast as time."""

    def __init__(self, chain: StoredChain, path: Path, peers: list[SnapshotPeer], trust: Trust | None = None) -> None:
        self.chain, self.path = chain, path
        self.peers = {node_id(number + 1): peer for number, peer in enumerate(peers)}
        self.charged: list[NodeId] = []
        self.sync = StateSync(Target(path, None, chain.genesis, trust), self._clock, lambda: NOW_MS)
        self.sync.connect(self._send, lambda peer, topic, reason: self.charged.append(peer))
        self.rng = Random(1)
        self.stop_after: int | None = None
        self.chunks = 0
        self._stopped = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @staticmethod
    def _clock() -> float:
        return 50 * asyncio.get_running_loop().time()

    async def run(self, limit: float = 20.0) -> None:
        for peer in self.peers:
            self.sync.on_peer_up(peer)
        async with asyncio.timeout(limit):
            await self.sync.run()

    async def run_and_die(self, chunks: int) -> None:
        """Run until so many chunks were asked for and answered, then be cancelled."""
        self.stop_after = chunks
        life = asyncio.create_task(self.run())
        await asyncio.wait([life, asyncio.create_task(self._stopped.wait())], return_when=asyncio.FIRST_COMPLETED)
        life.cancel()
        await asyncio.wait([life])

    def _send(self, to: NodeId, topic: int, payload: bytes) -> bool:
        peer, request = self.peers[to], decode(SnapshotRequest, payload)
        if hasattr(peer, "silent"):
            peer.requests += 1
            return True
        if request.start != HEAD:
            self.chunks += 1
            if self.stop_after is not None and self.chunks > self.stop_after:
                self._stopped.set()
                return True
        task = asyncio.create_task(self._deliver(to, request, peer.answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _deliver(
        self, sender: NodeId, request: SnapshotRequest, answer: Callable[[SnapshotRequest], bytes | None]
    ) -> None:
        await asyncio.sleep(0.001)
        for piece in answer_pieces(request, answer(request)):
            await self.sync.on_message(sender, SNAPSHOT_PIECE, encode(piece))
