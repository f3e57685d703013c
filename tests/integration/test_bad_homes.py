"""Broken files and ports in use: a node says which and why, holds nothing open, and does not start."""

import asyncio
import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from crypto.errors import ClusterError
from node.app import App
from node.config import dump_config
from node.devnet.files import Plan, create_single
from node.home import Home
from node.storage.storage_key import create_storage_key
from p2p.errors import P2PError
from tests.support.devnet_scene import free_base_port


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """The home of a single validator that has run, and is stopped."""
    home = create_single(tmp_path / "node", Plan(1, "files-1", 50, free_base_port(2)), 1_700_000_000_000, None)
    App(home).close()
    return home


def rewrite(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text()))


def flip(path: Path, at: int = 100) -> None:
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 0xFF
    path.write_bytes(bytes(data))


def other_storage_key(home: Home) -> None:
    other = home.root / "keys" / "other.json"
    create_storage_key(other, home.data, None)
    other.replace(home.root / "keys" / "storage.json")


def other_genesis(home: Home) -> None:
    document = json.loads(home.genesis_file.read_text())
    document["time"] += 1
    home.genesis_file.write_text(json.dumps(document))


def damage_every_table(home: Home) -> None:
    for path in home.database.iterdir():
        if path.suffix in (".ldb", ".log") and path.stat().st_size > 200:
            flip(path, path.stat().st_size // 2)


def in_config(old: str, new: str) -> Callable[[Home], object]:
    return lambda home: rewrite(home.config_file, lambda text: text.replace(old, new, 1))


def without_validators(home: Home) -> None:
    rewrite(home.genesis_file, lambda text: json.dumps({**json.loads(text), "validators": []}))


BROKEN_HOMES: list[tuple[str, Callable[[Home], object], set[int], str]] = [
    ("no configuration", lambda home: home.config_file.unlink(), {7011}, "cluster init"),
    ("a configuration that is no TOML", lambda home: home.config_file.write_text("rpc = ["), {7012}, "validator.toml"),
    ("an unknown key", in_config("version = 1", 'version = 1\ncolour = "red"'), {7013}, "colour"),
    ("a key in the wrong table", in_config("[rpc]", "[rpc]\npeers = []"), {7013}, "rpc.peers"),
    ("a wrong type", in_config("max_batch = 100", 'max_batch = "100"'), {7014}, "rpc.max_batch"),
    ("a value out of range", in_config("max_batch = 100", "max_batch = 0"), {7014}, "1 to 1000"),
    ("no genesis", lambda home: home.genesis_file.unlink(), {7002}, "Copy"),
    ("a genesis that is no JSON", lambda home: home.genesis_file.write_text("{"), {7002}, "genesis"),
    ("a genesis without validators", without_validators, {3080}, "validators"),
    ("another genesis", other_genesis, {7713, 7714, 7715, 7716}, "genesis"),
    ("a validator key without its signer state", lambda home: home.signer_state.unlink(), {7101}, "slashed"),
    ("a damaged signer state", lambda home: flip(home.signer_state, 45), {7103}, "cluster data repair --abstain"),
    ("no validator key", lambda home: home.validator_key.unlink(), {7052}, "validator.json"),
    ("a key file that others may read", lambda home: home.validator_key.chmod(0o644), {7053}, "chmod 600"),
    ("another storage key", other_storage_key, {7711}, "another storage key"),
    ("no sealing where there was", in_config("sealed = true", "sealed = false"), {7712}, "sealing"),
    ("a damaged database", damage_every_table, {7705, 7706}, "cluster data repair"),
    ("a database without its list of files", lambda home: (home.database / "CURRENT").unlink(), {7705}, "damaged"),
]


@pytest.mark.parametrize(
    ("damage", "codes", "words"), [case[1:] for case in BROKEN_HOMES], ids=[case[0] for case in BROKEN_HOMES]
)
async def test_a_broken_home_does_not_start_says_why_and_holds_nothing_open(
    home: Home, damage: Callable[[Home], object], codes: set[int], words: str
) -> None:
    saved = {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()}
    damage(home)
    with pytest.raises(ClusterError) as refused:
        App(home)
    assert refused.value.code in codes, refused.value
    assert words in str(refused.value)
    for path, content in saved.items():
        path.write_bytes(content)
        path.chmod(0o600)
    App(home).close()  # mended: no lock, no signer state and no database was left taken


async def ended(home: Home) -> BaseException:
    """What ends a node that cannot run."""
    app = App(home)
    with pytest.raises(BaseException) as raised:
        async with asyncio.timeout(20):
            await app.run()
    return raised.value


def leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in leaves(inner)]
    return [error]


@pytest.mark.parametrize("which", ["rpc", "p2p"])
async def test_a_port_in_use_is_named_and_the_home_is_given_back(home: Home, which: str) -> None:
    config = home.load_config()
    host, port = getattr(config, which).listen.split(":")
    with socket.socket() as taken:
        taken.bind((host, int(port)))
        taken.listen()
        (error,) = leaves(await ended(home))
    assert isinstance(error, P2PError if which == "p2p" else ClusterError)
    assert f"{host}:{port}" in str(error)
    if which == "rpc":
        assert isinstance(error, ClusterError)
        assert error.code == 7215
    App(home).close()


async def test_two_nodes_do_not_share_a_home(home: Home) -> None:
    app = App(home)
    with pytest.raises(ClusterError) as refused:
        App(home)
    assert refused.value.code == 7105
    app.close()


async def test_a_configuration_may_be_written_and_read_as_often_as_one_likes(home: Home) -> None:
    config = home.load_config()
    home.config_file.write_text(dump_config(config))
    assert home.load_config() == config
