"""JSON-RPC by POST: the body read in time, the answer sent in time, the request's id in its head and in the log."""

import asyncio
import json
import logging
import os

from aiohttp import web

from crypto.errors import ClusterError
from node.config import RpcConfig
from node.instruments import Recorder
from node.rpc.errors import BodyTooLarge, BodyTooSlow, SlowReader
from node.rpc.protocol import Dispatcher, failure
from node.telemetry.metrics import Metrics
from node.telemetry.request_id import HEADER, handling, request_id

log = logging.getLogger(__name__)


class PostDoor:
    """Serves POST with what a dispatcher answers."""

    def __init__(
        self, dispatcher: Dispatcher, limits: RpcConfig, metrics: Metrics, recorder: Recorder | None = None
    ) -> None:
        self._dispatcher, self._limits, self._metrics, self._recorder = dispatcher, limits, metrics, recorder

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The answer, sent already. A client that does not read it is cut off."""
        id_ = request_id(request.headers.get(HEADER), os.urandom)
        with handling(id_):
            response = await self._answer(request)
            response.headers[HEADER] = id_
            try:
                async with asyncio.timeout(self._limits.send_seconds):
                    await response.prepare(request)
                    await response.write_eof()
            except TimeoutError:
                self._metrics.refused(SlowReader.__name__)
                log.info("%s", SlowReader(self._limits.send_seconds))
                if request.transport is not None:
                    request.transport.abort()
        return response

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return self._refused(BodyTooLarge(self._limits.max_body_bytes), 413)
        except TimeoutError:
            return self._refused(BodyTooSlow(self._limits.body_seconds), 408)
        answer = await self._dispatcher.answer(body)
        if self._recorder is not None:
            self._recorder("rpc", body + (answer or b""))
        if answer is None:
            return web.Response(status=204)
        return web.Response(body=answer, content_type="application/json")

    def _refused(self, error: ClusterError, status: int) -> web.Response:
        self._metrics.refused(type(error).__name__)
        return json_response(failure(None, error), status)


def json_response(value: object, status: int = 200) -> web.Response:
    """A JSON document."""
    return web.Response(text=json.dumps(value), status=status, content_type="application/json")
