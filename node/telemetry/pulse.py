"""What the node notices of itself as it runs: when blocks become final, and how late the event loop is."""

import asyncio
from collections.abc import Callable
from typing import Final

from node.hub import BlockFinal, Hub
from node.telemetry.metrics import Metrics

TICK_SECONDS: Final = 0.25


class Pulse:
    """`run` is one of the node's tasks. clock: seconds that never run backwards."""

    def __init__(self, hub: Hub, metrics: Metrics, clock: Callable[[], float]) -> None:
        self._hub, self._metrics, self._clock = hub, metrics, clock
        self._last_block: float | None = None
        self._last_time: int | None = None
        self.started = clock()
        self.stopping = False  # said by whoever stops the node

    def seconds_without_block(self) -> float | None:
        """Since the last block became final here; None before the first."""
        return None if self._last_block is None else self._clock() - self._last_block

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_loop())
            tasks.create_task(self._watch_blocks())

    async def _watch_loop(self) -> None:
        while True:
            due = self._clock() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            self._metrics.loop_lag.observe(max(0.0, self._clock() - due))

    async def _watch_blocks(self) -> None:
        while True:  # should it ever fall behind by a whole queue, it listens anew
            subscription = self._hub.subscribe(BlockFinal)
            try:
                async for news in subscription:
                    if isinstance(news, BlockFinal):
                        self._block(news)
            finally:
                self._hub.unsubscribe(subscription)

    def _block(self, news: BlockFinal) -> None:
        metrics, time = self._metrics, news.block.header.time
        self._last_block = self._clock()
        metrics.blocks.inc()
        metrics.transactions.inc(len(news.transactions))
        metrics.decided_round.observe(news.commit.round)
        if self._last_time is not None:
            metrics.block_interval.observe((time - self._last_time) / 1000)
        self._last_time = time
