"""The walk-throughs of all contracts that ship, on one network of four validators, each a process.

The escrow's runs as its reader runs it, with keys of a setup and real proofs; the others' proofs are simulated with the
trapdoors of their keys, which the validators verify as any other. Then a page of the RPC is recorded there.
"""

import asyncio
import importlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from client.rpc import RpcClient
from compute.sandbox import Network
from examples.contracts.pages import FOLDER
from examples.contracts.stage import Teller
from tests.support.devnet_scene import DevnetScene
from tests.support.long_runs import long
from tests.support.make_rpc_page import Recorder
from tests.support.simulated_keys import SimulatedKeys

BLOCK_SECONDS = 0.5
REAL = "escrow"
TOLD = {
    "anonymous_vote": ("[1, 0, 1, 3, 1]", "5 votes are of 5 ballots"),
    "credit_line": ("the contract holds 15.00 CLU",),
    "escrow": ("the seller was paid 7.00 CLU", "what the deal was about is not known to anybody else"),
    "payroll": ("left: 13.00 CLU", "all  38.00 CLU"),
    "sealed_bid_auction": ("everybody reads: ben won and pays 9.00 CLU",),
}


@pytest.fixture
async def devnet(tmp_path: Path) -> AsyncIterator[DevnetScene]:
    scene = DevnetScene(tmp_path / "devnet")
    try:
        await scene.up(validators=4, block_time=BLOCK_SECONDS)
        yield scene
    finally:
        await scene.end()


@long
async def test_every_walk_through_is_told_on_a_network(
    devnet: DevnetScene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert {walkthrough.parent.name for walkthrough in FOLDER.glob("*/walkthrough.py")} == TOLD.keys()
    told = {REAL: await _as_a_reader(devnet, tmp_path)}
    for name in sorted(TOLD.keys() - {REAL}):
        await asyncio.to_thread(_here, devnet, name)
        told[name] = capsys.readouterr().out
    for name, lines in TOLD.items():
        for line in lines:
            assert line in told[name], told[name]
    assert len(await devnet.roots(await devnet.height(0) - 1)) == 1
    await _a_page_records_a_pool_where_there_was_none(devnet)


async def _a_page_records_a_pool_where_there_was_none(devnet: DevnetScene) -> None:
    recorder = Recorder(devnet.root, SimulatedKeys())
    async with RpcClient(devnet.network.rpc_urls[0]) as rpc:
        await recorder.pools(rpc)
    listed, shown = (recorder.examples[name] for name in ("contract_listPools", "contract_getPool"))
    assert shown["call"]["params"]["id"] == listed["result"]["pools"][0]["pool"]
    assert shown["result"]["pool"] == shown["call"]["params"]["id"]


async def _as_a_reader(devnet: DevnetScene, home: Path) -> str:
    url, key = devnet.network.rpc_urls[0], devnet.root / "accounts" / "account0.json"
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"examples.contracts.{REAL}.walkthrough", "--rpc", url, "--key", str(key)),
        env={**os.environ, "CLUSTER_HOME": str(home)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await running.communicate()
    assert running.returncode == 0, told.decode()
    return told.decode()


def _here(devnet: DevnetScene, name: str) -> None:
    story = importlib.import_module(f"examples.contracts.{name}.walkthrough").story
    network = devnet.network
    node = sorted(TOLD).index(name) % len(network.rpc_urls)  # each by another validator
    with Network(network.rpc_urls[node], network.accounts()["account0"].secret(), SimulatedKeys()) as chain:
        story(chain, Teller())
