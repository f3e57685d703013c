"""Who is connected: at most one link per node, both ends agreeing on which, and a bounded number of strangers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from p2p.address import NodeId
from p2p.errors import DuplicateConnection, PeerBanned, TooManyPeers
from p2p.peer import Peer
from p2p.scores import ScoreBook


def newer_survives(existing_initiator: NodeId, newer_initiator: NodeId) -> bool:
    """Which of two links between the same two nodes is kept; both ends compute it from the same two ids.

    Nodes that dial each other at once keep the link of the smaller id. A second link from the same initiator means that
    it lost the first one, since no node dials a node that it believes connected.
    """
    return newer_initiator <= existing_initiator


@dataclass(frozen=True, slots=True)
class Callbacks:
    up: Callable[[Peer], None]
    down: Callable[[Peer, str], None]


class Connections:
    """`live` maps node id to the one link in use. `friends` (configured peers) do not count as strangers."""

    def __init__(
        self, me: NodeId, max_inbound: int, scores: ScoreBook, clock: Callable[[], float], callbacks: Callbacks
    ) -> None:
        self.live: dict[NodeId, Peer] = {}
        self.friends: set[NodeId] = set()
        self._me, self._max_inbound, self._scores, self._clock = me, max_inbound, scores, clock
        self._callbacks = callbacks
        self._proving: set[NodeId] = set()

    def consider(self, node: NodeId) -> None:
        """May this node go on to prove itself to `node`, which it dialled? Raises PeerBanned, DuplicateConnection."""
        self._refuse_banned(node)
        if node in self.live or node in self._proving:
            raise DuplicateConnection(node)
        self._proving.add(node)

    def considered(self, nodes: Iterable[NodeId]) -> None:
        """The dial for which `consider` let these pass is over, its link included."""
        self._proving.difference_update(nodes)

    def admit(self, peer: Peer, *, found: bool = False) -> None:
        """Put the link into use, in the place of another one if that is the rule; `found`: nobody configured its peer.

        Raises PeerBanned, TooManyPeers, DuplicateConnection.
        """
        node = peer.node_id
        self._refuse_banned(node)
        existing = self.live.get(node)
        if existing is None:
            self._refuse_crowd(peer)
        elif existing.ended or newer_survives(self._initiator(existing), self._initiator(peer)):
            existing.disconnect(DuplicateConnection(node))
            self.remove(existing, "replaced by another link")
        else:
            existing.probe()  # the other end dialled, so it may have lost this one without our noticing
            raise DuplicateConnection(node)
        self.live[node] = peer
        if peer.outbound and not found:
            self.friends.add(node)
        self._callbacks.up(peer)

    def remove(self, peer: Peer, reason: str) -> None:
        """Take the link out of use; harmless if it is out already."""
        if self.live.get(peer.node_id) is peer:
            del self.live[peer.node_id]
            self._callbacks.down(peer, reason)
        peer.gone.set()

    def _initiator(self, peer: Peer) -> NodeId:
        return self._me if peer.outbound else peer.node_id

    def _refuse_banned(self, node: NodeId) -> None:
        ban = self._scores.banned(node)
        if ban is not None:
            raise PeerBanned(ban.reason, ban.until - self._clock())

    def _refuse_crowd(self, peer: Peer) -> None:
        if peer.outbound or peer.node_id in self.friends:
            return
        strangers = sum(not other.outbound and other.node_id not in self.friends for other in self.live.values())
        if strangers >= self._max_inbound:
            raise TooManyPeers(self._max_inbound)
