"""JSON-RPC 2.0 over HTTP, by TCP or by a socket of this machine: calls and batches, the node's errors as exceptions."""

import itertools
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

from client.errors import NotAnRpc, RpcFailed, Unreachable
from client.local_socket import SCHEME, short_name
from client.strict_json import parse

Json = Any
TIMEOUT_SECONDS: Final = 90.0  # longer than a node waits for a commit
ON_A_SOCKET: Final = "http://localhost/"  # what a request by a socket says it is for
MAX_ANSWER_BYTES: Final = 64 * 2**20
_CHUNK_BYTES: Final = 2**16


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a batch."""

    method: str
    params: Mapping[str, Json] = field(default_factory=dict)


class RpcClient:
    """One node's RPC at `url` (http://host:port, or unix:///path of a socket). Use it as an async context manager."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self.url = url
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None
        self._held = ExitStack()
        self._ids = itertools.count(1)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give back the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
            self._held.close()

    async def call(self, method: str, /, **params: Json) -> Json:
        """The result of one method; bytes go out as 0x-hex, None is left out.

        Raises RpcFailed, Unreachable, NotAnRpc.
        """
        request = self._request(method, params)
        answer = await self._post(request)
        if not isinstance(answer, dict) or answer.get("id") not in (request["id"], None):
            raise NotAnRpc(self.url, "the answer belongs to no request")
        return self._result(answer)

    async def batch(self, calls: Sequence[Call]) -> list[Json | RpcFailed]:
        """The results in the order of the calls; what failed is an RpcFailed in its place.

        Raises RpcFailed when the batch is refused as a whole, Unreachable, NotAnRpc.
        """
        if not calls:
            return []
        requests = [self._request(call.method, call.params) for call in calls]
        answers = await self._post(requests)
        if isinstance(answers, dict):
            self._result(answers)
        if not isinstance(answers, list) or not all(isinstance(answer, dict) for answer in answers):
            raise NotAnRpc(self.url, "a batch was not answered with a batch")
        by_id = {answer.get("id"): answer for answer in answers}
        if set(by_id) != {request["id"] for request in requests}:
            raise NotAnRpc(self.url, "the answers do not belong to the requests")
        return [self._outcome(by_id[request["id"]]) for request in requests]

    def _request(self, method: str, params: Mapping[str, Json]) -> dict[str, Json]:
        return {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": _plain(params)}

    async def _post(self, body: Json) -> Json:
        try:
            if self._session is None:
                self._session = aiohttp.ClientSession(timeout=self._timeout, connector=self._connector())
            target = ON_A_SOCKET if self.url.startswith(SCHEME) else self.url
            async with self._session.post(target, json=body) as response:
                text = await _read_text(response, self.url)
        except aiohttp.InvalidURL as error:
            raise Unreachable(self.url, "it is not a URL such as http://127.0.0.1:8645") from error
        except aiohttp.ClientConnectorError as error:
            number = error.os_error.errno
            raise Unreachable(self.url, os.strerror(number) if number and number > 0 else str(error)) from error
        except TimeoutError as error:
            raise Unreachable(self.url, f"nothing came within {self._timeout.total:.0f} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(self.url, str(error) or type(error).__name__) from error
        try:
            return parse(text)
        except ValueError as error:
            raise NotAnRpc(self.url, f"HTTP {response.status}, not JSON") from error

    def _connector(self) -> aiohttp.BaseConnector | None:
        if not self.url.startswith(SCHEME):
            return None
        path = self._held.enter_context(short_name(Path(self.url.removeprefix(SCHEME))))
        return aiohttp.UnixConnector(path)

    def _outcome(self, answer: dict[str, Json]) -> Json | RpcFailed:
        try:
            return self._result(answer)
        except RpcFailed as failed:
            return failed

    def _result(self, answer: dict[str, Json]) -> Json:
        return result_of(answer, self.url)


def result_of(answer: Mapping[str, Json], url: str) -> Json:
    """The result of a JSON-RPC response. Raises RpcFailed, NotAnRpc."""
    error = answer.get("error")
    if error is None and "result" in answer:
        return answer["result"]
    if not isinstance(error, dict) or type(error.get("code")) is not int:
        raise NotAnRpc(url, "the answer has neither result nor error")
    data = error.get("data")
    raise RpcFailed(error["code"], str(error.get("message")), data if isinstance(data, dict) else {})


async def _read_text(response: aiohttp.ClientResponse, url: str) -> str:
    """The body, as far as a client is willing to hold it. Raises NotAnRpc."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise NotAnRpc(url, f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
    return body.decode("utf-8", "replace")


def _plain(params: Mapping[str, Json]) -> dict[str, Json]:
    return {
        name: "0x" + bytes(value).hex() if isinstance(value, bytes | bytearray) else value
        for name, value in params.items()
        if value is not None
    }
