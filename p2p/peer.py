"""One live link: reads batches, sends what its queue holds, keeps count, and ends for exactly one stated reason."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from p2p.address import NodeId
from p2p.channel import Channel
from p2p.errors import IdlePeer, P2PError, PeerBanned, QueueOverflow, SlowReader
from p2p.limits import TokenBucket
from p2p.scores import Ban
from p2p.send_queue import SendQueue
from p2p.topics import Topics, TopicSpec
from p2p.transport import Link, Tap
from p2p.wire import Frame, Kind, decode_batch, encode_control

Deliver = Callable[["Peer", list[Frame]], None]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a peer may be silent or slow, in seconds, and how much it may send, in bytes."""

    ping_after: float = 5.0
    idle: float = 15.0
    slow_reader: float = 10.0
    bytes_per_second: float = 8 * 1024 * 1024
    bytes_at_once: float = 16 * 1024 * 1024
    frame_cost: int = 256  # bytes that a frame counts for beside its own, since tiny ones cost work too


class Peer:
    """A link that has been through its handshake. `allowance` holds the token bucket of each topic."""

    def __init__(
        self,
        link: Link,
        channel: Channel,
        outbound: bool,
        topics: Topics,
        patience: Patience,
        deliver: Deliver,
        clock: Callable[[], float],
        tap: Tap | None = None,
    ) -> None:
        now = clock()
        self.node_id: NodeId = channel.remote
        self.address, self.outbound, self.since = link.remote, outbound, now
        self.allowance = {spec.number: TokenBucket(spec.rate, spec.burst, now) for spec in topics}
        self.rate_limited = self.bytes_in = self.bytes_out = self.frames_in = 0
        self.round_trip: float | None = None
        self.ended: P2PError | None = None
        self.gone = asyncio.Event()
        self.queue = SendQueue(topics)
        self._link, self._channel, self._topics, self._patience = link, channel, topics, patience
        self._deliver, self._clock, self._tap = deliver, clock, tap
        self._volume = TokenBucket(patience.bytes_per_second, patience.bytes_at_once, now)
        self._heard = now
        self._sending_since: float | None = None
        self._ping: tuple[int, float] | None = None
        self._pings = 0
        self._wake, self._stop = asyncio.Event(), asyncio.Event()
        self._lingering: asyncio.TimerHandle | None = None

    async def run(self) -> P2PError:
        """Serve the link until it ends; why it ended. The link is closed then, also when cancelled."""
        # No task group: one whose parent is cancelled while a child fails forgets that, before Python 3.13.
        services = [asyncio.create_task(service) for service in (self._read(), self._write(), self._heed_stop())]
        try:
            await asyncio.wait(services, return_when=asyncio.FIRST_COMPLETED)
            self.ended = self.ended or _why(services)
        finally:
            for service in services:
                service.cancel()
            try:
                await asyncio.gather(*services, return_exceptions=True)
            finally:
                if self._lingering:
                    self._lingering.cancel()
                await self._link.close(type(self.ended).__name__ if self.ended else "ShuttingDown")
        return self.ended or P2PError("the link ended without a reason")

    def disconnect(self, reason: P2PError) -> None:
        """End the link soon, for this reason unless there is an earlier one."""
        self.ended = self.ended or reason
        self._stop.set()

    def ban(self, ban: Ban, now: float) -> None:
        self.disconnect(PeerBanned(ban.reason, ban.until - now))

    def enqueue(self, spec: TopicSpec, frame: bytes) -> bool:
        """Whether the frame will be sent if the link lives; wakes the writer, at once or after the topic's linger."""
        if self.ended is not None:
            return False
        try:
            taken = self.queue.put(spec.number, frame)
        except QueueOverflow as error:
            self.disconnect(error)
            return False
        if not spec.linger:
            self._wake.set()
        elif self._lingering is None and not self._wake.is_set():
            self._lingering = asyncio.get_running_loop().call_later(spec.linger, self._stop_lingering)
        return taken

    def probe(self) -> None:
        """Ask for a sign of life now: the link is given up a `ping_after` from here unless it answers."""
        self._heard = min(self._heard, self._clock() - self._patience.idle + self._patience.ping_after)
        self._send_ping(self._clock())

    def tick(self, now: float) -> None:
        """To be called about once a second: pings a silent peer, gives up a dead or slow one."""
        patience = self._patience
        if self._sending_since is not None and now - self._sending_since > patience.slow_reader:
            self.disconnect(SlowReader(now - self._sending_since, patience.slow_reader))
        silent = now - self._heard
        if silent > patience.idle:
            self.disconnect(IdlePeer(silent, patience.idle))
        if self._ping is None or now - self._ping[1] >= patience.ping_after:
            self._send_ping(now)

    async def _read(self) -> None:
        open_, sizes, cost = self._channel.open, self._topics.max_sizes, self._patience.frame_cost
        while True:
            sealed = await self._link.receive()
            batch = open_(sealed)
            if self._tap:
                self._tap("payload-in", batch)
            frames, control = decode_batch(batch, sizes)
            self._heard = now = self._clock()
            self.bytes_in += len(sealed)
            self.frames_in += len(frames)
            for frame in control:
                self._heed_control(frame)
            self._deliver(self, frames)
            debt = self._volume.charge(len(sealed) + cost * (len(frames) + len(control)), now)
            if debt:
                await asyncio.sleep(debt)

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            while batch := self.queue.take():
                if self._tap:
                    self._tap("payload-out", batch)
                sealed = self._channel.seal(batch)
                self._sending_since = self._clock()
                await self._link.send(sealed)
                self._sending_since = None
                self.bytes_out += len(sealed)
            self._wake.clear()

    async def _heed_stop(self) -> None:
        await self._stop.wait()
        raise self.ended or P2PError("stopped")

    def _stop_lingering(self) -> None:
        self._lingering = None
        self._wake.set()

    def _heed_control(self, frame: Frame) -> None:
        nonce = int.from_bytes(frame.payload, "big")
        if frame.kind == Kind.PING:
            self._send_control(Kind.PONG, nonce)
        elif self._ping and nonce == self._ping[0]:
            self.round_trip = self._clock() - self._ping[1]

    def _send_ping(self, now: float) -> None:
        self._pings += 1
        self._ping = (self._pings, now)
        self._send_control(Kind.PING, self._pings)

    def _send_control(self, kind: Kind, nonce: int) -> None:
        self.queue.put_control(encode_control(kind, nonce))
        self._wake.set()


def _why(services: list["asyncio.Task[None]"]) -> P2PError | None:
    """The error of the first service that ended. Raises it when it is a fault of ours and no P2PError."""
    errors = [service.exception() for service in services if service.done()]
    for error in errors:
        if not isinstance(error, P2PError | None):
            raise error
    return next((error for error in errors if isinstance(error, P2PError)), None)
