"""A chain of one real validator inside the test's own process: blocks every 50 ms, RPC on a free port."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from crypto.keys import SecretKey
from node.app import App
from node.demo.control import store_in_the_clear
from node.devnet.files import DevAccount, Plan, create_single, read_accounts
from node.home import Home
from node.instruments import Instruments, Recorder
from tests.support.devnet_scene import free_base_port

BLOCK_TIME_MS = 50


@dataclass(frozen=True)
class OneNode:
    """The running node, its RPC address, and the funded accounts by name."""

    app: App
    home: Home
    url: str
    accounts: dict[str, DevAccount]

    def secret(self, name: str) -> SecretKey:
        return self.accounts[name].secret()


@asynccontextmanager
async def one_node(root: Path, recordings: Path | None = None) -> AsyncIterator[OneNode]:
    """Runs inside the block, from its first block on; nothing is left of it afterwards.

    recordings: where to write what passes through it and waits in it; then its database is in the clear, too.
    """
    plan = Plan(1, "test-chain", BLOCK_TIME_MS, free_base_port(2))
    home = create_single(root / "node", plan, time.time_ns() // 1_000_000, None)
    if recordings is not None:
        store_in_the_clear(home)
    app = App(home, instruments=Instruments(None if recordings is None else Recorder(recordings)))
    news = app.node.hub.subscribe()
    running = asyncio.create_task(app.run())
    try:
        first_block = asyncio.create_task(news.next())
        await asyncio.wait({running, first_block}, return_when=asyncio.FIRST_COMPLETED)
        app.node.hub.unsubscribe(news)
        if running.done():
            running.result()
        yield OneNode(app, home, f"http://127.0.0.1:{plan.rpc_port(0)}", read_accounts(home.root / "accounts.json"))
    finally:
        running.cancel()
        await asyncio.wait({running})
        if not running.cancelled():
            running.result()
