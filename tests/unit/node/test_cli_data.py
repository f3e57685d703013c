"""`cluster data` on the home of a stopped node: out, in, back, again; and what it refuses."""

import asyncio
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from node.cli.frame import execute
from node.home import Home
from tests.support.one_node import one_node


class Node:
    """A home with some blocks, copied anew for each test."""

    def __init__(self, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self._capsys = home, capsys

    def run(self, *words: object, status: int = 0) -> dict[str, Any]:
        command, *rest = map(str, words)
        assert execute(["data", command, *rest, "--home", str(self.home.root), "--json"]) == status
        shown: dict[str, Any] = json.loads(self._capsys.readouterr().out.splitlines()[-1])
        return shown if status == 0 else shown["error"]


async def some_blocks(root: Path) -> Path:
    async with one_node(root) as node:
        news = node.app.node.hub.subscribe()
        while node.app.node.ledger.tip.height < 8:
            await news.next()
    return node.home.root


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(some_blocks(tmp_path_factory.mktemp("data")))


@pytest.fixture
def node(ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Node:
    shutil.copytree(ran, tmp_path / "home")
    return Node(Home(tmp_path / "home"), capsys)


def test_out_and_in_again_gives_the_same_root_and_leaves_the_signer_alone(node: Node, tmp_path: Path) -> None:
    signed = node.home.signer_state.read_bytes()
    out = node.run("export", tmp_path / "state")
    assert out["height"] >= 7
    again = node.run("export", tmp_path / "state", status=1)
    assert again["name"] == "BadArgument" and "nothing is overwritten" in again["message"]
    shutil.rmtree(node.home.database)
    into = node.run("import", tmp_path / "state")
    assert (into["state_root"], into["height"], into["entries"]) == (out["state_root"], out["height"], out["entries"])
    assert node.run("verify")["blocks"] == 1
    assert node.home.signer_state.read_bytes() == signed
    assert node.run("import", tmp_path / "state", status=1)["name"] == "DatabaseExists"


def test_when_genesis_is_old_somebody_has_to_name_the_block(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = node.run("export", tmp_path / "state", "--height", 3)
    shutil.rmtree(node.home.database)
    later = time.time_ns() + 30 * 86_400 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: later)
    refused = node.run("import", tmp_path / "state", status=1)
    assert refused["name"] == "TrustNeeded"
    assert out["trust"] in refused["message"]
    wrong = out["trust"][:-1] + ("0" if out["trust"][-1] != "0" else "1")
    assert node.run("import", tmp_path / "state", "--trust", wrong, status=1)["name"] == "WrongTrust"
    assert node.run("import", tmp_path / "state", "--trust", "3", status=1)["name"] == "BadArgument"
    assert node.run("import", tmp_path / "state", "--trust", out["trust"])["height"] == 3


def test_a_cut_file_leaves_no_database_behind(node: Node, tmp_path: Path) -> None:
    node.run("export", tmp_path / "state")
    shutil.rmtree(node.home.database)
    data = (tmp_path / "state").read_bytes()
    (tmp_path / "state").write_bytes(data[:-40])
    assert node.run("import", tmp_path / "state", status=1)["name"] == "SnapshotFileUnusable"
    assert sorted(path.name for path in node.home.data.iterdir() if path.name.startswith("db")) == []


def test_back_and_replay_and_reindex_and_verify(node: Node) -> None:
    signed = node.home.signer_state.read_bytes()
    height = node.run("replay")["to"]
    assert node.run("rollback")["height"] == height - 1
    assert node.run("rollback", "--to", 3) == {"height": 3, "before": height - 1}
    assert node.run("verify")["blocks"] == 3
    assert node.run("replay") == {"from": 0, "to": 3, "blocks": 3, "transactions": 0}
    assert node.run("replay", "--from", 2)["blocks"] == 1
    assert node.run("reindex")["transactions"] == 0
    assert node.home.signer_state.read_bytes() == signed
    for to in (0, 4):
        assert node.run("rollback", "--to", to, status=1)["name"] == "BadArgument"
    assert node.run("export", "nowhere", "--height", 3, status=1)["name"] == "NothingToExport"


async def test_a_running_nodes_database_is_not_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with one_node(tmp_path) as running:
        node = Node(running.home, capsys)
        for command in ("verify", "rollback", "replay", "reindex"):
            home = str(node.home.root)
            assert execute(["data", command, "--home", home, "--json"]) == 1
            assert json.loads(capsys.readouterr().out.splitlines()[-1])["error"]["name"] == "DatabaseInUse"
