"""A generated network of real processes: homes, links, start and stop, and what a person sees over JSON-RPC."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from client.errors import NotAnRpc, RpcFailed, Unreachable
from client.rpc import RpcClient
from node.devnet.files import HOST, Network, Plan, create_joining, create_network
from node.home import NODE_PURPOSE, Home, read_genesis, write_config
from node.keystore import create_unprotected_key
from tests.nemesis.links import Links
from tests.nemesis.plan import NetworkPlan
from tests.support.devnet_scene import free_base_port

BLOCK_MS: Final = 500
FAKETIME: Final = Path(__file__).parent / ".faketime" / "libfaketimeMT.so.1"  # setup.sh brings it
STOP_SECONDS: Final = 20.0
LOG_TAIL: Final = 2_000


def clocks_can_jump() -> bool:
    return FAKETIME.exists()


def jumping(clock: Path) -> dict[str, str]:
    """The environment of a process whose wall clock is so many seconds ahead; its steady clock is not."""
    if not clock.exists():
        clock.write_text("+0")
    return {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",  # seconds until a jump is noticed
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # with it, threads that wait for Python's lock spin
    }


class Running:
    """`create`, then `start` nodes; `close` ends all processes whatever happened."""

    def __init__(self, root: Path, plan: NetworkPlan) -> None:
        self.root, self.plan = root, plan
        base = free_base_port(2 * (plan.nodes + 1))
        self._ports = Plan(plan.validators, f"nemesis-{plan.seed}", BLOCK_MS, base)
        self.links = Links(HOST)
        self.network: Network = create_network(root, self._ports, int(time.time() * 1000))
        self.children: dict[int, subprocess.Popen[bytes]] = {}
        self.paused: set[int] = set()
        self._twin: subprocess.Popen[bytes] | None = None

    async def connect(self) -> None:
        """Make the homes of those without a vote, and lead every link through `links`."""
        genesis = read_genesis(self.root / "genesis.json")
        for index in range(self.plan.validators, self.plan.nodes):
            place = replace(self._ports, base_port=self._ports.rpc_port(index))
            create_joining(self.home(index).root, place, genesis, (), None)
        for index in range(self.plan.nodes):
            await self._wire(index, self.home(index), range(self.plan.nodes))

    async def _wire(self, index: int, home: Home, others: Iterable[int]) -> None:
        peers = []
        for other in others:
            if other != index:
                port = await self.links.open(index, other, self._ports.p2p_port(other))
                peers.append(f"{self.home(other).load_node_key().public.hex()}@{HOST}:{port}")
        config = home.load_config()
        write_config(home, replace(config, p2p=replace(config.p2p, peers=tuple(peers))))

    def home(self, index: int) -> Home:
        return Home(self.root / f"node{index}")

    def url(self, index: int) -> str:
        return f"http://{HOST}:{self._ports.rpc_port(index)}"

    @property
    def up(self) -> list[int]:
        """Nodes whose process runs and is not paused."""
        return [index for index, child in self.children.items() if child.poll() is None and index not in self.paused]

    def start(self, index: int) -> None:
        self.children[index] = self._process(self.home(index).root, f"node{index}")

    def kill(self, index: int) -> None:
        self.children[index].kill()
        self.children[index].wait(STOP_SECONDS)

    def stop(self, index: int) -> int:
        """SIGTERM, and the exit status."""
        self.children[index].terminate()
        return self.children[index].wait(STOP_SECONDS)

    def pause(self, index: int) -> None:
        self.children[index].send_signal(signal.SIGSTOP)
        self.paused.add(index)

    def go_on(self, index: int) -> None:
        self.paused.discard(index)
        self.children[index].send_signal(signal.SIGCONT)

    def set_clock(self, index: int, ahead: int) -> None:
        """The node's wall clock jumps; its steady clock goes on."""
        self._clock_file(f"node{index}").write_text(f"{ahead:+d}")

    async def start_twin(self, index: int) -> None:
        """A second process under the same validator's key, from a copy of its home: what a restored backup does."""
        copy = Home(self.root / "twin")
        shutil.rmtree(copy.root, ignore_errors=True)
        ignored = shutil.ignore_patterns("*.sock", "*.new")  # a running process's; what is being written right now
        shutil.copytree(self.home(index).root, copy.root, ignore=ignored)
        copy.node_key.unlink()
        create_unprotected_key(copy.node_key, NODE_PURPOSE)
        place = self.plan.nodes
        config = copy.load_config()
        rpc = replace(config.rpc, listen=f"{HOST}:{self._ports.rpc_port(place)}")
        p2p = replace(config.p2p, listen=f"{HOST}:{self._ports.p2p_port(place)}")
        write_config(copy, replace(config, moniker="twin", rpc=rpc, p2p=p2p))
        await self._wire(place, copy, [other for other in range(self.plan.validators) if other != index])
        self._twin = self._process(copy.root, "twin")

    def stop_twin(self) -> None:
        if self._twin is not None:
            self._twin.kill()
            self._twin.wait(STOP_SECONDS)
            self._twin = None

    async def ask(self, index: int, method: str, **params: Any) -> Any:
        async with RpcClient(self.url(index), timeout=10) as rpc:
            return await rpc.call(method, **params)

    async def height(self, index: int) -> int:
        """The node's head; -1 while it does not answer."""
        try:
            async with RpcClient(self.url(index), timeout=2) as rpc:
                return int((await rpc.call("chain_status"))["height"])
        except (Unreachable, RpcFailed, NotAnRpc):
            return -1

    async def heights(self) -> dict[int, int]:
        """Of all nodes that run."""
        nodes = self.up
        return dict(zip(nodes, await asyncio.gather(*map(self.height, nodes)), strict=True))

    async def reach(self, height: int, seconds: float) -> bool:
        """Whether all running nodes have the block of a height within so many seconds."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if min((await self.heights()).values(), default=-1) >= height:
                return True
            await asyncio.sleep(0.2)
        return False

    def died(self) -> list[str]:
        """The last lines of nodes that ended by themselves."""
        ended = [index for index, child in self.children.items() if child.poll() not in (None, -signal.SIGKILL, 0)]
        return [self._log(f"node{index}").read_text(errors="replace")[-LOG_TAIL:] for index in ended]

    async def close(self) -> None:
        self.stop_twin()
        for index, child in self.children.items():
            if child.poll() is None:
                if index in self.paused:
                    self.go_on(index)
                child.kill()
                child.wait(STOP_SECONDS)
        await self.links.close()

    def _process(self, home: Path, name: str) -> subprocess.Popen[bytes]:
        environment = dict(os.environ)
        if clocks_can_jump():
            environment |= jumping(self._clock_file(name))
        with open(self._log(name), "ab") as log:
            return subprocess.Popen(
                [sys.executable, *self.command(name), "start", "--home", str(home)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )

    def command(self, name: str) -> list[str]:
        """How Python is to run `cluster` for the node of this name."""
        return ["-P", "-m", "node.cli"]

    def _clock_file(self, name: str) -> Path:
        return self.root / f"{name}.clock"

    def _log(self, name: str) -> Path:
        return self.root / f"{name}.log"
