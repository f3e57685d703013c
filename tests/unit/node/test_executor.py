"""Who reads committed data waits for others of the same kind only."""

import asyncio
from threading import Event
from typing import cast

import pytest

from chain.mempool import Mempool
from node.executor import READERS, Executor
from node.hub import Hub
from node.ledger import Ledger


@pytest.mark.asyncio
async def test_peers_are_answered_while_rpc_keeps_all_its_readers_busy() -> None:
    executor, over = Executor(cast(Ledger, None), Mempool(), Hub()), Event()
    busy = [asyncio.create_task(executor.reading(over.wait)) for _ in range(2 * READERS)]
    try:
        async with asyncio.timeout(5):
            assert await executor.reading_for_peers(lambda: "block") == "block"
    finally:
        over.set()
        await asyncio.gather(*busy)
        executor.close()
