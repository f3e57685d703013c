"""`cluster keys`: files that only their owner reads, protected unless told otherwise, never overwritten."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from crypto.address import encode_address
from crypto.keys import SecretKey
from node.cli.frame import execute
from node.cli.keyring import key_path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLUSTER_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def passphrase(tmp_path: Path) -> str:
    file = tmp_path / "passphrase"
    file.write_text("correct horse\nbattery\n")
    return str(file)


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, Any]:
    status = execute(["keys", *argv, "--json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_passphrase_that_others_may_read_is_warned_of(
    home: Path, passphrase: str, capsys: pytest.CaptureFixture[str], mode: int, warned: bool
) -> None:
    Path(passphrase).chmod(mode)
    assert execute(["keys", "new", "alice", "--passphrase-file", passphrase, "--json"]) == 0
    shown = capsys.readouterr()
    assert (f"chmod 600 {passphrase}" in shown.err) == warned
    assert json.loads(shown.out)["protection"] == "passphrase"


def test_a_new_key_is_protected(home: Path, passphrase: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, made = run(capsys, "new", "alice", "--passphrase-file", passphrase)
    assert status == 0 and made["protection"] == "passphrase" and made["purpose"] == "account"
    path = home / "keys" / "alice.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "seed" not in path.read_text()
    shown = run(capsys, "show", "alice", "--seed", "--passphrase-file", passphrase)[1]
    assert encode_address(SecretKey(bytes.fromhex(shown["seed"])).public) == made["address"]
    (home / "wrong").write_text("guess")
    status, refused = run(capsys, "show", "alice", "--seed", "--passphrase-file", str(home / "wrong"))
    assert (status, refused["error"]["name"]) == (1, "WrongPassphrase")


def test_an_unprotected_key_says_so_and_is_listed(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    run(capsys, "new", "bob", "--unprotected")
    (home / "keys" / "broken.json").write_text("{")
    (home / "keys" / "broken.json").chmod(0o600)
    listed = run(capsys, "list")[1]["keys"]
    assert [(key["name"], key.get("protection")) for key in listed] == [("bob", "none"), ("broken", None)]
    assert "damaged" in listed[1]["error"]
    assert run(capsys, "show", "broken")[1]["error"]["name"] == "KeyFileCorrupt"


def test_a_key_is_never_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    first = run(capsys, "new", "bob", "--unprotected")[1]
    status, refused = run(capsys, "new", "bob", "--unprotected")
    assert (status, refused["error"]["name"]) == (1, "KeyFileExists")
    assert run(capsys, "show", "bob")[1]["address"] == first["address"]


def test_a_seed_comes_in_from_a_file(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    (home / "seed").write_text("0x" + "07" * 32 + "\n")
    made = run(capsys, "import", "carol", "--seed-file", str(home / "seed"), "--unprotected")[1]
    assert made["address"] == encode_address(SecretKey(b"\x07" * 32).public)


@pytest.mark.parametrize(("text", "error"), [("zz", "BadArgument"), ("07" * 31, "SeedLength"), ("", "SeedLength")])
def test_a_seed_of_another_form_is_refused(
    capsys: pytest.CaptureFixture[str], home: Path, text: str, error: str
) -> None:
    (home / "seed").write_text(text)
    status, refused = run(capsys, "import", "carol", "--seed-file", str(home / "seed"), "--unprotected")
    assert (status, refused["error"]["name"]) == (1, error)
    assert not (home / "keys" / "carol.json").exists()


@pytest.mark.parametrize("name", ["../out", "a/b", ".hidden", "/tmp/absolute"])
def test_a_name_is_no_path(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert run(capsys, "new", name, "--unprotected")[1]["error"]["name"] == "BadArgument"


def test_without_a_terminal_nobody_is_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert run(capsys, "new", "alice")[1]["error"]["name"] == "NoTerminal"


def test_a_passphrase_is_typed_twice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    typed = iter(["one", "two", "three", "three", "three"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))
    assert run(capsys, "new", "alice")[1]["error"]["name"] == "PassphrasesDiffer"
    assert not (home / "keys" / "alice.json").exists()
    assert run(capsys, "new", "alice")[0] == 0
    assert "seed" in run(capsys, "show", "alice", "--seed")[1]


def test_a_key_is_found_by_path_by_name_and_among_the_devnets_accounts(home: Path) -> None:
    for folder in ("keys", "devnet/accounts"):
        (home / folder).mkdir(parents=True)
    mine, devnets = home / "keys" / "me.json", home / "devnet" / "accounts" / "account0.json"
    for path in (mine, devnets, home / "devnet" / "accounts" / "me.json"):
        path.write_text("{}")
    assert key_path(str(devnets)) == devnets
    assert key_path("me") == mine
    assert key_path("account0") == devnets


def test_an_unknown_key_names_where_it_was_looked_for(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    status, refused = run(capsys, "show", "nobody")
    assert (status, refused["error"]["name"]) == (1, "KeyNotFound")
    assert str(home / "keys") in refused["error"]["message"]
    assert "`cluster devnet up`" in refused["error"]["message"]
    (home / "devnet" / "accounts").mkdir(parents=True)
    assert "devnet up" not in run(capsys, "show", "nobody")[1]["error"]["message"]
    assert run(capsys, "show", "../keys/x")[1]["error"]["name"] == "KeyNotFound"


def test_the_phrase_of_a_new_key_brings_it_back(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    made = run(capsys, "new", "dora", "--unprotected")[1]
    (home / "paper").write_text(made["phrase"].upper() + "\n")
    back = run(capsys, "recover", "dora-again", "--phrase-file", str(home / "paper"), "--unprotected")[1]
    assert back["address"] == made["address"]
    assert made["phrase"] not in (home / "keys" / "dora.json").read_text()
    second = run(capsys, "recover", "second", "--phrase-file", str(home / "paper"), "--account", "1", "--unprotected")
    listed = run(capsys, "accounts", "--phrase-file", str(home / "paper"), "--count", "3")[1]["accounts"]
    assert [entry["address"] for entry in listed[:2]] == [made["address"], second[1]["address"]]
    assert [entry["file"] is None for entry in listed] == [False, False, True]


def test_a_phrase_is_shown_unless_it_is_not_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    assert "phrase" not in run(capsys, "new", "erin", "--unprotected", "--no-phrase")[1]
    assert execute(["keys", "new", "frank", "--unprotected"]) == 0
    assert len(capsys.readouterr().out.splitlines()[-1].split()) == 24


@pytest.mark.parametrize(
    ("words", "error"),
    [("abandon " * 11 + "about", None), ("abandon " * 12, "PhraseChecksum"), ("abandon", "PhraseLength")],
)
def test_a_wrong_phrase_makes_no_file(
    capsys: pytest.CaptureFixture[str], home: Path, words: str, error: str | None
) -> None:
    (home / "paper").write_text(words)
    status, shown = run(capsys, "recover", "gil", "--phrase-file", str(home / "paper"), "--unprotected")
    assert (status, shown.get("error", {}).get("name")) == (int(error is not None), error)
    assert (home / "keys" / "gil.json").exists() == (error is None)


@pytest.mark.parametrize("count", ["0", "101"])
def test_so_many_accounts_are_not_listed(capsys: pytest.CaptureFixture[str], home: Path, count: str) -> None:
    (home / "paper").write_text("abandon " * 11 + "about")
    status, shown = run(capsys, "accounts", "--phrase-file", str(home / "paper"), "--count", count)
    assert (status, shown["error"]["name"]) == (1, "BadArgument")
