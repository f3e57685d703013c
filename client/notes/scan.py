"""Finding one's own notes among all: by their tags, or, deep, by opening every one of them.

The tags cost 50 us a note and find all notes that were sent properly. A deep scan asks nothing of the hints, only of
what is proven: commitment and ciphertext. It opens each note for each of the wallet's addresses, 3 ms each in a pool,
and so finds what somebody sent under a wrong tag. A note is one's own if what it decrypts to opens its commitment.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from chain.types.scalars import ObjectId
from client.notes.address import Address
from client.notes.content import Content, open_contract_note, open_pool_note
from client.notes.hints import open_outgoing
from client.notes.keys import FullViewKey, IncomingViewKey, OutgoingViewKey, ViewKey
from contracts.notes.state import NoteRecord
from crypto import note_hints, notes
from crypto.babyjubjub import Point, in_subgroup
from crypto.errors import CryptoError
from crypto.field import FIELD_BYTES

GAP: Final = 20  # addresses beyond the last used one that a note may come to, as BIP-44 looks ahead


@dataclass(frozen=True, slots=True)
class Received:
    """A note of one's own: `address` is the number of the address that it came to; nullifier None without nk."""

    record: NoteRecord
    address: int
    content: Content
    nullifier: int | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """A note that one sent, and where to."""

    record: NoteRecord
    address: Address
    content: Content


@dataclass(frozen=True, slots=True)
class Glance:
    """What a scan looks at first of every note. point, tag, seal: its hint's; ephemeral: E, perhaps no point at all."""

    commitment: int
    point: bytes
    tag: bytes
    ephemeral: Point
    seal: bytes


def glance(record: NoteRecord) -> Glance:
    """The first look at a whole record."""
    output = record.output
    return Glance(output.commitment, output.hint.ephemeral, output.hint.tag, _point(record), output.hint.outgoing)


class Scanner:
    """The eyes of a view key. Addresses 0 to `addresses` - 1 are looked at; one that is found further on moves that.

    pools: objects that hold pool notes only, where a deep scan need not look for contract notes.
    """

    def __init__(self, key: ViewKey, pools: Collection[ObjectId], addresses: int = 1) -> None:
        self._incoming = key.incoming if isinstance(key, FullViewKey) else None
        if isinstance(key, IncomingViewKey):
            self._incoming = key
        self._outgoing = key.outgoing if isinstance(key, FullViewKey) else None
        if isinstance(key, OutgoingViewKey):
            self._outgoing = key
        self._nk = key.nk if isinstance(key, FullViewKey) else None
        self.pools, self.addresses = frozenset(pools), addresses
        self._known: list[tuple[int, int]] = []  # of each address its secret scalar and its owner element
        self._shared: tuple[Point, dict[int, Point]] = (Point(0, 0), {})  # of the last E, by address

    def tagged(self, glances: Sequence[Glance]) -> list[int]:
        """The places of those whose tag is right: all of one's own, and one of 65,536 others."""
        if self._incoming is None:
            return []
        hints = ((each.point, each.tag, each.commitment.to_bytes(FIELD_BYTES, "big")) for each in glances)
        return list(note_hints.matching(self._incoming.t, hints))

    def remembered(self, glances: Sequence[Glance]) -> list[int]:
        """The places of those beside which one sealed a memory for oneself; 6 us each."""
        if self._outgoing is None:
            return []
        ovk = self._outgoing
        return [
            place
            for place, each in enumerate(glances)
            if open_outgoing(ovk, each.commitment, each.ephemeral, each.seal) is not None
        ]

    def received(self, records: Iterable[NoteRecord], *, deep: bool = False) -> Iterator[Received]:
        """The records that are notes of one's own. deep: for records whose tag said nothing."""
        for record in records:
            found = self._open(record, self.addresses if deep else self.addresses + GAP)
            if found is not None:
                self.addresses = max(self.addresses, found.address + 1)
                yield found

    def sent(self, records: Iterable[NoteRecord]) -> Iterator[Sent]:
        """The records that one sent, as far as one sealed a memory of it."""
        if self._outgoing is None:
            return
        for record in records:
            output, ephemeral = record.output, _point(record)
            opened = open_outgoing(self._outgoing, output.commitment, ephemeral, output.hint.outgoing)
            if opened is None:
                continue
            shared = notes.sender_shared(opened.secret, opened.address.pk)
            content = self._content(record, shared, opened.address.owner)
            if content is not None:
                yield Sent(record, opened.address, content)

    def _open(self, record: NoteRecord, addresses: int) -> Received | None:
        for index in range(addresses if self._incoming is not None else 0):
            _, owner = self._address(index)
            shared = self._shared_point(record, index)
            content = None if shared is None else self._content(record, shared, owner)
            if content is not None and in_subgroup(_point(record)):  # else that it opens would tell k_d modulo 8
                return Received(record, index, content, self._nullifier(record))
        return None

    def _content(self, record: NoteRecord, shared: Point, owner: int) -> Content | None:
        """Of an object that is not known to be a pool the note may be of either kind: a node may keep pools from us."""
        opened = open_pool_note(record, shared, owner)
        return (
            opened if opened is not None or record.object in self.pools else open_contract_note(record, shared, owner)
        )

    def _nullifier(self, record: NoteRecord) -> int | None:
        return None if self._nk is None else notes.nullifier(self._nk, record.output.commitment, record.position)

    def _shared_point(self, record: NoteRecord, index: int) -> Point | None:
        """S = k_d * E; outputs of one action have one E. None for an E that is no point, from a node that lies."""
        ephemeral = _point(record)
        if self._shared[0] != ephemeral:
            self._shared = ephemeral, {}
        if index not in self._shared[1]:
            try:
                self._shared[1][index] = notes.receiver_shared(self._address(index)[0], ephemeral)
            except CryptoError:
                return None
        return self._shared[1][index]

    def _address(self, index: int) -> tuple[int, int]:
        while len(self._known) <= index and self._incoming is not None:
            d = self._incoming.diversifier(len(self._known))
            owner = notes.owner(notes.address_authority(self._incoming.ak, d), notes.address_key(self._incoming.ivk, d))
            self._known.append((notes.address_secret(self._incoming.ivk, d), owner))
        return self._known[index]


def _point(record: NoteRecord) -> Point:
    return Point(record.ephemeral.x, record.ephemeral.y)
