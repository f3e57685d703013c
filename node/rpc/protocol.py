"""JSON-RPC 2.0 without I/O: bytes of a request or batch in, bytes of the answer out (None for notifications only).

Source: the JSON-RPC 2.0 specification. Errors carry their class's stable code, the sentence for people, and in `data`
the class's name and the compared values.
"""

import asyncio
import json
import logging
from typing import Any, Final

from client.strict_json import parse as parse_json
from crypto.errors import ClusterError
from node.rpc.errors import INTERNAL, BatchTooLarge, InvalidRequest, ParseError, RpcError
from node.rpc.method import MethodTable, Reading, in_place

_MAX_DEPTH: Final = 32
_MAX_CONTAINERS: Final = 20_000  # ten for each request of the largest batch; a million would be a long pause for all
_SMALL: Final = 32 * 1024  # bytes of JSON that are parsed at once

log = logging.getLogger(__name__)


class Dispatcher:
    """Answers requests from a table of methods. `reading` runs what takes long in a thread."""

    def __init__(self, methods: MethodTable, max_batch: int, reading: Reading = in_place) -> None:
        self._methods, self._max_batch, self._reading = methods, max_batch, reading

    async def answer(self, body: bytes | str) -> bytes | None:
        """The answer to one request or batch; None when nothing but notifications was sent."""
        try:
            request = parse(body) if len(body) <= _SMALL else await self._reading(parse, body)
            if isinstance(request, list):
                return await self._answer_batch(request)
        except RpcError as error:
            return dump(failure(None, error))
        response = await self._answer_one(request)
        return None if response is None else dump(response)

    async def _answer_batch(self, batch: list[object]) -> bytes | None:
        if not batch:
            raise InvalidRequest("an empty batch")
        if len(batch) > self._max_batch:
            raise BatchTooLarge(len(batch), self._max_batch)
        wanted = []
        for request in batch:
            answer = await self._answer_one(request)
            if answer is not None:
                wanted.append(answer)
            await asyncio.sleep(0)  # a batch is many requests: others get their turn between them
        return dump(wanted) if wanted else None

    async def _answer_one(self, request: object) -> dict[str, object] | None:
        try:
            id_, method, params, notification = read_request(request)
        except RpcError as error:
            return failure(_id_of(request), error)
        try:
            chosen = self._methods.find(method)
            result = await chosen.handler(**chosen.bind(params))
        except ClusterError as error:
            return None if notification else failure(id_, error)
        except Exception:
            log.exception("method %s failed", method)
            return None if notification else internal_failure(id_)
        return None if notification else {"jsonrpc": "2.0", "id": id_, "result": result}


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
    """The error object of a typed error."""
    code = getattr(error, "rpc_code", None) or error.code
    data = {
        "name": type(error).__name__,
        "code": error.code,
        **{key: _plain(value) for key, value in error.fields.items()},
    }
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
