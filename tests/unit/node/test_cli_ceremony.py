"""Ceremonies from the command line: bond, check the files that a key names, attest, see what the key is worth."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from chain.types.scalars import AccountId, Blob, Hash, Height, Uint, VkId
from client.rpc import RpcClient
from client.wallet import Wallet
from contracts.registry.actions import RegisterKey
from contracts.registry.ceremony_actions import Ceremony
from contracts.registry.ceremony_errors import CeremonyMismatch, NoCeremony
from contracts.registry.state import KeyRecord
from crypto.groth16.ceremony import transcript_hash
from crypto.groth16.encoding import compress_key
from crypto.groth16.key_file_errors import InconsistentKey
from crypto.groth16.zkey import H, read_zkey
from crypto.r1cs.sections import write_sections
from node.cli.ceremony_commands import Files, ZkeyOfAnotherKey, checked_ceremony, file_hash
from node.cli.frame import execute
from tests.support.make_ceremony_vector import load
from tests.support.one_node import OneNode, one_node
from tests.support.tiny_circuit import PRODUCT_R1CS

MADE = load()  # by snarkjs, for the product circuit: two contributions and a beacon
ZKEY = read_zkey(MADE.final)
CONTENTS = {"ptau": MADE.ptau, "r1cs": PRODUCT_R1CS, "zkey": MADE.final}
COMPRESSED = Blob(compress_key(ZKEY.verifying()))
VK_ID = RegisterKey(COMPRESSED, None).vk_id
KEY = "0x" + VK_ID.hex()
NAMED = Ceremony(Hash(sha256(MADE.ptau).digest()), Hash(sha256(PRODUCT_R1CS).digest()), Hash(transcript_hash(ZKEY)))


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
    async with RpcClient(node.url) as rpc:
        wallet = await Wallet.open(node.accounts["account1"].secret(), rpc)
        await wallet.submit([RegisterKey(COMPRESSED, NAMED)])


@pytest.mark.slow
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
    wrong = await ceremonies.ask("attest", KEY, *ceremonies.files(zkey=MADE.first), account="account3")
    assert wrong["error"]["name"] == "CeremonyMismatch" and wrong["error"]["fields"]["what"] == "transcript"
    second = await ceremonies.ask("attest", KEY, *ceremonies.files(), account="account3")
    assert second["evidence"] == "proof/ceremony(2)"
    shown = await ceremonies.ask("show", KEY)
    assert {entry["attester"] for entry in shown["attestations"]} == {first["account"], second["account"]}
    assert shown["ceremony"]["transcript"] == "0x" + NAMED.transcript.hex()
    assert [one["name"] for one in second["contributions"]] == ["alice", "bob", "drand"]
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


# What the files show


def record(vk_id: VkId = VK_ID, ceremony: Ceremony | None = NAMED) -> KeyRecord:
    return KeyRecord(vk_id, AccountId(bytes(32)), Uint(2), ceremony, Height(1), Height(2), None)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    found = Files(tmp_path / "file.zkey", tmp_path / "file.r1cs", tmp_path / "file.ptau", tmp_path / "initial.zkey")
    for path, data in zip((found.zkey, found.r1cs, found.ptau), (MADE.final, PRODUCT_R1CS, MADE.ptau), strict=True):
        path.write_bytes(data)
    (tmp_path / "initial.zkey").write_bytes(MADE.initial)
    return found


def test_the_files_of_a_key_are_checked_to_the_last_point(files: Files) -> None:
    told: list[str] = []
    ceremony, report = checked_ceremony(record(), files, told.append)
    assert (ceremony, len(told)) == (NAMED, 1)
    assert report.sections_checked and report.circuit_hash_checked


def test_files_of_another_key_are_refused(files: Files) -> None:
    other = VkId(b"\x01" * 32)
    with pytest.raises(ZkeyOfAnotherKey) as refused:
        checked_ceremony(record(other), files)
    assert (refused.value.vk_id, refused.value.got) == (other, VK_ID)


@pytest.mark.parametrize("name", ["r1cs", "ptau"])
def test_files_with_other_hashes_are_refused_before_they_are_read(files: Files, name: str) -> None:
    getattr(files, name).write_bytes(b"something else")
    with pytest.raises(CeremonyMismatch) as refused:
        checked_ceremony(record(), files)
    assert refused.value.what == name
    with pytest.raises(NoCeremony):
        checked_ceremony(record(ceremony=None), files)


@pytest.mark.parametrize("named", [None, Ceremony(Hash(bytes(32)), Hash(bytes(32)), Hash(bytes(32)))])
def test_files_that_the_registrant_did_not_name_are_checked_when_asked(files: Files, named: Ceremony | None) -> None:
    """Whoever registered the key first may have named nothing, or something false."""
    ceremony, report = checked_ceremony(record(ceremony=named), replace(files, unnamed=True))
    assert ceremony == NAMED and report.sections_checked
    with pytest.raises(ZkeyOfAnotherKey):
        checked_ceremony(record(VkId(b"\x01" * 32), named), replace(files, unnamed=True))


def test_a_key_with_a_false_point_and_an_honest_transcript_is_found(files: Files) -> None:
    """Its hashes and its verifying key are the registered ones; only the points tell."""
    points = ZKEY.sections[H]
    sections = {**ZKEY.sections, H: points[64:] + points[:64]}
    files.zkey.write_bytes(write_sections(b"zkey", 1, sections))
    with pytest.raises(InconsistentKey):
        checked_ceremony(record(), files)
