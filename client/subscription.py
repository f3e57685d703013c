"""News over WebSocket: new blocks, transactions, changes of tasks. A lost connection is made again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from client.errors import NotAnRpc
from client.rpc import result_of
from client.strict_json import parse

FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 5.0
HEARTBEAT_SECONDS: Final = 15.0
MAX_MESSAGE_BYTES: Final = 16 * 2**20


@dataclass(frozen=True, slots=True)
class News:
    """One piece of news. `gap`: earlier ones may have been missed (connection lost, or this client too slow)."""

    topic: str
    data: Any
    gap: bool


async def subscribe(url: str, topic: str) -> AsyncIterator[News]:
    """News of "blocks", "transactions" or "tasks" of the node at `url` (its RPC address), without end.

    Whoever must see everything asks RPC for what lies between when `gap` is set; the first piece of news has it set,
    as something may have happened before it. Raises RpcFailed for a topic that the node does not know.
    """
    pause = FIRST_PAUSE
    async with aiohttp.ClientSession() as session:
        while True:
            gap = True
            try:
                async for data in _connection(session, url, topic):
                    yield News(topic, data, gap)
                    gap, pause = False, FIRST_PAUSE
            except (aiohttp.ClientError, OSError):
                pass
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


async def _connection(session: aiohttp.ClientSession, url: str, topic: str) -> AsyncIterator[Any]:
    """News until the connection ends or the node says that some were lost."""
    async with session.ws_connect(
        socket_url(url), heartbeat=HEARTBEAT_SECONDS, max_msg_size=MAX_MESSAGE_BYTES
    ) as socket:
        await socket.send_json({"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": {"topic": topic}})
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                return
            answer = _object(message.data, url)
            if answer.get("method") != "subscription":
                result_of(answer, url)
                continue
            params = answer.get("params")
            if not isinstance(params, dict) or not params.keys() & {"data", "lagged"}:
                raise NotAnRpc(url, "a notification of an unknown shape")
            if "data" not in params:
                return
            yield params["data"]


def socket_url(url: str) -> str:
    """The WebSocket address of an RPC address: http://host:port -> ws://host:port/ws."""
    return "ws" + url.removeprefix("http").rstrip("/") + "/ws"


def _object(text: str, url: str) -> dict[str, Any]:
    try:
        answer = parse(text)
    except ValueError as error:
        raise NotAnRpc(url, "a message is not JSON") from error
    if not isinstance(answer, dict):
        raise NotAnRpc(url, "a message is no object")
    return answer
