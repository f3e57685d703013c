"""JSON-RPC 2.0 without I/O: bytes of a request or batch in, bytes of the answer out (None for notifications only).

Source: the JSON-RPC 2.0 specification. Errors carry their class's stable code, the sentence for people, and in `data`
the class's name and the compared values.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from time import perf_counter
from typing import Any, Final

from client.strict_json import parse as parse_json
from crypto.errors import ClusterError
from node.rpc.errors import INTERNAL, BatchTooLarge, InvalidRequest, ParseError, RequestTooSlow, RpcError
from node.rpc.method import Json, Method, MethodTable, Reading, in_place
from node.telemetry.metrics import UNKNOWN

_MAX_DEPTH: Final = 32
_MAX_CONTAINERS: Final = 20_000  # ten for each request of the largest batch; a million would be a long pause for all
_SMALL: Final = 32 * 1024  # bytes of JSON that are parsed at once

Observe = Callable[[str, str, float], None]  # (method, outcome, seconds), see Metrics.called

log = logging.getLogger(__name__)


def unobserved(method: str, outcome: str, seconds: float) -> None:
    """An Observe that does not look."""


class Dispatcher:
    """Answers requests from a table of methods. `reading` runs what takes long in a thread.

    A request, or a batch as a whole, has `seconds`; a call that is not answered by then is given up.
    """

    def __init__(
        self,
        methods: MethodTable,
        max_batch: int,
        seconds: float,
        reading: Reading = in_place,
        observe: Observe = unobserved,
    ) -> None:
        self._methods, self._max_batch, self._seconds = methods, max_batch, seconds
        self._reading, self._observe = reading, observe

    async def answer(self, body: bytes | str) -> bytes | None:
        """The answer to one request or batch; None when nothing but notifications was sent."""
        deadline = asyncio.get_running_loop().time() + self._seconds
        try:
            request = parse(body) if len(body) <= _SMALL else await self._reading(parse, body)
            if isinstance(request, list):
                return await self._answer_batch(request, deadline)
        except RpcError as error:
            return dump(failure(None, error))
        response = await self._answer_one(request, deadline)
        return None if response is None else dump(response)

    async def _answer_batch(self, batch: list[object], deadline: float) -> bytes | None:
        if not batch:
            raise InvalidRequest("an empty batch")
        if len(batch) > self._max_batch:
            raise BatchTooLarge(len(batch), self._max_batch)
        wanted = []
        for request in batch:
            answer = await self._answer_one(request, deadline)
            if answer is not None:
                wanted.append(answer)
            await asyncio.sleep(0)  # a batch is many requests: others get their turn between them
        return dump(wanted) if wanted else None

    async def _answer_one(self, request: object, deadline: float) -> dict[str, object] | None:
        try:
            id_, method, params, notification = read_request(request)
        except RpcError as error:
            return failure(_id_of(request), error)
        started, name, outcome = perf_counter(), UNKNOWN, "ok"
        try:
            chosen = self._methods.find(method)
            name = chosen.name
            response = {"jsonrpc": "2.0", "id": id_, "result": await self._call(chosen, params, deadline)}
        except ClusterError as error:
            outcome = "late" if isinstance(error, RequestTooSlow) else "refused"
            response = failure(id_, error)
        except Exception:
            log.exception("method %s failed", name)
            outcome, response = "failed", internal_failure(id_)
        seconds = perf_counter() - started
        self._observe(name, outcome, seconds)
        log.debug("method %s: %s after %.1f ms", name, outcome, 1000 * seconds)
        return None if notification else response

    async def _call(self, method: Method, params: object, deadline: float) -> Json:
        if asyncio.get_running_loop().time() >= deadline:
            raise RequestTooSlow(self._seconds)
        arguments = method.bind(params)
        try:
            async with asyncio.timeout_at(deadline) as limit:
                return await method.handler(**arguments)
        except TimeoutError as error:
            if limit.expired():
                raise RequestTooSlow(self._seconds) from error
            raise


def parse(body: bytes | str) -> object:
    """JSON with bounds on nesting and on the number of arrays and objects. Raises ParseError."""
    try:
        text = body.decode("utf-8") if isinstance(body, bytes) else body
        if text.count("[") + text.count("{") > _MAX_CONTAINERS:
            raise ParseError(f"more than {_MAX_CONTAINERS} arrays and objects")
        return parse_json(text, _MAX_DEPTH)
    except ValueError as error:
        raise ParseError(str(error)[:120]) from error


def read_request(request: object) -> tuple[Any, str, object, bool]:
    """(id, method, params, is a notification). Raises InvalidRequest."""
    if not isinstance(request, dict):
        raise InvalidRequest("not an object")
    if request.get("jsonrpc") != "2.0":
        raise InvalidRequest('"jsonrpc" must be "2.0"')
    method = request.get("method")
    if not isinstance(method, str):
        raise InvalidRequest('"method" must be a string')
    id_ = request.get("id")
    if not (id_ is None or type(id_) in (str, int, float)):
        raise InvalidRequest('"id" must be a string, a number or null')
    params = request.get("params", [])
    if not isinstance(params, (list, dict)):
        raise InvalidRequest('"params" must be an array or an object')
    return id_, method, params, "id" not in request


def failure(id_: object, error: ClusterError) -> dict[str, object]:
    """The error object of a typed error. Whatever its fields are called, `name` and `code` are the rule's."""
    code = getattr(error, "rpc_code", None) or error.code
    fields = {key: _plain(value) for key, value in error.fields.items()}
    data = {**fields, "name": type(error).__name__, "code": error.code}
    return {"jsonrpc": "2.0", "id": id_, "error": {"code": code, "message": str(error), "data": data}}


def internal_failure(id_: object) -> dict[str, object]:
    """A fault of the node itself; details are in its log only."""
    message = "the node failed on this request; its log says why. Report it with the time of the request."
    return {"jsonrpc": "2.0", "id": id_, "error": {"code": INTERNAL, "message": message}}


def _id_of(request: object) -> object:
    id_ = request.get("id") if isinstance(request, dict) else None
    return id_ if type(id_) in (str, int, float) else None


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53:
        return str(value)
    return value if isinstance(value, (str, int, bool, type(None))) else str(value)


def dump(value: object) -> bytes:
    """JSON in ASCII, so that half of a surrogate pair in an id goes back as it came."""
    return json.dumps(value, separators=(",", ":")).encode()
