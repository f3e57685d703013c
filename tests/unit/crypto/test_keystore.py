"""Key records: they open for their passphrase alone, and a hostile one costs nothing."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.exceptions import RuntimeError as SodiumRefusal

from crypto import keystore
from crypto.keys import SecretKey
from crypto.keystore import (
    Cost,
    KeyCostTooHigh,
    KeyMemoryLacking,
    KeyRecordCorrupt,
    KeyRecordVersion,
    KeystoreError,
    PassphraseNeeded,
    PassphraseUnexpected,
    PurposeInvalid,
    WrongPassphrase,
    decode_record,
    decrypt_key,
    encrypt_key,
    unprotected_key,
)
from crypto.sealedbox import SealLength

SECRET = SecretKey(bytes(range(32)))
SALT, NONCE = bytes(16), bytes(24)
CHEAP = Cost(passes=1, memory_kib=8)
PROTECTED = encrypt_key(SECRET, "account", "correct horse", SALT, NONCE, CHEAP)
UNPROTECTED = unprotected_key(SECRET, "validator")


def edited(record: bytes, *path: str, to: object) -> bytes:
    """The record with the field at path set to another value."""
    value = json.loads(record)
    place: Any = value
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = to
    return json.dumps(value).encode()


def test_a_protected_record_opens_with_its_passphrase() -> None:
    record = decode_record(PROTECTED)
    assert (record.purpose, record.public, record.unprotected) == ("account", SECRET.public, False)
    assert decrypt_key(record, "correct horse").seed == SECRET.seed
    assert SECRET.seed.hex() not in PROTECTED.decode()


def test_another_passphrase_is_refused() -> None:
    with pytest.raises(WrongPassphrase) as refused:
        decrypt_key(decode_record(PROTECTED), "correct horsf")
    assert refused.value.public == SECRET.public


@pytest.mark.parametrize("passphrase", [None, ""])
def test_a_protected_record_asks_for_its_passphrase(passphrase: str | None) -> None:
    with pytest.raises(PassphraseNeeded):
        decrypt_key(decode_record(PROTECTED), passphrase)


def test_a_record_is_never_protected_by_an_empty_passphrase() -> None:
    with pytest.raises(PassphraseNeeded):
        encrypt_key(SECRET, "account", "", SALT, NONCE, CHEAP)


def test_a_passphrase_opens_however_its_letters_were_composed() -> None:
    composed, decomposed = "Gr\u00fc\u00dfe", "Gru\u0308\u00dfe"
    record = decode_record(encrypt_key(SECRET, "account", composed, SALT, NONCE, CHEAP))
    assert decrypt_key(record, decomposed).public == SECRET.public


def test_an_unprotected_record_says_so_and_opens_without_passphrase() -> None:
    assert json.loads(UNPROTECTED)["unprotected"] is True
    record = decode_record(UNPROTECTED)
    assert record.unprotected
    assert decrypt_key(record, None).seed == SECRET.seed
    assert SECRET.seed.hex() not in repr(record) and repr(SECRET.seed) not in repr(record)


def test_a_passphrase_for_an_unprotected_record_is_refused() -> None:
    with pytest.raises(PassphraseUnexpected):
        decrypt_key(decode_record(UNPROTECTED), "believed to be safe")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("purpose",), "validator"),
        (("public",), SecretKey(bytes(32)).public.hex()),
        (("kdf", "salt"), "01" * 16),
        (("kdf", "passes"), 2),
        (("kdf", "memory_kib"), 16),
        (("cipher", "nonce"), "01" * 24),
        (("cipher", "ciphertext"), "01" * 48),
    ],
)
def test_no_field_of_a_protected_record_can_be_exchanged(path: tuple[str, ...], value: object) -> None:
    with pytest.raises(WrongPassphrase):
        decrypt_key(decode_record(edited(PROTECTED, *path, to=value)), "correct horse")


def test_an_unprotected_seed_of_another_key_is_refused() -> None:
    with pytest.raises(KeyRecordCorrupt, match="seed belongs to"):
        decrypt_key(decode_record(edited(UNPROTECTED, "seed", to="00" * 32)), None)


FIELDS = [
    *((PROTECTED, (name,)) for name in ("format", "version", "purpose", "public", "kdf", "cipher")),
    *((PROTECTED, ("kdf", name)) for name in ("name", "salt", "passes", "memory_kib")),
    *((PROTECTED, ("cipher", name)) for name in ("name", "nonce", "ciphertext")),
    *((UNPROTECTED, (name,)) for name in ("format", "version", "purpose", "public", "kdf", "unprotected", "seed")),
    (UNPROTECTED, ("kdf", "name")),
]


@pytest.mark.parametrize(("record", "path"), FIELDS)
@pytest.mark.parametrize("value", [None, True, 1.5, [], {}, "", "z z", "AB" * 32, "00" * 31])
def test_every_field_has_its_type_and_length(record: bytes, path: tuple[str, ...], value: object) -> None:
    if path == ("unprotected",) and value is True:
        return
    with pytest.raises(KeyRecordCorrupt):
        decode_record(edited(record, *path, to=value))


@pytest.mark.parametrize(("record", "path"), FIELDS)
def test_no_field_may_be_missing_or_unknown(record: bytes, path: tuple[str, ...]) -> None:
    value = json.loads(record)
    place = value[path[0]] if len(path) == 2 else value
    del place[path[-1]]
    with pytest.raises(KeyRecordCorrupt):
        decode_record(json.dumps(value).encode())
    with pytest.raises(KeyRecordCorrupt):
        decode_record(edited(record, *path[:-1], "comment", to="hello"))


def test_a_field_that_occurs_twice_is_refused() -> None:
    twice = PROTECTED.replace(b'"purpose"', b'"purpose": "account", "purpose"')
    with pytest.raises(KeyRecordCorrupt, match="twice"):
        decode_record(twice)


def test_an_unknown_version_is_refused_before_its_fields_are_read() -> None:
    with pytest.raises(KeyRecordVersion) as refused:
        decode_record(b'{"format": "cluster-key", "version": 2, "something": "new"}')
    assert refused.value.fields == {"version": 2, "expected": 1}


@pytest.mark.parametrize(
    ("passes", "memory_kib"),
    [(1, 100 * 1024 * 1024), (2**40, 8), (0, 64), (-1, 64), (1, 7), (1, -1), (17, 8), (16, 512 * 1024), (1, 10**100)],
)
def test_a_hostile_cost_is_refused_without_being_paid(
    passes: int, memory_kib: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keystore, "crypto_pwhash_alg", None)  # calling it would raise TypeError
    hostile = edited(edited(PROTECTED, "kdf", "passes", to=passes), "kdf", "memory_kib", to=memory_kib)
    with pytest.raises(KeyCostTooHigh) as refused:
        decode_record(hostile)
    assert refused.value.fields == {"passes": passes, "memory_kib": memory_kib}


def test_a_machine_without_the_memory_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(*_: object) -> bytes:
        raise SodiumRefusal("Unexpected failure in key derivation")

    monkeypatch.setattr(keystore, "crypto_pwhash_alg", out_of_memory)
    with pytest.raises(KeyMemoryLacking):
        decrypt_key(decode_record(PROTECTED), "correct horse")


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"\xff", b"{" * 4000, b"[" * 4000, PROTECTED[:-10], b" " * 5000])
def test_what_is_no_record_is_refused(data: bytes) -> None:
    with pytest.raises(KeyRecordCorrupt):
        decode_record(data)


@given(data=st.binary(max_size=60), place=st.integers(0, len(PROTECTED)))
@settings(max_examples=200)
def test_any_bytes_are_read_or_refused_with_a_typed_error(data: bytes, place: int) -> None:
    for candidate in (data, PROTECTED[:place] + data + PROTECTED[place + len(data) :]):
        try:
            record = decode_record(candidate)
        except KeystoreError as refused:
            assert str(refused)
        else:
            assert len(record.public) == 32


@pytest.mark.parametrize("purpose", ["", "Account", "a b", "-x", "x" * 33, "ünit", "x\n"])
def test_a_purpose_is_a_short_word(purpose: str) -> None:
    with pytest.raises(PurposeInvalid):
        encrypt_key(SECRET, purpose, "correct horse", SALT, NONCE, CHEAP)
    with pytest.raises(PurposeInvalid):
        unprotected_key(SECRET, purpose)
    with pytest.raises(KeyRecordCorrupt):
        decode_record(edited(PROTECTED, "purpose", to=purpose))


def test_salt_and_nonce_have_their_lengths() -> None:
    with pytest.raises(SealLength, match="salt"):
        encrypt_key(SECRET, "account", "correct horse", bytes(8), NONCE, CHEAP)
    with pytest.raises(SealLength, match="nonce"):
        encrypt_key(SECRET, "account", "correct horse", SALT, bytes(12), CHEAP)


def test_the_default_cost_is_that_of_rfc_9106() -> None:
    record = decode_record(encrypt_key(SECRET, "account", "correct horse", SALT, NONCE))
    assert record.protection is not None
    assert (record.protection.cost.passes, record.protection.cost.memory_kib) == (3, 65536)
