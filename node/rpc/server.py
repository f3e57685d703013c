"""The HTTP side: JSON-RPC by POST at / and by WebSocket at /ws, health at /health and /ready, the page at /.

Bodies, batches, connections and subscriptions are bounded; a WebSocket that does not read is closed.
"""

import asyncio
import json
import logging
from importlib.metadata import version

from aiohttp import WSMsgType, web

from node.config import parse_listen
from node.instruments import Recorder
from node.parts import Node
from node.rpc.chain_methods import ChainMethods
from node.rpc.contract_methods import ContractMethods
from node.rpc.errors import BodyTooLarge, OnlyOverWebSocket, PortInUse, TooManyConnections
from node.rpc.method import Count, Handler, Json, MethodTable, Text
from node.rpc.net_methods import NetMethods
from node.rpc.page import Page
from node.rpc.protocol import Dispatcher, failure
from node.rpc.subscriptions import Subscriptions
from node.rpc.tx_methods import TransactionMethods

SEND_SECONDS = 10

log = logging.getLogger(__name__)


class RpcServer:
    """One node's RPC."""

    def __init__(self, node: Node, recorder: Recorder | None = None) -> None:
        self._node, self._limits, self._recorder = node, node.config.rpc, recorder
        self._runner: web.AppRunner | None = None
        self._connections = 0
        self._tables: dict[str, Handler] = {
            **ChainMethods(node).table(),
            **TransactionMethods(node).table(),
            **ContractMethods(node).table(),
            **NetMethods(node).table(),
            "rpc.discover": self.discover,
        }
        self._methods = MethodTable({**self._tables, "subscribe": self.subscribe, "unsubscribe": self.unsubscribe})
        self._dispatcher = Dispatcher(self._methods, self._limits.max_batch)
        self._page = Page()

    async def start(self) -> None:
        """Listen. Raises PortInUse."""
        app = web.Application(client_max_size=self._limits.max_body_bytes)
        self._page.add_to(app)
        app.router.add_post("/", self._serve_post)
        app.router.add_get("/ws", self._serve_socket)
        app.router.add_get("/health", self._serve_health)
        app.router.add_get("/ready", self._serve_ready)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await self._runner.setup()
        address = parse_listen("rpc.listen", self._limits.listen)
        try:
            await web.TCPSite(self._runner, address.host, address.port).start()
        except OSError as error:
            raise PortInUse("rpc.listen", self._limits.listen) from error

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def discover(self) -> Json:
        """The OpenRPC document of this server."""
        return self._methods.openrpc(version("cluster-chain"))

    async def subscribe(self, topic: Text) -> Json:
        """Hear of "blocks", "transactions" or "tasks"; over WebSocket only."""
        raise OnlyOverWebSocket("subscribe")

    async def unsubscribe(self, id: Count) -> Json:
        """End a subscription; over WebSocket only."""
        raise OnlyOverWebSocket("unsubscribe")

    async def _serve_post(self, request: web.Request) -> web.Response:
        if self._connections >= self._limits.max_connections:
            return _json(failure(None, TooManyConnections(self._limits.max_connections)), 503)
        self._connections += 1
        try:
            try:
                body = await request.read()
            except web.HTTPRequestEntityTooLarge:
                return _json(failure(None, BodyTooLarge(self._limits.max_body_bytes)), 413)
            answer = await self._dispatcher.answer(body)
            if self._recorder is not None:
                self._recorder("rpc", body + (answer or b""))
        finally:
            self._connections -= 1
        if answer is None:
            return web.Response(status=204)
        return web.Response(body=answer, content_type="application/json")

    async def _serve_socket(self, request: web.Request) -> web.StreamResponse:
        if self._connections >= self._limits.max_connections:
            return _json(failure(None, TooManyConnections(self._limits.max_connections)), 503)
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=self._limits.max_body_bytes)
        await socket.prepare(request)
        self._connections += 1
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._converse(socket, tasks)
        except* (ConnectionError, TimeoutError):
            log.debug("a subscriber went away or did not read")
        finally:
            self._connections -= 1
        return socket

    async def _converse(self, socket: web.WebSocketResponse, tasks: asyncio.TaskGroup) -> None:
        async def send(message: dict[str, Json]) -> None:
            async with asyncio.timeout(SEND_SECONDS):
                await socket.send_str(json.dumps(message, separators=(",", ":")))

        subscriptions = Subscriptions(self._node.hub, send, self._limits.max_subscriptions, tasks)
        methods = MethodTable({**self._tables, **subscriptions.table()})
        dispatcher = Dispatcher(methods, self._limits.max_batch)
        try:
            async for message in socket:
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    break
                answer = await dispatcher.answer(message.data)
                if answer is not None:
                    async with asyncio.timeout(SEND_SECONDS):
                        await socket.send_str(answer.decode())
        finally:
            subscriptions.close()

    async def _serve_health(self, request: web.Request) -> web.Response:
        return _json({"status": "ok", "height": self._node.ledger.tip.height})

    async def _serve_ready(self, request: web.Request) -> web.Response:
        tip = self._node.ledger.tip
        behind = self._node.relay.catch_up.best_head > tip.height + 1
        return _json({"ready": not behind, "height": tip.height}, 503 if behind else 200)


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(text=json.dumps(value), status=status, content_type="application/json")
