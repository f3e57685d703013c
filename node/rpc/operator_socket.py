"""The operator's socket: JSON-RPC by POST on a Unix socket in the node's home that its owner alone may open.

It answers the operator's methods and all public ones. Who may connect is the file system's matter: the socket has mode
0600 from the moment it exists. A socket that a killed process left behind is taken away: the home has one owner, who
holds the lock of its database.
"""

import os
import socket
import stat
from pathlib import Path
from typing import Final

from aiohttp import web

from client.local_socket import short_name
from node.home import Home
from node.parts import Node
from node.rpc.errors import OperatorSocketUnusable
from node.rpc.operator_methods import OperatorMethods
from node.rpc.post import PostDoor
from node.rpc.server import RpcServer
from node.rpc.sockets import CLOSE_SECONDS

REQUEST_SECONDS: Final = 86_400.0  # a copy of a large database takes its time
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO | stat.S_IXUSR


class OperatorSocket:
    """One node's. `rpc` has the public methods."""

    def __init__(self, node: Node, home: Home, rpc: RpcServer, methods: OperatorMethods) -> None:
        self._node, self._path, self._rpc, self._methods = node, home.operator_socket, rpc, methods
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen. Raises OperatorSocketUnusable."""
        limits = self._node.config.rpc
        app = web.Application(client_max_size=limits.max_body_bytes)
        dispatcher = self._rpc.dispatcher_with(self._methods.table(), REQUEST_SECONDS)
        app.router.add_post("/", PostDoor(dispatcher, limits, self._node.metrics).serve)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=CLOSE_SECONDS)
        await self._runner.setup()
        try:
            listening = _bind(self._path)
            await web.SockSite(self._runner, listening).start()
        except OSError as error:
            raise OperatorSocketUnusable(self._path, error.strerror or str(error)) from error

    async def stop(self) -> None:
        """Close it and take the file away."""
        if self._runner is not None and self._runner.sites:
            self._path.unlink(missing_ok=True)
        if self._runner is not None:
            await self._runner.cleanup()


def _bind(path: Path) -> socket.socket:
    """A bound socket, closed to others from its first moment on. Raises OSError, OperatorSocketUnusable."""
    if path.is_socket():
        path.unlink()
    elif path.exists():
        raise OperatorSocketUnusable(path, "something else goes by this name")
    listening = socket.socket(socket.AF_UNIX)
    before = os.umask(_OTHERS)
    try:
        with short_name(path) as name:
            listening.bind(name)
    except OSError:
        listening.close()
        raise
    finally:
        os.umask(before)
    return listening
