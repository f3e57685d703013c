"""Flood gossip: every message is judged once, relayed once to whoever has not sent it here, and only when accepted.

A direct message (`send`) meets no cache and is never relayed. Nobody is banned for relaying: a rejected piece of gossip
costs its sender points and REJECTED_COST messages of its allowance on that topic, so nonsense soon comes slowly.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final

from crypto.errors import ClusterError
from p2p.address import NodeId
from p2p.errors import FrameTooLarge, UnknownTopic
from p2p.handler import Handler, Verdict
from p2p.inbox import Delivery, InboxLane
from p2p.peer import Peer
from p2p.scores import Offence, ScoreBook
from p2p.seen import SeenCache
from p2p.topics import Topics, TopicSpec
from p2p.wire import Frame, Kind, encode_frame

REJECTED_COST: Final = 10
TURN: Final = 64  # messages judged before others get a turn of the event loop,
TURN_SECONDS: Final = 0.01  # or fewer that took so long

log = logging.getLogger(__name__)


class Gossip:
    """Between the links and the handler. `peers` is the live table, owned by the network."""

    def __init__(
        self,
        topics: Topics,
        handler: Handler,
        peers: Mapping[NodeId, Peer],
        scores: ScoreBook,
        seen: SeenCache,
        clock: Callable[[], float],
    ) -> None:
        self._topics, self._handler, self._peers = topics, handler, peers
        self._scores, self._seen, self._clock = scores, seen, clock
        self._lanes = {spec.number: InboxLane(spec) for spec in topics}
        self._judging: dict[bytes, set[NodeId]] = {}  # digest to everyone known to have the message

    @property
    def dropped(self) -> dict[str, int]:
        """Messages that a full inbox turned away, by topic name."""
        return {lane.spec.name: lane.dropped for lane in self._lanes.values()}

    def publish(self, topic: int, payload: bytes) -> int:
        """Queue for every peer; how many queues took it. Raises UnknownTopic, FrameTooLarge."""
        spec = self._check(topic, payload)
        self._seen.add(self._seen.digest(topic, payload))
        return self._spread(spec, payload, frozenset())

    def send(self, to: NodeId, topic: int, payload: bytes) -> bool:
        """Queue for one peer, past all caches; False if it is not connected or its queue is full. Raises as publish."""
        spec = self._check(topic, payload)
        peer = self._peers.get(to)
        return peer is not None and peer.enqueue(spec, encode_frame(Kind.DIRECT, topic, payload))

    def receive(self, peer: Peer, frames: list[Frame]) -> None:
        """Payload frames of one batch, as they came: limit, look up, queue."""
        now = self._clock()
        for kind, topic, payload in frames:
            if not peer.allowance[topic].take(now):
                peer.rate_limited += 1
                self._scores.charge(peer.node_id, Offence.TOO_FAST, f"too fast on topic '{self._topics[topic].name}'")
                continue
            digest = b""
            if kind == Kind.GOSSIP and self._topics[topic].gossip:
                digest = self._seen.digest(topic, payload)
                if not self._first_sight(digest, peer.node_id):
                    continue
            for gone in self._lanes[topic].put(Delivery(peer.node_id, payload, digest)):
                self._judging.pop(gone.digest, None)

    async def judge(self, spec: TopicSpec) -> None:
        """One worker of one topic, for ever."""
        lane, turn, since = self._lanes[spec.number], 0, self._clock()
        while True:
            delivery = await lane.get()
            verdict = await self._ask(spec, delivery)
            self._settle(spec, delivery, verdict)
            turn += 1
            if turn >= TURN or self._clock() - since >= TURN_SECONDS:
                await asyncio.sleep(0)
                turn, since = 0, self._clock()

    def _check(self, topic: int, payload: bytes) -> TopicSpec:
        limit = self._topics.max_sizes.get(topic)
        if limit is None:
            raise UnknownTopic(topic)
        if len(payload) > limit:
            raise FrameTooLarge(topic, len(payload), limit)
        return self._topics[topic]

    def _first_sight(self, digest: bytes, sender: NodeId) -> bool:
        holders = self._judging.get(digest)
        if holders is not None:
            holders.add(sender)
            return False
        if digest in self._seen:
            return False
        self._judging[digest] = {sender}
        return True

    async def _ask(self, spec: TopicSpec, delivery: Delivery) -> Verdict:
        """The handler's verdict; a fault of the handler is not the peer's, and does not stop the other messages."""
        try:
            return await self._handler.on_message(delivery.sender, spec.number, delivery.payload)
        except ClusterError as error:
            log.debug("a message on topic '%s' was not judged: %s", spec.name, error)
        except Exception:
            log.exception("the handler failed on a message of topic '%s'", spec.name)
        return Verdict.IGNORE

    def _settle(self, spec: TopicSpec, delivery: Delivery, verdict: Verdict) -> None:
        holders = self._judging.pop(delivery.digest, None)
        if verdict.fault is not None:
            offence = Offence.INVALID_GOSSIP if delivery.digest else Offence.INVALID_DIRECT
            self.charge(delivery.sender, spec.number, offence, verdict.fault)
        if not delivery.digest:
            return
        if verdict.remember:
            self._seen.add(delivery.digest)
        if verdict.relay:
            self._spread(spec, delivery.payload, holders or {delivery.sender})

    def _spread(self, spec: TopicSpec, payload: bytes, holders: "set[NodeId] | frozenset[NodeId]") -> int:
        kind = Kind.GOSSIP if spec.gossip else Kind.DIRECT
        frame = encode_frame(kind, spec.number, payload)
        return sum(peer.enqueue(spec, frame) for node, peer in tuple(self._peers.items()) if node not in holders)

    def charge(self, sender: NodeId, topic: int, offence: Offence, reason: str) -> None:
        """Write an invalid message down against who sent it: points, its allowance on the topic, perhaps a ban."""
        spec = self._topics[topic]
        ban = self._scores.charge(sender, offence, f"topic '{spec.name}': {reason}")
        peer = self._peers.get(sender)
        if peer is None:
            return
        peer.allowance[spec.number].charge(REJECTED_COST, self._clock())
        if ban is not None:
            peer.ban(ban, self._clock())
