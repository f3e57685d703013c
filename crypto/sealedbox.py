"""Encryption of bytes: to a public key (sealed boxes) and under a shared key (XChaCha20-Poly1305).

`seal` is libsodium's crypto_box_seal: X25519 with an ephemeral key, XSalsa20-Poly1305. The ephemeral key comes from
libsodium's own randomness, so sealing happens outside state only; in a transaction the sealed bytes are mere input.
`aead_seal` and `aead_open` take their nonce from the caller and are on the hot path of sealed storage.
"""

from typing import Final, NewType, NoReturn

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    crypto_box_seal,
    crypto_box_seal_open,
    crypto_box_seed_keypair,
    crypto_sign_ed25519_pk_to_curve25519,
)
from nacl.exceptions import CryptoError as SodiumRefusal
from nacl.exceptions import RuntimeError as SodiumFailure

from crypto.errors import CryptoError

SEED_BYTES: Final = 32
PUBLIC_BYTES: Final = 32
SEAL_OVERHEAD: Final = 48  # ephemeral public key and tag
AEAD_KEY_BYTES: Final = 32
AEAD_NONCE_BYTES: Final = 24
AEAD_OVERHEAD: Final = 16

EncryptionPublicKey = NewType("EncryptionPublicKey", bytes)


class SealError(CryptoError):
    """Root of the errors of encryption."""

    code = 1040


class SealLength(SealError):
    """A key, nonce or seed has the wrong length."""

    code = 1041

    def __init__(self, what: str, length: int, expected: int) -> None:
        super().__init__(f"the {what} has {length} bytes; {expected} were expected. Pass the whole {what}.")
        self.what, self.length, self.expected = what, length, expected


class WeakEncryptionKey(SealError):
    """An X25519 public key is of small order: whatever is sealed to it, anybody could open."""

    code = 1042

    def __init__(self, public: bytes) -> None:
        super().__init__(
            f"X25519 public key {public.hex()} is of small order; a key made from a seed was expected. "
            "Ask its owner for another one."
        )
        self.public = public


class SealedBoxRefused(SealError):
    """A sealed box does not open: it was sealed to another key, or altered."""

    code = 1043

    def __init__(self, length: int) -> None:
        super().__init__(
            f"the sealed box of {length} bytes does not open with this key; it was sealed to another key or altered. "
            "Check that the sender used your present encryption key."
        )
        self.length = length


class CiphertextRefused(SealError):
    """An authenticated ciphertext does not open: wrong key, nonce or associated data, or altered bytes."""

    code = 1044

    def __init__(self, length: int) -> None:
        super().__init__(
            f"the ciphertext of {length} bytes does not open: another key, nonce or associated data was used, or it "
            "was altered. Check the key; if it is right, the data is corrupt and must come from a backup or a peer."
        )
        self.length = length


class EncryptionKeyCopied(SealError):
    """An encryption key was about to be pickled or copied, which would leave it where nobody looks for it."""

    code = 1045

    def __init__(self) -> None:
        super().__init__("an encryption key is never pickled or copied. Pass its seed's file, or the opened plaintext.")


class EncryptionKey:
    """An X25519 key pair that opens what was sealed to `public`. It shows itself neither in repr nor in pickles."""

    __slots__ = ("_secret", "public")

    def __init__(self, seed: bytes) -> None:
        """The pair of a 32-byte secret seed, by libsodium's crypto_box_seed_keypair. Raises SealLength."""
        if len(seed) != SEED_BYTES:
            raise SealLength("seed", len(seed), SEED_BYTES)
        public, self._secret = crypto_box_seed_keypair(seed)
        self.public = EncryptionPublicKey(public)

    def open(self, sealed: bytes) -> bytes:
        """The plaintext of a sealed box. Raises SealedBoxRefused."""
        try:
            return crypto_box_seal_open(sealed, self.public, self._secret)
        except SodiumRefusal as refusal:
            raise SealedBoxRefused(len(sealed)) from refusal

    def __repr__(self) -> str:
        return f"EncryptionKey(public={self.public.hex()})"

    def __reduce__(self) -> NoReturn:
        raise EncryptionKeyCopied


def encryption_key_of(account: bytes) -> EncryptionPublicKey:
    """The X25519 key of an ed25519 public key: for every seed, EncryptionKey(seed).public of SecretKey(seed).public.

    One seed for signing and for sealed boxes is safe: Thormarker, "On using the same key pair for Ed25519 and an X25519
    based KEM" (eprint 2021/509). Raises WeakEncryptionKey for bytes that are no key of a prime order.
    """
    try:
        return EncryptionPublicKey(crypto_sign_ed25519_pk_to_curve25519(account))
    except (SodiumFailure, SodiumRefusal) as refusal:
        raise WeakEncryptionKey(account) from refusal


def is_encryption_key_of(public: bytes, account: bytes) -> bool:
    """Whether what is sealed to `public` is sealed to the owner of the ed25519 key `account`."""
    try:
        return bytes(public) == encryption_key_of(account)
    except WeakEncryptionKey:
        return False


def seal(public: bytes, plaintext: bytes) -> bytes:
    """A sealed box of len(plaintext) + 48 bytes that only public's owner opens; different at every call.

    Raises SealLength, or WeakEncryptionKey for a public key of small order.
    """
    if len(public) != PUBLIC_BYTES:
        raise SealLength("encryption public key", len(public), PUBLIC_BYTES)
    try:
        return crypto_box_seal(plaintext, public)
    except SodiumRefusal as refusal:
        raise WeakEncryptionKey(public) from refusal


def aead_seal(key: bytes, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
    """XChaCha20-Poly1305 of plaintext: len(plaintext) + 16 bytes, the tag last. A nonce is used once per key.

    key is 32 bytes, nonce 24. Raises SealLength. Source: draft-irtf-cfrg-xchacha-03.
    """
    if len(key) != AEAD_KEY_BYTES or len(nonce) != AEAD_NONCE_BYTES:
        raise _wrong_length(key, nonce)
    return crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, associated, nonce, key)


def aead_open(key: bytes, nonce: bytes, ciphertext: bytes, associated: bytes) -> bytes:
    """The plaintext that was sealed under this key, nonce and associated data. Raises SealLength, CiphertextRefused."""
    if len(key) != AEAD_KEY_BYTES or len(nonce) != AEAD_NONCE_BYTES:
        raise _wrong_length(key, nonce)
    if len(ciphertext) < AEAD_OVERHEAD:
        raise CiphertextRefused(len(ciphertext))
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(ciphertext, associated, nonce, key)
    except SodiumRefusal as refusal:
        raise CiphertextRefused(len(ciphertext)) from refusal


def _wrong_length(key: bytes, nonce: bytes) -> SealLength:
    if len(key) != AEAD_KEY_BYTES:
        return SealLength("key", len(key), AEAD_KEY_BYTES)
    return SealLength("nonce", len(nonce), AEAD_NONCE_BYTES)
