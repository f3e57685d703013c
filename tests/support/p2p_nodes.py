"""What tests of the peer-to-peer room share: a clock set by hand, counted entropy, topics, a handler that records."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import asynccontextmanager
from hashlib import sha256

from crypto.keys import SecretKey
from p2p.address import Address, NodeId, PeerAddress
from p2p.handler import Verdict
from p2p.network import Network, Options
from p2p.peer import Patience
from p2p.topics import Drop, TopicSpec

NETWORK_ID = b"cluster-test\x00" + bytes(range(32))

VOTES = TopicSpec(1, "votes", 1024, rate=1000, burst=2000, priority=0, drop=Drop.OLDEST, queue_bytes=64 * 1024)
BLOCKS = TopicSpec(2, "blocks", 66_000, rate=500, burst=500, priority=1, drop=Drop.PEER, queue_bytes=1024 * 1024)
TRANSACTIONS = TopicSpec(
    3,
    "transactions",
    65_536,
    rate=5000,
    burst=10_000,
    priority=2,
    drop=Drop.NEWEST,
    queue_bytes=4 * 1024 * 1024,
    linger=0.002,
)
STATUS = TopicSpec(4, "status", 64, rate=10, burst=20, priority=0, drop=Drop.OLDEST, gossip=False)
TOPICS = (VOTES, BLOCKS, TRANSACTIONS, STATUS)

QUICK = Options(backoff_first=0.02, backoff_longest=0.1, tick_seconds=0.05, patience=Patience(ping_after=0.2))


class ManualClock:
    """Reads what it was set to."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class CountedEntropy:
    """Never the same bytes twice, always the same sequence."""

    def __init__(self, name: str) -> None:
        self._name, self._count = name.encode(), 0

    def __call__(self, length: int) -> bytes:
        self._count += 1
        return sha256(self._name + self._count.to_bytes(8, "big")).digest()[:length]


def key(name: str) -> SecretKey:
    return SecretKey(sha256(name.encode()).digest())


class Recorder:
    """A handler that accepts everything unless told otherwise, and remembers what it saw."""

    def __init__(self) -> None:
        self.messages: list[tuple[NodeId, int, bytes]] = []
        self.events: list[tuple[str, NodeId]] = []
        self.reasons: list[str] = []
        self.verdicts: dict[bytes, Verdict] = defaultdict(lambda: Verdict.ACCEPT)

    async def on_message(self, peer: NodeId, topic: int, payload: bytes) -> Verdict:
        self.messages.append((peer, topic, payload))
        return self.verdicts[payload]

    def on_peer_up(self, peer: NodeId) -> None:
        self.events.append(("up", peer))

    def on_peer_down(self, peer: NodeId, reason: str) -> None:
        self.events.append(("down", peer))
        self.reasons.append(reason)

    def payloads(self, topic: int) -> list[bytes]:
        return [payload for _, number, payload in self.messages if number == topic]


class Node:
    """A network with its recorder, on loopback sockets unless a transport is given."""

    def __init__(self, name: str, *peers: PeerAddress, listen: Address | None = None, **settings: object) -> None:
        self.handler = Recorder()
        settings = {"options": QUICK, "clock": time.monotonic, "entropy": CountedEntropy(name)} | settings
        network_id = settings.pop("network_id", NETWORK_ID)
        topics = settings.pop("topics", TOPICS)
        handler = settings.pop("handler", self.handler)
        self.network = Network(
            key(name), network_id, topics, handler, listen=listen or Address("127.0.0.1", 0), peers=peers, **settings
        )
        self.id = self.network.node_id

    @property
    def address(self) -> PeerAddress:
        assert self.network.listening is not None
        return PeerAddress(self.network.listening)

    @property
    def connected(self) -> set[NodeId]:
        return {peer.node_id for peer in self.network.peers()}

    @asynccontextmanager
    async def running(self):
        async with self.network.running():
            yield self


def uses_of_one_link(one: Node, other: Node) -> bool:
    """Whether two nodes see the two ends of one link, rather than one link each or none."""
    directions = sorted(peer.direction for node in (one, other) for peer in node.network.peers())
    return directions == ["inbound", "outbound"]


async def eventually(holds: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something is so; a generous bound turns a hang into a failure."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is awaited is any observable fact, not an event of ours
            await asyncio.sleep(0.005)
