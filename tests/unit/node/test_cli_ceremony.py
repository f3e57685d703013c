"""Ceremonies from the command line: bond, check the files that a key names, attest, see what the key is worth."""

import asyncio
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from chain.types.scalars import Hash
from client.rpc import RpcClient
from client.wallet import Wallet
from contracts.registry.actions import RegisterKey
from contracts.registry.ceremony_actions import Ceremony
from node.cli.ceremony_commands import file_hash
from node.cli.frame import execute
from tests.support.one_node import OneNode, one_node
from tests.support.programs import compressed_key, vk_id

INPUTS = 5
KEY = "0x" + vk_id(INPUTS).hex()
CONTENTS = {"ptau": b"powers", "r1cs": b"constraints", "zkey": b"key and transcript"}


class Ceremonies:
    """Command lines about ceremonies against one running node."""

    def __init__(self, node: OneNode, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.node, self.root, self._capsys = node, root, capsys

    async def ask(self, *argv: str, account: str = "") -> Any:
        """The JSON document of a command of an account; errors come as documents too."""
        key = ("--key", str(self.node.home.root / self.node.accounts[account].key_file)) if account else ()
        await asyncio.to_thread(execute, ["ceremony", *argv, *key, "--rpc", self.node.url, "--json"])
        return json.loads(self._capsys.readouterr().out)

    def files(self, **changes: bytes) -> list[str]:
        """The options that name the files of a ceremony."""
        options = []
        for name, data in {**CONTENTS, **changes}.items():
            path = self.root / f"file.{name}"
            path.write_bytes(data)
            options += [f"--{name}", str(path)]
        return options


@pytest.fixture
async def ceremonies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Ceremonies]:
    monkeypatch.setenv("CLUSTER_HOME", str(tmp_path / "home"))
    async with one_node(tmp_path) as node:
        yield Ceremonies(node, tmp_path, capsys)


async def register_key(node: OneNode) -> None:
    hashes = {name: Hash(sha256(data).digest()) for name, data in CONTENTS.items()}
    ceremony = Ceremony(hashes["ptau"], hashes["r1cs"], hashes["zkey"])
    async with RpcClient(node.url) as rpc:
        wallet = await Wallet.open(node.accounts["account1"].secret(), rpc)
        await wallet.submit([RegisterKey(compressed_key(INPUTS), ceremony)])


async def test_a_ceremony_is_attested_by_those_who_have_its_files(ceremonies: Ceremonies) -> None:
    await register_key(ceremonies.node)
    files = ceremonies.files()
    early = await ceremonies.ask("attest", KEY, *files, account="account2")
    assert early["error"]["name"] == "NotAnAttester"
    bonded = await ceremonies.ask("bond", "100", account="account2")
    assert (bonded["bond"], bonded["release_at"]) == (str(100 * 10**9), None)
    await ceremonies.ask("bond", "101", account="account3")
    first = await ceremonies.ask("attest", KEY, *files, account="account2")
    assert first["evidence"].startswith("proof/single-party(")
    wrong = await ceremonies.ask("attest", KEY, *ceremonies.files(zkey=b"another key"), account="account3")
    assert wrong["error"]["name"] == "CeremonyMismatch" and wrong["error"]["fields"]["what"] == "transcript"
    second = await ceremonies.ask("attest", KEY, *ceremonies.files(), account="account3")
    assert second["evidence"] == "proof/ceremony(2)"
    shown = await ceremonies.ask("show", KEY)
    assert {entry["attester"] for entry in shown["attestations"]} == {first["account"], second["account"]}
    assert shown["ceremony"]["transcript"] == "0x" + sha256(CONTENTS["zkey"]).hexdigest()
    await ceremonies.ask("withdraw", KEY, account="account2")
    assert (await ceremonies.ask("show", KEY))["evidence"].startswith("proof/single-party(")
    assert (await ceremonies.ask("release", account="account3"))["error"]["name"] == "AttesterNotUnbonding"
    unbonded = await ceremonies.ask("unbond", account="account3")
    listed = {entry["attester"]: entry for entry in (await ceremonies.ask("list"))["attesters"]}
    assert listed[second["account"]]["release_at"] == unbonded["release_at"] > unbonded["height"]


async def test_what_is_wrong_is_said_before_anything_is_sent(ceremonies: Ceremonies) -> None:
    for text in ("0x12", "key", "0x" + "00" * 33):
        assert (await ceremonies.ask("show", text))["error"]["name"] == "BadArgument"
    unknown = await ceremonies.ask("attest", KEY, *ceremonies.files(), account="account2")
    assert unknown["error"]["name"] == "KeyUnknown"
    await register_key(ceremonies.node)
    gone = ceremonies.files()
    (ceremonies.root / "file.ptau").unlink()
    missing = await ceremonies.ask("attest", KEY, *gone, account="account2")
    assert "file.ptau" in missing["error"]["message"]


def test_a_file_is_hashed_as_sha256sum_does(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc" * 100_000)
    assert file_hash(path) == sha256(b"abc" * 100_000).digest()
