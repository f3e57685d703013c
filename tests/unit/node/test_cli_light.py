"""`cluster light` against a real node, and against one that has forked the chain."""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from chain.codec import from_json, to_json
from chain.execution.header import check_duplicate_vote
from chain.params import DEVNET, MAINNET
from chain.state import keys
from chain.types.scalars import Height
from chain.types.vote import DuplicateVote
from client.light.blocks import genesis_anchor
from client.light.client import LightClient
from client.light.errors import LightClientAttack
from client.light.rules import SIGNATURES
from client.rpc import RpcClient
from client.subscription import subscribe
from node.cli.frame import execute
from node.cli.light_commands import kept, longer_than_bonds
from node.cli.lights import kept_anchors
from node.cli.places import light_folder
from node.cli.screen import Screen
from node.cli.validator_commands import read_evidence
from tests.support.header_chain import CHAIN, ChainSource, HeaderChain
from tests.support.one_node import OneNode, one_node
from tests.support.rooms import ROOT

CLU = 10**9


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


class Terminal:
    """Command lines beside a node that runs in the test's own loop."""

    def __init__(self, node: OneNode, genesis: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.node, self._genesis, self._capsys = node, genesis, capsys

    async def light(self, *argv: str, status: int = 0) -> Any:
        whole = ["light", *argv, "--json", "--rpc", self.node.url]
        assert await asyncio.to_thread(execute, whole) == status
        return json.loads(self._capsys.readouterr().out)

    @property
    def trusting(self) -> tuple[str, str]:
        return "--genesis", str(self._genesis)


@pytest.fixture
async def terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Terminal]:
    monkeypatch.setenv("CLUSTER_HOME", str(tmp_path / "own"))
    async with one_node(tmp_path / "node") as node:
        async for news in subscribe(node.url, "blocks"):
            if news.data["header"]["height"] >= 3:
                break
        genesis = shutil.copy(node.home.genesis_file, tmp_path / "genesis.json")
        yield Terminal(node, Path(genesis), capsys)


async def test_a_balance_is_proven(terminal: Terminal) -> None:
    address = terminal.node.accounts["account0"].address
    shown = await terminal.light("account", address, *terminal.trusting)
    assert shown["balance"] == str(10_000 * CLU) and shown["height"] >= 1
    nothing = await terminal.light("state", "0x00", *terminal.trusting)
    assert nothing["value"] is None
    assert [path.suffix for path in files(light_folder())] == [".anchors"]


async def test_the_program_and_the_key_of_the_page_work(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "light-client.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(program, "light-client.md", "exec"), names)
    genesis = terminal.node.home.genesis_file
    await names["main"](terminal.node.url, "http://127.0.0.1:9", genesis)
    balance = terminal.node.home.load_genesis().accounts[0].balance
    assert capsys.readouterr().out.endswith(f"silent ['http://127.0.0.1:9'] liars []\nbalance {balance}\n")
    (key,) = re.findall(r"cluster light state (0x[0-9a-f]+)", page)
    assert key == "0x" + keys.SUPPLY.hex()
    assert (await terminal.light("state", key, *terminal.trusting))["value"] is not None


async def test_trust_begins_where_one_says(terminal: Terminal) -> None:
    head = await terminal.light("head", *terminal.trusting)
    named = f"{head['height']}:{head['block_id']}"
    later = await terminal.light("head", "--trust", named)
    assert later["height"] >= head["height"]
    other = f"{head['height']}:0x{'ab' * 32}"
    assert (await terminal.light("head", "--trust", other, status=1))["error"]["name"] == "TrustedOtherwise"
    assert (await terminal.light("head", *terminal.trusting, "--trust", named))["height"] >= head["height"]


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (("head",), "BadArgument"),  # nobody is trusted
        (("head", "--trust", "7:abc"), "BadArgument"),
        (("head", "--genesis", "absent.json"), "GenesisUnreadable"),
        (("state", "0xzz"), "BadArgument"),
        (("account", "nobody"), "BadArgument"),
    ],
)
async def test_what_cannot_be_used_is_refused(terminal: Terminal, argv: tuple[str, ...], name: str) -> None:
    assert (await terminal.light(*argv, status=1))["error"]["name"] == name


async def test_a_period_of_no_days_is_refused(terminal: Terminal) -> None:
    shown = await terminal.light("head", *terminal.trusting, "--trust-days", "0", status=1)
    assert shown["error"]["name"] == "BadArgument"


@pytest.mark.parametrize("twice", ["itself", "another"])
async def test_a_node_is_no_witness_of_itself(terminal: Terminal, twice: str) -> None:
    other = "http://127.0.0.1:9"
    named = [terminal.node.url + "/"] if twice == "itself" else [other, other]
    argv = [part for url in named for part in ("--witness", url)]
    shown = await terminal.light("head", *terminal.trusting, *argv, status=1)
    assert shown["error"]["name"] == "BadArgument" and "--witness" in shown["error"]["message"]


@pytest.mark.parametrize("command", [("head",), ("state", "0x00")])
async def test_trust_that_outlives_the_bonds_is_warned_of(
    terminal: Terminal, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    params = terminal.node.home.load_genesis().params
    bound = params.staking.unbonding * params.block_time_ms // 1000
    assert await asyncio.to_thread(execute, ["light", *command, *terminal.trusting, "--rpc", terminal.node.url]) == 0
    (warning,) = capsys.readouterr().err.splitlines()
    assert (
        warning.startswith("warning: ") and "7 days (--trust-days)" in warning and f"about {bound} seconds" in warning
    )


def test_trust_that_ends_before_the_bonds_is_not() -> None:
    assert longer_than_bonds(7, MAINNET) == longer_than_bonds(20, MAINNET) == ""
    assert "1000 days (--trust-days)" in longer_than_bonds(1_000, MAINNET)
    assert "about 21.0 days only" in longer_than_bonds(21, MAINNET)
    assert "about 100 seconds only" in longer_than_bonds(1, DEVNET)


async def test_silent_witnesses_are_named(terminal: Terminal) -> None:
    shown = await terminal.light("head", *terminal.trusting, "--witness", "http://127.0.0.1:9")
    assert shown["silent_witnesses"] == ["http://127.0.0.1:9"]
    async with RpcClient(terminal.node.url) as rpc:
        assert (await rpc.call("chain_getLightBlock", height=shown["height"]))["header"] == shown["header"]


async def test_evidence_of_an_attack_is_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLUSTER_HOME", str(tmp_path))
    one, other = HeaderChain(9), HeaderChain(9, forked_from=5)
    light = LightClient(
        ChainSource(one),
        kept_anchors(genesis_anchor(one.genesis)),
        witnesses=[ChainSource(other)],
        clock=lambda: one.at(9).header.time / 1000,
    )
    with pytest.raises(LightClientAttack):
        await kept(light.follow(), Screen(silent=False))
    path = tmp_path / "light" / "attack-9.json"
    assert str(path) in capsys.readouterr().out
    found = json.loads(path.read_text())
    assert len(found["double_votes"]) == 4 and found["common_height"] == 0
    for piece in found["double_votes"]:
        check_duplicate_vote(from_json(DuplicateVote, piece), CHAIN, Height(10), SIGNATURES)
    assert [to_json(piece) for piece in read_evidence(path)] == found["double_votes"]  # `validator report` takes it
