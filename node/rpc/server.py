"""The HTTP side: JSON-RPC by POST at / and by WebSocket at /ws, health at /health/live and /ready, the page at /.

Bodies, batches, connections, subscriptions, the requests that one connection has under way and their time are bounded;
a body that does not arrive and a client that does not read are given up. Large bodies and reading methods keep no vote
waiting: they go to the reader threads. Methods of the operator are refused here; node/rpc/operator_socket.py has them.
"""

import asyncio
from collections.abc import Callable, Mapping
from importlib.metadata import version

from aiohttp import web

from node.config import parse_listen
from node.instruments import Recorder
from node.parts import Node
from node.rpc.asset_methods import AssetMethods
from node.rpc.chain_methods import ChainMethods
from node.rpc.connections import Connections
from node.rpc.contract_methods import ContractMethods
from node.rpc.errors import OnlyOverWebSocket, PortInUse
from node.rpc.governance_methods import GovernanceMethods
from node.rpc.health import Health
from node.rpc.method import Count, Declared, Json, MethodTable, Text
from node.rpc.net_methods import NetMethods
from node.rpc.note_methods import NoteMethods
from node.rpc.operator_methods import OPERATOR_METHODS
from node.rpc.page import Page
from node.rpc.post import PostDoor
from node.rpc.protocol import Dispatcher
from node.rpc.results import result_schemas
from node.rpc.sockets import CLOSE_SECONDS, Sockets
from node.rpc.staking_methods import StakingMethods
from node.rpc.tx_methods import TransactionMethods


class RpcServer:
    """One node's RPC."""

    def __init__(self, node: Node, recorder: Recorder | None = None) -> None:
        self._node, self._limits, self._recorder = node, node.config.rpc, recorder
        self._runner: web.AppRunner | None = None
        self._door: asyncio.Server | None = None
        tables: dict[str, Declared] = {
            **ChainMethods(node).table(),
            **TransactionMethods(node).table(),
            **AssetMethods(node).table(),
            **ContractMethods(node).table(),
            **StakingMethods(node).table(),
            **NoteMethods(node).table(),
            **GovernanceMethods(node).table(),
            **NetMethods(node).table(),
            "rpc.discover": self.discover,
            "subscribe": self.subscribe,
            "unsubscribe": self.unsubscribe,
        }
        self._methods = MethodTable(tables, self._reading, OPERATOR_METHODS)
        self._sockets = Sockets(node, self.dispatcher_with)
        self._page = Page()

    async def start(self) -> None:
        """Listen. Raises PortInUse."""
        app = web.Application(client_max_size=self._limits.max_body_bytes)
        self._page.add_to(app)
        Health(self._node).add_to(app)
        app.router.add_post(
            "/", PostDoor(self.dispatcher_with({}), self._limits, self._node.metrics, self._recorder).serve
        )
        app.router.add_get("/ws", self._sockets.serve)
        app.on_shutdown.append(self._sockets.close)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=CLOSE_SECONDS,
            auto_decompress=False,
            keepalive_timeout=self._limits.idle_seconds,
        )
        await self._runner.setup()
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner made no server in its setup")
        address = parse_listen("rpc.listen", self._limits.listen)
        connections = Connections(server, self._limits, self._node.metrics)
        try:
            self._door = await asyncio.get_running_loop().create_server(
                connections.protocol, address.host, address.port
            )
        except OSError as error:
            raise PortInUse("rpc.listen", self._limits.listen, error.strerror or "refused") from error

    async def stop(self) -> None:
        """Close the port, answer what is under way for CLOSE_SECONDS, and close every connection."""
        if self._door is not None:
            self._door.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def dispatcher_with(self, methods: Mapping[str, Declared], seconds: float | None = None) -> Dispatcher:
        """What answers this server's methods, some of them replaced or added. seconds: other than configured ones."""
        limits, table = self._limits, self._methods.with_others(methods)
        patience = limits.request_seconds if seconds is None else seconds
        return Dispatcher(table, limits.max_batch, patience, self._reading, self._node.metrics.called)

    async def discover(self) -> Json:
        """The OpenRPC document of this server."""
        return self._methods.openrpc(version("cluster-chain"), result_schemas())

    async def subscribe(self, topic: Text) -> Json:
        """Hear of "blocks", "transactions" or "tasks"; over WebSocket only."""
        raise OnlyOverWebSocket("subscribe")

    async def unsubscribe(self, id: Count) -> Json:
        """End a subscription; over WebSocket only."""
        raise OnlyOverWebSocket("unsubscribe")

    async def _reading(self, work: Callable[..., Json], *args: object, **kwargs: object) -> Json:
        return await self._node.executor.reading(work, *args, **kwargs)
