"""Keeps one configured peer connected: dials, waits, dials again, ever more slowly while it fails."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from p2p.address import NodeId, PeerAddress
from p2p.errors import DuplicateConnection, P2PError, PeerBanned, SelfConnection
from p2p.peer import Peer

log = logging.getLogger(__name__)


class Backoff:
    """Delays that double from `first` to `longest` seconds, each drawn from its upper half so that nodes spread out."""

    def __init__(self, first: float, longest: float, entropy: Callable[[int], bytes]) -> None:
        self._first, self._longest, self._entropy = first, longest, entropy
        self._next = first

    def delay(self) -> float:
        bound, self._next = self._next, min(2 * self._next, self._longest)
        return bound * (0.5 + int.from_bytes(self._entropy(2), "big") / 2**17)

    def reset(self) -> None:
        self._next = self._first


class Dialer:
    """`connect` dials once, serves the link and returns why it ended."""

    def __init__(
        self,
        target: PeerAddress,
        connect: Callable[[PeerAddress], Awaitable[P2PError]],
        live: Mapping[NodeId, Peer],
        backoff: Backoff,
        clock: Callable[[], float],
        stable_seconds: float,
    ) -> None:
        self._target, self._connect, self._live, self._backoff = target, connect, live, backoff
        self._clock, self._stable = clock, stable_seconds
        self._node = target.node_id
        self._last: type[P2PError] | None = None

    async def run(self) -> None:
        """Until cancelled, or until the address turns out to be this node's own."""
        while True:
            await self._while_connected()
            started = self._clock()
            reason = await self._connect(self._target)
            if isinstance(reason, SelfConnection):
                log.warning("%s: %s", self._target, reason)
                return
            self._report(reason)
            if isinstance(reason, DuplicateConnection):
                self._node = NodeId(reason.node)
            if self._clock() - started >= self._stable:
                self._backoff.reset()
            await asyncio.sleep(self._pause(reason))

    async def _while_connected(self) -> None:
        while self._node is not None and (peer := self._live.get(self._node)):
            await peer.gone.wait()

    def _pause(self, reason: P2PError) -> float:
        delay = self._backoff.delay()
        return max(delay, reason.seconds) if isinstance(reason, PeerBanned) else delay

    def _report(self, reason: P2PError) -> None:
        """Once per kind of trouble, not once per attempt."""
        level = logging.DEBUG if type(reason) is self._last else logging.INFO
        self._last = type(reason)
        log.log(level, "%s: %s", self._target, reason)
