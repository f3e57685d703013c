"""What an error tells an operator to do is what helps at that place: the right option, command and file."""

import json
import time
from pathlib import Path

import pytest

from client.errors import Unreachable
from compute.confidential.errors import NoSuchReader
from crypto.keystore import Cost, PassphraseNeeded, WrongPassphrase
from node.cli.frame import execute
from node.config import WrongValue, load_config
from node.devnet.files import Plan, create_single
from node.home import Home
from node.keystore import create_key, load_key, read_record
from tests.support.devnet_scene import free_base_port

CHEAP = Cost(1, 8)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return create_single(tmp_path / "home", Plan(1, "test", 50, free_base_port(2)), time.time_ns() // 1_000_000, None)


def told(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str]:
    """The code and the sentence with which a command line is refused."""
    assert execute([*argv, "--json"]) != 0
    error = json.loads(capsys.readouterr().out.splitlines()[-1])["error"]
    return error["code"], error["message"]


def test_a_lost_storage_key_is_restored_and_not_replaced_by_an_accounts(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.storage_key_file(home.load_config()).unlink()
    code, message = told(capsys, "start", "--home", str(home.root))
    assert code == 7052 and "restore the file from its backup" in message and "keys new" not in message


@pytest.mark.parametrize("option", [(), ("--validator-passphrase-file", "passphrase")])
def test_a_lost_validator_key_is_restored_and_never_made_anew(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, option: tuple[str, ...]
) -> None:
    monkeypatch.chdir(home.root)
    Path("passphrase").write_text("words\n")
    Path("passphrase").chmod(0o600)
    home.validator_key.unlink()
    code, message = told(capsys, "stake", "bond", "1", "--home", str(home.root), "--key", "account0", *option)
    assert code == 7052 and "restore the file from its backup; never make a new validator key" in message
    assert "keys new" not in message


def test_bonding_without_a_terminal_names_the_option_of_the_validators_passphrase(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    home.validator_key.unlink()
    create_key(home.validator_key, "validator", "words", cost=CHEAP)
    code, message = told(capsys, "stake", "bond", "1", "--home", str(home.root), "--key", "account0")
    assert code == 7310 and " --validator-passphrase-file," in message


def test_a_home_made_with_a_passphrase_is_started_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "my passphrase"
    file.write_text("words\n")
    file.chmod(0o600)
    port = ("--base-port", str(free_base_port(4)))
    assert execute(["init", "--home", str(tmp_path / "a"), "--passphrase-file", str(file), *port]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"cluster start --home {tmp_path / 'a'} --passphrase-file '{file}'" in shown
    assert execute(["init", "--home", str(tmp_path / "b"), *port]) == 0
    assert "--passphrase-file" not in capsys.readouterr().out


def test_homes_made_together_are_closed_by_the_passphrase_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "passphrase"
    file.write_text("words\n")
    file.chmod(0o600)
    root, port = tmp_path / "net", ("--base-port", str(free_base_port(2)))
    assert execute(["init", "--home", str(root), "--validators", "1", "--passphrase-file", str(file), *port]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"cluster start --home {root / 'node0'} --passphrase-file {file}" in shown and "devnet up" not in shown
    home = Home(root / "node0")
    for path in (home.validator_key, home.storage_key_file(home.load_config())):
        assert not read_record(path).unprotected


def test_a_passphrase_that_does_not_fit_is_said_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "alice.json"
    create_key(path, "account", "correct horse", cost=CHEAP)
    with pytest.raises(WrongPassphrase, match=r"alice\.json does not open"):
        load_key(path, "account", "battery staple")
    with pytest.raises(PassphraseNeeded, match=r"alice\.json is protected"):
        load_key(path, "account")


def test_a_node_that_does_not_run_is_no_matter_of_rpc(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    code, message = told(capsys, "node", "status", "--home", str(home.root))
    assert code == 5002 and "cluster start" in message and "--rpc" not in message
    assert "--rpc" in str(Unreachable("http://127.0.0.1:1", "refused"))


def test_a_signers_home_is_made_by_the_signers_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, message = told(capsys, "signer", "show", "--home", str(tmp_path / "nowhere"))
    assert code == 7011 and "`cluster signer init`" in message


@pytest.mark.parametrize("text", ["nobody", "host:70000", "@host:1"])
def test_a_bad_peer_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[p2p]\npeers = ["{text}"]\n')
    with pytest.raises(WrongValue) as refused:
        load_config(path)
    expected = "host:port or NODEID@host:port, its port 1 to 65535"
    assert str(refused.value) == f"p2p.peers: expected {expected}, got {text!r}."


def test_readers_are_listed_by_a_command_that_exists() -> None:
    assert "`cluster contract readers list`" in str(NoSuchReader(1, 2))
