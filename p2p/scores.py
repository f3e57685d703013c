"""What peers did wrong, and what follows: points with reasons, and bans that expire.

Only what a peer does itself can ban it: bytes that break the format, or a message it addressed to us that is invalid.
Whatever it relays costs points down to FLOOR and its own allowance (p2p/gossip.py), never a ban: an honest node may
relay what we judge differently, and then whole neighbourhoods would ban each other (threats.md).
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from p2p.address import NodeId

BAN_AT: Final = -100.0
FLOOR: Final = -50.0  # as low as offences go that cannot ban
HEAL_PER_SECOND: Final = 1 / 6
REMEMBERED_NODES: Final = 1024
REMEMBERED_REASONS: Final = 8


class Offence(Enum):
    """(points, may ban)"""

    MALFORMED = (100.0, True)
    INVALID_DIRECT = (20.0, True)
    INVALID_GOSSIP = (5.0, False)
    TOO_FAST = (1.0, False)

    @property
    def points(self) -> float:
        return self.value[0]

    @property
    def bans(self) -> bool:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Ban:
    """`until` is on the clock that the book was given, in seconds."""

    node: NodeId
    reason: str
    until: float


@dataclass(slots=True)
class _Record:
    at: float
    score: float = 0.0
    reasons: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED_REASONS))
    ban: Ban | None = None


class ScoreBook:
    """Scores by node id, kept across reconnections; 0 is blameless, BAN_AT is banned. Forgets the longest unseen."""

    def __init__(self, clock: Callable[[], float], ban_seconds: float) -> None:
        self._clock, self._ban_seconds = clock, ban_seconds
        self._records: OrderedDict[NodeId, _Record] = OrderedDict()

    def charge(self, node: NodeId, offence: Offence, reason: str) -> Ban | None:
        """Write the offence down; the ban if this one, or an earlier one still running, brought it about."""
        record = self._touch(node)
        lowest = -float("inf") if offence.bans else min(FLOOR, record.score)
        record.score = max(record.score - offence.points, lowest)
        if not record.reasons or record.reasons[-1] != reason:
            record.reasons.append(reason)
        if record.score <= BAN_AT and record.ban is None:
            record.ban = Ban(node, reason, record.at + self._ban_seconds)
        return record.ban

    def ban(self, node: NodeId, reason: str, seconds: float) -> Ban:
        """Ban by hand, whatever the score; in place of a ban that runs already."""
        record = self._touch(node)
        record.ban = Ban(node, reason, record.at + seconds)
        return record.ban

    def forgive(self, node: NodeId) -> bool:
        """Lift a ban, and its points; False if there is none."""
        record = self._current(node)
        if record is None or record.ban is None:
            return False
        record.ban, record.score = None, 0.0
        return True

    def score(self, node: NodeId) -> float:
        record = self._current(node)
        return record.score if record else 0.0

    def reasons(self, node: NodeId) -> tuple[str, ...]:
        """The last few, oldest first."""
        record = self._records.get(node)
        return tuple(record.reasons) if record else ()

    def banned(self, node: NodeId) -> Ban | None:
        record = self._current(node)
        return record.ban if record else None

    def bans(self) -> tuple[Ban, ...]:
        """Those still running."""
        return tuple(ban for node in tuple(self._records) if (ban := self.banned(node)))

    def _current(self, node: NodeId) -> _Record | None:
        """The record as of now: healed, and with a ban that has run out lifted and its points forgiven."""
        record = self._records.get(node)
        if record is None:
            return None
        now = self._clock()
        if record.ban and now >= record.ban.until:
            record.ban, record.score = None, 0.0
        elif record.ban is None:
            record.score = min(0.0, record.score + (now - record.at) * HEAL_PER_SECOND)
        record.at = now
        return record

    def _touch(self, node: NodeId) -> _Record:
        record = self._current(node)
        if record is None:
            record = self._records[node] = _Record(self._clock())
            if len(self._records) > REMEMBERED_NODES:
                self._forget_one()
        self._records.move_to_end(node)
        return record

    def _forget_one(self) -> None:
        """The longest untouched that is not banned, so that inventing identities lifts no ban; else the oldest."""
        unbanned = (node for node, record in self._records.items() if record.ban is None)
        del self._records[next(unbanned, next(iter(self._records)))]
