"""Sealing, and the key it is done with."""

import os
from pathlib import Path

import pytest

from crypto.keystore import Cost, WrongPassphrase
from node.keystore import KeyFileExposed, KeyFilePurpose, create_unprotected_key
from node.storage import storage_key as module
from node.storage.errors import RecordCorrupt, StorageKeyInData
from node.storage.sealing import Sealed, Unsealed
from node.storage.storage_key import StorageKey, create_storage_key, load_storage_key

CHEAP = Cost(passes=1, memory_kib=8)


def test_a_record_opens_under_its_own_key_and_place_only() -> None:
    sealer = Sealed(b"\1" * 32)
    stored = sealer.seal(b"s/a", b"value")
    assert sealer.open(b"s/a", stored) == b"value"
    assert b"value" not in stored
    assert sealer.seal(b"s/a", b"value") != stored
    for key, record in [
        (b"s/b", stored),
        (b"s/a", stored[:-1]),
        (b"s/a", stored[:-1] + bytes((stored[-1] ^ 1,))),
        (b"s/a", bytes((stored[0] ^ 1,)) + stored[1:]),
        (b"s/a", stored[:30]),
        (b"s/a", b""),
    ]:
        with pytest.raises(RecordCorrupt) as refused:
            sealer.open(key, record)
        assert refused.value.key == key
    with pytest.raises(RecordCorrupt):
        Sealed(b"\2" * 32).open(b"s/a", stored)


def test_each_record_takes_its_own_nonce() -> None:
    drawn: list[int] = []

    def entropy(count: int) -> bytes:
        drawn.append(count)
        return len(drawn).to_bytes(count, "big")

    sealer = Sealed(b"\1" * 32, entropy)
    nonces = {sealer.seal(b"k", b"v")[:24] for _ in range(3)}
    assert (drawn, len(nonces)) == ([24, 24, 24], 3)


def test_without_sealing_a_record_is_the_value() -> None:
    assert Unsealed().open(b"k", Unsealed().seal(b"k", b"value")) == b"value"


def test_uses_have_unrelated_keys_and_the_secret_does_not_show() -> None:
    key = StorageKey(b"\x2a" * 32, unprotected=False)
    assert len({key.subkey("database"), key.subkey("log"), key.secret}) == 3
    assert key.subkey("log").hex() == "7ec04e8c847e351ca138c34a5766cded9fbbf93364b36d149db472207508ea64"
    assert "2a2a" not in repr(key) and "*" not in repr(key)


def test_a_key_file_gives_the_same_key_again(tmp_path: Path) -> None:
    path, data = tmp_path / "storage.json", tmp_path / "data"
    made = create_storage_key(path, data, "a long passphrase", cost=CHEAP)
    assert load_storage_key(path, data, "a long passphrase") == made
    assert not made.unprotected
    with pytest.raises(WrongPassphrase):
        load_storage_key(path, data, "another one")


def test_a_key_without_passphrase_beside_the_data_is_unprotected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, data = tmp_path / "storage.json", tmp_path / "data"
    assert create_storage_key(path, data, None).unprotected
    assert load_storage_key(path, data).unprotected
    # A systemd credential lies in memory, on a file system of its own.
    monkeypatch.setattr(module, "_device", lambda place: 1 if place == path else 2)
    assert not load_storage_key(path, data).unprotected


def test_a_key_never_lies_in_the_data_folder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "db").mkdir(parents=True)
    (tmp_path / "link").symlink_to(data)
    for inside in (data / "storage.json", data / "db" / "key", tmp_path / "link" / "key", data / ".." / "data" / "key"):
        with pytest.raises(StorageKeyInData):
            create_storage_key(inside, data, None)
        with pytest.raises(StorageKeyInData):
            load_storage_key(inside, data)
    assert not list(data.rglob("*key*"))


def test_an_exposed_file_or_one_for_another_purpose_is_refused(tmp_path: Path) -> None:
    path, data = tmp_path / "storage.json", tmp_path / "data"
    create_storage_key(path, data, None)
    os.chmod(path, 0o644)
    with pytest.raises(KeyFileExposed):
        load_storage_key(path, data)
    create_unprotected_key(tmp_path / "node.json", "node")
    with pytest.raises(KeyFilePurpose):
        load_storage_key(tmp_path / "node.json", data)
