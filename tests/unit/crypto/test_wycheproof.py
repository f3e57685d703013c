"""Project Wycheproof's vectors, read where CLUSTER_VECTORS points to; one skip for all of them where it is not set."""

import nacl.bindings
import pytest

from crypto.keys import verify
from crypto.sealedbox import CiphertextRefused, SealLength, WeakEncryptionKey, aead_open, aead_seal, seal
from tests.support.outside import wycheproof

ED25519 = wycheproof("ed25519_test")
XCHACHA20 = wycheproof("xchacha20_poly1305_test")
X25519 = wycheproof("x25519_test")


def test_ed25519_signatures_are_judged_as_wycheproof_does() -> None:
    for group, test in ED25519:
        public, message, signature = (
            bytes.fromhex(text) for text in (group["publicKey"]["pk"], test["msg"], test["sig"])
        )
        assert verify(public, message, signature) == (test["result"] == "valid"), test


def test_xchacha20_poly1305_opens_what_is_valid_and_nothing_else() -> None:
    for _, test in XCHACHA20:
        key, nonce, associated, plaintext, body, tag = (
            bytes.fromhex(test[name]) for name in ("key", "iv", "aad", "msg", "ct", "tag")
        )
        if test["result"] == "valid":
            assert aead_seal(key, nonce, plaintext, associated) == body + tag, test
            assert aead_open(key, nonce, body + tag, associated) == plaintext, test
        else:
            with pytest.raises((CiphertextRefused, SealLength)):
                aead_open(key, nonce, body + tag, associated)


def test_x25519_agrees_and_nothing_is_sealed_to_a_key_without_a_secret() -> None:
    weak = 0
    for _, test in X25519:
        public, private, shared = (bytes.fromhex(test[name]) for name in ("public", "private", "shared"))
        if shared == bytes(32):
            weak += 1
            with pytest.raises(WeakEncryptionKey):
                seal(public, b"plaintext")
        else:
            assert nacl.bindings.crypto_scalarmult(private, public) == shared, test
    assert weak > 10
