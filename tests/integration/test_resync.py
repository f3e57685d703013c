"""A node of a network of processes is wiped under load and fetches everything anew: by blocks, and by state sync."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from client.errors import RpcFailed
from node.config import StateSyncConfig
from node.home import write_config
from tests.support.devnet_scene import DevnetScene

WIPED = 3
BLOCKS = 40


@pytest.fixture
async def devnet(tmp_path: Path) -> AsyncIterator[DevnetScene]:
    scene = DevnetScene(tmp_path / "net")
    yield scene
    await scene.end()


@asynccontextmanager
async def load(devnet: DevnetScene) -> AsyncIterator[list[int]]:
    """Payments one after the other, meanwhile; the heights at which they became final."""
    heights: list[int] = []

    async def pay() -> None:
        while True:
            heights.append(await devnet.pay("account0", "account1", 1_000))

    paying = asyncio.create_task(pay())
    try:
        yield heights
    finally:
        paying.cancel()
        await asyncio.wait([paying])
        if not paying.cancelled():
            paying.result()


def wipe(devnet: DevnetScene, state_sync: StateSyncConfig) -> None:
    """The database of a stopped node is gone; its keys and what its signer remembers stay."""
    home = devnet.network.home(devnet.network.members[WIPED])
    shutil.rmtree(home.database)
    write_config(home, replace(home.load_config(), state_sync=state_sync))


async def require_same(devnet: DevnetScene, heights: list[int]) -> None:
    """The wiped node reaches what was the head when it was back, and all have one root there."""
    head = await devnet.height(0)
    await devnet.reach(head + 3, nodes=(0, 1, 2, WIPED))
    assert len(await devnet.roots(head)) == 1
    assert len(heights) > 5


@pytest.mark.slow
async def test_a_wiped_node_is_back_at_the_head_with_the_same_root(devnet: DevnetScene) -> None:
    await devnet.up(validators=4, block_time=0.2)
    member = devnet.network.members[WIPED]
    async with load(devnet) as heights:
        await devnet.reach(BLOCKS, nodes=(0, 1, 2, WIPED))

        devnet.processes.stop(member)
        wipe(devnet, StateSyncConfig())
        devnet.restart(WIPED)
        await require_same(devnet, heights)
        assert (await devnet.ask(WIPED, "chain_getBlock", height=1))["id"]

        devnet.processes.stop(member)
        head = await devnet.height(0)
        trusted = await devnet.ask(0, "chain_getBlock", height=head - 5)
        wipe(devnet, StateSyncConfig(True, f"{head - 5}:{trusted['id']}"))
        devnet.restart(WIPED)
        await require_same(devnet, heights)
        assert (await devnet.ask(WIPED, "chain_getBlock", height=head - 6))["id"]
        with pytest.raises(RpcFailed):
            await devnet.ask(WIPED, "chain_getBlock", height=head - 7)
    assert await devnet.interrupt() == 0
