"""Whom to ask for which chunk of a snapshot: several peers at once, none of which is relied on. No I/O.

The paths are cut into segments; each goes on where its last proven chunk ended. A peer has one request at a time. One
that is silent for PATIENCE_S loses it; one whose chunk proves nothing is not asked again; one that has not got the
height any more, or not yet, is left alone for a while.
"""

from dataclasses import dataclass
from typing import Final

from chain.types.scalars import Blob, Height
from node.snapshots.messages import AnswerCollector, SnapshotPiece, SnapshotRequest
from p2p.address import NodeId

PATIENCE_S: Final = 5.0  # without a piece
HURRY_S: Final = 2.0  # after so long a second peer that has nothing else to do is asked for the same
ASK_EVERY_S: Final = 0.3  # requests to one peer: fewer than its limit on them
REST_S: Final = 3.0  # for who has not got the height, or was silent: then twice as long each time
LONGEST_REST_S: Final = 120.0


@dataclass(slots=True)
class _Asked:
    segment: int
    request: SnapshotRequest
    since: float
    heard: float
    collector: AnswerCollector


@dataclass(frozen=True, slots=True)
class Answer:
    """What a peer has sent for a segment that stood at `start`, not looked at yet."""

    peer: NodeId
    segment: int
    start: bytes
    encoded: bytes


class ChunkFetch:
    """`places` are where the segments go on; None: that one is done."""

    def __init__(self, height: Height, places: tuple[bytes | None, ...]) -> None:
        self.height, self.places = height, list(places)
        self.absences = 0  # in a row: nobody has the height
        self._asked: dict[NodeId, _Asked] = {}
        self._rests: dict[NodeId, float] = {}  # peers, and from when on they may be asked
        self._silences: dict[NodeId, int] = {}  # in a row
        self._liars: set[NodeId] = set()
        self._checking: dict[int, int] = {}  # segments whose answers are being looked at

    def peer_up(self, peer: NodeId, now: float) -> None:
        self._rests.setdefault(peer, now)

    def peer_down(self, peer: NodeId) -> None:
        self._rests.pop(peer, None)
        self._asked.pop(peer, None)
        self._silences.pop(peer, None)

    @property
    def peers(self) -> int:
        """How many there are that may be asked, now or later."""
        return sum(peer not in self._liars for peer in self._rests)

    @property
    def is_done(self) -> bool:
        return not any(self.places)

    def took(self, peer: NodeId, piece: SnapshotPiece, now: float) -> Answer | None:
        """A piece of an answer; the whole of it when it was the last. Raises WrongPiece. The unasked is dropped."""
        asked = self._asked.get(peer)
        if asked is None or (piece.height, piece.start) != (asked.request.height, asked.request.start):
            return None
        if piece.count == 0:
            del self._asked[peer]
            self._rests[peer] = now + REST_S
            self.absences += 1
            return None
        asked.heard = now
        encoded = asked.collector.add(piece)
        if encoded is None:
            return None
        del self._asked[peer]
        self._silences.pop(peer, None)
        self._rests[peer] = asked.since + ASK_EVERY_S
        self._checking[asked.segment] = self._checking.get(asked.segment, 0) + 1
        return Answer(peer, asked.segment, asked.request.start, encoded)

    def proved(self, answer: Answer, place: bytes | None) -> None:
        """An answer was good, or another was there first; the segment goes on at `place`."""
        self._checked(answer.segment)
        self.places[answer.segment] = place
        self.absences = 0

    def lied(self, answer: Answer) -> None:
        """An answer proves nothing."""
        self._checked(answer.segment)
        self._liars.add(answer.peer)

    def next_requests(self, now: float) -> list[tuple[NodeId, SnapshotRequest]]:
        """Whom to ask for what now; it counts as asked."""
        for peer in [peer for peer, asked in self._asked.items() if now - asked.heard > PATIENCE_S]:
            del self._asked[peer]
            self._silences[peer] = self._silences.get(peer, 0) + 1
            self._rests[peer] = now + min(REST_S * 2 ** (self._silences[peer] - 1), LONGEST_REST_S)
        wanted: list[tuple[NodeId, SnapshotRequest]] = []
        for peer in sorted(self._rests):
            if peer in self._asked or peer in self._liars or self._rests[peer] > now:
                continue
            segment = self._free_segment(now)
            if segment is None:
                break
            request = SnapshotRequest(self.height, Blob(self.places[segment] or b""))
            self._asked[peer] = _Asked(segment, request, now, now, AnswerCollector())
            wanted.append((peer, request))
        return wanted

    def _free_segment(self, now: float) -> int | None:
        """One that nobody works on; else one that a single peer is late with."""
        late: int | None = None
        for segment, place in enumerate(self.places):
            if place is None or segment in self._checking:
                continue
            working = [asked for asked in self._asked.values() if asked.segment == segment]
            if not working:
                return segment
            if late is None and len(working) == 1 and now - working[0].since > HURRY_S:
                late = segment
        return late

    def _checked(self, segment: int) -> None:
        self._checking[segment] -= 1
        if not self._checking[segment]:
            del self._checking[segment]
