"""What a sender puts beside a note: the hint by which its owner finds it, and for himself how to open it again.

The seal for oneself is XChaCha20-Poly1305 under BLAKE2b(key = ovk, data = cm || E) of (e, address): with e the sender
computes the secret that the note is encrypted under. The key is of one note, so the nonce is constant. Whoever wants no
such memory fills its place with random bytes. Source: docs/decisions/notes.md; ovk after the Zcash protocol
specification, section 4.19.1.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from chain.types.scalars import EncryptionKeyBytes, NoteTag, OutgoingSeal
from client.notes.address import PAYLOAD_BYTES, Address, parse_payload
from client.notes.keys import OutgoingViewKey
from contracts.notes.output import NoteHint
from crypto import note_hints
from crypto.babyjubjub import SUBORDER, Point
from crypto.errors import CryptoError
from crypto.field import FIELD_BYTES
from crypto.sealedbox import AEAD_NONCE_BYTES, AEAD_OVERHEAD, CiphertextRefused, aead_open, aead_seal

SEAL_BYTES: Final = 160
VERSION: Final = 1

_PLAIN_BYTES: Final = SEAL_BYTES - AEAD_OVERHEAD
_NONCE: Final = bytes(AEAD_NONCE_BYTES)

Entropy = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What the sender of a note keeps: the one-time secret e of its action and where the note went."""

    secret: int = field(repr=False)
    address: Address


def make_hint(
    sent: Outgoing, commitment: int, ephemeral: Point, ovk: OutgoingViewKey | None, entropy: Entropy
) -> NoteHint:
    """The hint of the note `commitment` of an action whose outputs are encrypted under E = e * Base8."""
    x = entropy(note_hints.POINT_BYTES)
    point = note_hints.multiply(x, note_hints.diversifier_point(sent.address.diversifier))
    tag = note_hints.note_tag(note_hints.multiply(x, sent.address.detection), commitment)
    seal = entropy(SEAL_BYTES) if ovk is None else _seal(sent, commitment, ephemeral, ovk)
    return NoteHint(EncryptionKeyBytes(point), NoteTag(tag), OutgoingSeal(seal))


def open_outgoing(ovk: OutgoingViewKey, commitment: int, ephemeral: Point, seal: bytes) -> Outgoing | None:
    """What the owner of ovk sealed for himself beside a note; None where it was somebody else, or is garbage."""
    try:
        plain = aead_open(_key(ovk, commitment, ephemeral), _NONCE, seal, b"")
    except CiphertextRefused:
        return None
    secret, version = int.from_bytes(plain[:FIELD_BYTES], "big"), plain[FIELD_BYTES]
    if not 1 <= secret < SUBORDER or version != VERSION:
        return None
    try:
        return Outgoing(secret, parse_payload(plain[FIELD_BYTES + 1 : FIELD_BYTES + 1 + PAYLOAD_BYTES]))
    except CryptoError:
        return None


def _seal(sent: Outgoing, commitment: int, ephemeral: Point, ovk: OutgoingViewKey) -> bytes:
    plain = sent.secret.to_bytes(FIELD_BYTES, "big") + bytes((VERSION,)) + sent.address.payload()
    return aead_seal(_key(ovk, commitment, ephemeral), _NONCE, plain.ljust(_PLAIN_BYTES, b"\0"), b"")


def _key(ovk: OutgoingViewKey, commitment: int, ephemeral: Point) -> bytes:
    data = b"".join(value.to_bytes(FIELD_BYTES, "big") for value in (commitment, ephemeral.x, ephemeral.y))
    return blake2b(data, key=ovk.ovk, digest_size=32).digest()
