"""Commands against a real chain of one validator: send, sign for curl, submit, simulate, show, status, query."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from client.rpc import RpcClient
from node.cli.frame import execute
from node.devnet.files import Plan, create_single
from tests.support.one_node import OneNode, one_node

CLU = 10**9


class Terminal:
    """Runs command lines while the node runs in the test's own loop."""

    def __init__(self, node: OneNode, capsys: pytest.CaptureFixture[str]) -> None:
        self.node, self._capsys = node, capsys

    async def text(self, *argv: str) -> tuple[int, str, str]:
        status = await asyncio.to_thread(execute, [*argv])
        shown = self._capsys.readouterr()
        return status, shown.out, shown.err

    async def json(self, *argv: str) -> tuple[int, Any]:
        status, out, _ = await self.text(*argv, "--json", "--rpc", self.node.url)
        return status, json.loads(out)

    def key(self, name: str) -> str:
        return str(self.node.home.root / self.node.accounts[name].key_file)

    def address(self, name: str) -> str:
        return self.node.accounts[name].address


@pytest.fixture
async def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Terminal]:
    async with one_node(tmp_path) as node:
        yield Terminal(node, capsys)


async def test_send_and_show(terminal: Terminal) -> None:
    status, sent = await terminal.json(
        "tx", "send", terminal.address("account1"), "1.5", "--key", terminal.key("account0")
    )
    assert status == 0 and sent["receipt"]["events"][0]["amount"] == str(CLU + CLU // 2)
    status, shown = await terminal.json("tx", "show", sent["hash"])
    assert (shown["status"], shown["height"], shown["receipt"]["code"]) == ("final", sent["height"], 0)
    _, account = await terminal.json("query", "chain_getAccount", f"address={terminal.address('account1')}")
    assert account["balance"] == str(10_001 * CLU + CLU // 2)
    status, out, _ = await terminal.text("tx", "show", sent["hash"], "--rpc", terminal.node.url)
    assert status == 0 and "result  ok" in out and "token.transfer" in out


async def test_sign_prints_the_request_body_for_curl(terminal: Terminal, tmp_path: Path) -> None:
    status, body = await terminal.json(
        "tx", "sign", "--transfer", terminal.address("account1"), "7n", "--key", terminal.key("account0")
    )
    assert status == 0 and (body["jsonrpc"], body["method"]) == ("2.0", "tx_submit")
    saved = tmp_path / "signed.json"
    saved.write_text(json.dumps(body))
    status, simulated = await terminal.json("tx", "simulate", str(saved))
    assert simulated["hash"] == body["id"]

    async with RpcClient(terminal.node.url) as rpc:
        answer = await rpc._post(body)  # what curl would do
    assert answer["id"] == body["id"] and answer["result"]["receipt"]["code"] == 0
    status, refused = await terminal.json("tx", "submit", body["params"]["transaction"])
    assert (status, refused["error"]["name"]) == (1, "NonceUsed")


async def test_sign_without_a_node(terminal: Terminal, tmp_path: Path) -> None:
    actions = tmp_path / "actions.json"
    recipient = terminal.address("account3")
    actions.write_text(json.dumps([{"type": "token.transfer", "recipient": recipient, "amount": "9"}]))
    offline = ("--offline", "--genesis", str(terminal.node.home.genesis_file))
    argv = ("tx", "sign", "--actions", str(actions), "--key", terminal.key("account2"), *offline)
    assert (await terminal.json(*argv))[1]["error"]["name"] == "BadArgument"
    numbers = ("--nonce", "0", "--expiry", "900", "--fee-limit", "1")
    assert (await terminal.json(*argv, *numbers, "--fork-id", "0x12"))[1]["error"]["name"] == "BadArgument"
    _, upgraded = await terminal.json(*argv, *numbers, "--fork-id", "0x" + 64 * "7")
    status, refused = await terminal.json("tx", "submit", upgraded["params"]["transaction"])
    assert (status, refused["error"]["name"], refused["error"]["fields"]["got"]) == (1, "WrongFork", "0x" + 64 * "7")
    status, body = await terminal.json(*argv, *numbers)
    assert status == 0
    status, done = await terminal.json("tx", "submit", body["params"]["transaction"])
    assert status == 0 and done["receipt"]["events"][0]["recipient"] == recipient


async def test_a_node_of_another_chain_gets_no_signature(terminal: Terminal, tmp_path: Path) -> None:
    other = create_single(tmp_path / "other", Plan(1, "test-chain"), 1, None)
    argv = ("tx", "send", terminal.address("account1"), "1", "--key", terminal.key("account0"), "--genesis")
    status, refused = await terminal.json(*argv, str(other.genesis_file))
    assert (status, refused["error"]["name"]) == (1, "OtherChain")
    assert (await terminal.json(*argv, str(terminal.node.home.genesis_file)))[0] == 0


@pytest.mark.parametrize(
    ("actions", "error"),
    [("{", "BadArgument"), ("{}", "WrongShape"), ('[{"type": "no.such"}]', "WrongShape"), ("[7]", "WrongShape")],
)
async def test_actions_of_another_form_are_refused(
    terminal: Terminal, tmp_path: Path, actions: str, error: str
) -> None:
    (tmp_path / "actions.json").write_text(actions)
    status, refused = await terminal.json(
        "tx", "sign", "--actions", str(tmp_path / "actions.json"), "--key", terminal.key("account0")
    )
    assert (status, refused["error"]["name"]) == (1, error)


async def test_refusals_are_the_nodes_own(terminal: Terminal) -> None:
    account1, key = terminal.address("account1"), terminal.key("account0")
    status, out, err = await terminal.text("tx", "send", account1, "10001", "--key", key, "--rpc", terminal.node.url)
    assert (status, out) == (1, "") and err.startswith(f"error 3021: account {terminal.address('account0')} holds ")
    assert len(err.splitlines()) == 1
    assert (await terminal.json("tx", "send", account1, "1e5", "--key", key))[1]["error"]["name"] == "BadArgument"
    assert (await terminal.json("tx", "send", account1[:-1], "1", "--key", key))[0] == 1
    shapeless = (await terminal.json("tx", "submit", "0x00"))[1]["error"]
    assert shapeless["name"] == "WrongShape" and shapeless["message"].startswith("a signed transaction: expected")
    assert (await terminal.json("tx", "submit", "/no/such/file"))[1]["error"]["name"] == "SystemRefused"


async def test_an_account_goes_by_the_name_of_its_key(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUSTER_HOME", str(tmp_path / "home"))
    accounts = tmp_path / "home" / "devnet" / "accounts"
    accounts.mkdir(parents=True)
    shutil.copy(terminal.key("account1"), accounts / "account1.json")
    status, sent = await terminal.json("tx", "send", "account1", "1", "--key", terminal.key("account0"))
    assert (status, sent["receipt"]["events"][0]["recipient"]) == (0, terminal.address("account1"))
    assert (await terminal.json("task", "list", "--requester", "account1"))[1]["tasks"] == []
    for argv, argument in (
        (("tx", "send", "nobody", "1", "--key", terminal.key("account0")), "recipient: expected an address cluster1"),
        (("task", "list", "--provider", "nobody"), "--provider: expected an address cluster1"),
    ):
        status, refused = await terminal.json(*argv)
        assert status == 1 and refused["error"]["message"].startswith(argument)


async def test_ended_tasks_are_listed_by_account_only(terminal: Terminal) -> None:
    status, refused = await terminal.json("task", "list", "--state", "settled")
    assert status == 1 and "requester or provider" in refused["error"]["message"]
    assert ".." not in refused["error"]["message"]
    assert (await terminal.json("task", "list", "--state", "locked"))[0] == 0


async def test_status_and_query(terminal: Terminal) -> None:
    status, shown = await terminal.json("status")
    assert (status, shown["chain_id"], shown["storage"]) == (0, "test-chain", "unprotected")
    _, out, _ = await terminal.text("status", "--rpc", terminal.node.url)
    assert "chain_id" in out and "test-chain" in out
    assert (await terminal.json("query", "chain_getBlock", "height=1"))[1]["header"]["height"] == 1
    status, refused = await terminal.json("query", "chain_getBlock", "hieght=1")
    assert (status, refused["error"]["code"]) == (1, 7204)
    assert (await terminal.json("query", "chain_getBlock", "5"))[1]["error"]["name"] == "BadArgument"


async def test_explain_names_the_rule(terminal: Terminal) -> None:
    status, out, _ = await terminal.text("explain", "3021")
    assert (status, out[:30]) == (0, "3021 InsufficientBalance (chai")
    assert (await terminal.text("explain", "9999"))[0] == 1
    assert (await terminal.text("explain", "notareader"))[1].startswith("6301 NotAReader (compute")
    out = (await terminal.text("explain", "AnotherContract", "--json"))[1]  # there are two rules of that name
    both = json.loads(out)
    assert [both["code"], *(each["code"] for each in both["others"])] == [6323, 6434]
    assert (await terminal.text("explain", "NoSuchRule"))[0] == 1
