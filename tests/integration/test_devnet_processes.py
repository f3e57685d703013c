"""One network of four real processes: it pays, survives a SIGKILL, takes the dead back, proves its state, and ends."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chain.codec import decode
from chain.execution.accounts import Account
from chain.state import keys
from chain.types.scalars import AccountId
from client.light.anchors import Anchors
from client.light.blocks import genesis_anchor
from client.light.client import LightClient
from client.light.source import RpcSource
from client.rpc import RpcClient
from node.home import read_genesis
from tests.support.devnet_scene import DevnetScene

CLU = 10**9


@pytest.fixture
async def devnet(tmp_path: Path) -> AsyncIterator[DevnetScene]:
    scene = DevnetScene(tmp_path / "net")
    yield scene
    await scene.end()


@pytest.mark.slow
async def test_a_network_of_processes_survives_the_kill_of_a_validator(devnet: DevnetScene) -> None:
    await devnet.up(validators=4, block_time=0.25)
    assert len(devnet.shown["rpc"]) == 4 and len(devnet.shown["accounts"]) == 10
    assert devnet.shown["provider"]["bond"] == str(100 * CLU)
    await devnet.pay("account0", "account1", 5 * CLU)

    devnet.kill(2)
    fallen_at = await devnet.height(0)
    assert await devnet.height(2) == -1
    paid_at = await devnet.pay("account0", "account1", 7 * CLU)
    await devnet.reach(fallen_at + 4, nodes=(0, 1, 3))

    devnet.restart(2)
    await devnet.reach(paid_at + 1, nodes=(0, 1, 2, 3))
    assert len(await devnet.roots(paid_at)) == 1
    assert {await devnet.balance("account1", at_node=index) for index in range(4)} == {10_012 * CLU}
    await _a_stranger_needs_no_trust_in_the_node(devnet, paid_at)

    running = devnet.processes.running()
    assert len(running) == 4
    assert await devnet.interrupt() == 0
    assert devnet.processes.running() == {}


async def _a_stranger_needs_no_trust_in_the_node(devnet: DevnetScene, height: int) -> None:
    anchors = Anchors(genesis_anchor(read_genesis(devnet.root / "genesis.json")))
    key = keys.account(AccountId(devnet.network.accounts()["account1"].secret().public))
    shown, *others = (RpcClient(devnet.network.rpc_urls[index]) for index in (2, 0, 1))
    async with shown, others[0], others[1]:
        light = LightClient(RpcSource(shown), anchors, witnesses=[RpcSource(other) for other in others])
        proven = await light.prove(key, height)
    assert (light.silent, light.liars) == ([], [])
    assert proven.height == height and proven.value is not None
    assert decode(Account, proven.value).balance == 10_012 * CLU
