"""A home folder: made whole, private, never over other files; and what a demonstration may fasten to a node."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from chain.execution.genesis import UnusableGenesis
from node.config import Config
from node.home import GenesisUnreadable, Home, HomeExists, create_home, read_genesis, write_genesis
from node.instruments import Recorder
from node.storage.errors import StorageKeyInData
from tests.support.small_chain import small_genesis


def test_a_new_home_holds_keys_that_only_their_owner_reads(tmp_path: Path) -> None:
    home, signer = create_home(tmp_path / "home", Config(), "home-1")
    assert signer is not None
    signer.close()
    for path in (home.validator_key, home.node_key, home.root / "keys" / "storage.json", home.signer_state):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o700
    assert home.load_config() == Config()
    assert not home.validator_key.is_relative_to(home.data)


def test_a_follower_has_no_validator_key_and_an_unsealed_one_no_storage_key(tmp_path: Path) -> None:
    config = Config(validator=False)
    config = replace(config, storage=replace(config.storage, sealed=False))
    home, signer = create_home(tmp_path / "home", config, "home-1")
    assert signer is None
    assert not home.validator_key.exists()
    assert home.load_storage_key(config) is None


def test_a_home_is_never_made_over_other_files(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(HomeExists):
        create_home(tmp_path, Config(), "home-1")
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_a_storage_key_never_lies_in_the_data_folder(tmp_path: Path) -> None:
    config = Config()
    config = replace(config, storage=replace(config.storage, key_file="data/storage.json"))
    with pytest.raises(StorageKeyInData):
        create_home(tmp_path / "home", config, "home-1")


def test_a_genesis_comes_back_as_it_was_written(tmp_path: Path) -> None:
    genesis = small_genesis((10, 20))
    write_genesis(tmp_path / "genesis.json", genesis)
    assert read_genesis(tmp_path / "genesis.json") == genesis
    assert read_genesis(tmp_path / "genesis.json").hash() == genesis.hash()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "1", '{"chain_id": 1}', "[" * 100_000, '{"a": NaN}', "\ud7ff{"],
)
def test_a_file_that_is_no_genesis_is_refused_with_its_path(tmp_path: Path, text: str) -> None:
    path = tmp_path / "genesis.json"
    path.write_text(text)
    with pytest.raises(GenesisUnreadable, match=r"genesis\.json"):
        read_genesis(path)


def test_what_is_no_file_is_no_genesis(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(GenesisUnreadable):
            read_genesis(path)
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe")
    with pytest.raises(GenesisUnreadable):
        read_genesis(tmp_path / "bytes.json")


def test_a_genesis_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "genesis.json"
    write_genesis(path, small_genesis(()))
    with pytest.raises(UnusableGenesis):
        Home(tmp_path).load_genesis()


def test_a_recorder_appends_each_kind_to_a_file_of_its_own_at_once(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "seen")
    recorder("rpc", b"one")
    recorder("payload-in", b"two")
    recorder("rpc", b"three")
    assert (tmp_path / "seen" / "rpc.bin").read_bytes() == b"onethree"
    assert (tmp_path / "seen" / "payload-in.bin").read_bytes() == b"two"
