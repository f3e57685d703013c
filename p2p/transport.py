"""Message-sized links between two processes: what the rest of this room needs of a transport, and WebSockets as one.

A link carries opaque binary messages of at most MAX_MESSAGE bytes, in order, or it is closed. It knows nothing of keys.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

import aiohttp
from aiohttp import WSMsgType, web
from yarl import URL

from p2p.address import Address
from p2p.errors import DialFailed, LinkClosed, ListenFailed, MessageTooLarge
from p2p.wire import MAX_MESSAGE

CLOSE_SECONDS: Final = 1.0
REQUEST_SECONDS: Final = 5.0  # how long a connection may stay without asking for a WebSocket
_CLOSE_CODE: Final = 4000  # the private range of RFC 6455, section 7.4.2; the reason says which rule
_REASON_BYTES: Final = 123
# aiohttp refuses a message that reaches its limit, ours is the largest that is allowed.
_AIOHTTP_LIMIT: Final = MAX_MESSAGE + 1

Tap = Callable[[str, bytes], None]  # ("wire-out" | "wire-in" | "payload-out" | "payload-in", bytes)


class Link(Protocol):
    @property
    def remote(self) -> str:
        """host:port of the other end, for people."""

    async def send(self, message: bytes) -> None:
        """Returns when there is room for more. Raises LinkClosed."""

    async def receive(self) -> bytes:
        """The next message. Raises LinkClosed, MessageTooLarge."""

    async def close(self, reason: str) -> None:
        """Tell the other end why, within CLOSE_SECONDS; then the link is gone whatever it answers."""


Accept = Callable[[Link], Awaitable[None]]


class Transport(Protocol):
    async def listen(self, address: Address, accept: Accept) -> Address:
        """Call `accept` with each inbound link, alive until that returns; the bound address. Raises ListenFailed."""

    async def dial(self, address: Address) -> Link:
        """Raises DialFailed."""

    async def stop(self) -> None:
        """No new links, inbound or outbound."""

    async def close(self) -> None:
        """Free everything; all links are closed already."""


class WebSocketLink:
    """A Link over either end of an aiohttp WebSocket. WebSocket's own pings are not spoken: keepalive is sealed too."""

    __slots__ = ("_socket", "remote")

    def __init__(self, socket: "web.WebSocketResponse | aiohttp.ClientWebSocketResponse", remote: str) -> None:
        self._socket = socket
        self.remote = remote

    async def send(self, message: bytes) -> None:
        try:
            await self._socket.send_bytes(message)
        except (OSError, aiohttp.ClientError) as error:
            raise LinkClosed(str(error)) from None

    async def receive(self) -> bytes:
        message = await self._socket.receive()
        if message.type is WSMsgType.BINARY:
            data: bytes = message.data
            return data
        if message.type is WSMsgType.ERROR and getattr(message.data, "code", 0) == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
            raise MessageTooLarge(MAX_MESSAGE)
        if message.type is WSMsgType.CLOSE:
            raise LinkClosed(message.extra or "no reason given")
        if message.type in (WSMsgType.TEXT, WSMsgType.PING, WSMsgType.PONG):
            raise LinkClosed(f"the peer sent a WebSocket {message.type.name} message, which Cluster does not use")
        raise LinkClosed("the connection ended")

    async def close(self, reason: str) -> None:
        descriptor = self._duplicate()
        # In a task of its own: a send that was cancelled while it waited for room leaves aiohttp with a cancelled
        # future, and closing then raises CancelledError although nobody cancelled the closing.
        goodbye = asyncio.create_task(self._socket.close(code=_CLOSE_CODE, message=reason.encode()[:_REASON_BYTES]))
        try:
            await asyncio.wait([goodbye], timeout=CLOSE_SECONDS)
        finally:
            if descriptor is not None:
                _cut(descriptor)
            goodbye.cancel()
            await asyncio.gather(goodbye, return_exceptions=True)

    def _duplicate(self) -> int | None:
        """The connection's own descriptor again: ours to cut at the end, and never another connection's by then."""
        transport_socket: Any = self._socket.get_extra_info("socket")
        if transport_socket is None or transport_socket.fileno() < 0:
            return None
        return os.dup(transport_socket.fileno())


def _cut(descriptor: int) -> None:
    """End the connection with what waits in its buffers: a peer that never reads would keep them for ever."""
    with socket.socket(fileno=descriptor) as duplicate, contextlib.suppress(OSError):
        duplicate.shutdown(socket.SHUT_RDWR)


class WebSocketTransport:
    """Links as WebSocket connections without compression, over plain TCP: the channel above does the encrypting."""

    def __init__(self) -> None:
        self._runner: web.ServerRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def listen(self, address: Address, accept: Accept) -> Address:
        async def serve(request: web.BaseRequest) -> web.StreamResponse:
            return await _serve(request, accept)

        server = web.Server(serve, access_log=None, keepalive_timeout=REQUEST_SECONDS)
        self._runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=CLOSE_SECONDS)
        await self._runner.setup()
        site = web.TCPSite(self._runner, address.host, address.port, reuse_address=True)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            self._runner = None
            raise ListenFailed(str(address), error.strerror or str(error)) from None
        host, port, *_ = self._runner.addresses[0]
        return Address(host, port)

    async def dial(self, address: Address) -> Link:
        if self._session is None:
            self._session = _client_session()
        url = URL.build(scheme="http", host=address.host, port=address.port)
        try:
            connected = await self._session.ws_connect(
                url,
                compress=0,
                autoping=False,
                max_msg_size=_AIOHTTP_LIMIT,
                timeout=aiohttp.ClientWSTimeout(ws_close=2 * CLOSE_SECONDS),
            )
        except (OSError, aiohttp.ClientError, TimeoutError) as error:
            raise DialFailed(str(address), str(error) or type(error).__name__) from None
        return WebSocketLink(connected, str(address))

    async def stop(self) -> None:
        for site in tuple(self._runner.sites) if self._runner else ():
            await site.stop()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()


async def _serve(request: web.BaseRequest, accept: Accept) -> web.StreamResponse:
    socket = web.WebSocketResponse(
        compress=False, autoping=False, max_msg_size=_AIOHTTP_LIMIT, timeout=2 * CLOSE_SECONDS
    )
    if not socket.can_prepare(request):
        return web.Response(status=426, text="This port speaks the peer protocol of Cluster nodes, over WebSocket.\n")
    await socket.prepare(request)
    peer = request.transport.get_extra_info("peername") if request.transport else None
    await accept(WebSocketLink(socket, str(Address(peer[0], peer[1])) if peer else "unknown"))
    return socket


def _client_session() -> aiohttp.ClientSession:
    async def refuse(*_: object) -> None:
        raise aiohttp.ClientError("the address answered with a redirection, which no node does")

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(refuse)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar(), trace_configs=[trace]
    )


class TappedLink:
    """A link that shows every message to a tap as it passes: what an eavesdropper would record."""

    __slots__ = ("_link", "_tap", "remote")

    def __init__(self, link: Link, tap: Tap) -> None:
        self._link, self._tap, self.remote = link, tap, link.remote

    async def send(self, message: bytes) -> None:
        self._tap("wire-out", message)
        await self._link.send(message)

    async def receive(self) -> bytes:
        message = await self._link.receive()
        self._tap("wire-in", message)
        return message

    async def close(self, reason: str) -> None:
        await self._link.close(reason)
