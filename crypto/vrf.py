"""The verifiable random function ECVRF-EDWARDS25519-SHA512-TAI. Source: RFC 9381, section 5, suite 0x03.

Try-and-increment rather than Elligator 2: libsodium's binding of the latter fixes the sign of the point in its own way,
so the RFC's ELL2 suite would need field arithmetic in Python, while TAI needs only point decoding. That its running
time depends on the input is no leak here, because the input (height and previous beacon) is public.

Stricter than the RFC in one respect: the public key and Gamma must lie in the prime-order subgroup, so a height has one
output and each output one Gamma. Honest provers cannot tell the difference.
"""

from hashlib import sha512
from typing import Final

from nacl.bindings import (
    crypto_core_ed25519_add,
    crypto_core_ed25519_is_valid_point,
    crypto_core_ed25519_scalar_add,
    crypto_core_ed25519_scalar_mul,
    crypto_core_ed25519_scalar_reduce,
    crypto_core_ed25519_sub,
    crypto_scalarmult_ed25519_base_noclamp,
    crypto_scalarmult_ed25519_noclamp,
)
from nacl.exceptions import RuntimeError as SodiumRefusal

from crypto.errors import CryptoError
from crypto.keys import PUBLIC_KEY_BYTES, SecretKey

PROOF_BYTES: Final = 80  # Gamma 32, challenge 16, s 32
OUTPUT_BYTES: Final = 64

_SUITE: Final = b"\x03"
_P: Final = 2**255 - 19
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_IDENTITY: Final = (1).to_bytes(32, "little")


class VrfError(CryptoError):
    """Root of the errors of the verifiable random function."""

    code = 1080


class VrfKeyInvalid(VrfError):
    """A VRF public key is no canonical point of the prime-order subgroup."""

    code = 1081

    def __init__(self, public: bytes) -> None:
        super().__init__(
            f"VRF public key {public.hex()} is not the 32-byte encoding of a point of prime order. "
            "Use the public key that `cluster keys` prints."
        )
        self.public = public


class VrfProofInvalid(VrfError):
    """A VRF proof is malformed, or is not this key's proof for this input."""

    code = 1082

    def __init__(self, reason: str) -> None:
        super().__init__(f"VRF proof refused: {reason}. Only the holder of the key can make the one valid output.")
        self.reason = reason


def prove(secret: SecretKey, alpha: bytes) -> bytes:
    """The 80-byte proof of the output at alpha; deterministic. RFC 9381, 5.1. `proof_output` gives the output."""
    scalar, prefix = secret.expand()
    point = _encode_to_curve(secret.public, alpha)
    gamma = crypto_scalarmult_ed25519_noclamp(scalar, point)
    nonce = crypto_core_ed25519_scalar_reduce(sha512(prefix + point).digest())
    challenge = _challenge(
        secret.public,
        point,
        gamma,
        crypto_scalarmult_ed25519_base_noclamp(nonce),
        crypto_scalarmult_ed25519_noclamp(nonce, point),
    )
    product = crypto_core_ed25519_scalar_mul(_scalar(challenge), scalar)
    return gamma + challenge + crypto_core_ed25519_scalar_add(nonce, product)


def verify(public: bytes, alpha: bytes, proof: bytes) -> bytes:
    """The 64-byte output at alpha that proof proves for public. RFC 9381, 5.3, with key validation (5.4.5).

    Raises VrfKeyInvalid, or VrfProofInvalid (length, s not below the group order, Gamma off the subgroup, wrong proof).
    """
    check_public_key(public)
    if len(proof) != PROOF_BYTES:
        raise VrfProofInvalid(f"it has {len(proof)} bytes, {PROOF_BYTES} were expected")
    gamma, challenge, s = proof[:32], proof[32:48], proof[48:]
    if int.from_bytes(s, "little") >= _ORDER:
        raise VrfProofInvalid("its scalar s is not below the group order")
    if not crypto_core_ed25519_is_valid_point(gamma):
        raise VrfProofInvalid("its point Gamma is not a canonical point of prime order")
    point = _encode_to_curve(public, alpha)
    c = _scalar(challenge)
    try:
        u = crypto_core_ed25519_sub(
            crypto_scalarmult_ed25519_base_noclamp(s), crypto_scalarmult_ed25519_noclamp(c, public)
        )
        v = crypto_core_ed25519_sub(
            crypto_scalarmult_ed25519_noclamp(s, point), crypto_scalarmult_ed25519_noclamp(c, gamma)
        )
    except SodiumRefusal as refusal:  # c or s is zero, which libsodium refuses to multiply by
        raise VrfProofInvalid("its challenge or its scalar s is zero") from refusal
    if _challenge(public, point, gamma, u, v) != challenge:
        raise VrfProofInvalid("it is not this key's proof for this input")
    return _output(gamma)


def proof_output(proof: bytes) -> bytes:
    """The 64-byte output of a proof that `prove` made; one from elsewhere goes to verify. Raises VrfProofInvalid."""
    if len(proof) != PROOF_BYTES or not crypto_core_ed25519_is_valid_point(proof[:32]):
        raise VrfProofInvalid("it is not 80 bytes that begin with a point of prime order")
    return _output(proof[:32])


def check_public_key(public: bytes) -> None:
    """Raise VrfKeyInvalid unless public is a canonical point of prime order, so neither of small order nor mixed."""
    if len(public) != PUBLIC_KEY_BYTES or not crypto_core_ed25519_is_valid_point(public):
        raise VrfKeyInvalid(public)


def _encode_to_curve(public: bytes, alpha: bytes) -> bytes:
    """ECVRF_encode_to_curve_try_and_increment, RFC 9381, 5.4.1.1; half of all counters succeed."""
    for counter in range(256):
        digest = sha512(_SUITE + b"\x01" + public + alpha + bytes((counter,)) + b"\x00").digest()
        point = _clear_cofactor(digest[:32])
        if point is not None:
            return point
    raise VrfProofInvalid("no counter below 256 maps the input to a point")  # probability 2**-256


def _clear_cofactor(encoded: bytes) -> bytes | None:
    """8 times the point that the bytes encode (RFC 8032, 5.1.3); None if they encode none, or one of small order."""
    if int.from_bytes(encoded, "little") & (2**255 - 1) >= _P:
        return None
    try:
        point = crypto_core_ed25519_add(encoded, encoded)
    except SodiumRefusal:
        return None
    point = _double(_double(point))
    return None if point == _IDENTITY else point


def _double(point: bytes) -> bytes:
    return crypto_core_ed25519_add(point, point)


def _challenge(*points: bytes) -> bytes:
    """ECVRF_challenge_generation, RFC 9381, 5.4.3: 16 bytes over public, H, Gamma, U, V."""
    return sha512(_SUITE + b"\x02" + b"".join(points) + b"\x00").digest()[:16]


def _scalar(challenge: bytes) -> bytes:
    return challenge + bytes(16)


def _output(gamma: bytes) -> bytes:
    """ECVRF_proof_to_hash, RFC 9381, 5.2."""
    return sha512(_SUITE + b"\x03" + _double(_double(_double(gamma))) + b"\x00").digest()
