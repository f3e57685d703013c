"""Sealed boxes and authenticated encryption: only the right key opens, and only what was sealed."""

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.keys import SecretKey
from crypto.sealedbox import (
    CiphertextRefused,
    EncryptionKey,
    EncryptionKeyCopied,
    SealedBoxRefused,
    SealLength,
    WeakEncryptionKey,
    aead_open,
    aead_seal,
    encryption_key_of,
    is_encryption_key_of,
    seal,
)

ALICE, BOB = EncryptionKey(bytes(31) + b"a"), EncryptionKey(bytes(31) + b"b")
KEY, NONCE, ASSOCIATED = bytes(range(32)), bytes(range(24)), b"leveldb/key"
X25519_PRIME = 2**255 - 19


@given(plaintext=st.binary(max_size=400))
def test_a_sealed_box_opens_for_its_owner_alone(plaintext: bytes) -> None:
    sealed = seal(ALICE.public, plaintext)
    assert len(sealed) == len(plaintext) + 48
    assert ALICE.open(sealed) == plaintext
    with pytest.raises(SealedBoxRefused):
        BOB.open(sealed)


def test_sealing_twice_gives_unlike_boxes() -> None:
    assert seal(ALICE.public, b"the same") != seal(ALICE.public, b"the same")


def test_an_altered_or_shortened_box_is_refused() -> None:
    sealed = seal(ALICE.public, b"secret")
    for place in range(len(sealed)):
        with pytest.raises(SealedBoxRefused):
            ALICE.open(sealed[:place] + bytes((sealed[place] ^ 1,)) + sealed[place + 1 :])
        with pytest.raises(SealedBoxRefused):
            ALICE.open(sealed[:place])


@pytest.mark.parametrize("u", [0, 1, X25519_PRIME - 1, X25519_PRIME, X25519_PRIME + 1])
def test_nothing_is_sealed_to_a_small_order_key(u: int) -> None:
    public = u.to_bytes(32, "little")
    with pytest.raises(WeakEncryptionKey) as refused:
        seal(public, b"plaintext")
    assert refused.value.public == public


def test_a_key_is_made_from_its_seed_and_does_not_show_it() -> None:
    again = EncryptionKey(bytes(31) + b"a")
    assert again.public == ALICE.public != BOB.public
    assert repr(again) == f"EncryptionKey(public={again.public.hex()})"
    with pytest.raises(EncryptionKeyCopied):
        pickle.dumps(again)
    with pytest.raises(EncryptionKeyCopied):
        copy.copy(again)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_lengths_of_seeds_and_public_keys_are_checked(length: int) -> None:
    with pytest.raises(SealLength, match="seed"):
        EncryptionKey(bytes(length))
    with pytest.raises(SealLength, match="public key"):
        seal(bytes(length), b"")


@given(plaintext=st.binary(max_size=400), associated=st.binary(max_size=60))
def test_what_was_sealed_under_a_key_opens_again(plaintext: bytes, associated: bytes) -> None:
    ciphertext = aead_seal(KEY, NONCE, plaintext, associated)
    assert len(ciphertext) == len(plaintext) + 16
    assert aead_open(KEY, NONCE, ciphertext, associated) == plaintext


def test_another_key_nonce_place_or_byte_is_refused() -> None:
    ciphertext = aead_seal(KEY, NONCE, b"value", ASSOCIATED)
    attempts = [
        (KEY[::-1], NONCE, ciphertext, ASSOCIATED),
        (KEY, NONCE[::-1], ciphertext, ASSOCIATED),
        (KEY, NONCE, ciphertext, b"leveldb/other"),
        (KEY, NONCE, ciphertext, b""),
        (KEY, NONCE, ciphertext + b"\x00", ASSOCIATED),
    ]
    attempts += [(KEY, NONCE, ciphertext[:length], ASSOCIATED) for length in range(len(ciphertext))]
    attempts += [(KEY, NONCE, _flip(ciphertext, place), ASSOCIATED) for place in range(len(ciphertext))]
    for attempt in attempts:
        with pytest.raises(CiphertextRefused):
            aead_open(*attempt)


def _flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes((data[place] ^ 0x80,)) + data[place + 1 :]


@pytest.mark.parametrize(
    ("key", "nonce", "what"), [(31, 24, "key"), (33, 24, "key"), (32, 12, "nonce"), (32, 25, "nonce")]
)
def test_lengths_of_keys_and_nonces_are_checked(key: int, nonce: int, what: str) -> None:
    with pytest.raises(SealLength, match=what):
        aead_seal(bytes(key), bytes(nonce), b"", b"")
    with pytest.raises(SealLength, match=what):
        aead_open(bytes(key), bytes(nonce), bytes(16), b"")


@given(seed=st.binary(min_size=32, max_size=32))
def test_the_encryption_key_of_an_account_is_known_from_its_public_key(seed: bytes) -> None:
    public = SecretKey(seed).public
    assert encryption_key_of(public) == EncryptionKey(seed).public
    assert EncryptionKey(seed).open(seal(encryption_key_of(public), b"row")) == b"row"
    assert is_encryption_key_of(EncryptionKey(seed).public, public)
    assert not is_encryption_key_of(ALICE.public, public)


@pytest.mark.parametrize("account", [bytes(32), b"\1" + bytes(31), b"\2" + bytes(31), b"\xff" * 32, b"short"])
def test_what_is_no_ed25519_key_has_no_encryption_key(account: bytes) -> None:
    """Points of small order, bytes that are no point, a wrong length."""
    with pytest.raises(WeakEncryptionKey):
        encryption_key_of(account)
    assert not is_encryption_key_of(bytes(32), account)
