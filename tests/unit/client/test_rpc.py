"""The JSON-RPC client against a real node, and against addresses where no node answers."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from client.errors import NotAnRpc, RpcFailed, Unreachable
from client.rpc import Call, RpcClient
from tests.support.devnet_scene import free_base_port
from tests.support.one_node import one_node


async def test_calls_batches_and_errors_of_a_real_node(tmp_path: Path) -> None:
    async with one_node(tmp_path) as node, RpcClient(node.url) as rpc:
        status = await rpc.call("chain_status")
        assert status["chain_id"] == "test-chain"

        with pytest.raises(RpcFailed) as refused:
            await rpc.call("chain_getReceipt", hash=bytes(32))
        assert (refused.value.rule, refused.value.name) == (7210, "NotFound")
        assert refused.value.data["what"] == "transaction"

        with pytest.raises(RpcFailed) as unknown:
            await rpc.call("chain_gteBlock")
        assert (unknown.value.rpc_code, unknown.value.rule) == (-32601, 7203)
        assert unknown.value.data["similar"] == "chain_getBlock"

        first, second, third = await rpc.batch(
            [Call("chain_status"), Call("chain_getBlock", {"height": 10**9}), Call("mempool_status")]
        )
        assert first["chain_id"] == "test-chain" and third["count"] == 0
        assert isinstance(second, RpcFailed) and second.name == "NotFound"
        assert await rpc.batch([]) == []

        with pytest.raises(RpcFailed) as whole:
            await rpc.batch([Call("chain_status")] * 101)
        assert whole.value.name == "BatchTooLarge"


async def test_nobody_listens() -> None:
    async with RpcClient(f"http://127.0.0.1:{free_base_port(1)}") as rpc:
        with pytest.raises(Unreachable) as silence:
            await rpc.call("chain_status")
    assert silence.value.reason == "Connection refused"


@pytest.mark.parametrize("url", ["127.0.0.1:8645", "http://", "nonsense"])
async def test_an_address_that_is_none(url: str) -> None:
    async with RpcClient(url) as rpc:
        with pytest.raises(Unreachable):
            await rpc.call("chain_status")


async def _answering(text: str, *, after: float = 0.0) -> tuple[web.AppRunner, str]:
    async def answer(request: web.Request) -> web.Response:
        await asyncio.sleep(after)
        return web.Response(text=text)

    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_base_port(1)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner, f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    "text",
    ["<html>", "[]", "{}", '{"id": 99, "result": 1}', '{"id": 1}', '{"id": 1, "error": "no"}', "[" * 100_000],
)
async def test_something_else_answers(text: str) -> None:
    runner, url = await _answering(text)
    async with RpcClient(url) as rpc:
        with pytest.raises(NotAnRpc):
            await rpc.call("chain_status")
    await runner.cleanup()


@pytest.mark.parametrize("text", ['{"id": 1, "result": 1}', "[1]", "[]", '[{"id": 7, "result": 1}]'])
async def test_a_batch_answered_with_something_else(text: str) -> None:
    runner, url = await _answering(text)
    async with RpcClient(url) as rpc:
        with pytest.raises(NotAnRpc):
            await rpc.batch([Call("chain_status")])
    await runner.cleanup()


async def test_an_answer_that_does_not_come() -> None:
    runner, url = await _answering("{}", after=30)
    async with RpcClient(url, timeout=0.05) as rpc:
        with pytest.raises(Unreachable, match="nothing came within"):
            await rpc.call("chain_status")
    await runner.cleanup()
