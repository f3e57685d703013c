"""Key files: made once, private, and refused with the reason when something is amiss."""

import errno
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from crypto.keys import SecretKey
from crypto.keystore import (
    Cost,
    KeyCostTooHigh,
    KeyRecordVersion,
    PassphraseNeeded,
    PassphraseUnexpected,
    PurposeInvalid,
    WrongPassphrase,
)
from node.keystore import (
    KeyFileCorrupt,
    KeyFileExists,
    KeyFileExposed,
    KeyFileMissing,
    KeyFilePurpose,
    KeyFileUnreadable,
    create_key,
    create_unprotected_key,
    load_key,
    read_record,
    save_key,
)

CHEAP = Cost(passes=1, memory_kib=8)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alice.json"


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_key_is_made_and_loaded_again(path: Path) -> None:
    made = create_key(path, "account", "correct horse", cost=CHEAP)
    loaded = load_key(path, "account", "correct horse")
    assert loaded.seed == made.seed
    assert made.seed.hex() not in path.read_text()


def test_an_unprotected_key_is_made_and_loaded_again(path: Path) -> None:
    made = create_unprotected_key(path, "validator")
    assert load_key(path, "validator").seed == made.seed
    assert read_record(path).unprotected
    assert '"unprotected": true' in path.read_text()


def test_keys_are_drawn_from_the_given_entropy(path: Path) -> None:
    assert create_unprotected_key(path, "account", entropy=lambda n: b"\x07" * n).seed == b"\x07" * 32


def test_two_new_keys_are_unlike_each_other(tmp_path: Path) -> None:
    first, second = (create_key(tmp_path / name, "account", "same", cost=CHEAP) for name in "ab")
    assert first.public != second.public
    records = [json.loads((tmp_path / name).read_text()) for name in "ab"]
    assert records[0]["kdf"]["salt"] != records[1]["kdf"]["salt"]
    assert records[0]["cipher"]["nonce"] != records[1]["cipher"]["nonce"]


@pytest.mark.usefixtures("open_umask")
def test_a_key_file_is_private_whatever_the_umask(path: Path) -> None:
    create_unprotected_key(path, "account")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_file_is_never_overwritten(path: Path) -> None:
    create_unprotected_key(path, "account")
    before = path.read_bytes()
    with pytest.raises(KeyFileExists):
        create_unprotected_key(path, "account")
    with pytest.raises(KeyFileExists):
        save_key(path, SecretKey(bytes(32)), "account", "correct horse", cost=CHEAP)
    assert path.read_bytes() == before


def test_a_dangling_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileExists):
        create_unprotected_key(path, "account")
    assert not (tmp_path / "elsewhere").exists()


def test_a_refused_key_leaves_no_file(path: Path) -> None:
    with pytest.raises(PurposeInvalid):
        create_unprotected_key(path, "Not A Word")
    with pytest.raises(PassphraseNeeded):
        create_key(path, "account", "", cost=CHEAP)
    assert not path.exists()


def test_a_full_disk_leaves_no_half_written_key(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyFileUnreadable, match="No space left"):
        create_unprotected_key(path, "account")
    assert not path.exists()


def test_the_file_and_its_folder_are_synced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(stat.S_ISDIR(os.fstat(fd).st_mode)))
    create_unprotected_key(path, "account")
    assert synced == [False, True]


def test_a_missing_file_or_folder_is_named(path: Path) -> None:
    with pytest.raises(KeyFileMissing, match=r"alice\.json"):
        load_key(path, "account")
    with pytest.raises(KeyFileUnreadable):
        create_unprotected_key(path.parent / "no-folder" / "key.json", "account")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o601, 0o777])
def test_a_file_that_others_may_touch_is_refused(path: Path, mode: int) -> None:
    create_unprotected_key(path, "account")
    path.chmod(mode)
    with pytest.raises(KeyFileExposed, match="chmod 600") as refused:
        load_key(path, "account")
    assert stat.S_IMODE(refused.value.mode) == mode
    path.chmod(0o400)
    load_key(path, "account")


def test_a_systemd_credential_may_show_a_groups_right_to_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_unprotected_key(path, "account")
    path.chmod(0o440)
    with pytest.raises(KeyFileExposed):
        load_key(path, "account")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(path.parent))
    load_key(path, "account")
    for mode in (0o460, 0o444, 0o450):
        path.chmod(mode)
        with pytest.raises(KeyFileExposed):
            load_key(path, "account")
    path.chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(path.parent.parent))
    with pytest.raises(KeyFileExposed):
        load_key(path, "account")


def test_a_folder_or_a_pipe_is_no_key_file(path: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyFileUnreadable):
        load_key(tmp_path, "account")
    os.mkfifo(path, 0o600)
    with pytest.raises(KeyFileExposed):
        load_key(path, "account")


def test_a_key_is_used_for_its_purpose_only(path: Path) -> None:
    create_unprotected_key(path, "account")
    with pytest.raises(KeyFilePurpose) as refused:
        load_key(path, "validator")
    assert (refused.value.expected, refused.value.found) == ("validator", "account")


def test_passphrases_are_asked_for_refused_and_unexpected(path: Path, tmp_path: Path) -> None:
    create_key(path, "account", "correct horse", cost=CHEAP)
    with pytest.raises(PassphraseNeeded):
        load_key(path, "account")
    with pytest.raises(WrongPassphrase):
        load_key(path, "account", "battery staple")
    create_unprotected_key(tmp_path / "open.json", "account")
    with pytest.raises(PassphraseUnexpected):
        load_key(tmp_path / "open.json", "account", "correct horse")


def test_a_damaged_file_is_refused_with_its_path(path: Path) -> None:
    create_unprotected_key(path, "account")
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], whole.replace(b'"seed"', b'"seek"'), whole + b" " * 5000):
        path.write_bytes(damaged)
        with pytest.raises(KeyFileCorrupt, match=r"alice\.json"):
            load_key(path, "account")


def test_a_file_with_the_seed_of_another_key_is_refused(path: Path) -> None:
    create_unprotected_key(path, "account")
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "seed": "00" * 32}))
    with pytest.raises(KeyFileCorrupt):
        load_key(path, "account")


def test_an_unknown_version_and_a_hostile_cost_keep_their_own_errors(path: Path) -> None:
    create_key(path, "account", "correct horse", cost=CHEAP)
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "version": 9}))
    with pytest.raises(KeyRecordVersion):
        load_key(path, "account", "correct horse")
    path.write_text(json.dumps({**record, "kdf": {**record["kdf"], "memory_kib": 100 * 2**20}}))
    with pytest.raises(KeyCostTooHigh):
        load_key(path, "account", "correct horse")
