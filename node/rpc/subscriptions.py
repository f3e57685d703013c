"""Subscriptions over WebSocket: new blocks, admitted or final transactions, changes of tasks.

`subscribe {topic, filter}` answers an id; news come as notifications of method `subscription` with {id, topic, data}. A
listener too slow for its queue gets one last notification {id, topic, lagged: true} and must subscribe anew.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator

from chain.codec import to_json
from node.hub import BlockFinal, Hub, News, Subscription, TransactionAdmitted
from node.rpc.errors import InvalidParams, NotFound, TooManySubscriptions
from node.rpc.method import Count, Handler, Json, Text
from node.rpc.shapes import receipt_json, transaction_json

Send = Callable[[dict[str, Json]], Awaitable[None]]
TOPICS = ("blocks", "transactions", "tasks")


class Subscriptions:
    """Those of one connection. `close` ends them all."""

    def __init__(self, hub: Hub, send: Send, limit: int, tasks: asyncio.TaskGroup) -> None:
        self._hub, self._send, self._limit, self._tasks = hub, send, limit, tasks
        self._running: dict[int, asyncio.Task[None]] = {}
        self._ids = itertools.count(1)

    def table(self) -> dict[str, Handler]:
        return {"subscribe": self.subscribe, "unsubscribe": self.unsubscribe}

    async def subscribe(self, topic: Text) -> Json:
        """Hear of "blocks", "transactions" or "tasks" from now on; answers the subscription's id."""
        if topic not in TOPICS:
            raise InvalidParams("topic", "one of " + ", ".join(TOPICS), repr(topic))
        if len(self._running) >= self._limit:
            raise TooManySubscriptions(self._limit)
        id_ = next(self._ids)
        subscription = self._hub.subscribe()
        self._running[id_] = self._tasks.create_task(self._forward(id_, topic, subscription))
        return id_

    async def unsubscribe(self, id: Count) -> Json:
        """End a subscription of this connection."""
        task = self._running.pop(id, None)
        if task is None:
            raise NotFound("subscription", str(id))
        task.cancel()
        return True

    def close(self) -> None:
        """End all subscriptions of this connection."""
        for task in self._running.values():
            task.cancel()
        self._running.clear()

    async def _forward(self, id_: int, topic: str, subscription: Subscription) -> None:
        try:
            async for news in subscription:
                for data in shown(topic, news):
                    await self._send(_notification({"id": id_, "topic": topic, "data": data}))
            await self._send(_notification({"id": id_, "topic": topic, "lagged": True}))
        finally:
            self._hub.unsubscribe(subscription)


def shown(topic: str, news: News) -> Iterator[Json]:
    """What a subscriber of a topic hears of a piece of news."""
    if isinstance(news, TransactionAdmitted):
        if topic == "transactions":
            yield {"status": "admitted", **transaction_json(news.transaction)}
        return
    if topic == "blocks":
        yield _block(news)
    elif topic == "transactions":
        for index, transaction in enumerate(news.transactions):
            place = {"status": "final", "height": news.block.height, "index": index}
            yield {**place, "receipt": receipt_json(news.receipts[index]), "hash": "0x" + transaction.hash.hex()}
    else:
        for receipt in news.receipts:
            for event in receipt_json(receipt)["events"]:
                if event["type"].startswith("tasks."):
                    yield {"height": news.block.height, **event}


def _block(news: BlockFinal) -> Json:
    return {
        "id": "0x" + news.block_id.hex(),
        "header": to_json(news.block.header),
        "transactions": ["0x" + transaction.hash.hex() for transaction in news.transactions],
    }


def _notification(params: Json) -> dict[str, Json]:
    return {"jsonrpc": "2.0", "method": "subscription", "params": params}
