"""The addresses that a node knows, kept so that nobody can fill them: buckets as in Bitcoin's addrman.

`new` addresses were heard of, `tried` ones have answered. A secret key places each: which buckets an address may be in
follows from its group (IPv4 /16, IPv6 /32) and, for new ones, from the group of whoever told it: one source group
reaches at most NEW_PER_SOURCE of the NEW_BUCKETS, one address group at most TRIED_PER_GROUP of the tried ones and
NEW_PER_GROUP places among the new. In a taken place the old address stays, unless it has failed.

Source: Heilman et al., "Eclipse Attacks on Bitcoin's Peer-to-Peer Network" (USENIX Security 2015), countermeasures 1,
2 and 4.
"""

import ipaddress
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Final, TypeVar

from p2p.address import Address, NodeId, PeerAddress

NEW_BUCKETS: Final = 64
NEW_PER_SOURCE: Final = 8
TRIED_BUCKETS: Final = 16
TRIED_PER_GROUP: Final = 2
BUCKET_SIZE: Final = 16
NEW_PER_GROUP: Final = 32  # new addresses of one group, whoever tells of them
MAX_FAILURES: Final = 3  # in a row, of an address that never answered; of one that did, twice as many
RETRY_S: Final = 60.0  # before an address that failed is tried again; doubles each time
LONGEST_RETRY_S: Final = 3_600.0
SHARED_SHARE: Final = 4  # at most one in so many known addresses is told at once, as in Bitcoin
MAX_SHARED: Final = 64
LOCAL: Final = "local"  # the group of all addresses that are not global


@dataclass(slots=True)
class Known:
    """An address, the group of who told it, and how trying it went. Times are the book's clock's."""

    peer: PeerAddress
    source: str
    tried: bool = False
    failures: int = 0
    retry_at: float = 0.0

    @property
    def is_hopeless(self) -> bool:
        return self.failures >= (2 * MAX_FAILURES if self.tried else MAX_FAILURES)


T = TypeVar("T")
Place = tuple[bool, int, int]  # tried, bucket, slot


@lru_cache(4_096)
def group_of(host: str) -> str:
    """Addresses that one party easily has many of: IPv4 /16, IPv6 /32; a name is a group of its own."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"name {host}"
    if not address.is_global:
        return LOCAL
    bits = 16 if address.version == 4 else 32
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))


@dataclass(slots=True)
class AddressBook:
    """`me` and hosts that are no IP addresses are never in it; those that are not global only with `private`."""

    me: NodeId
    key: bytes
    entropy: Callable[[int], bytes]
    clock: Callable[[], float]
    private: bool = False
    _places: dict[Place, Known] = field(default_factory=dict)
    _by_node: dict[NodeId, Place] = field(default_factory=dict)
    _new_of: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self._places)

    def known(self) -> tuple[Known, ...]:
        return tuple(self._places.values())

    def add(self, peer: PeerAddress, source: str) -> bool:
        """Somebody of the group `source` told of an address; whether it is in the book now."""
        if not self._is_usable(peer) or peer.node_id is None:
            return False
        if peer.node_id in self._by_node:
            return True  # an address that answered is not replaced on hearsay
        return self._put(Known(peer, source))

    def good(self, peer: PeerAddress) -> None:
        """The node answered at this address, and proved its identity."""
        node = peer.node_id
        if node is None or not self._is_usable(peer):
            return
        before = self._remove(node)
        source = before.source if before is not None else group_of(peer.address.host)
        self._put(Known(peer, source, tried=True))

    def failed(self, node: NodeId) -> None:
        """It did not answer, or somebody else did."""
        place = self._by_node.get(node)
        if place is None:
            return
        known = self._places[place]
        known.failures += 1
        known.retry_at = self.clock() + min(RETRY_S * 2 ** (known.failures - 1), LONGEST_RETRY_S)
        if known.is_hopeless:
            self._remove(node)

    def rest(self, node: NodeId) -> None:
        """Its link has ended: others first."""
        place = self._by_node.get(node)
        if place is not None:
            self._places[place].retry_at = self.clock() + RETRY_S

    def pick(self, besides: Collection[NodeId], groups: Collection[str]) -> PeerAddress | None:
        """One to dial now: tried and new ones with the same chance, none of these nodes or groups."""
        now = self.clock()
        fits = [
            known
            for known in self._places.values()
            if known.retry_at <= now
            and known.peer.node_id not in besides
            and (self._group(known) not in groups or self._group(known) == LOCAL)
        ]
        halves = [half for half in ([k for k in fits if k.tried], [k for k in fits if not k.tried]) if half]
        return self._one_of(self._one_of(halves)).peer if halves else None

    def share(self) -> list[PeerAddress]:
        """Some that may be told to others: not all, so that nobody learns whom this node knows."""
        told = [known.peer for known in self._places.values() if known.failures == 0]
        count = min(MAX_SHARED, max(len(told) // SHARED_SHARE, min(len(told), 8)))
        chosen: list[PeerAddress] = []
        while len(chosen) < count:
            chosen.append(told.pop(self._below(len(told))))
        return chosen

    def load(self, entries: Iterable[Known]) -> None:
        """What was known before, judged anew."""
        for known in entries:
            if known.peer.node_id not in self._by_node and self._is_usable(known.peer):
                self._put(known)

    def _is_usable(self, peer: PeerAddress) -> bool:
        if peer.node_id == self.me:
            return False
        try:
            address = ipaddress.ip_address(peer.address.host)
        except ValueError:
            return False  # a name would be looked up wherever whoever told it wants
        if address.is_unspecified or address.is_multicast or not 0 < peer.address.port < 2**16:
            return False
        return address.is_global or self.private

    def _put(self, known: Known) -> bool:
        node, place = known.peer.node_id, self._place(known)
        if node is None or (not known.tried and self._is_full(self._group(known))):
            return False
        there = self._places.get(place)
        if there is not None and there.peer.node_id is not None:
            if there.failures == 0 or (there.tried and not known.tried):
                if known.tried:  # it answered once more than it is remembered for: as new it has another place
                    return self._put(Known(known.peer, known.source))
                return False
            self._remove(there.peer.node_id)
        self._places[place] = known
        self._by_node[node] = place
        self._new_of[self._group(known)] += not known.tried
        return True

    def _is_full(self, group: str) -> bool:
        return group != LOCAL and self._new_of[group] >= NEW_PER_GROUP

    def _remove(self, node: NodeId) -> Known | None:
        place = self._by_node.pop(node, None)
        if place is None:
            return None
        known = self._places.pop(place)
        self._new_of[self._group(known)] -= not known.tried
        return known

    def _place(self, known: Known) -> Place:
        address, group = str(known.peer.address), self._group(known)
        if known.tried:
            turn = self._number("tried", address) % TRIED_PER_GROUP
            bucket = self._number("tried-bucket", group, str(turn)) % TRIED_BUCKETS
        else:
            turn = self._number("new", known.source, group) % NEW_PER_SOURCE
            bucket = self._number("new-bucket", known.source, str(turn)) % NEW_BUCKETS
        slot = self._number("slot", str(known.tried), str(bucket), address) % BUCKET_SIZE
        return known.tried, bucket, slot

    @staticmethod
    def _group(known: Known) -> str:
        return group_of(known.peer.address.host)

    def _number(self, *parts: str) -> int:
        return int.from_bytes(sha256(self.key + "\0".join(parts).encode()).digest()[:8], "big")

    def _below(self, bound: int) -> int:
        return int.from_bytes(self.entropy(8), "big") % bound

    def _one_of(self, items: list[T]) -> T:
        return items[self._below(len(items))]


def address_of(remote: str, port: int, node: NodeId) -> PeerAddress | None:
    """Where a node listens whose link comes from `remote` (host:port) and that says its port; None for no address."""
    host = remote.rpartition(":")[0].strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return None
    return PeerAddress(Address(host, port), node)
