"""The outside of a node's RPC: a WebSocket that keeps news apart from answers, and servers with limits of their own."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp

from node.rpc.server import RpcServer
from tests.support.devnet_scene import free_base_port
from tests.support.one_node import OneNode


class Socket:
    """One WebSocket; answers by id, news in order."""

    def __init__(self, inner: aiohttp.ClientWebSocketResponse) -> None:
        self.inner = inner
        self.news: list[Any] = []

    async def send(self, request: object) -> None:
        await self.inner.send_str(request if isinstance(request, str) else json.dumps(request))

    async def next(self) -> Any:
        async with asyncio.timeout(20):
            message = await self.inner.receive()
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return json.loads(message.data)

    async def answer(self, request: Any) -> Any:
        """The answer to a request; news that come before are kept."""
        await self.send(request)
        while True:
            message = await self.next()
            if message.get("method") != "subscription" if isinstance(message, dict) else True:
                return message
            self.news.append(message["params"])

    async def call(self, method: str, *params: object) -> Any:
        return await self.answer({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})

    async def news_of(self, topic: str) -> Any:
        """The next piece of news of a topic."""
        while True:
            kept = next((params for params in self.news if params["topic"] == topic), None)
            if kept is not None:
                self.news.remove(kept)
                return kept
            self.news.append((await self.next())["params"])


@asynccontextmanager
async def another_server(node: OneNode, **limits: Any) -> AsyncIterator[str]:
    """A second RPC server of the same node with limits of its own."""
    port = free_base_port(1)
    config = replace(node.app.node.config.rpc, listen=f"127.0.0.1:{port}", **limits)
    server = RpcServer(replace(node.app.node, config=replace(node.app.node.config, rpc=config)))
    await server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await server.stop()
