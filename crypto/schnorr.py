"""Schnorr signatures on BabyJubJub whose challenge is a Poseidon hash, so that a circuit could verify them.

For the key pair (a, A = a * Base8) and a message m, a field element:

    R = k * Base8,  c = P[SCHNORR](R.x, R.y, A.x, A.y, m),  s = k + c * a  (mod the group's order)

k is hashed from the secret and the message, as RFC 8032 does, so that no bad random source repeats one under two
messages. A stands in the challenge, so a signature under one key is none under a related one. Source: Schnorr,
"Efficient signature generation by smart cards", 1991; key prefixing and the nonce as in RFC 8032.

Nothing here runs in constant time (see crypto/babyjubjub.py): sign on one's own machine.
"""

from typing import Final, NewType

from crypto import babyjubjub, domains
from crypto.babyjubjub import BASE8, SUBORDER, MalformedPoint, Point
from crypto.field import FIELD_BYTES, SCALAR_FIELD
from crypto.hashing import tagged_hash
from crypto.poseidon import poseidon

SIGNATURE_BYTES: Final = 64  # R as babyjubjub.encode_point, s big-endian
_HALVES: Final = 2  # 512 bits, so that the remainder's bias is below 2^-256

SchnorrSignature = NewType("SchnorrSignature", bytes)


def sign(secret: int, message: int) -> SchnorrSignature:
    """64 bytes under a secret in 1..l-1 for a message in [0, r); always the same ones. Raises ScalarOutOfRange."""
    public = babyjubjub.public_key(secret)
    nonce = _nonce(secret, message)
    commitment = babyjubjub.multiply_base(nonce)
    response = (nonce + _challenge(commitment, public, message) * secret) % SUBORDER
    return SchnorrSignature(babyjubjub.encode_point(commitment) + response.to_bytes(FIELD_BYTES, "big"))


def verify(public: Point, message: int, signature: bytes) -> bool:
    """Whether `signature` is public's over a message in [0, r). Malformed ones and bad keys are False."""
    if len(signature) != SIGNATURE_BYTES or not 0 <= message < SCALAR_FIELD:
        return False
    response = int.from_bytes(signature[FIELD_BYTES:], "big")
    if response >= SUBORDER or public == babyjubjub.IDENTITY or not babyjubjub.on_curve(public):
        return False
    try:
        commitment = babyjubjub.decode_point(signature[:FIELD_BYTES])
    except MalformedPoint:
        return False
    if not babyjubjub.in_subgroup(public):
        return False
    challenge = _challenge(commitment, public, message)
    expected = babyjubjub.add(commitment, babyjubjub.multiply(challenge, public))
    return babyjubjub.multiply(response, BASE8) == expected


def _challenge(commitment: Point, public: Point, message: int) -> int:
    return poseidon((*commitment, *public, message), domains.SCHNORR)


def _nonce(secret: int, message: int) -> int:
    data = secret.to_bytes(FIELD_BYTES, "big") + message.to_bytes(FIELD_BYTES, "big")
    wide = b"".join(tagged_hash(domains.SCHNORR_NONCE, bytes((half,)) + data) for half in range(_HALVES))
    return 1 + int.from_bytes(wide, "big") % (SUBORDER - 1)
