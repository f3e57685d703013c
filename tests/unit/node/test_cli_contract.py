"""`cluster contract` from an empty folder to an auditor's permit, the last part against a running node."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from chain.types.scalars import ChainId, Hash, ObjectId
from client.errors import TransactionFailed
from client.wallet import ChainIdentity
from compute.confidential.errors import AlreadyReader, NoSuchReader, UnsealableCount
from compute.confidential.permit_errors import AnotherAuditor, AnotherContract, NotAPermit
from compute.dsl import auditing
from compute.dsl.calls import ReadersNotFixed
from contracts.confidential.errors import NotOwner, ReadersFixed
from crypto.r1cs.audit import AuditSubject
from crypto.r1cs.builder import Builder
from crypto.r1cs.r1cs_file import read_r1cs
from node.cli.contract_deploy import what_comes_next
from node.cli.contract_errors import (
    ContractCodeFailed,
    ContractUnknown,
    FolderTaken,
    NoContractThere,
    OtherChainsContract,
)
from node.cli.contract_read import KEYLESS
from node.cli.contract_source import labelled, load_source, remember
from node.cli.errors import BadArgument
from node.cli.frame import execute
from tests.support.one_node import OneNode, one_node
from tests.support.savings import Savings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLUSTER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


class Cli:
    """Command lines and what they print as JSON."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.status = 0

    def run(self, *argv: str) -> Any:
        self.status = execute(["contract", *argv, "--json"])
        return json.loads(self._capsys.readouterr().out)

    def refused(self, *argv: str) -> int:
        """The code of the error that the command ends with."""
        code: int = self.run(*argv)["error"]["code"]
        return code


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


@pytest.fixture
def tally(cli: Cli, tmp_path: Path) -> Path:
    """The folder that `contract new` writes."""
    return Path(cli.run("new", "my-tally", "--into", str(tmp_path))["folder"])


def test_a_new_contract_has_its_class_test_and_readme(tally: Path, cli: Cli) -> None:
    assert sorted(path.name for path in tally.iterdir()) == ["README.md", "contract.py", "test_contract.py"]
    assert "class MyTally(Contract)" in (tally / "contract.py").read_text()
    assert "cluster contract call my-tally add 5" in (tally / "README.md").read_text()
    assert cli.refused("new", "my-tally", "--into", str(tally.parent)) == FolderTaken.code
    for name in ("", "5th", "a/b", "../x", "a b", "x" * 60):
        assert cli.refused("new", name, "--into", str(tally.parent)) == BadArgument.code


def test_its_tests_pass(tally: Path, cli: Cli) -> None:
    (tally / "pyproject.toml").write_text('[tool.pytest.ini_options]\nasyncio_mode = "auto"\n')
    document = cli.run("test", str(tally), "--pytest=--durations=1")
    assert document["passed"] is True and cli.status == 0
    assert "test_only_readers_see_the_total PASSED" in document["output"] and "slowest 1 dur" in document["output"]
    assert "PytestConfigWarning" not in document["output"]


@pytest.mark.slow
def test_its_tests_find_a_mistake(tally: Path, cli: Cli) -> None:
    text = (tally / "contract.py").read_text()
    (tally / "contract.py").write_text(text.replace("self.total += amount", "self.total += amount + amount"))
    document = cli.run("test", str(tally), "--match", "readers")
    assert document["passed"] is False and cli.status == 1
    assert "assert 24 == 12" in document["output"]


def test_a_folder_without_tests_is_no_pass(tmp_path: Path, cli: Cli) -> None:
    cli.run("test", str(tmp_path))
    assert cli.status == 2
    assert cli.refused("test", str(tmp_path / "nowhere")) == NoContractThere.code and cli.status == 2


def test_a_build_has_circuits_abi_and_costs(tally: Path, cli: Cli) -> None:
    built = cli.run("build", str(tally))
    folder = Path(built["folder"])
    assert folder == tally / "build" and sorted(path.name for path in folder.iterdir()) == built["files"]
    assert [method["method"] for method in built["methods"]] == ["add", "announce"]
    costs = json.loads((folder / "costs.json").read_text())
    circuit = read_r1cs((folder / "MyTally-add.r1cs").read_bytes())
    assert costs == built["methods"] and costs[0]["constraints"] == len(circuit.constraints)
    assert json.loads((folder / "abi.json").read_text())["name"] == "MyTally"
    elsewhere = cli.run("build", f"{tally / 'contract.py'}:MyTally", "--out", str(tally / "elsewhere"))
    assert (tally / "elsewhere" / "statement.py").exists() and elsewhere["files"] == built["files"]


QUICK = ("--sample", "2", "--effort", "1", "--only", "differential,mutation")


def test_an_audit_looks_at_every_method(tally: Path, cli: Cli) -> None:
    report = cli.run("audit", str(tally), *QUICK)
    assert cli.status == 0 and [method["circuit"] for method in report["methods"]] == [
        "MyTally.add",
        "MyTally.announce",
    ]
    assert len(cli.run("audit", str(tally), "--method", "announce", *QUICK)["methods"]) == 1
    assert cli.refused("audit", str(tally), "--method", "subtract") == BadArgument.code and cli.status == 2
    for wrong in (("--sample", "-1"), ("--effort", "-1"), ("--only", "luck")):
        assert cli.refused("audit", str(tally), *wrong) == BadArgument.code


def test_an_audit_that_finds_something_ends_with_one(tally: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cs = Builder()
    out, given = cs.output("out"), cs.private("given")
    cs.define(out, cs.hint("anything", lambda values: values, [given], 1)[0])  # nothing ties it to what is given
    subject = AuditSubject(cs.build(), [{"given": 5}], name="loose")
    monkeypatch.setattr(auditing, "contract_subjects", lambda contract: {"loose": subject})
    report = cli.run("audit", str(tally), *QUICK[:-1], "jacobian")
    assert cli.status == 1 and report["methods"][0]["findings"]


def test_a_method_that_no_example_calls_is_told(tally: Path, cli: Cli) -> None:
    text = (tally / "contract.py").read_text()
    text = text.replace("        plain.announce(1)\n", "").replace("self.total >= least", "least == 1_234_567")
    (tally / "contract.py").write_text(text)
    error = cli.run("audit", str(tally), *QUICK)["error"]
    assert error["code"] == auditing.MethodUncalled.code and error["fields"]["method"] == "announce"
    assert cli.status == 2


SOURCES = {
    "nothing.py": ("x = 1\n", NoContractThere.code),
    "broken.py": ("import nowhere_at_all\n", ContractCodeFailed.code),
    "exits.py": ("raise SystemExit(3)\n", ContractCodeFailed.code),
    "text.txt": ("x", NoContractThere.code),
}


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_files_without_a_contract_are_told(tmp_path: Path, cli: Cli, name: str) -> None:
    text, code = SOURCES[name]
    (tmp_path / name).write_text(text)
    assert cli.refused("deploy", str(tmp_path / name), "--key", "account0") == code


FAILING = {
    "total = u65": (1, "Mend it"),
    "x = 1\ncount = u64": (2, "from compute.dsl import u64"),
    "\n\nimport nowhere_at_all": (3, "what lies beside it"),
    "from compute.dsl import u63": (1, "The language has NATIVE, Address,"),
    "x = 1\nclass Box:\n    y = x +\n": (3, "Mend it"),
}


@pytest.mark.parametrize("text", sorted(FAILING))
def test_a_file_that_fails_is_told_by_its_line(tmp_path: Path, text: str) -> None:
    line, remedy = FAILING[text]
    (tmp_path / "contract.py").write_text(text)
    with pytest.raises(ContractCodeFailed) as failed:
        load_source(str(tmp_path))
    assert failed.value.line == line and f"contract.py:{line} ended with" in str(failed.value)
    assert remedy in str(failed.value)


def test_what_comes_next_says_where_notes_come_from() -> None:
    lines = list(what_comes_next(Savings.compiled, "savings", "account0"))
    assert lines[2:] == [
        "next: cluster contract call savings accept note:NUMBER --key account0",
        "note:NUMBER is a note of the account's: cluster contract read savings --key account0",
    ]


def test_what_the_language_refuses_has_its_own_error(tally: Path, cli: Cli) -> None:
    text = (tally / "contract.py").read_text()
    (tally / "contract.py").write_text(text.replace('require(amount > 0, "nothing to add")', "if amount > 0: pass"))
    error = cli.run("deploy", str(tally), "--key", "account0")["error"]
    assert 6400 <= error["code"] < 6450 and "contract.py" in error["message"]


def test_of_two_contracts_in_a_file_one_is_named(tally: Path, cli: Cli) -> None:
    text = (tally / "contract.py").read_text()
    (tally / "contract.py").write_text(text + text[text.index("@contract") :].replace("MyTally", "Second"))
    error = cli.run("deploy", str(tally), "--key", "account0")["error"]
    assert error["code"] == NoContractThere.code and "MyTally, Second" in error["message"]
    assert cli.refused("deploy", f"{tally / 'contract.py'}:Third", "--key", "account0") == NoContractThere.code


def test_a_label_says_what_it_meant_before(tally: Path) -> None:
    source, chain = load_source(str(tally)), ChainIdentity(ChainId("here"), Hash(bytes(32)), Hash(bytes(32)))
    assert labelled("tally") is None
    remember("tally", ObjectId(b"\x01" * 32), source, chain)
    assert labelled("tally") == "0x" + "01" * 32


class OnChain(Cli):
    """The same against a running node, as its funded accounts."""

    def __init__(self, capsys: pytest.CaptureFixture[str], node: OneNode) -> None:
        super().__init__(capsys)
        self._node = node

    async def ask(self, person: str, *argv: str) -> Any:
        key = str(self._node.home.root / self._node.accounts[person].key_file)
        return await asyncio.to_thread(self.run, *argv, "--key", key, "--rpc", self._node.url)

    async def ask_unnamed(self, *argv: str) -> Any:
        """Without --key."""
        return await asyncio.to_thread(self.run, *argv, "--rpc", self._node.url)

    async def asked_in_vain(self, person: str, *argv: str) -> int:
        code: int = (await self.ask(person, *argv))["error"]["code"]
        return code

    async def reader(self, person: str) -> str:
        key = str(self._node.home.root / self._node.accounts[person].key_file)
        return str((await asyncio.to_thread(self.run, "readers", "key", "--key", key))["reader"])

    async def values(self, person: str, *argv: str) -> dict[str, Any]:
        document = await self.ask(person, "read", *argv)
        return {each["name"]: each["value"] for each in document["registers"]}


@pytest.mark.slow
async def test_from_deploy_to_permit(tally: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with one_node(tmp_path) as node:
        chain = OnChain(capsys, node)
        await deployed_and_called(chain, tally, tmp_path)
        await read_by_who_may(chain, tmp_path)
        await kept_by_nobody(chain, tally, tmp_path)
        await wrong_ways(chain, tally, tmp_path)


async def deployed_and_called(chain: OnChain, tally: Path, tmp_path: Path) -> None:
    deployed = await chain.ask("account0", "deploy", str(tally), "--most-readers", "2", "--label", "tally")
    assert deployed["readers"] == [await chain.reader("account0")]
    assert deployed["keys_registered"] == 4 and deployed["replaced"] is None
    (tmp_path / "amount").write_text("7\n")
    for value in ("5", f"@{tmp_path / 'amount'}"):
        called = await chain.ask("account0", "call", "tally", "add", value)
        assert called["result"] is None and int(called["fee"]) > 0
    assert (await chain.ask("account0", "call", "tally", "announce", "10"))["result"] == 12
    assert await chain.values("account0", "tally") == {"total": 12, "calls": 2}
    assert await chain.values("account1", "tally") == {"total": None, "calls": 2}


async def read_by_who_may(chain: OnChain, tmp_path: Path) -> None:
    second, auditor = await chain.reader("account1"), await chain.reader("account2")
    added = await chain.ask("account0", "readers", "add", "tally", second)
    assert (added["epoch"], added["readers"]) == (2, [await chain.reader("account0"), second])
    for present in (second, "me"):
        assert await chain.asked_in_vain("account0", "readers", "add", "tally", present) == AlreadyReader.code
    assert await chain.asked_in_vain("account0", "readers", "add", "tally", auditor) == UnsealableCount.code
    written = await chain.ask("account0", "call", "tally", "add", "3")
    assert await chain.values("account1", "tally") == {"total": 15, "calls": 3}
    removed = await chain.ask("account0", "readers", "remove", "tally", second)
    assert removed["epoch"] == 3
    assert await chain.asked_in_vain("account0", "readers", "remove", "tally", second) == NoSuchReader.code
    await chain.ask("account0", "call", "tally", "add", "1")
    assert await chain.values("account1", "tally") == {"total": None, "calls": 4}
    past = await chain.values("account1", "tally", "--transaction", written["transaction"])
    assert past == {"total": 15, "calls": 3}
    permit = str(tmp_path / "permit.json")
    await chain.ask("account0", "permit", "make", "tally", "--auditor", auditor, "--epochs", "1-2", "--out", permit)
    shown = await chain.ask("account2", "permit", "read", permit)
    assert (shown["first"], shown["last"], shown["present"], shown["later"]) == (1, 2, 3, 1)
    assert await chain.asked_in_vain("account3", "permit", "read", permit) == AnotherAuditor.code
    seen = await chain.values("account2", "tally", "--permit", permit, "--transaction", written["transaction"])
    assert seen == {"total": 15, "calls": 3}
    document = await chain.ask("account2", "read", "tally", "--permit", permit)
    assert "no later ones" in document["registers"][0]["refused"]
    await seen_without_a_key(chain, permit)


async def seen_without_a_key(chain: OnChain, permit: str) -> None:
    document = await chain.ask_unnamed("read", "tally")
    assert [(each["value"], each["refused"]) for each in document["registers"]] == [(None, KEYLESS), (4, None)]
    assert (await chain.ask_unnamed("readers", "list", "tally"))["readers"] == [await chain.reader("account0")]
    assert (await chain.ask_unnamed("read", "tally", "--permit", permit))["error"]["code"] == BadArgument.code


async def kept_by_nobody(chain: OnChain, tally: Path, tmp_path: Path) -> None:
    """A contract with fixed readers: its owner changes none, and a class that asks for them takes no other contract."""
    second, other = await chain.reader("account1"), await chain.reader("account2")
    both = ("--reader", "me", "--reader", second)
    deployed = await chain.ask("account0", "deploy", str(tally), *both, "--fixed-readers", "--label", "kept")
    assert (deployed["fixed_readers"], deployed["most_readers"], deployed["keys_registered"]) == (True, 2, 0)
    listed = await chain.ask("account1", "readers", "list", "kept")
    assert (listed["fixed"], listed["epoch"], listed["readers"][1]) == (True, 1, second)
    assert await chain.asked_in_vain("account0", "readers", "add", "kept", other) == ReadersFixed.code
    assert await chain.asked_in_vain("account0", "readers", "remove", "kept", second) == ReadersFixed.code
    assert await chain.asked_in_vain("account0", "readers", "remove", "kept", other) == ReadersFixed.code
    await chain.ask("account1", "call", "kept", "add", "2")
    assert await chain.values("account0", "kept") == {"total": 2, "calls": 1}
    asking = tmp_path / "asking.py"
    declared = "    total = Sealed"
    asking.write_text((tally / "contract.py").read_text().replace(declared, "    fixed_readers = True\n" + declared))
    follows = await chain.ask("account0", "deploy", str(asking), "--label", "follows")
    assert (follows["fixed_readers"], follows["most_readers"]) == (True, 1)
    public = tmp_path / "public.py"
    shown = asking.read_text().replace("Sealed(", "Register(").replace("Private[", "Public[")
    public.write_text(shown.replace("    fixed_readers = True\n", ""))
    assert await chain.asked_in_vain("account0", "deploy", str(public), "--fixed-readers") == BadArgument.code
    for words in (("read",), ("call",)):
        rest = ("add", "1") if words == ("call",) else ()
        of_asking = ("--source", str(asking))
        refused = await chain.asked_in_vain("account0", *words, "tally", *rest, *of_asking)
        assert refused == ReadersNotFixed.code
        assert "error" not in await chain.ask("account0", *words, "kept", *rest, *of_asking)


async def wrong_ways(chain: OnChain, tally: Path, tmp_path: Path) -> None:
    me = await chain.reader("account1")
    assert await chain.asked_in_vain("account1", "readers", "add", "tally", me) == NotOwner.code
    assert await chain.asked_in_vain("account0", "call", "nobody", "add", "1") == ContractUnknown.code
    assert await chain.asked_in_vain("account0", "call", "tally", "subtract", "1") == BadArgument.code
    assert await chain.asked_in_vain("account0", "call", "tally", "add") == BadArgument.code
    assert await chain.asked_in_vain("account0", "call", "tally", "add", "many") == BadArgument.code
    assert await chain.asked_in_vain("account0", "read", "0x12") == BadArgument.code
    unknown = await chain.asked_in_vain("account0", "read", "0x" + "0" * 64)
    assert unknown not in (0, TransactionFailed.code)
    (tmp_path / "no-permit").write_text("{}")
    assert await chain.asked_in_vain("account2", "permit", "read", str(tmp_path / "no-permit")) == NotAPermit.code
    label = tmp_path / "home" / "contracts" / "tally.json"
    document = json.loads(label.read_text())
    label.write_text(json.dumps({**document, "chain_id": "another"}))
    assert await chain.asked_in_vain("account0", "read", "tally") == OtherChainsContract.code
    by_its_abi = await chain.values("account0", document["contract"])
    assert by_its_abi == {"total": 16, "calls": 4}
    named = await chain.values("account0", document["contract"], "--source", str(tally))
    assert named == {"total": 16, "calls": 4}
    await chain.ask("account0", "deploy", str(tally), "--most-readers", "2", "--label", "tally")
    permit = str(tmp_path / "permit.json")  # of what the label meant before; the new one has nothing yet
    assert await chain.asked_in_vain("account2", "read", "tally", "--permit", permit) == AnotherContract.code
