"""The wires between nodes: every link runs through a port of ours, where it can be cut whole or in one direction.

No rights are needed for it, and the nodes' own addresses stay unknown to one another: nobody finds a way around.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

CHUNK = 64 * 1024
Pair = tuple[int, int]


class Links:
    """`open` a port for each ordered pair: the first node dials the second one through it."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._servers: list[asyncio.Server] = []
        self._running: dict[asyncio.Task[None], Pair] = {}
        self._cut: frozenset[Pair] = frozenset()  # (from, to): what `from` says does not reach `to`

    async def open(self, dialer: int, listener: int, port: int) -> int:
        """The port that leads `dialer` to `listener`, which listens on `port`."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._running[task] = (dialer, listener)
            try:
                with suppress(asyncio.CancelledError):  # the task ends here: a link was cut
                    await self._join(dialer, listener, port, reader, writer)
            finally:
                del self._running[task]

        server = await asyncio.start_server(serve, self._host, 0)
        self._servers.append(server)
        found: int = server.sockets[0].getsockname()[1]
        return found

    def cut(self, pairs: Iterable[Pair]) -> None:
        """From now on these directions are silent and nothing else is; connections over both ways cut are broken."""
        self._cut = frozenset(pairs)
        for task, (one, other) in [*self._running.items()]:
            if (one, other) in self._cut and (other, one) in self._cut:
                task.cancel()

    def heal(self) -> None:
        """All directions carry again. What a one-way cut has swallowed broke its streams: they start anew."""
        silent, self._cut = self._cut, frozenset()
        for task, (one, other) in [*self._running.items()]:
            if (one, other) in silent or (other, one) in silent:
                task.cancel()

    async def close(self) -> None:
        for task in [*self._running]:
            task.cancel()
        for server in self._servers:
            server.close()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _join(
        self, dialer: int, listener: int, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if (dialer, listener) in self._cut and (listener, dialer) in self._cut:
            writer.close()
            return
        try:
            other_reader, other_writer = await asyncio.open_connection(self._host, port)
        except OSError:
            writer.close()
            return
        try:
            async with asyncio.TaskGroup() as both:
                there = both.create_task(self._carry((dialer, listener), reader, other_writer))
                back = both.create_task(self._carry((listener, dialer), other_reader, writer))
                await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
                there.cancel()
                back.cancel()
        finally:
            writer.close()
            other_writer.close()

    async def _carry(self, direction: Pair, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                if direction not in self._cut:
                    writer.write(data)
                    await writer.drain()


def halves(nodes: int) -> list[Pair]:
    """Both directions between the first half and the rest."""
    return [(a, b) for a in range(nodes) for b in range(nodes) if (a < nodes // 2) != (b < nodes // 2)]


def ring(nodes: int) -> list[Pair]:
    """Everything but the links of neighbours on a circle."""
    near = {1, nodes - 1}
    return [(a, b) for a in range(nodes) for b in range(nodes) if a != b and (a - b) % nodes not in near]


def around(node: int, nodes: int) -> list[Pair]:
    """Both directions of all of one node's links."""
    return [pair for other in range(nodes) if other != node for pair in ((node, other), (other, node))]


def from_one(node: int, nodes: int) -> list[Pair]:
    """What one node says reaches nobody; it hears all."""
    return [(node, other) for other in range(nodes) if other != node]
