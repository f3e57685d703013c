"""EdDSA over BabyJubJub with a Poseidon challenge, as circomlib's `EdDSAPoseidonVerifier` checks it in circuits.

For the key pair (k, A = k * Base8) and a message m, a field element:

    R = r * Base8,  h = Poseidon(R.x, R.y, A.x, A.y, m),  s = r + 8 h k mod l;   valid if s * Base8 = R + 8 h * A

The challenge is circomlib's untagged hash, so its tools make signatures for our circuits and take ours. r is hashed
from the secret and the message, as RFC 8032 does. Sources: circomlib `eddsaposeidon.circom`; RFC 8032 for the scheme.

Nothing here runs in constant time (see crypto/babyjubjub.py): sign on one's own machine.
"""

from dataclasses import dataclass
from typing import Final

from crypto import babyjubjub, domains
from crypto.babyjubjub import COFACTOR, IDENTITY, SUBORDER, Point
from crypto.field import FIELD_BYTES, SCALAR_FIELD
from crypto.hashing import tagged_hash
from crypto.poseidon import poseidon

_HALVES: Final = 2  # 512 bits, so that the remainder's bias is below 2**-256


@dataclass(frozen=True, slots=True)
class EddsaSignature:
    """A point and a scalar below the group's order. Making one checks nothing."""

    r: Point
    s: int


def sign(secret: int, message: int) -> EddsaSignature:
    """The signature of a secret in 1..l-1 over a message in [0, r); always the same one.

    Raises ScalarOutOfRange, NotAFieldElement.
    """
    public, nonce = babyjubjub.public_key(secret), _nonce(secret, message)
    r = babyjubjub.multiply_base(nonce)
    return EddsaSignature(r, (nonce + COFACTOR * challenge(r, public, message) * secret) % SUBORDER)


def verify(public: Point, message: int, signature: EddsaSignature) -> bool:
    """Whether the signature is the key's over a message in [0, r). Malformed ones and keys of small order are False."""
    points = (public, signature.r)
    if not all(babyjubjub.on_curve(point) for point in points) or not 0 <= message < SCALAR_FIELD:
        return False
    eightfold = babyjubjub.multiply(COFACTOR, public)
    if eightfold == IDENTITY or not 0 <= signature.s < SUBORDER:
        return False
    expected = babyjubjub.multiply(challenge(signature.r, public, message), eightfold)
    return babyjubjub.multiply_base(signature.s) == babyjubjub.add(signature.r, expected)


def challenge(r: Point, public: Point, message: int) -> int:
    """h. Raises NotAFieldElement."""
    return poseidon((*r, *public, message))


def _nonce(secret: int, message: int) -> int:
    data = secret.to_bytes(FIELD_BYTES, "big") + message.to_bytes(FIELD_BYTES, "big")
    wide = b"".join(tagged_hash(domains.EDDSA_NONCE, bytes((half,)) + data) for half in range(_HALVES))
    return 1 + int.from_bytes(wide, "big") % (SUBORDER - 1)
