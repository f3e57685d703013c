"""How a new note stands in an action: its commitment, its proven ciphertext, and hints that nobody proves."""

from dataclasses import dataclass

from chain.codec import wire
from chain.types.scalars import EncryptionKeyBytes, FieldElement, NoteTag, OutgoingSeal


@wire()
@dataclass(frozen=True, slots=True)
class Point:
    """An affine point of BabyJubJub (EIP-2494)."""

    x: FieldElement
    y: FieldElement


@wire()
@dataclass(frozen=True, slots=True)
class NoteHint:
    """What makes finding a note fast. A wrong one hides nothing: a full scan reads the ciphertexts alone.

    ephemeral: X25519(x, H(d)) of a fresh x; tag: BLAKE2b(key = X25519(x, T), cm), 2 bytes; outgoing: 160 bytes in which
    the sender seals e and the address to himself, or random ones.
    """

    ephemeral: EncryptionKeyBytes
    tag: NoteTag
    outgoing: OutgoingSeal


@wire()
@dataclass(frozen=True, slots=True)
class NoteOutput:
    """A note as everybody sees it. The ciphertext is proven to be to the owner in the commitment (crypto/notes.py)."""

    commitment: FieldElement
    ciphertext: tuple[FieldElement, ...]
    hint: NoteHint
