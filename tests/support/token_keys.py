"""Signatures for simulations where cryptography is not the question: keyed hashes, a hundredth of the work of ed25519.

They verify like signatures: nobody without the seed makes one that does.
"""

from hashlib import blake2b, sha256
from typing import Final

from crypto.keys import PublicKey, Signature

_SEEDS: Final[dict[bytes, bytes]] = {}


class TokenKey:
    """What node.signer.Signer needs of crypto.keys.SecretKey."""

    def __init__(self, number: int) -> None:
        self.seed = sha256(b"simulated validator %d" % number).digest()
        self.public = PublicKey(sha256(self.seed).digest())
        _SEEDS[self.public] = self.seed

    def sign(self, message: bytes) -> Signature:
        return Signature(blake2b(message, key=self.seed, digest_size=64).digest())


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    seed = _SEEDS.get(public)
    return seed is not None and blake2b(message, key=seed, digest_size=64).digest() == signature
