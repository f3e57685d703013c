"""Proofs that one secret links two pairs of points: E = e * BASE8 and S = e * P, without showing e.

Source: Chaum and Pedersen, "Wallet databases with observers", CRYPTO 1992, section 3.2, made non-interactive by Fiat
and Shamir over BabyJubJub. The challenge covers the statement and a context: elsewhere the proof convinces of nothing.

    R = k * BASE8    Q = k * P    c = H(E, P, S, R, Q, context)    z = k + c * e
    it holds if c is the challenge of R = z * BASE8 - c * E and Q = z * P - c * S

Whoever proves knows e: for equal P and BASE8 this is Schnorr's proof. Not in constant time.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

from crypto import babyjubjub, domains
from crypto.babyjubjub import SUBORDER, Point
from crypto.errors import CryptoError
from crypto.hashing import tagged_hash

NONCE_BYTES: Final = 32
SCALAR_BYTES: Final = 32
PROOF_BYTES: Final = 2 * SCALAR_BYTES
_HALVES: Final = 2  # 512 bits, so that the remainder's bias is below 2**-256


class FalseEqualLogarithms(CryptoError):
    """A proof that one secret links two pairs of points does not hold: false, altered, or of another context."""

    code: ClassVar[int] = 1753

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the proof about a shared secret does not hold: {reason}. Do not rely on what it was to show; ask whoever "
            "made it for one with your own context."
        )
        self.reason = reason


@dataclass(frozen=True, slots=True)
class EqualLogarithms:
    """c and z, both below the subgroup's order."""

    challenge: int
    response: int

    def encode(self) -> bytes:
        """64 bytes: c then z, big-endian."""
        return b"".join(scalar.to_bytes(SCALAR_BYTES, "big") for scalar in (self.challenge, self.response))


def decode_proof(encoded: bytes) -> EqualLogarithms:
    """Raises FalseEqualLogarithms for other lengths and for scalars that are not below the order."""
    if len(encoded) != PROOF_BYTES:
        raise FalseEqualLogarithms(f"it has {len(encoded)} bytes, not {PROOF_BYTES}")
    challenge, response = (int.from_bytes(half, "big") for half in (encoded[:SCALAR_BYTES], encoded[SCALAR_BYTES:]))
    if challenge >= SUBORDER or response >= SUBORDER:
        raise FalseEqualLogarithms("a scalar is not below the subgroup's order")
    return EqualLogarithms(challenge, response)


def prove(secret: int, other: Point, context: bytes, entropy: bytes) -> EqualLogarithms:
    """That e links (BASE8, e * BASE8) and (other, e * other). entropy: 32 bytes, hashed with all else into the nonce.

    Raises ScalarOutOfRange, NotOnCurve, NotInSubgroup.
    """
    shared, public = babyjubjub.shared_point(secret, other), babyjubjub.public_key(secret)
    seed = secret.to_bytes(SCALAR_BYTES, "big") + entropy
    nonce = _scalar(seed + _points(public, other, shared) + context)
    commitments = babyjubjub.multiply_base(nonce), babyjubjub.multiply(nonce, other)
    challenge = _challenge(public, other, shared, commitments, context)
    return EqualLogarithms(challenge, (nonce + challenge * secret) % SUBORDER)


def require_proof(public: Point, other: Point, shared: Point, context: bytes, proof: EqualLogarithms) -> None:
    """That one secret makes `public` of BASE8 and `shared` of `other`. About 10 ms.

    Raises FalseEqualLogarithms, and NotOnCurve or NotInSubgroup for points that no honest prover uses.
    """
    for point in (public, other, shared):
        babyjubjub.require_subgroup(point)
    challenge, response = proof.challenge % SUBORDER, proof.response % SUBORDER
    commitments = (
        _minus(babyjubjub.multiply_base(response), babyjubjub.multiply(challenge, public)),
        _minus(babyjubjub.multiply(response, other), babyjubjub.multiply(challenge, shared)),
    )
    if _challenge(public, other, shared, commitments, context) != proof.challenge:
        raise FalseEqualLogarithms("it is not of these points and this context")


def _challenge(public: Point, other: Point, shared: Point, commitments: tuple[Point, Point], context: bytes) -> int:
    return _scalar(_points(public, other, shared, *commitments) + context)


def _scalar(data: bytes) -> int:
    halves = (tagged_hash(domains.EQUAL_LOGARITHMS, bytes((half,)) + data) for half in range(_HALVES))
    return int.from_bytes(b"".join(halves), "big") % SUBORDER


def _points(*points: Point) -> bytes:
    return b"".join(babyjubjub.encode_point(point) for point in points)


def _minus(left: Point, right: Point) -> Point:
    return babyjubjub.add(left, babyjubjub.negate(right))
