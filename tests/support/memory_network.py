"""Links in memory with the interface of p2p.transport, for tests and simulations that need no sockets."""

import asyncio
from collections import deque
from random import Random

from p2p.address import Address
from p2p.errors import DialFailed, LinkClosed, ListenFailed, MessageTooLarge
from p2p.transport import Accept, Link
from p2p.wire import MAX_MESSAGE

MESSAGES_IN_FLIGHT = 16


class MemoryLink:
    """One end of a pair. Few messages fit between the ends: a reader that stops makes the writer wait."""

    def __init__(self, remote: str, delays: Random | None = None) -> None:
        self.remote, self._delays = remote, delays
        self.reason: str | None = None
        self.twin: MemoryLink
        self._arrived: deque[bytes] = deque()
        self._changed = asyncio.Event()

    async def send(self, message: bytes) -> None:
        if self._delays:
            await asyncio.sleep(self._delays.random() * 0.002)
        while self.reason is None and len(self.twin._arrived) >= MESSAGES_IN_FLIGHT:
            await self._change()
        if self.reason is not None:
            raise LinkClosed(self.reason)
        self.twin._arrived.append(message)
        self.twin._changed.set()

    async def receive(self) -> bytes:
        while not self._arrived:
            if self.reason is not None:
                raise LinkClosed(self.reason)
            await self._change()
        message = self._arrived.popleft()
        self.twin._changed.set()
        if len(message) > MAX_MESSAGE:
            raise MessageTooLarge(MAX_MESSAGE)
        return message

    async def close(self, reason: str) -> None:
        for end in (self, self.twin):
            end.reason = end.reason or reason
            end._changed.set()

    async def _change(self) -> None:
        """Reader and writer of one end may both wait, so a change wakes both and each looks for itself."""
        self._changed.clear()
        await self._changed.wait()


def link_pair(left: str = "left", right: str = "right", delays: Random | None = None) -> tuple[MemoryLink, MemoryLink]:
    first, second = MemoryLink(right, delays), MemoryLink(left, delays)
    first.twin, second.twin = second, first
    return first, second


class MemoryHub:
    """The wire between the transports of one test: who listens where, and which links are open."""

    def __init__(self, delays: Random | None = None) -> None:
        """With `delays`, every message takes up to 2 ms, drawn from it."""
        self.delays = delays
        self.listeners: dict[Address, Accept] = {}
        self.links: list[tuple[MemoryLink, MemoryLink]] = []
        self._serving: set[asyncio.Task[None]] = set()

    def transport(self) -> "MemoryTransport":
        return MemoryTransport(self)

    def connect(self, address: Address) -> MemoryLink:
        accept = self.listeners.get(address)
        if accept is None:
            raise DialFailed(str(address), "nobody listens there")
        near, far = link_pair("dialler", str(address), self.delays)
        self.links.append((near, far))
        serving = asyncio.ensure_future(accept(far))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)
        return near

    async def cut_all(self) -> None:
        """Break every open link, as when a switch loses power for a moment."""
        for near, _ in self.links:
            await near.close("cut")
        self.links.clear()


class MemoryTransport:
    """One node's side of a hub."""

    def __init__(self, hub: MemoryHub) -> None:
        self._hub = hub
        self._address: Address | None = None

    async def listen(self, address: Address, accept: Accept) -> Address:
        if address in self._hub.listeners:
            raise ListenFailed(str(address), "address in use")
        self._hub.listeners[address] = accept
        self._address = address
        return address

    async def dial(self, address: Address) -> Link:
        return self._hub.connect(address)

    async def stop(self) -> None:
        if self._address is not None:
            self._hub.listeners.pop(self._address, None)

    async def close(self) -> None:
        await self.stop()
