"""A network of four validators is upgraded while people pay one another: nothing that was submitted is lost."""

import asyncio
import sys
from pathlib import Path

import pytest

from chain.execution.transaction import WrongFork
from chain.execution.upgrades import NO_FORK, Upgrade, UpgradeNeeded
from chain.mempool import NonceUsed
from client.errors import NotAnRpc, RpcFailed, Unreachable
from client.rpc import RpcClient
from node.devnet.files import Network, Plan, create_network
from tests.support.decided_upgrade import decide_upgrade
from tests.support.devnet_scene import free_base_port
from tests.support.four_nodes import NODES, PATIENCE_SECONDS, FourNodes
from tests.support.next_release import NEXT_RELEASE
from tests.support.payers import AMOUNT, COMMITTED, PAYEE, Payer, fates, paying

OLD, NEW = "node.cli", "tests.support.next_release"


def payers(network: Network) -> list[Payer]:
    return [Payer(network, f"account{1 + index}", index) for index in range(NODES)]


async def check_nothing_is_lost(people: list[Payer], network: Network, upgrade: Upgrade) -> None:
    """Everything sent was committed or is refused for ever, on both sides of the upgrade, and the money is there."""
    before = int(network.accounts()[PAYEE].balance)
    async with RpcClient(network.rpc_urls[0]) as rpc:
        found = await fates(people, rpc)
        account = await rpc.call("chain_getAccount", address=network.accounts()[PAYEE].address)
        headers = [(await rpc.call("chain_getBlock", height=upgrade.height + off))["header"] for off in (-1, 0)]
    assert {fate for fate, _ in found} <= {COMMITTED, WrongFork.__name__, NonceUsed.__name__}
    assert {fork for fate, fork in found if fate == COMMITTED} == {NO_FORK, upgrade.fork_id(NO_FORK)}
    committed = sum(count for (fate, _), count in found.items() if fate == COMMITTED)
    assert int(account["balance"]) - before == AMOUNT * committed
    assert [header["app_version"] for header in headers] == [1, 2]


# In one process


async def exchange(nodes: FourNodes, index: int, upgrade: Upgrade) -> None:
    """Wait until the old program stops before the upgrade, see what it says, and start the new one on its home."""
    ended = await nodes.end_of(index)
    assert isinstance(ended, BaseExceptionGroup)
    assert ended.subgroup(UpgradeNeeded) is not None, ended
    with pytest.raises(UpgradeNeeded) as refused:  # the old program does not start either
        await nodes.start(index)
    assert (refused.value.height, refused.value.needed) == (upgrade.height, upgrade.app_version)
    await nodes.start(index, NEXT_RELEASE())


@pytest.mark.slow
async def test_a_network_upgrades_under_load_and_nothing_is_lost(tmp_path: Path) -> None:
    async with FourNodes(tmp_path).running() as nodes:
        await nodes.reach(1)
        upgrade = await decide_upgrade(nodes.network, 30)
        people = payers(nodes.network)
        async with paying(people):
            async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as exchanges:
                for index in range(NODES):
                    exchanges.create_task(exchange(nodes, index, upgrade))
            await nodes.reach(upgrade.height + 4)
        await nodes.reach(nodes.height(0) + 2)
        await check_nothing_is_lost(people, nodes.network, upgrade)
        for height in (upgrade.height - 1, upgrade.height, nodes.height(0) - 1):
            nodes.agreed_root(height)


# With real processes


class Programs:
    """The processes of a network's validators, of the one release or the other."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.network.logs.mkdir()
        self._running: dict[int, asyncio.subprocess.Process] = {}

    def log(self, index: int) -> Path:
        return self.network.logs / f"{index}.log"

    async def start(self, index: int, release: str) -> None:
        home = str(self.network.home(self.network.members[index]).root)
        command = (sys.executable, "-m", release, "start", "--home", home)
        with self.log(index).open("ab") as log:
            self._running[index] = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)

    async def end_of(self, index: int) -> int:
        """Wait until a process ends by itself; its exit status."""
        return await self._running[index].wait()

    async def height(self, index: int) -> int:
        """-1 while it does not answer."""
        try:
            async with RpcClient(self.network.rpc_urls[index], timeout=10) as rpc:
                return int((await rpc.call("chain_status"))["height"])
        except (Unreachable, NotAnRpc, RpcFailed):
            return -1

    async def reach(self, height: int) -> None:
        for index in range(NODES):
            while await self.height(index) < height:  # noqa: ASYNC110  another process's height
                await asyncio.sleep(0.1)

    async def roots(self, height: int) -> set[str]:
        found = set()
        for url in self.network.rpc_urls:
            async with RpcClient(url) as rpc:
                found.add((await rpc.call("chain_getBlock", height=height + 1))["header"]["state_root"])
        return found

    async def stop(self) -> None:
        """Whatever happened: nothing stays behind."""
        for process in self._running.values():
            if process.returncode is None:
                process.terminate()
        await asyncio.gather(*(process.wait() for process in self._running.values()))


async def exchange_program(programs: Programs, index: int, upgrade: Upgrade) -> None:
    """The old program ends with the status and the word for it, also when it is started again; then the new one."""
    for release in (OLD, NEW) if index == 0 else (NEW,):
        assert await programs.end_of(index) == UpgradeNeeded.exit_status
        last = programs.log(index).read_text(encoding="utf-8").strip().splitlines()[-1]
        assert last.startswith(f"error {UpgradeNeeded.code}: height {upgrade.height} is the first of upgrade 'second'")
        assert "knows 1. Install a release that knows version 2 (the next release)" in last
        await programs.start(index, release)


@pytest.mark.slow
async def test_a_network_of_processes_upgrades_under_load_and_nothing_is_lost(tmp_path: Path) -> None:
    plan = Plan(NODES, "upgrade-1", 300, free_base_port(2 * NODES))
    network = create_network(tmp_path / "net", plan, 1_700_000_000_000)
    programs = Programs(network)
    try:
        async with asyncio.timeout(3 * PATIENCE_SECONDS):
            for index in range(NODES):
                await programs.start(index, OLD)
            await programs.reach(1)
            upgrade = await decide_upgrade(network, 30)
            people = payers(network)
            async with paying(people):
                async with asyncio.TaskGroup() as exchanges:
                    for index in range(NODES):
                        exchanges.create_task(exchange_program(programs, index, upgrade))
                await programs.reach(upgrade.height + 8)
            await programs.reach(upgrade.height + 12)
            await check_nothing_is_lost(people, network, upgrade)
            for height in (upgrade.height - 1, upgrade.height, upgrade.height + 8):
                assert len(await programs.roots(height)) == 1
    finally:
        await programs.stop()
