"""Bad input of every kind against a real node: each gets its own typed error with a stable code, a sentence that says
what was wrong and what to do, and changes nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from chain.execution.fees import read_base_fee
from chain.types.scalars import Amount, Height, Text
from client.errors import RpcFailed
from client.results import chain_status
from client.rpc import RpcClient
from client.wallet import Wallet
from contracts.governance.actions import Propose
from contracts.registry.actions import RegisterKey
from contracts.registry.decisions import FreezeKey
from contracts.tasks.actions import Open
from contracts.tasks.provider_actions import RegisterProvider, WithdrawBond
from contracts.tasks.state import PROOF
from contracts.token.actions import Transfer
from crypto.keys import SecretKey
from node.devnet.files import ACCOUNT_PURPOSE
from node.home import Home
from node.hub import BlockFinal
from node.keystore import load_key
from tests.support.bad_transactions import BAD_TRANSACTIONS, Build, Market
from tests.support.one_node import OneNode, one_node
from tests.support.open_task import OUTPUTS, locked_task, opened_task, prepare, proven
from tests.support.programs import BOND, compressed_key, encryption_key, program_of, vk_id

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Scene:
    """A node on which everything stands that bad input could disturb."""

    node: OneNode
    market: Market
    session: aiohttp.ClientSession

    def fingerprint(self) -> tuple[bytes, int, int]:
        """State and mempool. Empty blocks move neither once the base fee has fallen as far as it may."""
        node = self.node.app.node
        return node.ledger.tip.state_root, len(node.mempool), node.mempool.bytes

    async def post(self, body: bytes | str) -> tuple[int, Any]:
        data = body.encode() if isinstance(body, str) else body
        async with self.session.post(self.node.url, data=data) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None

    async def settled(self) -> None:
        """Until only empty blocks come and change nothing."""
        ledger = self.node.app.node.ledger
        async with asyncio.timeout(60):
            while read_base_fee(ledger.view) > ledger.params.min_base_fee or len(self.node.app.node.mempool):
                await self.next_block()
            await self.next_block()

    async def next_block(self) -> None:
        hub = self.node.app.node.hub
        news = hub.subscribe(BlockFinal)
        await news.next()
        hub.unsubscribe(news)


async def offer_of(requester: Wallet, provider: Wallet, seed: int) -> Open:
    """An offer for the program of another key."""
    outputs = len(OUTPUTS)
    program = program_of(outputs, seed=seed)
    await requester.submit([RegisterKey(compressed_key(3 + outputs, seed), None), program])
    opened = await opened_task(requester, provider)
    return replace(opened.offer, terms=replace(opened.offer.terms, program=program.program))


async def frozen_by_the_operator(home: Home, payer: Wallet, key: bytes) -> None:
    operator = load_key(home.operator_key, ACCOUNT_PURPOSE)
    wallet = await Wallet.open(operator, payer.rpc)
    await payer.submit([Transfer(wallet.account, Amount(10**12))])
    deadline = Height((await chain_status(payer.rpc)).height + 100)
    await wallet.submit([Propose(FreezeKey(type(vk_id(1))(key), True), deadline, Text(""))])


async def market_of(node: OneNode, rpc: RpcClient) -> Market:
    payer, provider, unbonded = [
        await Wallet.open(node.secret(name), rpc) for name in ("account0", "account1", "account2")
    ]
    await prepare(payer, provider)
    await unbonded.submit([RegisterProvider(BOND, encryption_key(2), Amount(1), (PROOF,))])
    task = await opened_task(payer, unbonded)
    await unbonded.submit([WithdrawBond(BOND)])
    frozen_offer = await offer_of(payer, provider, seed=7)
    await frozen_by_the_operator(node.home, payer, vk_id(3 + len(OUTPUTS), 7))
    return Market(
        payer,
        provider,
        unbonded,
        await Wallet.open(SecretKey(b"\x33" * 32), rpc),
        task.id,
        await locked_task(payer, provider),
        task.offer,
        frozen_offer,
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with (
        one_node(tmp_path_factory.mktemp("bad-input")) as node,
        RpcClient(node.url) as rpc,
        aiohttp.ClientSession() as session,
    ):
        found = Scene(node, await market_of(node, rpc), session)
        await found.settled()
        yield found


# Transactions


@pytest.mark.parametrize(
    ("build", "code", "words"), [case[1:] for case in BAD_TRANSACTIONS], ids=[case[0] for case in BAD_TRANSACTIONS]
)
async def test_a_bad_transaction_is_refused_by_its_rule(scene: Scene, build: Build, code: int, words: str) -> None:
    transaction = await build(scene.market)
    await scene.settled()
    before = scene.fingerprint()
    for method in ("tx_submit", "tx_simulate"):
        with pytest.raises(RpcFailed) as refused:
            await scene.market.payer.rpc.call(method, transaction=transaction)
        assert refused.value.rule == code, refused.value
        assert words in str(refused.value)
        assert len(str(refused.value)) < 500
        assert str(refused.value).endswith(".")
    assert scene.fingerprint() == before


async def test_the_very_same_transactions_without_their_fault_are_taken(scene: Scene) -> None:
    """What the table is worth: the rest of every transaction in it is good."""
    market = scene.market
    await market.payer.submit([market.pay()])
    await market.payer.submit([replace(market.offer, recipients=market.locked.offer.recipients)])
    envelope = await market.provider.prepare([market.locked.action])
    await market.provider.submit_signed(market.provider.sign_envelope(proven(envelope)))


# JSON-RPC

CALL = '{"jsonrpc": "2.0", "method": "chain_status", "id": 1}'
BIG = "9" * 5_000


def call(method: str, params: str, id_: str = "1") -> str:
    return f'{{"jsonrpc": "2.0", "method": "{method}", "params": {params}, "id": {id_}}}'


PARSE, REQUEST, METHOD, PARAMS = -32700, -32600, -32601, -32602
BAD_REQUESTS: list[tuple[str, str | bytes, int, str]] = [
    ("no JSON", "{", PARSE, "JSON"),
    ("nothing", "", PARSE, "JSON"),
    ("bytes that are no UTF-8", b'{"jsonrpc": "\xff"}', PARSE, "JSON"),
    ("NaN", '{"jsonrpc": "2.0", "method": "chain_status", "id": NaN}', PARSE, "NaN"),
    ("infinity", '{"jsonrpc": "2.0", "method": "chain_status", "id": -Infinity}', PARSE, "Infinity"),
    ("a number beyond all numbers", '{"jsonrpc": "2.0", "method": "chain_status", "id": 1e999}', PARSE, "large"),
    ("an integer of 5,000 digits", call("chain_getBlock", f"[{BIG}]"), PARSE, "digits"),
    ("a key twice", '{"jsonrpc": "2.0", "method": "chain_status", "method": "tx_submit", "id": 1}', PARSE, "twice"),
    ("brackets without end", "[" * 10_000, PARSE, "nested"),
    ("arrays without number", "[" + "[]," * 300_000 + "[]]", PARSE, "arrays and objects"),
    ("deep parameters", call("chain_getBlock", "[" * 40 + "]" * 40), PARSE, "nested"),
    ("a string without end", "[" + "[]," * 40 + '"' + '\\"' * 100_000, PARSE, "JSON"),
    ("a number", "1", REQUEST, "not an object"),
    ("a string", '"chain_status"', REQUEST, "not an object"),
    ("an empty batch", "[]", REQUEST, "empty batch"),
    ("a batch too large", "[" + ",".join([CALL] * 101) + "]", REQUEST, "at most 100"),
    ("no version", '{"method": "chain_status", "id": 1}', REQUEST, "2.0"),
    ("another version", '{"jsonrpc": "1.0", "method": "chain_status", "id": 1}', REQUEST, "2.0"),
    ("a method that is no string", '{"jsonrpc": "2.0", "method": 1, "id": 1}', REQUEST, "method"),
    ("no method", '{"jsonrpc": "2.0", "id": 1}', REQUEST, "method"),
    ("an id that is an object", call("chain_status", "[]", "{}"), REQUEST, "id"),
    ("an id that is true", call("chain_status", "[]", "true"), REQUEST, "id"),
    ("parameters that are a string", call("chain_status", '"x"'), REQUEST, "params"),
    ("parameters that are null", call("chain_status", "null"), REQUEST, "params"),
    ("an unknown method", call("chain_getBlok", "[]"), METHOD, "did you mean chain_getBlock"),
    ("a method that is not public", call("__init__", "[]"), METHOD, "no method"),
    ("a method of half a surrogate", call("\\ud800", "[]"), METHOD, "no method"),
    ("an unknown parameter", call("chain_getBlock", '{"hight": 1}'), PARAMS, "hight"),
    ("too many parameters", call("chain_getBlock", "[1, 2]"), PARAMS, "at most 1"),
    ("a million parameters", call("chain_getBlock", "[" + "1," * 499_999 + "1]"), PARAMS, "at most 1"),
    ("a missing parameter", call("chain_getTransaction", "[]"), PARAMS, "nothing"),
    ("a float where an integer belongs", call("chain_getBlock", "[1.0]"), PARAMS, "integer"),
    ("a boolean where an integer belongs", call("chain_getBlock", "[true]"), PARAMS, "integer"),
    ("a string where an integer belongs", call("chain_getBlock", '["1"]'), PARAMS, "integer"),
    ("a negative height", call("chain_getBlock", "[-1]"), PARAMS, "integer"),
    ("a height beyond 2^63", call("chain_getBlock", f"[{2**63}]"), PARAMS, "integer"),
    ("an array where a hash belongs", call("chain_getTransaction", "[[1, 2, 3]]"), PARAMS, "an array of 3"),
    ("hex without 0x", call("chain_getTransaction", f'["{64 * "a"}"]'), PARAMS, "0x-hex"),
    ("odd hex", call("tx_submit", '["0x123"]'), PARAMS, "0x-hex"),
    ("no hex", call("tx_submit", '["0xzz"]'), PARAMS, "0x-hex"),
    ("a short hash", call("chain_getTransaction", '["0x00"]'), PARAMS, "32 bytes"),
    ("no address", call("chain_getAccount", '["cluster1zzz"]'), PARAMS, "address"),
    ("an address with a slip", call("chain_getAccount", f'["cluster1{58 * "q"}"]'), PARAMS, "address"),
    ("another network's", call("chain_getAccount", '["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3"]'), PARAMS, "address"),
    ("half a surrogate", call("model_get", '{"name": "\\ud800"}'), PARAMS, "string"),
    ("a text too long", call("model_get", json.dumps({"name": 300 * "x"})), PARAMS, "256"),
    ("both id and name", call("model_get", json.dumps({"name": "x", "id": "0x" + 64 * "0"})), PARAMS, "either"),
    ("an unknown wait", call("tx_submit", '["0x00", "forever"]'), PARAMS, "committed"),
    ("an unknown state of tasks", call("task_list", '{"state": "asleep"}'), PARAMS, "open"),
    ("a limit too high", call("task_list", '{"limit": 201}'), PARAMS, "200"),
    ("validators of a far height", call("validator_list", "[4000000]"), PARAMS, "height"),
    ("a proof of the future", call("chain_getProof", '["0x00", 4000000]'), PARAMS, "head"),
    ("an unknown topic", call("subscribe", '["x"]'), 7213, "WebSocket"),
    ("an unknown block", call("chain_getBlock", "[4000000]"), 7210, "4000000"),
    ("block 0", call("chain_getBlock", "[0]"), 7210, "block"),
    ("an unknown transaction", call("chain_getReceipt", f'["0x{64 * "0"}"]'), 7210, "transaction"),
    ("an unknown task", call("task_get", f'["0x{64 * "0"}"]'), 4101, "task"),
    ("an unknown model", call("model_get", '{"name": "nobody"}'), 4225, "nobody"),
    ("an unknown contract", call("contract_get", f'["0x{64 * "0"}"]'), 4301, "contract"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code", "words"), [case[1:] for case in BAD_REQUESTS], ids=[case[0] for case in BAD_REQUESTS]
)
async def test_a_bad_request_is_refused_by_its_rule(scene: Scene, body: str | bytes, code: int, words: str) -> None:
    await scene.settled()
    before = scene.fingerprint()
    status, answer = await scene.post(body)
    assert status == 200
    assert answer["jsonrpc"] == "2.0"
    assert answer["error"]["code"] == code, answer
    assert words in answer["error"]["message"]
    assert len(answer["error"]["message"]) < 500
    assert answer["error"]["data"]["name"]
    assert scene.fingerprint() == before


async def test_a_body_beyond_the_limit_is_refused_with_its_own_code(scene: Scene) -> None:
    status, answer = await scene.post(b'"' + bytes(2**20 + 1) + b'"')
    assert (status, answer["error"]["data"]["code"]) == (413, 7206)


async def test_a_compressed_body_is_not_unpacked(scene: Scene) -> None:
    """Else a kilobyte could make the node fill its memory."""
    headers = {"Content-Encoding": "deflate"}
    async with scene.session.post(scene.node.url, data=b"\x78\x9c" + bytes(1_000), headers=headers) as response:
        answer = await response.json()
    assert answer["error"]["code"] == PARSE


@pytest.mark.parametrize("id_", ["0", "-1", "1.5", '"x"', '""', "null", str(10**300), '"\\ud800"', '"\\u0000"'])
async def test_an_id_comes_back_as_it_was_sent(scene: Scene, id_: str) -> None:
    _, answer = await scene.post(call("mempool_status", "[]", id_))
    assert answer["id"] == json.loads(id_)
    assert "result" in answer


# The examples of the JSON-RPC 2.0 specification, with methods that this server has

SPECIFICATION: list[tuple[str, str, Callable[[Any], bool]]] = [
    (
        "positional and named parameters",
        '{"jsonrpc": "2.0", "method": "chain_getBlock", "params": [1], "id": 1}',
        lambda answer: answer["id"] == 1 and answer["result"]["header"]["height"] == 1,
    ),
    (
        "named parameters",
        '{"jsonrpc": "2.0", "method": "chain_getBlock", "params": {"height": 1}, "id": 3}',
        lambda answer: answer["id"] == 3 and answer["result"]["header"]["height"] == 1,
    ),
    ("a notification", '{"jsonrpc": "2.0", "method": "chain_getBlock", "params": [1]}', lambda answer: answer is None),
    ("a notification of nothing", '{"jsonrpc": "2.0", "method": "foobar"}', lambda answer: answer is None),
    (
        "a method that does not exist",
        '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
        lambda answer: answer["error"]["code"] == METHOD and answer["id"] == "1",
    ),
    (
        "invalid JSON",
        '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]',
        lambda answer: answer["error"]["code"] == PARSE and answer["id"] is None,
    ),
    (
        "an invalid request object",
        '{"jsonrpc": "2.0", "method": 1, "params": "bar"}',
        lambda answer: answer["error"]["code"] == REQUEST and answer["id"] is None,
    ),
    (
        "a batch of invalid JSON",
        '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"]',
        lambda answer: answer["error"]["code"] == PARSE and answer["id"] is None,
    ),
    ("an empty array", "[]", lambda answer: answer["error"]["code"] == REQUEST and answer["id"] is None),
    (
        "an invalid batch, not empty",
        "[1]",
        lambda answer: [entry["error"]["code"] for entry in answer] == [REQUEST] and answer[0]["id"] is None,
    ),
    ("an invalid batch", "[1, 2, 3]", lambda answer: [entry["error"]["code"] for entry in answer] == [REQUEST] * 3),
    (
        "a batch",
        """[
        {"jsonrpc": "2.0", "method": "chain_getBlock", "params": [1], "id": "1"},
        {"jsonrpc": "2.0", "method": "mempool_status", "params": []},
        {"jsonrpc": "2.0", "method": "chain_getBlock", "params": [2], "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "mempool_status", "id": "9"}]""",
        lambda answer: (
            [(entry["id"], entry.get("error", {}).get("code")) for entry in answer]
            == [("1", None), ("2", None), (None, REQUEST), ("5", METHOD), ("9", None)]
        ),
    ),
    (
        "a batch of notifications",
        '[{"jsonrpc": "2.0", "method": "mempool_status"}, {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]',
        lambda answer: answer is None,
    ),
]


@pytest.mark.parametrize(
    ("body", "holds"), [case[1:] for case in SPECIFICATION], ids=[case[0] for case in SPECIFICATION]
)
async def test_the_specifications_examples_are_answered_as_it_says(
    scene: Scene, body: str, holds: Callable[[Any], bool]
) -> None:
    status, answer = await scene.post(body)
    assert status == (204 if answer is None else 200)
    assert holds(answer), answer
