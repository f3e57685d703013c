"""A development network of real processes, told in sentences. Started by `cluster devnet up` in the foreground."""

import asyncio
import json
import os
import random
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from chain.types.scalars import AccountId, Amount
from client.errors import RpcFailed, Unreachable
from client.rpc import RpcClient
from client.wallet import Wallet
from contracts.token.actions import Transfer
from node.devnet.files import Network, load_network
from node.devnet.processes import Processes

PATIENCE_SECONDS = 60.0  # an upper bound for a hopeless wait; what is waited for decides


def free_base_port(count: int) -> int:
    """The first of `count` ports in a row that nobody listens on."""
    while True:
        base = random.randrange(20_000, 32_000 - count)
        if all(_is_free(port) for port in range(base, base + count)):
            return base


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class DevnetScene:
    """One network: `up` first, `interrupt` last."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._front: asyncio.subprocess.Process | None = None
        self.shown: dict[str, Any] = {}

    async def up(self, validators: int, block_time: float) -> None:
        """`cluster devnet up --json`, and what it prints once the network is ready."""
        base = free_base_port(2 * validators)
        options = ["--validators", str(validators), "--block-time", str(block_time), "--base-port", str(base)]
        self._front = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "node.cli", "devnet", "up", "--json", "--dir", str(self.root), *options),
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._front.stdout is not None
        self.shown = json.loads(await asyncio.wait_for(self._front.stdout.readline(), PATIENCE_SECONDS))

    @property
    def network(self) -> Network:
        return load_network(self.root)

    @property
    def processes(self) -> Processes:
        return Processes(self.network)

    async def pay(self, payer: str, payee: str, amount: int) -> int:
        """Pay from one funded account to another; the height at which it is final."""
        accounts = self.network.accounts()
        async with RpcClient(self.network.rpc_urls[0]) as rpc:
            wallet = await Wallet.open(accounts[payer].secret(), rpc)
            recipient = AccountId(accounts[payee].secret().public)
            outcome = await wallet.submit([Transfer(recipient, Amount(amount))])
        assert outcome.height is not None
        return outcome.height

    async def balance(self, name: str, at_node: int) -> int:
        """What an account holds, as one node says."""
        account = self.network.accounts()[name]
        answer = await self.ask(at_node, "chain_getAccount", address=account.address)
        return int(answer["balance"])

    def kill(self, index: int) -> None:
        """SIGKILL."""
        self.processes.kill(self.network.members[index])

    def restart(self, index: int) -> None:
        self.processes.start(self.network.members[index])

    async def height(self, index: int) -> int:
        """The node's head; -1 while it does not answer."""
        try:
            return int((await self.ask(index, "chain_status"))["height"])
        except (Unreachable, RpcFailed):
            return -1

    async def reach(self, height: int, nodes: tuple[int, ...]) -> None:
        """Wait until all these nodes have the block of a height."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            for index in nodes:
                while await self.height(index) < height:  # noqa: ASYNC110  another process's height
                    await asyncio.sleep(0.1)

    async def roots(self, height: int) -> set[str]:
        """The state roots after a height, as every node's next header says; one if they agree."""
        headers = [
            (await self.ask(index, "chain_getBlock", height=height + 1))["header"]
            for index in range(len(self.network.members))
        ]
        return {header["state_root"] for header in headers}

    async def ask(self, index: int, method: str, **params: Any) -> Any:
        async with RpcClient(self.network.rpc_urls[index], timeout=10) as rpc:
            return await rpc.call(method, **params)

    async def interrupt(self) -> int:
        """ctrl-C at the terminal of `devnet up`; its exit status."""
        assert self._front is not None
        self._front.send_signal(signal.SIGINT)
        return await asyncio.wait_for(self._front.wait(), PATIENCE_SECONDS)

    async def end(self) -> None:
        """Whatever happened: nothing stays behind."""
        if self._front is not None and self._front.returncode is None:
            self._front.kill()
            await self._front.wait()
        if (self.root / "devnet.json").exists():
            for pid in self.processes.running().values():
                os.kill(pid, signal.SIGKILL)
