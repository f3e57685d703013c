"""Writes docs/rpc.md: every method as the server describes itself, each with a recorded request and its answer.

    python -m tests.support.make_rpc_page                    write the page
    python -m tests.support.make_rpc_page --record NETWORK   ask a running network for fresh examples first

NETWORK is the folder of a network with tasks and a confidential contract, as `cluster demo --keep --dir DIR` leaves it
(DIR/network); a shielded pool is opened there. The examples are kept in docs/rpc_examples.json, long values cut short.
"""

import argparse
import asyncio
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp

from chain.execution.param_changes import ParamChange
from chain.types.scalars import AccountId, Amount, Height, Name, Text, Uint
from client.notes.pages import list_pools
from client.results import chain_status
from client.rpc import RpcClient
from client.wallet import Wallet
from compute.dev_keys import DevKeys
from compute.shielded.opening import open_pool, transfer_keys
from contracts.governance.actions import Propose
from contracts.governance.decisions import SetParameters
from contracts.token.actions import Transfer
from contracts.token.asset_actions import CreateAsset
from crypto.address import decode_address
from node.cli.places import cache_folder
from node.config import RpcConfig
from node.devnet.files import ACCOUNT_PURPOSE, PUBLISHER, load_network
from node.keystore import load_key
from node.parts import Node
from node.rpc.server import RpcServer
from node.telemetry.metrics import Metrics
from tests.support.rooms import ROOT

PAGE = ROOT / "docs" / "rpc.md"
EXAMPLES = ROOT / "docs" / "rpc_examples.json"
HEX_SHOWN = 66  # a hash in full; longer hex is cut
ITEMS_SHOWN = 2
EVENT_BLOCKS = 20

Json = Any
Examples = dict[str, dict[str, Json]]

GROUPS = {
    "chain": "The chain",
    "tx": "Transactions",
    "mempool": "Transactions",
    "asset": "Assets",
    "task": "Tasks and providers",
    "provider": "Tasks and providers",
    "registry": "Keys, programs, models",
    "model": "Keys, programs, models",
    "contract": "Confidential contracts, notes, shielded pools",
    "governance": "Decisions of the validators",
    "staking": "Validators and stake",
    "validator": "Validators and stake",
    "net": "Peers, consensus",
    "consensus": "Peers, consensus",
    "verifier": "Peers, consensus",
    "rpc": "The interface itself",
    "subscribe": "Subscriptions",
    "unsubscribe": "Subscriptions",
}

HEAD = """# JSON-RPC

<!-- Written by tests/support/make_rpc_page.py; a test fails when it is out of date. -->

A node answers JSON-RPC 2.0 by POST at `/` and by WebSocket at `/ws`; `rpc.listen` in its configuration says where
(`devnet up` prints it). Parameters go by name or by position. Single requests, batches and notifications work as
in the specification. Bodies, batches, connections and subscriptions are limited by the `rpc` table of the
configuration.

The answer's header `X-Request-Id` is the caller's own id (up to 64 letters, digits, `.`, `_`, `-`) or a new one, and
stands in every line that the node logs about the request. Over WebSocket it comes with the upgrade; message n is
logged as ID/n. A subscriber who lets too much wait gets a last notification with `lagged` and `error`.

`/health/live` answers as long as the event loop turns, `/health/ready` with status 503 and reasons while the node
catches up or no blocks become final. `/` shows a page for people. Methods `node_*` are the operator's and answered
[on a socket in the node's home](operators.md) alone.

Bytes are 0x-hex, amounts decimal strings of nano-CLU, accounts addresses `cluster1...`, field elements decimal
strings. A node checks its own state; whoever does not trust the node asks `chain_getProof` and checks the
signatures ([light client](light-client.md)).

An error carries the code of the rule that was broken, one sentence that says what to do, and in `data` the rule's
name and the compared values. JSON-RPC's own codes (-32700 and so on) are used where the specification defines one;
`data.code` is always ours. `cluster explain CODE` and [errors.md](errors.md) list them.

`rpc.discover` has the schema of every answer. The examples were recorded on a development network. Long hex and
lists are cut short with `…`.
"""


def openrpc() -> dict[str, Json]:
    """What rpc.discover answers, without a node behind it."""
    node = SimpleNamespace(config=SimpleNamespace(rpc=RpcConfig()), ledger=None, metrics=Metrics())
    return cast(dict[str, Json], asyncio.run(RpcServer(cast(Node, node)).discover()))


def make_page(methods: list[Json], examples: Examples) -> str:
    """The page for methods of an OpenRPC document."""
    titles = list(dict.fromkeys(GROUPS.values()))
    lines = [HEAD]
    for title in titles:
        lines.append(f"## {title}\n")
        for method in methods:
            if GROUPS[re.split("[._]", method["name"])[0]] == title:
                lines += _section(method, examples.get(method["name"]))
    return "\n".join(lines).rstrip() + "\n"


def _section(method: Json, example: dict[str, Json] | None) -> list[str]:
    lines = [f"### {method['name']}\n", method["summary"] + "\n"]
    if method["params"]:
        lines += ["| parameter | | type |", "|---|---|---|"]
        for item in method["params"]:
            need = "required" if item["required"] else "optional"
            lines.append(f"| `{item['name']}` | {need} | {_type(item['schema'])} |")
        lines.append("")
    if example is not None:
        lines += ["Request:\n", "```json", json.dumps(example["call"], ensure_ascii=False), "```\n"]
        lines += ["Result:\n", "```json", _spread(example["result"]), "```\n"]
        if "news" in example:
            lines += ["Then, again and again:\n", "```json", _spread(example["news"]), "```\n"]
    return lines


def _type(schema: dict[str, Json]) -> str:
    known = {
        "^0x([0-9a-fA-F]{2})*$": "0x-hex",
        "^0x[0-9a-fA-F]{64}$": "0x-hex of 32 bytes",
        "^cluster1[0-9a-z]{58}$": "address `cluster1…`",
        "^clustervaloper1[0-9a-z]{58}$": "validator `clustervaloper1…`",
    }
    plain = {"integer": "integer, at least 0", "boolean": "true or false", "string": "text of at most 256 characters"}
    return known.get(schema.get("pattern", ""), plain[schema["type"]])


def _spread(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def shortened(value: Json) -> Json:
    """Long hex and long lists cut, so that an example shows its shape."""
    if isinstance(value, str) and value.startswith("0x") and len(value) > HEX_SHOWN:
        return value[:34] + "…"
    if isinstance(value, list):
        kept = [shortened(item) for item in value[:ITEMS_SHOWN]]
        return kept if len(value) <= ITEMS_SHOWN else [*kept, "…"]
    if isinstance(value, dict):
        return {name: shortened(item) for name, item in value.items()}
    return value


class Recorder:
    """Calls each method once with parameters that it finds on the network."""

    def __init__(self, folder: Path, keys: DevKeys) -> None:
        """keys: where those of transfers are kept, which a network without a pool needs."""
        self._network, self._keys = load_network(folder), keys
        self._url = self._network.rpc_urls[0]
        self.examples: Examples = {}

    async def record(self) -> Examples:
        async with RpcClient(self._url) as rpc:
            self._rpc = rpc
            await self._chain()
            await self._market()
            await self._transactions()
            await self._assets()
            await self._governance()
            await self._staking()
            document = await rpc.call("rpc.discover")
            for method in document["methods"]:
                if method["name"] not in self.examples and not any(item["required"] for item in method["params"]):
                    await self._note(method["name"])
            shown = next(method for method in document["methods"] if method["name"] == "mempool_status")
            self._keep("rpc.discover", {}, {**document, "methods": [shown, "…"]})
        await self._subscriptions()
        return dict(sorted(self.examples.items()))

    async def _note(self, method: str, **params: Json) -> Json:
        answer = await self._rpc.call(method, **params)
        self._keep(method, params, shortened(answer))
        return answer

    def _keep(self, method: str, params: dict[str, Json], result: Json) -> None:
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": shortened(params)}
        self.examples[method] = {"call": call, "result": result}

    async def _chain(self) -> None:
        await self._note("chain_status")
        settled = await self._events("tasks.settled")
        height, index = settled[0]["height"], settled[0]["index"]
        block = await self._note("chain_getBlock", height=height)
        hash_ = block["transactions"][index]
        await self._note("chain_getTransaction", hash=hash_)
        await self._note("chain_getReceipt", hash=hash_)
        await self._note("chain_getEvents", first=height, last=height, type="tasks.settled")
        await self._note("chain_getProof", key="0x" + b"chain/supply/".hex())
        await self._note("chain_getLightBlock", height=height)

    async def _events(self, type_: str) -> list[Json]:
        found = await self._rpc.call("chain_getEvents", first=1, type=type_)
        return list(found["events"])

    async def _market(self) -> None:
        tasks = await self._events("tasks.opened")
        requester, ended = tasks[0]["requester"], [event["task"] for event in await self._events("tasks.settled")]
        task = await self._note("task_get", id=ended[0])
        await self._note("task_list", requester=requester, state="settled", limit=1)
        await self._note("provider_get", address=task["result"]["provider"])
        await self._note("provider_list")
        await self._note("registry_getKey", id=task["vk_id"])
        await self._note("registry_getProgram", id=task["terms"]["program"])
        models = await self._note("model_list")
        await self._note("model_get", name=models["models"][0]["model"])
        contract = (await self._events("confidential.deployed"))[0]["contract"]
        await self._note("contract_get", id=contract)
        await self._note("contract_getEpochs", id=contract)
        await self._note("contract_getAbi", id=contract)
        await self._note("contract_getState", id=contract)
        await self._note("contract_getTree", id=contract)
        await self._note("contract_getSubtrees", id=contract)
        await self.pools(self._rpc)

    async def pools(self, rpc: RpcClient) -> None:
        """The pool of the network; where there is none, as behind `cluster demo`, one is opened first."""
        self._rpc = rpc
        if not await list_pools(rpc):
            publisher = await Wallet.open(self._network.accounts()[PUBLISHER].secret(), rpc)
            await open_pool(publisher, transfer_keys(self._keys))
        pools = await self._note("contract_listPools")
        await self._note("contract_getPool", id=pools["pools"][0]["pool"])

    async def _transactions(self) -> None:
        accounts = self._network.accounts()
        payee = AccountId(decode_address(accounts["account8"].address))
        wallet = await Wallet.open(accounts["account9"].secret(), self._rpc)
        signed = wallet.sign_envelope(await wallet.prepare([Transfer(payee, Amount(10**9))]))
        raw = "0x" + signed.raw.hex()
        await self._note("tx_simulate", transaction=raw)
        await self._note("tx_submit", transaction=raw, wait="committed")

    async def _assets(self) -> None:
        issuer = self._network.accounts()["account9"]
        wallet = await Wallet.open(issuer.secret(), self._rpc)
        outcome = await wallet.submit([CreateAsset(Name("gold"), Uint(2), Amount(100_000))])
        await self._note("asset_get", id=outcome.events[0]["asset"])
        await self._note("chain_getAccount", address=issuer.address)

    async def _governance(self) -> None:
        """The first validator's operator, who has no money at first, proposes something."""
        operator = load_key(self._network.home(self._network.members[0]).operator_key, ACCOUNT_PURPOSE)
        payer = await Wallet.open(self._network.accounts()["account9"].secret(), self._rpc)
        await payer.submit([Transfer(AccountId(operator.public), Amount(10**9))])
        wallet = await Wallet.open(operator, self._rpc)
        height = (await chain_status(self._rpc)).height
        change = SetParameters((ParamChange(Name("max_expiry"), Uint(2_000)),), Height(height + 1_000))
        outcome = await wallet.submit([Propose(change, Height(height + 900), Text("half an hour is short"))])
        await self._note("governance_getProposal", number=outcome.events[0]["proposal"])

    async def _staking(self) -> None:
        validators = (await self._rpc.call("validator_list"))["validators"]
        await self._note("staking_getValidator", validator=validators[0]["validator"])
        await self._note("staking_getDelegations", address=validators[0]["operator"])

    async def _subscriptions(self) -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(self._url + "/ws") as socket:
            for method, params in (("subscribe", {"topic": "blocks"}), ("unsubscribe", {"id": 1})):
                await socket.send_json({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
                answer = await socket.receive_json()
                self._keep(method, params, answer["result"])
                if method == "subscribe":
                    self.examples[method]["news"] = shortened(await socket.receive_json())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", metavar="NETWORK", type=Path)
    arguments = parser.parse_args()
    if arguments.record is not None:
        examples = asyncio.run(Recorder(arguments.record, DevKeys(cache_folder())).record())
        EXAMPLES.write_text(json.dumps(examples, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(make_page(openrpc()["methods"], read_examples()), encoding="utf-8")


def read_examples() -> Examples:
    """The recorded ones."""
    return cast(Examples, json.loads(EXAMPLES.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
