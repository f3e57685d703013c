"""Hints by which a wallet finds its notes among all: one X25519 multiplication and one BLAKE2b for each note.

    H(d) = a point of curve25519 that a diversifier hashes to; nobody knows its discrete logarithm to another's
    T    = X25519(t, H(d))      the address's detection point; t: the wallet's detection key
    X    = X25519(x, H(d))      the hint's ephemeral point; x is drawn afresh for each output
    tag  = BLAKE2b(key = X25519(x, T), data = cm), two bytes;  X25519(x, T) = X25519(t, X)

A tag is right by chance for one foreign note of 65,536. Hints are not proven: who sends a wrong one hides his note from
this way of looking and from no other, as commitment and ciphertext are proven. T of two diversifiers are x-coordinates
of multiples of two unrelated points, so addresses of one wallet cannot be linked. Source: RFC 7748 for X25519.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import ClassVar, Final

import gmpy2
from nacl.bindings import crypto_scalarmult
from nacl.exceptions import RuntimeError as SodiumRefusal

from crypto import domains
from crypto.errors import CryptoError
from crypto.field import FIELD_BYTES
from crypto.hashing import tagged_hash
from crypto.notes import DIVERSIFIER_BYTES

POINT_BYTES: Final = 32
TAG_BYTES: Final = 2

_P: Final = 2**255 - 19
_MONTGOMERY_A: Final = 486662
_BITS: Final = (1 << 255) - 1


class WeakDetectionPoint(CryptoError):
    """A point of an address or a hint is of small order: what is multiplied with it is no secret."""

    code: ClassVar[int] = 1752

    def __init__(self, point: bytes) -> None:
        super().__init__(
            f"{point.hex()} is a point of small order on curve25519; a multiple of a diversifier's point was expected. "
            "Ask the receiver for another address."
        )
        self.point = point


@lru_cache(maxsize=1024)
def diversifier_point(diversifier: int) -> bytes:
    """H(d): the first hash that is the u-coordinate of a point of curve25519, 32 bytes little-endian."""
    encoded = diversifier.to_bytes(DIVERSIFIER_BYTES, "big")
    attempt = 0
    while True:
        digest = tagged_hash(domains.DIVERSIFIER_POINT, encoded + attempt.to_bytes(2, "big"))
        u = int.from_bytes(digest, "little") & _BITS
        if u < _P and _on_curve(u):
            return u.to_bytes(POINT_BYTES, "little")
        attempt += 1


def multiply(secret: bytes, point: bytes) -> bytes:
    """X25519(secret, point), 32 bytes each. Raises WeakDetectionPoint for a point of small order."""
    try:
        return crypto_scalarmult(secret, point)
    except SodiumRefusal as refusal:
        raise WeakDetectionPoint(point) from refusal


def note_tag(shared: bytes, commitment: int) -> bytes:
    """The tag of the note `commitment` under X25519(x, T) = X25519(t, X)."""
    return blake2b(commitment.to_bytes(FIELD_BYTES, "big"), key=shared, digest_size=TAG_BYTES).digest()


def matching(detection_key: bytes, hints: Iterable[tuple[bytes, bytes, bytes]]) -> Iterator[int]:
    """The places of the hints (X, tag, cm as 32 bytes) whose tag is right for a wallet's detection key t.

    One that is a point of small order matches nothing: it is no hint that this code made.
    """
    for place, (ephemeral, tag, commitment) in enumerate(hints):
        try:
            shared = crypto_scalarmult(detection_key, ephemeral)
        except SodiumRefusal:
            continue
        if blake2b(commitment, key=shared, digest_size=TAG_BYTES).digest() == tag:
            yield place


def _on_curve(u: int) -> bool:
    """Whether u belongs to curve25519 itself and not to its twist, and is not of small order for u = 0."""
    right = u * (u * (u + _MONTGOMERY_A) + 1) % _P
    return bool(gmpy2.legendre(right, _P) == 1)
