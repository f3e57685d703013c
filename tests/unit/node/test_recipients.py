"""A private address or a reader's key as text, or as the name of a key of this machine."""

from pathlib import Path

import pytest

from client.notes.keys import spending_key
from compute.confidential.keys import encode_reader, reader_key
from crypto.bech32m import Bech32Checksum
from crypto.keys import SecretKey
from crypto.keystore import Cost
from node.cli.errors import BadArgument
from node.cli.recipients import private_address_of, reader_of, reader_or_own
from node.keystore import save_key, save_unprotected_key

SEED = b"\x07" * 32
ADDRESS = spending_key(SEED).full_view().incoming.address()
READER = reader_key(SEED).public


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLUSTER_HOME", str(tmp_path))
    accounts, keys = tmp_path / "devnet" / "accounts", tmp_path / "keys"
    for folder in (accounts, keys):
        folder.mkdir(parents=True)
    save_unprotected_key(accounts / "account1.json", SecretKey(SEED), "account")
    save_key(keys / "closed.json", SecretKey(SEED), "account", "words", cost=Cost(passes=1, memory_kib=8))
    return tmp_path


def test_a_text_is_what_it_says() -> None:
    assert private_address_of(ADDRESS.encode(), "ADDRESS") == ADDRESS
    assert reader_of(encode_reader(READER).upper(), "READER") == READER


def test_an_open_key_is_meant_by_its_name() -> None:
    assert private_address_of("account1", "ADDRESS") == ADDRESS
    assert reader_of("account1", "READER") == READER


def test_me_is_who_signs_unless_another_key_is_called_so(home: Path) -> None:
    assert reader_or_own("me", "READER", READER) == READER
    other = reader_key(b"\x08" * 32).public
    assert reader_or_own("account1", "READER", other) == READER
    save_unprotected_key(home / "keys" / "me.json", SecretKey(SEED), "account")
    assert reader_or_own("me", "READER", READER) == READER
    with pytest.raises(BadArgument, match="`me` is the account of --key, and a key called so is there as well"):
        reader_or_own("me", "READER", other)


def test_a_key_with_a_passphrase_is_not_opened_for_it() -> None:
    with pytest.raises(BadArgument, match=r"ADDRESS: .*`cluster address --key NAME`.* a key with a passphrase"):
        private_address_of("closed", "ADDRESS")
    with pytest.raises(BadArgument, match=r"--auditor: .*`cluster contract readers key --key NAME`"):
        reader_of("closed", "--auditor")


@pytest.mark.parametrize("text", ["account2", "", "../keys/closed", "cluster1qqqq", encode_reader(READER)])
def test_what_is_neither_is_told_what_to_run(text: str) -> None:
    with pytest.raises(BadArgument, match="`cluster address --key NAME` shows it"):
        private_address_of(text, "ADDRESS")


def test_a_misspelt_address_is_no_name() -> None:
    wrong = ADDRESS.encode()[:-1] + ("q" if ADDRESS.encode()[-1] != "q" else "p")
    with pytest.raises(Bech32Checksum):
        private_address_of(wrong, "ADDRESS")
