"""Private addresses: "cluz1...", bech32m of version || diversifier 11 || auth 32 || pk 32 || T 32.

An address says who may spend (auth), whom to encrypt to (pk, on BabyJubJub) and how to let the owner find the note (T,
on curve25519). Parsing checks all that a sender relies on: a note to a bad key would be lost, or readable by others.
"""

from dataclasses import dataclass
from typing import Final

from client.notes.key_text import KeyText
from crypto import babyjubjub, note_hints, notes
from crypto.babyjubjub import Point
from crypto.field import FIELD_BYTES

PREFIX: Final = "cluz"
PAYLOAD_BYTES: Final = notes.DIVERSIFIER_BYTES + 2 * FIELD_BYTES + note_hints.POINT_BYTES

_TEXT: Final = KeyText("private address", PREFIX, PAYLOAD_BYTES)
_PROBE: Final = bytes(note_hints.POINT_BYTES)  # X25519 clamps it to 2**254: shows a point of small order


@dataclass(frozen=True, slots=True)
class Address:
    """Where notes are sent: diversifier below 2**88, auth a field element, pk in the subgroup, T 32 bytes."""

    diversifier: int
    auth: int
    pk: Point
    detection: bytes

    @property
    def owner(self) -> int:
        """The owner element of notes to this address."""
        return notes.owner(self.auth, self.pk)

    def payload(self) -> bytes:
        """The 107 bytes that the text encodes."""
        return (
            self.diversifier.to_bytes(notes.DIVERSIFIER_BYTES, "big")
            + self.auth.to_bytes(FIELD_BYTES, "big")
            + babyjubjub.encode_point(self.pk)
            + self.detection
        )

    def encode(self) -> str:
        """cluz1..., 184 characters."""
        return _TEXT.encode(self.payload())


def parse_address(text: str) -> Address:
    """The address of a text.

    Raises a Bech32Error, KeyTextLength, KeyTextVersion, KeyTextElement, MalformedPoint, NotInSubgroup,
    WeakDetectionPoint.
    """
    return parse_payload(_TEXT.decode(text))


def parse_payload(payload: bytes) -> Address:
    """The address of its 107 bytes. Raises as parse_address does after the text itself."""
    diversifier, rest = payload[: notes.DIVERSIFIER_BYTES], payload[notes.DIVERSIFIER_BYTES :]
    auth, pk, detection = rest[:FIELD_BYTES], rest[FIELD_BYTES : 2 * FIELD_BYTES], rest[2 * FIELD_BYTES :]
    point = babyjubjub.require_subgroup(babyjubjub.decode_point(pk))
    note_hints.multiply(_PROBE, detection)
    return Address(int.from_bytes(diversifier, "big"), _TEXT.element("auth", auth), point, detection)
