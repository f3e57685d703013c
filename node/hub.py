"""What subscribers hear: new blocks with their receipts, admitted transactions. Slow listeners are dropped."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from chain.types.block import Block
from chain.types.receipt import Receipt
from chain.types.scalars import BlockId, TxHash
from chain.types.transaction import Transaction
from chain.types.vote import Commit
from crypto.errors import ClusterError

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
Place = tuple[BlockFinal, int]  # a final transaction: its block, and its index there


class Subscription:
    """One listener's bounded queue. `lagged` says that news were lost and the listener must start anew."""

    def __init__(self, kinds: tuple[type, ...], size: int = QUEUE) -> None:
        self._kinds = kinds
        self._queue: asyncio.Queue[News] = asyncio.Queue(size)
        self.lagged = asyncio.Event()

    def offer(self, news: News) -> None:
        """Queue news of a kind that was asked for, or mark the listener as lagged."""
        if not isinstance(news, self._kinds):
            return
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
        self._awaited: dict[TxHash, set[asyncio.Future[Place]]] = {}

    def subscribe(self, *kinds: type, size: int = QUEUE) -> Subscription:
        """A new listener to news of these kinds, or all; it must be handed back to `unsubscribe`. size: its queue's."""
        subscription = Subscription(kinds or (BlockFinal, TransactionAdmitted), size)
        self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)

    @contextmanager
    def awaiting(self, hash_: TxHash) -> Iterator[asyncio.Future[Place]]:
        """Within it, a future that is done once this transaction stands in a final block, or never will."""
        future: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        waiting = self._awaited.setdefault(hash_, set())
        waiting.add(future)
        try:
            yield future
        finally:
            future.cancel()
            waiting.discard(future)
            if not waiting and self._awaited.get(hash_) is waiting:
                del self._awaited[hash_]

    def refuse(self, hash_: TxHash, error: ClusterError) -> None:
        """Tell whoever awaits a transaction that it will stand in no block, and why."""
        for future in self._awaited.get(hash_, ()):
            if not future.done():
                future.set_exception(error)

    def announce(self, news: News) -> None:
        """Tell everybody."""
        for subscription in tuple(self._subscriptions):
            subscription.offer(news)
            if subscription.lagged.is_set():
                self._subscriptions.discard(subscription)
        if self._awaited and isinstance(news, BlockFinal):
            for index, transaction in enumerate(news.transactions):
                for future in self._awaited.get(transaction.hash, ()):
                    if not future.done():
                        future.set_result((news, index))
