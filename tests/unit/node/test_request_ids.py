"""A request's id: in the answer's head, and in every line of the log about it, from whatever task or thread."""

import asyncio
import io
import json
import logging
import threading
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
import pytest_asyncio

from chain.types.scalars import Height
from node.rpc.protocol import Dispatcher
from node.storage.database import Database
from node.telemetry.logs import JsonLine
from node.telemetry.request_id import HEADER, current_request, request_id
from tests.support.one_node import OneNode, one_node

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OneNode]:
    async with one_node(tmp_path_factory.mktemp("ids")) as running:
        yield running


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the node logs about RPC meanwhile, as JSON lines."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLine())
    logger = logging.getLogger("node.rpc")
    logger.addHandler(handler)
    before = logger.level
    logger.setLevel(logging.DEBUG)
    yield written
    logger.removeHandler(handler)
    logger.setLevel(before)


def ids_of(written: io.StringIO) -> list[str | None]:
    return [json.loads(line).get("request_id") for line in written.getvalue().splitlines()]


async def post(node: OneNode, given: str | None, method: str = "net_info", *params: object) -> str:
    """The id in the answer's head."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    headers = {} if given is None else {HEADER: given}
    async with aiohttp.ClientSession() as session, session.post(node.url, json=request, headers=headers) as response:
        return response.headers[HEADER]


async def test_the_callers_id_comes_back_and_stands_in_the_log(node: OneNode, lines: io.StringIO) -> None:
    assert await post(node, "shop-7.order_9") == "shop-7.order_9"
    assert ids_of(lines) == ["shop-7.order_9"]


async def test_without_one_each_request_gets_its_own(node: OneNode, lines: io.StringIO) -> None:
    ids = [await post(node, None) for _ in range(2)]
    assert len(set(ids)) == 2 and ids_of(lines) == ids


@pytest.mark.parametrize("given", ["", 65 * "a", "two words", "a;b", "\u00fc"])
async def test_an_id_that_could_break_a_line_is_not_taken_over(given: str) -> None:
    assert request_id(given, lambda count: bytes(count)) == "00" * 8


async def test_refusals_have_one_too(node: OneNode) -> None:
    size = node.app.node.config.rpc.max_body_bytes + 1
    async with (
        aiohttp.ClientSession() as session,
        session.post(node.url, data=b" " * size, headers={HEADER: "large"}) as response,
    ):
        assert (response.status, response.headers[HEADER]) == (413, "large")


async def test_reader_threads_work_under_the_requests_id(node: OneNode, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str | None]] = []
    commit = Database.commit

    def watched(self: Database, height: Height) -> bytes | None:
        seen.append((threading.current_thread().name, current_request()))
        return commit(self, height)

    monkeypatch.setattr(Database, "commit", watched)
    await post(node, "in-a-thread", "chain_getBlock")
    assert [id_ for name, id_ in seen if name.startswith("reader")] == ["in-a-thread"]
    assert current_request() is None


async def test_messages_of_a_websocket_are_numbered_under_its_id(node: OneNode, lines: io.StringIO) -> None:
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "net_info"})
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(node.url + "/ws", headers={HEADER: "talk"}) as socket,
    ):
        for _ in range(2):
            await socket.send_str(request)
            await asyncio.wait_for(socket.receive(), 10)
        assert socket._response.headers[HEADER] == "talk"
    assert ids_of(lines) == ["talk/1", "talk/2"]


async def test_parameters_stay_out_of_the_log(node: OneNode, lines: io.StringIO) -> None:
    await post(node, "quiet", "chain_getAccount", "cluster1secretsecret")
    assert lines.getvalue() and "secret" not in lines.getvalue()
    assert Dispatcher.__module__ in lines.getvalue()
