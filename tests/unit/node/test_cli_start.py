"""`cluster start` says in one sentence why a node cannot run, and ends in order when told to."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chain.types.scalars import BlockId, Height
from node.cli.frame import execute
from node.cli.start_commands import MAY_PASS, NEEDS_OPERATOR
from node.config import load_config
from node.devnet.files import Plan, create_single
from node.executor import Executor
from node.home import Home
from node.ledger import InvalidBlockFinal
from node.storage.errors import DatabaseCorrupt, WriteFailed
from tests.support.devnet_scene import free_base_port


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return create_single(tmp_path / "home", Plan(1, "test", 50, free_base_port(2)), time.time_ns() // 1_000_000, None)


def refusal(home: Home, capsys: pytest.CaptureFixture[str], status: int = NEEDS_OPERATOR) -> str:
    """The name of the error with which `start` ends, after exactly one JSON document."""
    assert execute(["start", "--home", str(home.root), "--json"]) == status
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    error: dict[str, str] = json.loads(shown.out.splitlines()[-1])["error"]
    assert error["message"].endswith((".", "`"))
    return error["name"]


def test_no_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(Home(tmp_path / "nowhere"), capsys) == "ConfigMissing"


def test_an_unknown_key_of_the_configuration(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.config_file.write_text(home.config_file.read_text() + "\n[rcp]\nlisten = 1\n")
    assert refusal(home, capsys) == "UnknownKey"


def test_a_key_without_its_signer_state(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.signer_state.unlink()
    assert refusal(home, capsys) == "SignerStateMissing"
    assert not home.database.exists()


def test_a_genesis_of_another_program(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.genesis_file.write_text("{}")
    assert refusal(home, capsys) == "GenesisUnreadable"


@pytest.mark.parametrize(("table", "error"), [("rpc", "PortInUse"), ("p2p", "ListenFailed")])
def test_a_port_in_use(home: Home, capsys: pytest.CaptureFixture[str], table: str, error: str) -> None:
    listen = getattr(load_config(home.config_file), table).listen
    host, _, port = listen.rpartition(":")
    with socket.create_server((host, int(port))):
        assert refusal(home, capsys, MAY_PASS) == error


def test_a_database_of_garbage(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.database.mkdir(parents=True)
    (home.database / "CURRENT").write_text("MANIFEST-000001\n")
    (home.database / "MANIFEST-000001").write_bytes(os.urandom(2_000))
    assert refusal(home, capsys) == "DatabaseCorrupt"
    execute(["start", "--home", str(home.root)])
    assert "b'" not in capsys.readouterr().err  # LevelDB's message as text


def test_a_node_starts_says_so_and_ends_in_order(home: Home) -> None:
    command = [sys.executable, "-m", "node.cli", "start", "--home", str(home.root), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as node:
        assert node.stdout is not None and node.stderr is not None
        ready = json.loads(node.stdout.readline())
        node.send_signal(signal.SIGTERM)
        logged = node.stderr.read()
    assert ready["chain_id"] == "test" and ready["ready"].startswith("http://127.0.0.1:")
    assert node.returncode == 0
    assert "Traceback" not in logged


def test_a_second_signal_ends_what_does_not_end(home: Home, tmp_path: Path) -> None:
    """The system's own way, which asks no thread of the process."""
    script = tmp_path / "stuck.py"
    script.write_text(
        "import sys, time\n"
        "from node.driver import Driver\n"
        "from node.cli.main import main\n"
        "async def stuck(self):\n"
        "    print('stuck', flush=True)\n"
        "    time.sleep(600)\n"
        "Driver.stop = stuck\n"
        f"sys.exit(main(['start', '--home', {str(home.root)!r}]))\n"
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as node:
        try:
            assert node.stdout is not None
            assert b"ready" in node.stdout.readline()
            node.send_signal(signal.SIGTERM)
            assert node.stdout.readline() == b"stuck\n"
            node.send_signal(signal.SIGTERM)
            assert node.wait(30) == -signal.SIGTERM
        finally:
            node.kill()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OSError(28, "No space left on device"), MAY_PASS),
        (WriteFailed(Path("db"), 7, "No space left on device"), MAY_PASS),
        (DatabaseCorrupt(Path("db"), "a checksum"), NEEDS_OPERATOR),
        (InvalidBlockFinal(Height(7), BlockId(bytes(32)), "a rule"), NEEDS_OPERATOR),
    ],
)
def test_what_ends_a_running_node_is_one_sentence_and_a_status(
    home: Home, error: Exception, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(Executor, "commit", broken)
    shown = refusal(home, capsys, status)
    assert shown == ("SystemRefused" if type(error) is OSError else type(error).__name__)
