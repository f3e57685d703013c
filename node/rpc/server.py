"""The HTTP side: JSON-RPC by POST at / and by WebSocket at /ws, health at /health and /ready, the page at /.

Bodies, batches, connections, subscriptions and the requests that one connection has under way are bounded; a body that
does not arrive and a WebSocket that does not read are given up. Large bodies and reading methods keep no vote waiting:
they go to the reader threads.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from importlib.metadata import version

from aiohttp import WSCloseCode, WSMsgType, web

from crypto.errors import ClusterError
from node.config import parse_listen
from node.instruments import Recorder
from node.parts import Node
from node.rpc.asset_methods import AssetMethods
from node.rpc.chain_methods import ChainMethods
from node.rpc.contract_methods import ContractMethods
from node.rpc.errors import BodyTooLarge, BodyTooSlow, OnlyOverWebSocket, PortInUse, TooManyConnections
from node.rpc.method import Count, Declared, Json, MethodTable, Text
from node.rpc.net_methods import NetMethods
from node.rpc.note_methods import NoteMethods
from node.rpc.page import Page
from node.rpc.protocol import Dispatcher, dump, failure
from node.rpc.results import result_schemas
from node.rpc.subscriptions import Subscriptions
from node.rpc.telling import Telling
from node.rpc.tx_methods import TransactionMethods

BODY_SECONDS = 15
SEND_SECONDS = 10
CLOSE_SECONDS = 1.0
AT_ONCE = 16  # requests of one WebSocket under way at a time

log = logging.getLogger(__name__)


class RpcServer:
    """One node's RPC."""

    def __init__(self, node: Node, recorder: Recorder | None = None) -> None:
        self._node, self._limits, self._recorder = node, node.config.rpc, recorder
        self._runner: web.AppRunner | None = None
        self._door: asyncio.Server | None = None
        self._sockets: set[web.WebSocketResponse] = set()
        self._farewell: asyncio.Event | None = None  # made when the server stops, set when all sockets are told
        tables: dict[str, Declared] = {
            **ChainMethods(node).table(),
            **TransactionMethods(node).table(),
            **AssetMethods(node).table(),
            **ContractMethods(node).table(),
            **NoteMethods(node).table(),
            **NetMethods(node).table(),
            "rpc.discover": self.discover,
            "subscribe": self.subscribe,
            "unsubscribe": self.unsubscribe,
        }
        self._methods = MethodTable(tables, self._reading)
        self._dispatcher = self._dispatcher_of(self._methods)
        self._telling = Telling()
        self._page = Page()

    async def start(self) -> None:
        """Listen. Raises PortInUse."""
        app = web.Application(client_max_size=self._limits.max_body_bytes)
        self._page.add_to(app)
        app.router.add_post("/", self._serve_post)
        app.router.add_get("/ws", self._serve_socket)
        app.router.add_get("/health", self._serve_health)
        app.router.add_get("/ready", self._serve_ready)
        app.on_shutdown.append(self._close_sockets)
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=CLOSE_SECONDS, auto_decompress=False
        )
        await self._runner.setup()
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner made no server in its setup")
        address = parse_listen("rpc.listen", self._limits.listen)
        factory = _bounded(server, self._limits.max_connections)
        try:
            self._door = await asyncio.get_running_loop().create_server(factory, address.host, address.port)
        except OSError as error:
            raise PortInUse("rpc.listen", self._limits.listen, error.strerror or "refused") from error

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._door is not None:
            self._door.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def discover(self) -> Json:
        """The OpenRPC document of this server."""
        return self._methods.openrpc(version("cluster-chain"), result_schemas())

    async def subscribe(self, topic: Text) -> Json:
        """Hear of "blocks", "transactions" or "tasks"; over WebSocket only."""
        raise OnlyOverWebSocket("subscribe")

    async def unsubscribe(self, id: Count) -> Json:
        """End a subscription; over WebSocket only."""
        raise OnlyOverWebSocket("unsubscribe")

    def _dispatcher_of(self, methods: MethodTable) -> Dispatcher:
        return Dispatcher(methods, self._limits.max_batch, self._reading)

    async def _reading(self, work: Callable[..., Json], *args: object, **kwargs: object) -> Json:
        return await self._node.executor.reading(work, *args, **kwargs)

    async def _serve_post(self, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _refusal(BodyTooLarge(self._limits.max_body_bytes), 413)
        except TimeoutError:
            return _refusal(BodyTooSlow(BODY_SECONDS), 408)
        answer = await self._dispatcher.answer(body)
        if self._recorder is not None:
            self._recorder("rpc", body + (answer or b""))
        if answer is None:
            return web.Response(status=204)
        return web.Response(body=answer, content_type="application/json")

    async def _serve_socket(self, request: web.Request) -> web.StreamResponse:
        limit = self._limits.max_body_bytes
        socket = web.WebSocketResponse(timeout=CLOSE_SECONDS, heartbeat=30, max_msg_size=limit, compress=False)
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._converse(socket, tasks)
        except* (ConnectionError, TimeoutError):
            log.debug("a WebSocket client went away or did not read")
        finally:
            self._sockets.discard(socket)
        if self._farewell is not None:
            await self._farewell.wait()
        return socket

    async def _converse(self, socket: web.WebSocketResponse, tasks: asyncio.TaskGroup) -> None:
        async def send(text: str) -> None:
            async with asyncio.timeout(SEND_SECONDS):
                await socket.send_str(text)

        async def answer(body: bytes | str) -> None:
            try:
                response = await dispatcher.answer(body)
                if response is not None:
                    await send(response.decode())
            finally:
                free.release()

        free = asyncio.Semaphore(AT_ONCE)
        subscriptions = Subscriptions(self._node.hub, self._telling, send, self._limits.max_subscriptions, tasks)
        dispatcher = self._dispatcher_of(self._methods.with_others(subscriptions.table()))
        under_way: set[asyncio.Task[None]] = set()
        try:
            async for message in socket:
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    break
                await free.acquire()
                task = tasks.create_task(answer(message.data))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
        finally:
            subscriptions.close()
            for task in tuple(under_way):
                task.cancel()

    async def _close_sockets(self, _app: web.Application) -> None:
        self._farewell = asyncio.Event()
        closing = [socket.close(code=WSCloseCode.GOING_AWAY, message=b"the node stops") for socket in self._sockets]
        await asyncio.gather(*closing, return_exceptions=True)
        self._farewell.set()

    async def _serve_health(self, request: web.Request) -> web.Response:
        return _json({"status": "ok", "height": self._node.ledger.tip.height})

    async def _serve_ready(self, request: web.Request) -> web.Response:
        tip = self._node.ledger.tip
        behind = self._node.relay.catch_up.best_head > tip.height + 1
        return _json({"ready": not behind, "height": tip.height}, 503 if behind else 200)


class _Refused(asyncio.Protocol):
    """A connection beyond the limit: told so, and closed."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        body = dump(failure(None, TooManyConnections(self._limit)))
        head = f"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(f"{head}\r\nConnection: close\r\n\r\n".encode() + body)
            transport.close()


def _bounded(server: web.Server, limit: int) -> Callable[[], asyncio.BaseProtocol]:
    """The server's protocols while fewer than `limit` are connected: sockets are files, and a database needs some."""

    def protocol() -> asyncio.BaseProtocol:
        return server() if len(server.connections) < limit else _Refused(limit)

    return protocol


def _refusal(error: ClusterError, status: int) -> web.Response:
    return _json(failure(None, error), status)


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(text=json.dumps(value), status=status, content_type="application/json")
