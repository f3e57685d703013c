"""Who may connect: so many in all, and so many from one address. Sockets are files, and a database needs some."""

import asyncio
import ipaddress
from collections import Counter

from aiohttp import web

from node.config import RpcConfig
from node.rpc.errors import RpcError, TooManyConnections, TooManyOfOneAddress
from node.rpc.protocol import dump, failure
from node.telemetry.metrics import Metrics


class Connections:
    """Counts what is open. `protocol` makes the server's protocols, for the event loop's `create_server`."""

    def __init__(self, server: web.Server, limits: RpcConfig, metrics: Metrics) -> None:
        self._server, self._limits, self._metrics = server, limits, metrics
        self._by_address: Counter[str] = Counter()

    def protocol(self) -> asyncio.Protocol:
        return _Door(self)

    def open(self, address: str) -> asyncio.Protocol:
        """The protocol of one more connection. Raises TooManyConnections, TooManyOfOneAddress."""
        limits = self._limits
        if self._by_address.total() >= limits.max_connections:
            raise TooManyConnections(limits.max_connections)
        if self._by_address[address] >= limits.max_connections_per_address:
            raise TooManyOfOneAddress(address, limits.max_connections_per_address)
        self._by_address[address] += 1
        self._metrics.rpc_connections.inc()
        return self._server()

    def close(self, address: str) -> None:
        """A connection that `open` let in is gone."""
        self._metrics.rpc_connections.dec()
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]

    def refused(self, error: RpcError) -> None:
        self._metrics.refused(type(error).__name__)


class _Door(asyncio.Protocol):
    """One connection: handed on to the server's own protocol, or told why not and closed."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._inside: asyncio.Protocol | None = None
        self._address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._address = address_of(transport.get_extra_info("peername"))
        try:
            self._inside = self._connections.open(self._address)
        except RpcError as error:
            self._connections.refused(error)
            if isinstance(transport, asyncio.WriteTransport):
                transport.write(_refusal(error))
                transport.close()
        else:
            self._inside.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._inside is not None:
            self._inside.data_received(data)

    def eof_received(self) -> bool | None:
        return None if self._inside is None else self._inside.eof_received()

    def pause_writing(self) -> None:
        if self._inside is not None:
            self._inside.pause_writing()

    def resume_writing(self) -> None:
        if self._inside is not None:
            self._inside.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._inside is not None:
            self._connections.close(self._address)
            self._inside.connection_lost(exc)


def address_of(peer: object) -> str:
    """What counts as one address of a socket's peer: an IPv4 address, or an IPv6 /64, as one household gets it."""
    host = str(peer[0]) if isinstance(peer, tuple) and peer else "local"
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return host


def _refusal(error: RpcError) -> bytes:
    body = dump(failure(None, error))
    head = f"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return f"{head}\r\nConnection: close\r\n\r\n".encode() + body
