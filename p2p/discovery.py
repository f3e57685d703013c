"""Peer exchange: nodes ask each other for addresses, and say at which port they listen themselves.

    0x01 port u16                               "tell me some addresses"; port: where the asker listens, 0 if it must
                                                not be told to others
    0x02 count u8, then each                    the answer: node id 32, 4 or 6, IP 4 or 16 bytes, port u16

Nobody is asked or answered more often than each ASK_EVERY_S; an answer that nobody asked for is refused.
"""

import ipaddress
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from crypto.keys import PublicKey
from p2p.address import Address, NodeId, PeerAddress
from p2p.address_book import MAX_SHARED, AddressBook, address_of, group_of
from p2p.handler import Handler, Verdict
from p2p.peer import Peer
from p2p.topics import Drop, TopicSpec

PEX: Final = 0xFF00  # the network's own topic, above those of its users
PEX_TOPIC: Final = TopicSpec(PEX, "addresses", 4_096, rate=0.5, burst=8, priority=9, drop=Drop.OLDEST, gossip=False)
ASK: Final = 1
ANSWER: Final = 2
ASK_EVERY_S: Final = 60.0
REMEMBERED: Final = 1_024
_PORT: Final = struct.Struct(">BH")
_NODE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Terms:
    """enabled: take part. seed: give strangers addresses and let them go. outbound: links to keep to found peers.

    seeds: whom to ask while nobody else is known.
    """

    enabled: bool = True
    seed: bool = False
    outbound: int = 8
    seeds: tuple[PeerAddress, ...] = ()


class Malformed(ValueError):
    """Bytes that are no message of peer exchange; the reason is for the sender's score."""


def encode_addresses(peers: list[PeerAddress]) -> bytes:
    """An answer; addresses have a node id and an IP address as host."""
    parts = [bytes((ANSWER, len(peers)))]
    for peer in peers:
        packed = ipaddress.ip_address(peer.address.host).packed
        family = 4 if len(packed) == 4 else 6
        parts += [peer.node_id or b"", bytes((family,)), packed, peer.address.port.to_bytes(2, "big")]
    return b"".join(parts)


def decode_addresses(data: bytes) -> list[PeerAddress]:
    """Raises Malformed."""
    if len(data) < 2 or data[1] > MAX_SHARED:
        raise Malformed(f"an answer has at most {MAX_SHARED} addresses")
    peers, at = [], 2
    for _ in range(data[1]):
        head = at + _NODE_BYTES
        size = {4: 4, 6: 16}.get(data[head] if head < len(data) else 0)
        if size is None or head + 1 + size + 2 > len(data):
            raise Malformed("an address is cut off or of no known family")
        node = NodeId(PublicKey(data[at:head]))
        host = str(ipaddress.ip_address(data[head + 1 : head + 1 + size]))
        at = head + 1 + size + 2
        peers.append(PeerAddress(Address(host, int.from_bytes(data[at - 2 : at], "big")), node))
    if at != len(data):
        raise Malformed("bytes follow the last address")
    return peers


class Discovery:
    """One per network. `send` reaches one peer; `port` is where this node listens, 0 when nobody is to be told."""

    def __init__(self, book: AddressBook, terms: Terms, clock: Callable[[], float]) -> None:
        self.book, self.terms, self.port = book, terms, 0
        self._clock = clock
        self._send: Callable[[NodeId, bytes], bool]
        self._release: Callable[[NodeId], None]
        self._remotes: dict[NodeId, tuple[str, bool]] = {}  # host:port of the link, and whether it is outbound
        self._asked: dict[NodeId, float] = {}
        self._answered: dict[NodeId, float] = {}
        self._waiting: set[NodeId] = set()

    def connect(self, send: Callable[[NodeId, bytes], bool], release: Callable[[NodeId], None]) -> None:
        """How to reach a peer, and how to let one go."""
        self._send, self._release = send, release

    def up(self, peer: Peer) -> None:
        """A link is open: say where this node listens, and ask for addresses."""
        node = peer.node_id
        self._remotes[node] = peer.address, peer.outbound
        if self.terms.enabled:
            self._ask(node)

    def down(self, peer: Peer) -> None:
        self._remotes.pop(peer.node_id, None)
        self._asked.pop(peer.node_id, None)
        self._waiting.discard(peer.node_id)

    def tick(self) -> None:
        """Ask again whoever was asked long ago, while this node knows few."""
        if self.terms.enabled and len(self.book) < 8 * self.terms.outbound:
            for node in tuple(self._remotes):
                self._ask(node)

    def take(self, node: NodeId, data: bytes) -> Verdict:
        """Judge one message of a peer."""
        if not self.terms.enabled:
            return Verdict.IGNORE
        try:
            return self._heed(node, data)
        except Malformed as error:
            return Verdict.reject(str(error))

    def _heed(self, node: NodeId, data: bytes) -> Verdict:
        kind = data[0] if data else 0
        if kind == ANSWER:
            return self._learn(node, data)
        if kind != ASK or len(data) != _PORT.size:
            raise Malformed(f"a message of kind {kind} and {len(data)} bytes")
        self._hear_port(node, _PORT.unpack(data)[1])
        self._answer(node)
        return Verdict.ACCEPT

    def _hear_port(self, node: NodeId, port: int) -> None:
        """A peer that dialled says where it listens: at the address that its link comes from, and nowhere else."""
        remote, outbound = self._remotes.get(node, ("", True))
        there = address_of(remote, port, node) if port and not outbound else None
        if there is not None:
            self.book.add(there, group_of(there.address.host))

    def _answer(self, node: NodeId) -> None:
        now = self._clock()
        if now - self._answered.get(node, now - ASK_EVERY_S) < ASK_EVERY_S:
            return
        self._answered.pop(node, None)
        self._answered[node] = now  # kept when the link ends: who comes again has still been answered
        if len(self._answered) > REMEMBERED:
            del self._answered[next(iter(self._answered))]
        self._send(node, encode_addresses([peer for peer in self.book.share() if peer.node_id != node]))
        if self.terms.seed and not self._remotes.get(node, ("", True))[1]:
            self._release(node)

    def _learn(self, node: NodeId, data: bytes) -> Verdict:
        if node not in self._waiting:
            raise Malformed("addresses that nobody asked for")
        self._waiting.discard(node)
        host = self._remotes.get(node, ("", True))[0].rpartition(":")[0].strip("[]")
        for peer in decode_addresses(data):
            self.book.add(peer, group_of(host))
        if self.terms.seed:
            self._release(node)
        return Verdict.ACCEPT

    def _ask(self, node: NodeId) -> None:
        now = self._clock()
        if node in self._waiting or now - self._asked.get(node, now - ASK_EVERY_S) < ASK_EVERY_S:
            return
        self._asked[node] = now
        self._waiting.add(node)
        self._send(node, _PORT.pack(ASK, self.port))


class WithDiscovery:
    """The node's handler, beside the one topic that is the network's own; without a discovery that is ignored."""

    def __init__(self, handler: Handler, discovery: Discovery | None) -> None:
        self._handler, self._discovery = handler, discovery
        self.on_peer_up, self.on_peer_down = handler.on_peer_up, handler.on_peer_down

    async def on_message(self, peer: NodeId, topic: int, payload: bytes) -> Verdict:
        if topic != PEX:
            return await self._handler.on_message(peer, topic, payload)
        return Verdict.IGNORE if self._discovery is None else self._discovery.take(peer, payload)
