"""Ed25519 signing keys. Source: RFC 8032, verified by libsodium's rules.

RFC 8032 leaves edge cases open (small-order and non-canonical points, ZIP-215), and verifiers that differ there split a
chain. Every validator therefore uses this one library, which refuses them all; a grid in the tests pins that.

Messages are tagged bytes of crypto/hashing.py or longer: crypto/vrf.py draws nonces from the same secret prefix over
bare 32-byte points, so a bare 32-byte string chosen by somebody else is never signed.
"""

from hashlib import sha512
from typing import Final, NewType, NoReturn

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from crypto.errors import CryptoError

SEED_BYTES: Final = 32
PUBLIC_KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

PublicKey = NewType("PublicKey", bytes)
Signature = NewType("Signature", bytes)


class SeedLength(CryptoError):
    """A secret key's seed is not 32 bytes."""

    code = 1010

    def __init__(self, length: int) -> None:
        super().__init__(
            f"the seed of a secret key has {length} bytes; {SEED_BYTES} were expected. "
            "Draw them from the system's entropy."
        )
        self.length, self.expected = length, SEED_BYTES


class SecretKeyCopied(CryptoError):
    """A secret key was about to be pickled or copied, which would leave it where nobody looks for it."""

    code = 1011

    def __init__(self) -> None:
        super().__init__(
            "a secret key is never pickled or copied. Pass its file's path, or the signature that is needed."
        )


class SecretKey:
    """An ed25519 secret key, shown neither in repr nor in pickles; only `seed` gives it away, for a keystore."""

    __slots__ = ("_expanded", "public")

    def __init__(self, seed: bytes) -> None:
        """The key of a 32-byte seed, which the caller drew from the system's entropy. Raises SeedLength."""
        if len(seed) != SEED_BYTES:
            raise SeedLength(len(seed))
        public, self._expanded = crypto_sign_seed_keypair(seed)
        self.public = PublicKey(public)

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes."""
        return self._expanded[:SEED_BYTES]

    def sign(self, message: bytes) -> Signature:
        """The 64-byte signature of a message; deterministic."""
        return Signature(crypto_sign(message, self._expanded)[:SIGNATURE_BYTES])

    def expand(self) -> tuple[bytes, bytes]:
        """The clamped scalar and the nonce prefix, 32 secret bytes each (RFC 8032, 5.1.5), for crypto/vrf.py."""
        digest = sha512(self.seed).digest()
        clamped = bytes((digest[0] & 248,)) + digest[1:31] + bytes((digest[31] & 127 | 64,))
        return clamped, digest[32:]

    def __repr__(self) -> str:
        return f"SecretKey(public={self.public.hex()})"

    def __reduce__(self) -> NoReturn:
        raise SecretKeyCopied


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether signature (64 bytes) is public's (32 bytes) over message. Other lengths are False, never an exception."""
    if len(public) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        crypto_sign_open(signature + message, public)
    except BadSignatureError:
        return False
    return True
