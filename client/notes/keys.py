"""Privacy keys of an account: who may spend its notes, who may only see them, and their texts.

    spending key    32 bytes at m/32'/COIN_TYPE'/0' of the SLIP-0010 tree of the account's seed; makes all others
    full view       (ak, nk, ivk, ovk, t)    sees what comes in, what goes out, and when a note is spent
    incoming view   (ak, ivk, t)             makes addresses, sees what comes in; not whether it was spent
    outgoing view   ovk                      sees what goes out and to whom

A text is bech32m of version || fields: "cluzspend1...", "cluzfull1...", "cluzin1...", "cluzout1...". None of these keys
shows itself in a repr. Source: crypto/notes.py, docs/decisions/phrases.md; the keys after the Zcash protocol
specification, section 3.1.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from client.notes.address import Address
from client.notes.errors import AddressIndexRange
from client.notes.key_text import KeyText
from client.phrase import COIN_TYPE
from crypto import domains, note_hints, notes
from crypto.domains import Tag
from crypto.field import FIELD_BYTES, SCALAR_FIELD
from crypto.hashing import tagged_hash
from crypto.slip10 import derive

PURPOSE: Final = 32
KEY_BYTES: Final = 32
MAX_ADDRESSES: Final = 1 << 32

_HALVES: Final = 2  # 512 bits, so that the remainder's bias is below 2**-256
_SPENDING: Final = KeyText("spending key", "cluzspend", KEY_BYTES)
_FULL: Final = KeyText("full view key", "cluzfull", 5 * KEY_BYTES)
_INCOMING: Final = KeyText("incoming view key", "cluzin", 3 * KEY_BYTES)
_OUTGOING: Final = KeyText("outgoing view key", "cluzout", KEY_BYTES)


@dataclass(frozen=True, slots=True)
class OutgoingViewKey:
    """Opens what its owner kept of the notes that he sent."""

    ovk: bytes = field(repr=False)

    def encode(self) -> str:
        """cluzout1..."""
        return _OUTGOING.encode(self.ovk)


@dataclass(frozen=True, slots=True)
class IncomingViewKey:
    """Makes the account's addresses and opens what was sent to them. ak: field element; ivk, t: 32 bytes."""

    ak: int = field(repr=False)
    ivk: bytes = field(repr=False)
    t: bytes = field(repr=False)

    def diversifier(self, index: int) -> int:
        """The diversifier of address 0, 1, ...; it says nothing of its number or of the others.

        Raises AddressIndexRange.
        """
        if not 0 <= index < MAX_ADDRESSES:
            raise AddressIndexRange(index, MAX_ADDRESSES)
        digest = tagged_hash(domains.DIVERSIFIER, self.ivk + index.to_bytes(4, "big"))
        return int.from_bytes(digest[: notes.DIVERSIFIER_BYTES], "big")

    def address(self, index: int = 0) -> Address:
        """Address 0, 1, ...: all are good for ever, and nobody else can tell that they are one wallet's.

        Raises AddressIndexRange.
        """
        d = self.diversifier(index)
        detection = note_hints.multiply(self.t, note_hints.diversifier_point(d))
        return Address(d, notes.address_authority(self.ak, d), notes.address_key(self.ivk, d), detection)

    def encode(self) -> str:
        """cluzin1..."""
        return _INCOMING.encode(_element(self.ak) + self.ivk + self.t)


@dataclass(frozen=True, slots=True)
class FullViewKey:
    """Sees all that the spending key's owner sees, and spends nothing."""

    nk: int = field(repr=False)
    incoming: IncomingViewKey
    outgoing: OutgoingViewKey

    def encode(self) -> str:
        """cluzfull1..."""
        seen = self.incoming
        return _FULL.encode(_element(seen.ak) + _element(self.nk) + seen.ivk + self.outgoing.ovk + seen.t)


@dataclass(frozen=True, slots=True)
class SpendingKey:
    """Everything: 32 secret bytes."""

    secret: bytes = field(repr=False)

    @property
    def sk(self) -> int:
        """The field element that circuits know, never 0 but by a chance of 2**-254."""
        halves = (tagged_hash(domains.SPENDING_KEY, bytes((half,)) + self.secret) for half in range(_HALVES))
        return int.from_bytes(b"".join(halves), "big") % SCALAR_FIELD

    def full_view(self) -> FullViewKey:
        """What may be shown to whoever shall see everything."""
        sk = self.sk
        incoming = IncomingViewKey(
            notes.authorising_key(sk), self._derived(domains.INCOMING_KEY), self._derived(domains.DETECTION_KEY)
        )
        return FullViewKey(notes.nullifier_key(sk), incoming, OutgoingViewKey(self._derived(domains.OUTGOING_KEY)))

    def encode(self) -> str:
        """cluzspend1..."""
        return _SPENDING.encode(self.secret)

    def _derived(self, tag: Tag) -> bytes:
        return tagged_hash(tag, self.secret)


ViewKey = FullViewKey | IncomingViewKey | OutgoingViewKey


def spending_key(account_seed: bytes) -> SpendingKey:
    """The spending key of an account, by its ed25519 seed. Raises MasterSeedLength."""
    return SpendingKey(derive(account_seed, (PURPOSE, COIN_TYPE, 0)).key)


def parse_spending_key(text: str) -> SpendingKey:
    """Raises a Bech32Error, KeyTextLength, KeyTextVersion."""
    return SpendingKey(_SPENDING.decode(text))


def parse_view_key(text: str) -> ViewKey:
    """The view key that a text is, of whichever kind.

    Raises a Bech32Error, KeyTextLength, KeyTextVersion, KeyTextElement.
    """
    prefix = text.lower().rpartition("1")[0]
    return _PARSERS.get(prefix, _parse_full)(text)


def _parse_full(text: str) -> FullViewKey:
    data = _FULL.decode(text)
    ak, nk, ivk, ovk, t = (data[start : start + KEY_BYTES] for start in range(0, len(data), KEY_BYTES))
    incoming = IncomingViewKey(_FULL.element("ak", ak), ivk, t)
    return FullViewKey(_FULL.element("nk", nk), incoming, OutgoingViewKey(ovk))


def _parse_incoming(text: str) -> IncomingViewKey:
    data = _INCOMING.decode(text)
    ak, ivk, t = (data[start : start + KEY_BYTES] for start in range(0, len(data), KEY_BYTES))
    return IncomingViewKey(_INCOMING.element("ak", ak), ivk, t)


def _parse_outgoing(text: str) -> OutgoingViewKey:
    return OutgoingViewKey(_OUTGOING.decode(text))


_PARSERS: Final[dict[str, Callable[[str], ViewKey]]] = {
    _FULL.prefix: _parse_full,
    _INCOMING.prefix: _parse_incoming,
    _OUTGOING.prefix: _parse_outgoing,
}


def _element(value: int) -> bytes:
    return value.to_bytes(FIELD_BYTES, "big")
