"""Subscriptions over WebSocket: new blocks, admitted or final transactions, changes of tasks.

`subscribe {topic}` answers an id; news come as notifications of method `subscription` with {id, topic, data}. Who is
too slow for its queue gets one last notification {id, topic, lagged: true, error} and must subscribe anew.
"""

import asyncio
import itertools
import json
import logging
from collections.abc import Awaitable, Callable

from node.config import RpcConfig
from node.hub import Hub, Subscription
from node.rpc.errors import InvalidParams, NotFound, SlowListener, TooManySubscriptions
from node.rpc.method import Count, Declared, Json, Text
from node.rpc.protocol import failure
from node.rpc.telling import KINDS, Telling
from node.telemetry.metrics import Metrics

Send = Callable[[str], Awaitable[None]]

log = logging.getLogger(__name__)


class Subscriptions:
    """Those of one connection. `close` ends them all."""

    def __init__(
        self, hub: Hub, telling: Telling, send: Send, limits: RpcConfig, tasks: asyncio.TaskGroup, metrics: Metrics
    ) -> None:
        self._hub, self._telling, self._send, self._limits = hub, telling, send, limits
        self._tasks, self._metrics = tasks, metrics
        self._running: dict[int, asyncio.Task[None]] = {}
        self._ids = itertools.count(1)

    def table(self) -> dict[str, Declared]:
        return {"subscribe": self.subscribe, "unsubscribe": self.unsubscribe}

    async def subscribe(self, topic: Text) -> Json:
        """Hear of "blocks", "transactions" or "tasks" from now on; answers the subscription's id."""
        if topic not in KINDS:
            raise InvalidParams("topic", "one of " + ", ".join(KINDS), repr(topic))
        if len(self._running) >= self._limits.max_subscriptions:
            raise TooManySubscriptions(self._limits.max_subscriptions)
        id_ = next(self._ids)
        subscription = self._hub.subscribe(*KINDS[topic], size=self._limits.subscription_queue)
        task = self._tasks.create_task(self._forward(id_, topic, subscription))
        self._running[id_] = task
        task.add_done_callback(lambda _: self._running.pop(id_, None))
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
        for task in tuple(self._running.values()):
            task.cancel()
        self._running.clear()

    async def _forward(self, id_: int, topic: str, subscription: Subscription) -> None:
        head = f'{{"jsonrpc":"2.0","method":"subscription","params":{{"id":{id_},"topic":"{topic}",'
        with self._metrics.rpc_subscriptions.track_inprogress():
            try:
                async for news in subscription:
                    for data in self._telling.texts(topic, news):
                        await self._send(f'{head}"data":{data}}}}}')
                slow = SlowListener(topic, self._limits.subscription_queue)
                self._metrics.refused(SlowListener.__name__)
                log.info("%s", slow)
                await self._send(f'{head}"lagged":true,"error":{json.dumps(failure(None, slow)["error"])}}}}}')
            finally:
                self._hub.unsubscribe(subscription)
