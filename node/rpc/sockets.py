"""JSON-RPC by WebSocket at /ws: requests answered side by side, subscriptions, and an end for who does not read.

The upgrade's answer carries the connection's id; its messages are logged as ID/1, ID/2 and so on.
"""

import asyncio
import itertools
import logging
import os
from collections.abc import Callable, Mapping

from aiohttp import WSCloseCode, WSMsgType, web

from node.parts import Node
from node.rpc.errors import SlowReader
from node.rpc.method import Declared
from node.rpc.protocol import Dispatcher
from node.rpc.subscriptions import Subscriptions
from node.rpc.telling import Telling
from node.telemetry.request_id import HEADER, handling, request_id

CLOSE_SECONDS = 1.0
HEARTBEAT_SECONDS = 30

log = logging.getLogger(__name__)

DispatcherWith = Callable[[Mapping[str, Declared]], Dispatcher]  # the server's, with some methods replaced


class Sockets:
    """All WebSockets of a server."""

    def __init__(self, node: Node, dispatcher_with: DispatcherWith) -> None:
        self._node, self._limits, self._dispatcher_with = node, node.config.rpc, dispatcher_with
        self._telling = Telling()
        self._open: set[web.WebSocketResponse] = set()
        self._farewell: asyncio.Event | None = None  # made when the server stops, set when all sockets are told

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection's whole life."""
        limit = self._limits.max_body_bytes
        socket = web.WebSocketResponse(
            timeout=CLOSE_SECONDS, heartbeat=HEARTBEAT_SECONDS, max_msg_size=limit, compress=False
        )
        id_ = request_id(request.headers.get(HEADER), os.urandom)
        socket.headers[HEADER] = id_
        await socket.prepare(request)
        self._open.add(socket)
        try:
            async with asyncio.TaskGroup() as tasks:
                await _Conversation(socket, id_, self._node, self._telling, tasks).run(self._dispatcher_with)
        except* ConnectionError:
            log.debug("a WebSocket client went away")
        except* SlowReader as slow:
            self._node.metrics.refused(SlowReader.__name__)
            with handling(id_):
                log.info("%s", slow.exceptions[0])
            await _give_up(socket, request)
        finally:
            self._open.discard(socket)
        if self._farewell is not None:
            await self._farewell.wait()
        return socket

    async def close(self, _app: web.Application) -> None:
        """Tell all that the node stops."""
        self._farewell = asyncio.Event()
        closing = [socket.close(code=WSCloseCode.GOING_AWAY, message=b"the node stops") for socket in self._open]
        await asyncio.gather(*closing, return_exceptions=True)
        self._farewell.set()


class _Conversation:
    """What is said over one WebSocket."""

    def __init__(
        self, socket: web.WebSocketResponse, id_: str, node: Node, telling: Telling, tasks: asyncio.TaskGroup
    ) -> None:
        self._socket, self._id, self._limits, self._tasks = socket, id_, node.config.rpc, tasks
        self._free = asyncio.Semaphore(self._limits.max_at_once)
        self._subscriptions = Subscriptions(node.hub, telling, self._send, self._limits, tasks, node.metrics)

    async def run(self, dispatcher_with: DispatcherWith) -> None:
        """Until the client leaves. Raises SlowReader through the task group."""
        dispatcher = dispatcher_with(self._subscriptions.table())
        under_way: set[asyncio.Task[None]] = set()
        try:
            for number in itertools.count(1):
                message = await self._socket.receive()
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    break
                await self._free.acquire()
                with handling(f"{self._id}/{number}"):  # the task inherits it
                    task = self._tasks.create_task(self._answer(dispatcher, message.data))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
        finally:
            self._subscriptions.close()
            for task in tuple(under_way):
                task.cancel()

    async def _answer(self, dispatcher: Dispatcher, body: bytes | str) -> None:
        try:
            response = await dispatcher.answer(body)
            if response is not None:
                await self._send(response.decode())
        finally:
            self._free.release()

    async def _send(self, text: str) -> None:
        try:
            async with asyncio.timeout(self._limits.send_seconds):
                await self._socket.send_str(text)
        except TimeoutError as error:
            raise SlowReader(self._limits.send_seconds) from error


async def _give_up(socket: web.WebSocketResponse, request: web.Request) -> None:
    """Say why, should there be room for it by now, and cut the connection."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"SlowReader: nothing was read in time")
    except (TimeoutError, ConnectionError):
        log.debug("the slow reader did not hear why")
    finally:
        if request.transport is not None:
            request.transport.abort()
