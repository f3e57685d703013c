"""Four validators in one process: real homes, databases, keys and loopback sockets, all on one event loop."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from chain.types.scalars import AccountId
from client.rpc import RpcClient
from client.wallet import Wallet
from crypto.address import encode_address
from crypto.keys import SecretKey
from node.app import App
from node.config import ConsensusConfig
from node.devnet.files import ACCOUNT_PURPOSE, Plan, create_network
from node.home import write_config
from node.instruments import Instruments
from node.keystore import load_key
from tests.support.devnet_scene import free_base_port

NODES = 4
PATIENCE_SECONDS = 60.0  # an upper bound for a hopeless wait; what is waited for decides
BLOCK_TIME_MS = 100
QUICK = ConsensusConfig(propose_ms=400, prevote_ms=200, precommit_ms=200, step_ms=200)


class FourNodes:
    """Nodes by number. `start` and `stop` one, or use `running` for all."""

    def __init__(self, root: Path) -> None:
        plan = Plan(NODES, "four-1", BLOCK_TIME_MS, free_base_port(2 * NODES))
        self.network = create_network(root / "net", plan, time.time_ns() // 1_000_000)
        for member in self.network.members:
            home = self.network.home(member)
            write_config(home, replace(home.load_config(), consensus=QUICK))
        self.accounts = self.network.accounts()
        self.apps: dict[int, App] = {}
        self._lives: dict[int, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def running(self, *indexes: int) -> AsyncIterator["FourNodes"]:
        """These nodes, or all, from their first answer on; none outlives the block."""
        try:
            for index in indexes or range(NODES):
                await self.start(index)
            yield self
        finally:
            for index in list(self._lives):
                await self.stop(index)

    async def start(self, index: int, instruments: Instruments | None = None) -> App:
        """Open the home and run the node; returns once it answers."""
        home = self.network.home(self.network.members[index])
        app = App(home, instruments=instruments or Instruments())
        ready = asyncio.Event()
        life = asyncio.create_task(app.run(ready.set))
        self.apps[index], self._lives[index] = app, life
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({waiting, life}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if life.done():
            life.result()
        return app

    async def stop(self, index: int) -> None:
        """Cancel and wait: an end in the middle of whatever it does. Raises what ended the node before."""
        life = self._lives.pop(index)
        del self.apps[index]
        life.cancel()
        await asyncio.wait({life})
        if not life.cancelled():
            life.result()

    async def end_of(self, index: int) -> BaseException | None:
        """Wait until a node ends by itself; why it did."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.wait({self._lives[index]})
        del self.apps[index]
        return self._lives.pop(index).exception()

    def alive(self, index: int) -> bool:
        return index in self._lives and not self._lives[index].done()

    def height(self, index: int) -> int:
        return self.apps[index].node.ledger.tip.height

    def root_after(self, index: int, height: int) -> bytes:
        """The state root after a height, as this node stored it."""
        return self.apps[index].node.ledger.view.tree(height).root.hash

    def agreed_root(self, height: int) -> bytes:
        """The one root that all running nodes have after a height."""
        (root,) = {self.root_after(index, height) for index in self.apps}
        return root

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something is so, as long as every node lives."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():
                for life in self._lives.values():
                    if life.done():
                        life.result()
                await asyncio.sleep(0.01)

    async def reach(self, height: int, *indexes: int) -> None:
        """Wait until these nodes, or all that run, have the block of a height."""
        await self.until(lambda: all(self.height(index) >= height for index in indexes or self.apps))

    @asynccontextmanager
    async def rpc(self, index: int) -> AsyncIterator[RpcClient]:
        async with RpcClient(self.network.rpc_urls[index], timeout=PATIENCE_SECONDS) as client:
            yield client

    @asynccontextmanager
    async def wallet(self, name: str, index: int) -> AsyncIterator[Wallet]:
        """A funded account behind one node."""
        async with self.rpc(index) as rpc:
            yield await Wallet.open(self.accounts[name].secret(), rpc)

    def operator(self, index: int) -> SecretKey:
        """The key of the account that speaks for a node's validator."""
        return load_key(self.network.home(self.network.members[index]).operator_key, ACCOUNT_PURPOSE)

    def account(self, name: str) -> AccountId:
        return AccountId(self.accounts[name].secret().public)

    async def balance(self, name: str, index: int) -> int:
        async with self.rpc(index) as rpc:
            return int((await rpc.call("chain_getAccount", address=encode_address(self.account(name))))["balance"])

    async def ask(self, index: int, method: str, **params: Any) -> Any:
        async with self.rpc(index) as rpc:
            return await rpc.call(method, **params)
