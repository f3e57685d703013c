"""What nodes say to each other about snapshots: requests of one part each, and answers in pieces that fit a message."""

from dataclasses import dataclass
from typing import Final

from chain.codec import wire
from chain.state.merkle import PATH_BYTES
from chain.types.scalars import Blob, Height, Uint
from chain.types.sync import MAX_PIECES, PIECE_BYTES, WrongPiece
from p2p.topics import Drop, TopicSpec

SNAPSHOT_REQUEST: Final = 8
SNAPSHOT_PIECE: Final = 9

SNAPSHOT_TOPICS: Final = (
    TopicSpec(SNAPSHOT_REQUEST, "snapshot-request", 128, rate=4, burst=8, priority=7, drop=Drop.OLDEST, gossip=False),
    TopicSpec(
        SNAPSHOT_PIECE, "snapshot-piece", 100 * 1024, rate=100, burst=200, priority=8, drop=Drop.NEWEST,
        queue_bytes=8 * 2**20, gossip=False,
    ),
)  # fmt: skip

NEWEST: Final = Height(0)
HEAD: Final = Blob(b"")


@wire()
@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """The head of the snapshot of a height (NEWEST: of the newest that the peer has), or the chunk from `start` on."""

    height: Height
    start: Blob

    @property
    def is_answerable(self) -> bool:
        return self.start == HEAD or (self.height != NEWEST and len(self.start) == PATH_BYTES)


@wire()
@dataclass(frozen=True, slots=True)
class SnapshotPiece:
    """Piece `index` of `count` of the answer to a request; a count of 0 says that there is none."""

    height: Height
    start: Blob
    index: Uint
    count: Uint
    data: Blob


def answer_pieces(request: SnapshotRequest, encoded: bytes | None) -> tuple[SnapshotPiece, ...]:
    """An answer as it is sent; None where there is nothing to give."""
    if encoded is None:
        return (SnapshotPiece(request.height, request.start, Uint(0), Uint(0), Blob(b"")),)
    cuts = [encoded[at : at + PIECE_BYTES] for at in range(0, len(encoded), PIECE_BYTES)]
    return tuple(
        SnapshotPiece(request.height, request.start, Uint(index), Uint(len(cuts)), Blob(cut))
        for index, cut in enumerate(cuts)
    )


class AnswerCollector:
    """Puts one answer together; a peer sends its pieces in order."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def add(self, piece: SnapshotPiece) -> bytes | None:
        """The whole answer when this was its last piece. Raises WrongPiece."""
        if piece.index != len(self._pieces) or not 0 < piece.count <= MAX_PIECES:
            raise WrongPiece(piece.height, f"piece {piece.index} of {piece.count} of a snapshot came out of order")
        self._pieces.append(piece.data)
        return b"".join(self._pieces) if len(self._pieces) == piece.count else None
