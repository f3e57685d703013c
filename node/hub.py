"""What subscribers hear: new blocks with their receipts, admitted transactions. Slow listeners are dropped."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from chain.types.block import Block
from chain.types.receipt import Receipt
from chain.types.scalars import BlockId
from chain.types.transaction import Transaction
from chain.types.vote import Commit

QUEUE: Final = 256


@dataclass(frozen=True, slots=True)
class BlockFinal:
    """A block was committed here. One receipt per transaction, then one for the block's end."""

    block: Block
    block_id: BlockId
    commit: Commit
    transactions: tuple[Transaction, ...]
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class TransactionAdmitted:
    """A transaction entered this node's mempool."""

    transaction: Transaction


News = BlockFinal | TransactionAdmitted


class Subscription:
    """One listener's bounded queue. `lagged` says that news were lost and the listener must start anew."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[News] = asyncio.Queue(QUEUE)
        self.lagged = asyncio.Event()

    def offer(self, news: News) -> None:
        """Queue the news, or mark the listener as lagged."""
        try:
            self._queue.put_nowait(news)
        except asyncio.QueueFull:
            self.lagged.set()

    async def next(self) -> News:
        """The next piece of news."""
        return await self._queue.get()

    async def __aiter__(self) -> AsyncIterator[News]:
        while not (self.lagged.is_set() and self._queue.empty()):
            yield await self._queue.get()


class Hub:
    """Hands news to every subscription. All on the event loop."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    def subscribe(self) -> Subscription:
        """A new listener; it must be handed back to `unsubscribe`."""
        subscription = Subscription()
        self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)

    def announce(self, news: News) -> None:
        """Tell everybody."""
        for subscription in tuple(self._subscriptions):
            subscription.offer(news)
            if subscription.lagged.is_set():
                self._subscriptions.discard(subscription)
