"""The public face of this room: one object that a node runs, publishes to, and asks who is there."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

from crypto.keys import SecretKey
from p2p.address import Address, NodeId, PeerAddress
from p2p.address_book import group_of
from p2p.channel import Channel
from p2p.connections import Callbacks, Connections
from p2p.dialer import Backoff, Dialer
from p2p.discovery import PEX, PEX_TOPIC, Discovery, WithDiscovery
from p2p.errors import (
    BadSeal,
    DuplicateConnection,
    HandshakeTimeout,
    P2PError,
    SeedServed,
    ShuttingDown,
    TooManyPeers,
    WireError,
)
from p2p.gossip import Gossip
from p2p.handler import Handler
from p2p.peer import Patience, Peer
from p2p.scores import Ban, Offence, ScoreBook
from p2p.seen import KEY_BYTES, SeenCache
from p2p.session import Entropy, initiate, respond
from p2p.topics import Topics, TopicSpec
from p2p.transport import Link, Tap, TappedLink, Transport, WebSocketTransport

SEED_EVERY_S: Final = 30.0  # between two questions to seeds, while nobody else is to be had

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """Limits of one node. Times in seconds."""

    max_inbound: int = 32  # strangers; configured peers always find a place
    max_handshakes: int = 16  # inbound, unfinished
    handshake_seconds: float = 5.0
    ban_seconds: float = 600.0
    backoff_first: float = 0.25
    backoff_longest: float = 10.0
    stable_seconds: float = 10.0  # a link that lasted this long makes the next delay short again
    seen_messages: int = 65_536
    seen_seconds: float = 120.0
    tick_seconds: float = 1.0
    find_seconds: float = 2.0  # between two dials of found peers
    seed_seconds: float = 1.0  # for what a seed tells to arrive, before it lets its asker go
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class PeerInfo:
    """What `net_peers` shows of a live link. Times in seconds, counts since it was opened."""

    node_id: NodeId
    address: str
    direction: str
    connected_seconds: float
    round_trip_seconds: float | None
    score: float
    reasons: tuple[str, ...]
    bytes_in: int
    bytes_out: int
    messages_in: int
    rate_limited: int
    queue_depth: int
    queue_bytes: int
    queue_dropped: int


class Network:
    """A node among its peers. `async with network.running()`, or `run()` as a task, is its whole life; once only.

    identity: this node's own key. network_id: opaque, the same for every node of a chain and of no other. listen: None
    to accept nobody. clock: seconds that never run backwards, by which peers are judged (timers are the event loop's).
    entropy: n fresh secret bytes. tap: sees every message, see transport.Tap. Raises BadTopics.
    """

    def __init__(
        self,
        identity: SecretKey,
        network_id: bytes,
        topics: Iterable[TopicSpec],
        handler: Handler,
        *,
        clock: Callable[[], float],
        entropy: Entropy,
        listen: Address | None = None,
        peers: Sequence[PeerAddress] = (),
        transport: Transport | None = None,
        options: Options | None = None,
        tap: Tap | None = None,
        discovery: Discovery | None = None,
    ) -> None:
        self.node_id = NodeId(identity.public)
        self.listening: Address | None = None
        self.started = asyncio.Event()
        self._identity, self._network_id, self._topics = identity, network_id, Topics([*topics, PEX_TOPIC])
        self._handler, self._clock, self._entropy, self._tap = handler, clock, entropy, tap
        self._listen, self._targets = listen, peers
        self._transport = transport or WebSocketTransport()
        self._options = options or Options()
        self._scores = ScoreBook(clock, self._options.ban_seconds)
        self._links = Connections(
            self.node_id, self._options.max_inbound, self._scores, clock, Callbacks(self._up, self._down)
        )
        self._links.friends.update(target.node_id for target in peers if target.node_id)
        seen = SeenCache(self._options.seen_messages, self._options.seen_seconds, entropy(KEY_BYTES), clock)
        self.discovery = discovery
        self._found: dict[NodeId, PeerAddress] = {}  # being dialled, or linked, because they are in the book
        self._reached: set[NodeId] = set()
        self._gossip = Gossip(
            self._topics, WithDiscovery(handler, discovery), self._links.live, self._scores, seen, clock
        )
        self._tasks: asyncio.TaskGroup | None = None
        self._handshakes = 0

    # What a node asks of its network; none of it waits.

    def publish(self, topic: int, payload: bytes) -> int:
        """Queue `payload` for every peer; how many queues took it. Raises UnknownTopic, FrameTooLarge."""
        return self._gossip.publish(topic, payload)

    def send(self, to: NodeId, topic: int, payload: bytes) -> bool:
        """Queue for one peer, past its and our memory of what was seen; False if not connected or the queue is full."""
        return self._gossip.send(to, topic, payload)

    def charge(self, node: NodeId, topic: int, reason: str) -> None:
        """A direct message of this peer was accepted and turned out invalid later: as if it had been rejected."""
        self._gossip.charge(node, topic, Offence.INVALID_DIRECT, reason)

    def peers(self) -> tuple[PeerInfo, ...]:
        return tuple(self._info(peer) for peer in self._links.live.values())

    def bans(self) -> tuple[Ban, ...]:
        return self._scores.bans()

    def ban(self, node: NodeId, reason: str, seconds: float) -> None:
        """Close the link to a node and open none for so long."""
        ban = self._scores.ban(node, reason, seconds)
        peer = self._links.live.get(node)
        if peer is not None:
            peer.ban(ban, self._clock())

    def forgive(self, node: NodeId) -> bool:
        """Lift a node's ban; False if there is none."""
        return self._scores.forgive(node)

    def inbox_dropped(self) -> dict[str, int]:
        """Messages turned away because the handler could not keep up, by topic name."""
        return self._gossip.dropped

    # Its life.

    async def run(self) -> None:
        """Until cancelled; `started` is set once inbound links are accepted. Raises ListenFailed."""
        try:
            if self._listen is not None:
                self.listening = await self._transport.listen(self._listen, self._accept)
            if self.discovery is not None:
                self.discovery.connect(lambda to, data: self.send(to, PEX, data), self._release)
                self.discovery.port = 0 if self.listening is None else self.listening.port
            async with asyncio.TaskGroup() as tasks:
                for service in self._services():
                    tasks.create_task(service)
                self._tasks = tasks
                self.started.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    self._tasks = None
                    await self._transport.stop()
        finally:
            await self._transport.close()

    @asynccontextmanager
    async def running(self) -> "AsyncIterator[Network]":
        """The network runs inside this block, and none of its tasks outlives it. Raises ListenFailed."""
        life = asyncio.create_task(self.run())
        started = asyncio.create_task(self.started.wait())
        try:
            await asyncio.wait([life, started], return_when=asyncio.FIRST_COMPLETED)
            if not life.done():
                yield self
        finally:
            started.cancel()
            life.cancel()
            await asyncio.wait([life, started])
            if not life.cancelled():
                life.result()

    def _services(self) -> list[Coroutine[None, None, None]]:
        workers = [self._gossip.judge(spec) for spec in self._topics for _ in range(spec.workers)]
        finding = [] if self.discovery is None else [self._find(self.discovery)]
        return [self._tick(), *workers, *finding, *(self._dialer(target).run() for target in self._targets)]

    def _dialer(self, target: PeerAddress) -> Dialer:
        options = self._options
        backoff = Backoff(options.backoff_first, options.backoff_longest, self._entropy)
        return Dialer(target, self._dial, self._links.live, backoff, self._clock, options.stable_seconds)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._options.tick_seconds)
            for peer in tuple(self._links.live.values()):
                peer.tick(self._clock())

    # Peers that are found.

    async def _find(self, discovery: Discovery) -> None:
        """Keep as many links to found peers as wanted, each in another group; ask seeds while nobody is to be had."""
        if not discovery.terms.enabled:
            return
        seeds, turn = discovery.terms.seeds, 0
        asked_seed = -SEED_EVERY_S
        await self.started.wait()
        while self._tasks is not None:
            discovery.tick()
            if len(self._found) < discovery.terms.outbound:
                groups = {group_of(found.address.host) for found in self._found.values()}
                target = discovery.book.pick({self.node_id, *self._links.live, *self._found}, groups)
                if target is None and seeds and self._clock() - asked_seed >= SEED_EVERY_S:
                    asked_seed, target, turn = self._clock(), seeds[turn % len(seeds)], turn + 1
                if target is not None:
                    self._tasks.create_task(self._try(discovery, target))
            await asyncio.sleep(self._options.find_seconds)

    async def _try(self, discovery: Discovery, target: PeerAddress) -> None:
        """Dial a found address; how that went goes into the book."""
        node = target.node_id
        if node is None:
            return
        self._found[node] = target
        try:
            reason = await self._dial(target, found=True)
        finally:
            self._found.pop(node, None)
        if node in self._reached:
            self._reached.discard(node)
            discovery.book.rest(node)
        elif not isinstance(reason, DuplicateConnection):
            discovery.book.failed(node)

    def _release(self, node: NodeId) -> None:
        """Let a peer go that came for addresses, once it has them."""
        asyncio.get_running_loop().call_later(self._options.seed_seconds, self._let_go, node)

    def _let_go(self, node: NodeId) -> None:
        peer = self._links.live.get(node)
        if peer is not None and node not in self._links.friends:
            peer.disconnect(SeedServed())

    # Its links.

    async def _accept(self, link: Link) -> None:
        """Called by the transport in a task of its own; the link is served in one of ours."""
        if self._tasks is None:
            await link.close(ShuttingDown.__name__)
            return
        await asyncio.wait([self._tasks.create_task(self._inbound(link))])

    async def _inbound(self, link: Link) -> None:
        if self._handshakes >= self._options.max_handshakes:
            await link.close(TooManyPeers.__name__)
            return
        link = self._tapped(link)
        self._handshakes += 1
        try:
            channel = await self._shake(link, respond(link, self._identity, self._network_id, self._entropy))
        except P2PError as error:
            log.debug("%s: %s", link.remote, error)
            return
        finally:
            self._handshakes -= 1
        await self._serve(link, channel, outbound=False, found=False)

    async def _dial(self, target: PeerAddress, *, found: bool = False) -> P2PError:
        """One attempt and, if it succeeds, one link's whole life; why it ended."""
        considered: list[NodeId] = []

        def consider(node: NodeId) -> None:
            self._links.consider(node)
            considered.append(node)

        try:
            link = self._tapped(await self._within_limit(self._transport.dial(target.address)))
            shake = initiate(link, self._identity, self._network_id, self._entropy, target.node_id, consider)
            return await self._serve(link, await self._shake(link, shake), outbound=True, found=found)
        except P2PError as error:
            return error
        finally:
            self._links.considered(considered)

    async def _shake(self, link: Link, handshake: Coroutine[None, None, Channel]) -> Channel:
        """The handshake's channel; the link is closed if there is none. Raises P2PError."""
        reason = ShuttingDown.__name__
        try:
            channel = await self._within_limit(handshake)
            reason = ""
        except P2PError as error:
            reason = type(error).__name__
            raise
        finally:
            if reason:
                await link.close(reason)
        return channel

    async def _within_limit(self, step: Awaitable[T]) -> T:
        seconds = self._options.handshake_seconds
        try:
            async with asyncio.timeout(seconds):
                return await step
        except TimeoutError:
            raise HandshakeTimeout(seconds) from None

    async def _serve(self, link: Link, channel: Channel, *, outbound: bool, found: bool) -> P2PError:
        """A link's life after the handshake; why it ended."""
        peer = Peer(
            link, channel, outbound, self._topics, self._options.patience, self._gossip.receive, self._clock, self._tap
        )
        try:
            self._links.admit(peer, found=found)
        except P2PError as refusal:
            await link.close(type(refusal).__name__)
            return refusal
        reason: P2PError = ShuttingDown()
        try:
            reason = await peer.run()
        except Exception:  # the boundary of a link's task: one peer must not end the node
            reason = P2PError("this node failed on the link; its log has the details")
            log.exception("%s: serving the link failed", link.remote)
        finally:
            self._links.remove(peer, str(reason))
        if isinstance(reason, WireError) and not isinstance(reason, BadSeal):
            self._scores.charge(peer.node_id, Offence.MALFORMED, str(reason))
        return reason

    def _tapped(self, link: Link) -> Link:
        return TappedLink(link, self._tap) if self._tap else link

    def _up(self, peer: Peer) -> None:
        log.info("peer %s up, %s", peer.node_id.hex()[:16], peer.address)
        self._handler.on_peer_up(peer.node_id)
        if self.discovery is not None:
            if peer.outbound and peer.node_id in self._found:
                self._reached.add(peer.node_id)
                self.discovery.book.good(self._found[peer.node_id])
            self.discovery.up(peer)

    def _down(self, peer: Peer, reason: str) -> None:
        log.info("peer %s down: %s", peer.node_id.hex()[:16], reason)
        self._handler.on_peer_down(peer.node_id, reason)
        if self.discovery is not None:
            self.discovery.down(peer)

    def _info(self, peer: Peer) -> PeerInfo:
        return PeerInfo(
            node_id=peer.node_id,
            address=peer.address,
            direction="outbound" if peer.outbound else "inbound",
            connected_seconds=self._clock() - peer.since,
            round_trip_seconds=peer.round_trip,
            score=self._scores.score(peer.node_id),
            reasons=self._scores.reasons(peer.node_id),
            bytes_in=peer.bytes_in,
            bytes_out=peer.bytes_out,
            messages_in=peer.frames_in,
            rate_limited=peer.rate_limited,
            queue_depth=peer.queue.depth,
            queue_bytes=peer.queue.waiting_bytes,
            queue_dropped=peer.queue.dropped,
        )
