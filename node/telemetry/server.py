"""The page that Prometheus reads, on an address of its own: GET /metrics. Off unless the configuration names one."""

import asyncio
from typing import Final

from aiohttp import web

from node.config import parse_listen
from node.rpc.errors import PortInUse
from node.telemetry.readings import Readings

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
CLOSE_SECONDS: Final = 1.0
AT_ONCE: Final = 4  # pages made at the same time: each goes through the files of the database


class MetricsServer:
    """One node's."""

    def __init__(self, readings: Readings, listen: str) -> None:
        """listen: host:port, or empty for no metrics."""
        self._readings, self._listen = readings, listen
        self._runner: web.AppRunner | None = None
        self._free = asyncio.Semaphore(AT_ONCE)

    async def start(self) -> None:
        """Raises PortInUse."""
        if not self._listen:
            return
        app = web.Application()
        app.router.add_get("/metrics", self._serve)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=CLOSE_SECONDS)
        await self._runner.setup()
        address = parse_listen("metrics.listen", self._listen)
        try:
            await web.TCPSite(self._runner, address.host, address.port).start()
        except OSError as error:
            raise PortInUse("metrics.listen", self._listen, error.strerror or "refused") from error

    async def stop(self) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        async with self._free:
            return web.Response(body=await self._readings.text(), headers={"Content-Type": CONTENT_TYPE})
