"""A new user's way on a chain of one real validator, with real proofs: from an account to a disclosed payment."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chain.types.scalars import NoteTag
from client.notes.address import parse_address
from client.notes.content import seal_output
from client.rpc import RpcClient
from compute.shielded import prover
from compute.shielded.payments import NoteWallet
from contracts.notes.output import NoteOutput
from node.cli.frame import execute
from node.cli.note_wallets import pool_keys
from node.cli.places import notes_folder
from node.devnet.files import VERSION
from tests.support.long_runs import long
from tests.support.one_node import OneNode, one_node

CLU = 10**9

pytestmark = pytest.mark.slow


class User:
    """Runs command lines as the people of one machine; the node runs in the test's own loop."""

    def __init__(self, node: OneNode, capsys: pytest.CaptureFixture[str]) -> None:
        self.node, self._capsys = node, capsys

    async def run(self, *argv: str, status: int = 0, rpc: bool = True) -> Any:
        """The JSON that a command prints."""
        line = [*argv, "--json", *(["--rpc", self.node.url] if rpc else [])]
        ended = await asyncio.to_thread(execute, line)
        out = self._capsys.readouterr().out
        assert ended == status, out
        return json.loads(out)

    async def text(self, *argv: str) -> str:
        """What people see."""
        assert await asyncio.to_thread(execute, [*argv, "--rpc", self.node.url]) == 0
        return self._capsys.readouterr().out

    def key(self, name: str) -> str:
        return str(self.node.home.root / self.node.accounts[name].key_file)

    async def address(self, name: str, number: int = 0) -> str:
        return str((await self.run("address", "--key", self.key(name), "--number", str(number), rpc=False))["address"])

    async def notes(self, name: str, *more: str) -> Any:
        return await self.run("notes", "--key", self.key(name), *more)

    async def balance(self, name: str) -> int:
        account = await self.run("query", "chain_getAccount", f"address={self.node.accounts[name].address}")
        return int(account["balance"])


@pytest.fixture
async def user(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[User]:
    monkeypatch.setenv("CLUSTER_HOME", str(tmp_path / "home"))
    async with one_node(tmp_path) as node:
        yield User(node, capsys)


@long
async def test_private_payments_from_the_command_line(user: User, tmp_path: Path) -> None:
    refused = await user.run("shield", "1", "--key", user.key("account1"), status=1)
    assert refused["error"]["name"] == "NoPool"
    _the_chain_is_this_machines_devnet(user, tmp_path / "home" / "devnet")
    await _money_moves(user)
    await _a_payment_is_disclosed(user, tmp_path)
    await _a_call_names_nobody(user, tmp_path)
    await _an_asset_moves(user)
    await _a_wrong_tag_hides_nothing(user)
    opened = await user.run("pool", "open", "--key", user.key("account0"))
    another = opened["pool"]
    await _a_pools_key_is_handed_on(user, Path(opened["file"]), tmp_path)
    held = (await user.run("pool", "list"))["pools"]
    assert [each["pool"] == another for each in held] == [False, True]
    verified = ("disclose", "--verify", str(tmp_path / "disclosed.json"), "--pool")
    assert (await user.run(*verified, another, status=1))["error"]["name"] == "NotOfThePool"
    assert (await user.run(*verified, held[0]["pool"]))["amount"] == "4 CLU"
    assert "CLU" in await user.text("pool", "list")


async def _a_pools_key_is_handed_on(user: User, key: Path, tmp_path: Path) -> None:
    """Who has not made the pool's key cannot prove; the opener's file is enough."""
    away = tmp_path / "handed-on.zkey"
    shutil.move(key, away)
    refused = await user.run("shield", "1", "--key", user.key("account1"), status=1)
    assert refused["error"]["name"] == "PoolKeyMissing"
    assert (await user.run("pool", "import", str(away), rpc=False))["ceremony"] is False
    await user.run("shield", "1", "--key", user.key("account1"))


def _the_chain_is_this_machines_devnet(user: User, folder: Path) -> None:
    """On a development network the first command that needs a pool opens one, as the network's publisher."""
    folder.mkdir(parents=True)
    home = user.node.home
    shutil.copy(home.genesis_file, folder / "genesis.json")
    shutil.copy(home.root / "accounts.json", folder / "accounts.json")
    member = {"name": "node0", "rpc": user.node.url, "p2p": "127.0.0.1:1"}
    network = {"version": VERSION, "chain_id": "test-chain", "block_time_ms": 50, "validators": [member]}
    (folder / "devnet.json").write_text(json.dumps(network))


async def _money_moves(user: User) -> None:
    before = await user.balance("account1")
    shielded = await user.run("shield", "10", "--key", user.key("account1"))
    assert await user.balance("account1") == before - 10 * CLU - int(shielded["fee"])
    to = await user.address("account2", 2)
    sent = await user.run("send", to, "4", "--private", "--memo", "rent of May", "--key", user.key("account1"))
    assert sent["fee_source"] == "proof"
    transaction = await user.run("tx", "show", sent["hash"])
    assert transaction["nonce"] == 0 and user.node.accounts["account1"].address not in json.dumps(transaction)
    received = await user.notes("account2")
    assert [(note["amount"], note["memo"], note["address"]) for note in received["notes"]] == [
        (str(4 * CLU), "rent of May", 2)
    ]
    left = await user.notes("account1")
    assert left["balances"][0]["amount"] == str(6 * CLU - int(sent["fee"]))
    assert [(note["to"], note["transaction"]) for note in left["sent"]] == [(to, sent["hash"])]
    out = await user.run("unshield", "1", "--to", user.node.accounts["account3"].address, "--key", user.key("account2"))
    assert await user.balance("account3") == 10_001 * CLU
    rest = (await user.notes("account2", "--all"))["notes"]
    assert sorted((note["state"], note["amount"]) for note in rest) == [
        ("spent", str(4 * CLU)),
        ("unspent", str(3 * CLU - int(out["fee"]))),
    ]
    shown = await user.text("notes", "--key", user.key("account1"))
    assert "Sent" in shown and "rent of May" in shown


async def _a_payment_is_disclosed(user: User, tmp_path: Path) -> None:
    sent = (await user.notes("account1"))["sent"][0]
    file = tmp_path / "disclosed.json"
    made = ("disclose", sent["transaction"], "--to", "the tax office", "--key", user.key("account1"))
    await user.run(*made, "--output", "0", "--out", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    genesis = str(user.node.home.genesis_file)
    shown = await user.run("disclose", "--verify", str(file), "--to", "the tax office", "--genesis", genesis)
    assert (shown["amount"], shown["memo"], shown["address"]) == ("4 CLU", "rent of May", sent["to"])
    assert "signed by validators" in shown["evidence"] and shown["height"] == sent["height"]
    refused = await user.run("disclose", "--verify", str(file), "--to", "somebody else", status=1)
    assert refused["error"]["name"] == "DisclosureElsewhere"
    forged = json.loads(file.read_text())
    file.write_text(json.dumps({**forged, "output": 1}))
    assert (await user.run("disclose", "--verify", str(file), status=1))["error"]["name"] == "DisclosureFalse"
    file.write_text(json.dumps(forged))
    refused = await user.run("disclose", sent["transaction"], "--to", "x", "--key", user.key("account2"), status=1)
    assert refused["error"]["name"] == "NotTheSender"
    again = await user.run("disclose", str(sent["number"]), "--to", "x", "--key", user.key("account1"))
    assert (again["transaction"], again["output"]) == (sent["transaction"][2:], 0)
    unknown = await user.run("disclose", "99999", "--to", "x", "--key", user.key("account1"), status=1)
    assert unknown["error"]["name"] == "SentNoteUnknown"


async def _a_call_names_nobody(user: User, tmp_path: Path) -> None:
    """Account1 calls a contract and a note of its pays: neither the chain nor the node hears of the account."""
    folder = (await user.run("contract", "new", "box", "--into", str(tmp_path), rpc=False))["folder"]
    reader = (await user.run("contract", "readers", "key", "--key", user.key("account1"), rpc=False))["reader"]
    more = ("--reader", "me", "--reader", reader, "--most-readers", "2", "--key", user.key("account0"))
    await user.run("contract", "deploy", folder, *more)
    before = await user.balance("account1"), (await user.notes("account1"))["balances"][0]["amount"]
    own = ("--key", user.key("account1"))
    called = await user.run("contract", "call", "box", "add", "5", "--fee-from", "pool", *own)
    assert called["fee_source"] == "proof"
    transaction = await user.run("tx", "show", called["transaction"])
    assert transaction["nonce"] == 0 and user.node.accounts["account1"].address not in json.dumps(transaction)
    left = (await user.notes("account1"))["balances"][0]["amount"]
    assert (await user.balance("account1"), int(left)) == (before[0], int(before[1]) - int(called["fee"]))
    registers = (await user.run("contract", "read", "box", *own))["registers"]
    assert [each["value"] for each in registers] == [5, 1]
    assert "paid by a proof" in await user.text("contract", "call", "box", "add", "7", "--fee-from", "pool", *own)
    poor = ("--key", user.key("account0"))
    refused = await user.run("contract", "call", "box", "add", "5", "--fee-from", "pool", *poor, status=1)
    assert refused["error"]["name"] == "NotEnoughNotes"
    refused = await user.run("contract", "call", "box", "add", "5", "--pool", "0x00", *own, status=1)
    assert refused["error"]["name"] == "BadArgument"
    paid = await user.run("contract", "call", "box", "announce", "12", *own)
    assert (paid["result"], paid["fee_source"]) == (12, "account")


async def _an_asset_moves(user: User) -> None:
    asset = (await user.run("asset", "create", "gold", "100", "--decimals", "2", "--key", user.key("account1")))[
        "asset"
    ]
    of_it = ("--asset", asset, "--key", user.key("account1"))
    await user.run("shield", "5", *of_it)
    to = await user.address("account2")
    sent = await user.run("send", to, "1.25", "--private", *of_it)
    assert sent["fee_source"] == "proof" and sent["amount"] == "125"
    held = (await user.notes("account2"))["balances"]
    assert [(each["name"], each["amount"]) for each in held if each["asset"] == asset] == [("gold", "125")]
    await user.run("unshield", "0.5", "--asset", asset, "--key", user.key("account2"))
    assert "0.75 gold" in await user.text("notes", "--key", user.key("account2"))


async def _a_wrong_tag_hides_nothing(user: User) -> None:
    """The sender's own program publishes a tag that is not the receiver's."""

    def mistagged(*parts: Any) -> NoteOutput:
        made = seal_output(*parts)
        tag = NoteTag(bytes((made.hint.tag[0] ^ 255, made.hint.tag[1])))
        return replace(made, hint=replace(made.hint, tag=tag))

    before = len((await user.notes("account2"))["notes"])
    to = parse_address(await user.address("account2"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(prover, "seal_output", mistagged)
        async with RpcClient(user.node.url) as rpc:
            keys = pool_keys()
            sender = await NoteWallet.open(user.node.secret("account4"), rpc, notes_folder(), keys)
            await sender.shield(7 * CLU, to=to, memo=b"hidden")  # type: ignore[arg-type]
    assert len((await user.notes("account2"))["notes"]) == before
    deep = await user.notes("account2", "--deep", "--addresses", "3")
    assert [note["amount"] for note in deep["notes"] if note["memo"] == "hidden"] == [str(7 * CLU)]
    assert len(deep["notes"]) == before + 1
