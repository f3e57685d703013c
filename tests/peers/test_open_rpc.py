"""open-rpc-test-coverage against a running node: what the node's own OpenRPC document promises is what it answers.

Each method is called with parameters invented from their schemas, and with real ones. An answer is a result that fits
the schema, or a typed error; a fault of the node is neither.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from client.rpc import RpcClient
from client.subscription import subscribe
from tests.support import snarkjs
from tests.support.json_schema import faults
from tests.support.one_node import OneNode, one_node

_CLI = Path(__file__).parent / "node_modules" / "@open-rpc" / "test-coverage" / "bin" / "cli.js"
pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not _CLI.exists(), reason="open-rpc-test-coverage is not installed: run tests/peers/setup.sh"),
]
KNOWN_OPENRPC = "1.2.6"  # the newest that the tool's own schema lists; what it tests did not change since
INTERNAL = -32603
UNKNOWN_METHOD = -32601


def with_examples(document: dict[str, Any], node: OneNode, height: int) -> dict[str, Any]:
    """The document with real calls of some methods; the tool compares results with the schema, not with ours."""
    address = node.accounts["account0"].address
    real: dict[str, list[Any]] = {
        "chain_getBlock": [height],
        "chain_getLightBlock": [height],
        "chain_getEvents": [1, height],
        "chain_getAccount": [address],
        "chain_getProof": ["0x00"],
        "contract_scanNotes": [0, 0],
        "contract_scanNullifiers": [0, 0],
        "task_list": [],
        "validator_list": [height],
    }
    for method in document["methods"]:
        if method["name"] in real:
            params = [{"name": f"p{at}", "value": value} for at, value in enumerate(real[method["name"]])]
            method["examples"] = [{"name": "real", "params": params, "result": {"name": "r", "value": None}}]
    return {**document, "openrpc": KNOWN_OPENRPC, "servers": [{"name": "node", "url": node.url}]}


async def report(folder: Path) -> list[dict[str, Any]]:
    async with one_node(folder / "node") as node, RpcClient(node.url) as rpc:
        async for news in subscribe(node.url, "blocks"):
            if news.data["header"]["height"] >= 3:
                break
        document = with_examples(await rpc.call("rpc.discover"), node, 2)
        schema = folder / "openrpc.json"
        await asyncio.to_thread(schema.write_text, json.dumps(document))
        run = await asyncio.create_subprocess_exec(
            *(str(snarkjs.node()), str(_CLI), "--schema", str(schema), "--transport", "http", "--reporters", "json"),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await run.communicate()
        calls: list[dict[str, Any]] = json.loads(out[: out.rindex(b"]") + 1])
        assert {call["methodName"] for call in calls} == {method["name"] for method in document["methods"]}
        return calls


async def test_every_answer_is_what_the_document_promises(tmp_path: Path) -> None:
    calls = await report(tmp_path)
    assert len(calls) > 200
    results = set()
    for call in calls:
        assert "requestError" not in call, call["requestError"]
        error = call.get("error")
        if error is None:
            results.add(call["methodName"])
            assert list(faults(call["resultSchema"], call["result"])) == [], call["methodName"]
        else:
            assert error["code"] not in (INTERNAL, UNKNOWN_METHOD), (call["methodName"], call["params"], error)
            assert error["data"]["name"] and error["data"]["code"] is not None
    assert {"chain_getBlock", "chain_getLightBlock", "chain_getAccount", "chain_getProof", "net_peers"} <= results
