"""Giving others snapshots: straight from the tree, which keeps old versions anyway; nothing is prepared or stored."""

from collections.abc import Callable

from chain.codec import encode
from chain.types.scalars import Height
from node.executor import Executor
from node.snapshots.head import head_at
from node.snapshots.messages import HEAD, NEWEST, SnapshotRequest, answer_pieces
from node.storage.errors import VersionPruned
from p2p.address import NodeId

CHUNK_BYTES = 256 * 1024

Give = Callable[[NodeId, bytes], bool]


class SnapshotServer:
    """Answers requests in a thread of its own: whoever fetches a state holds up neither votes nor RPC."""

    def __init__(self, executor: Executor, give: Give) -> None:
        self._executor, self._give = executor, give

    async def answer(self, peer: NodeId, request: SnapshotRequest) -> bool:
        """Send what was asked for, or that there is none; False for a request that no honest node makes."""
        if not request.is_answerable:
            return False
        encoded = await self._executor.serving_snapshots(self._encoded, request)
        all(self._give(peer, encode(piece)) for piece in answer_pieces(request, encoded))
        return True

    def _encoded(self, request: SnapshotRequest) -> bytes | None:
        database = self._executor.ledger.database
        snapshot = database.snapshot()
        height = Height(snapshot.height - 1) if request.height == NEWEST else request.height
        if not 0 < height < snapshot.height:
            return None
        try:
            view = snapshot.tree(height)
        except VersionPruned:
            return None
        if request.start != HEAD:
            return encode(view.range(request.start, CHUNK_BYTES))
        head = head_at(database, height)
        return None if head is None else encode(head)
