"""`cluster gov` against a real chain of one validator, whose operator decides alone."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from chain.execution.param_changes import ParamChange
from chain.execution.upgrades import Upgrade
from chain.types.scalars import AccountId, Height, Name, Text, Uint
from client.rpc import RpcClient
from contracts.governance import state
from contracts.governance.decisions import PlanUpgrade, SetParameters
from node.cli.gov_commands import acts_at
from tests.support.one_node import one_node
from tests.unit.node.test_cli_chain import Terminal

KEY_ID = "0x" + 64 * "7"
FAR = "1000000"


class Operator(Terminal):
    """Runs `cluster gov` with the operator's key."""

    async def gov(self, *argv: str) -> tuple[int, dict[str, object]]:
        return await self.json("gov", *argv, "--key", str(self.node.home.operator_key))

    async def shown(self, *argv: str) -> str:
        status, out, _ = await self.text("gov", *argv, "--rpc", self.node.url)
        assert status == 0
        return out


@pytest.fixture
async def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Operator]:
    async with one_node(tmp_path) as node:
        terminal = Operator(node, capsys)
        yield terminal  # whose operator has CLU for fees since genesis


async def test_propose_show_and_list(terminal: Operator) -> None:
    status, made = await terminal.gov("propose", "parameters", "max_expiry=2000", "prices.write=160", "--at", FAR)
    assert (status, made["proposal"], made["passed"]) == (0, 1, True)
    _, upgrade = await terminal.gov("propose", "upgrade", "two", "--version", "2", "--at", FAR, "--info", "by post")
    assert upgrade["passed"] is True
    shown = await terminal.shown("show", "1")
    for said in ("passed", "governance.set_parameters", '"prices.write"', "yes"):
        assert said in shown
    listed = await terminal.shown("list")
    assert "application version 1" in listed and "this node stops there: install a release" in listed
    assert f"passed, acts at {FAR}" in listed and "plan_upgrade" not in listed
    assert "plan_upgrade" in await terminal.shown("list", "--all")
    _, document = await terminal.json("gov", "list", "--all")
    assert [each["proposal"]["number"] for each in document["proposals"]] == [2, 1]
    assert document["upgrade"]["pending"]["info"] == "by post"
    _, cancelled = await terminal.gov("propose", "cancel-upgrade", "two")
    assert cancelled["passed"] is True
    async with RpcClient(terminal.node.url) as rpc:
        assert (await rpc.call("chain_getUpgrade"))["pending"] is None


def test_a_passed_change_waits_for_its_height_alone() -> None:
    change = SetParameters((ParamChange(Name("max_expiry"), Uint(2000)),), Height(50))
    upgrade = PlanUpgrade(Upgrade(Name("two"), Height(50), Uint(2), Text("")))
    operator = AccountId(bytes(32))
    common = (Text(""), Height(1), Height(40), (), state.PASSED, Height(30), Uint(0))
    passed = state.Proposal(Uint(1), operator, change, *common)
    assert (acts_at(passed, 49), acts_at(passed, 50)) == (50, None)
    assert acts_at(replace(passed, status=state.FAILED), 49) is None
    assert acts_at(replace(passed, decision=upgrade), 49) is None  # told by itself, and may be cancelled


async def test_a_height_too_low_is_told_the_least(terminal: Operator) -> None:
    head = (await terminal.json("status"))[1]["height"]
    _, refused = await terminal.gov("propose", "upgrade", "two", "--version", "2", "--at", "1")
    least, now = map(int, re.findall(r"at least (\d+) \(the chain is at (\d+),", refused["error"]["message"])[0])  # type: ignore[index]
    assert least == now + 2 and now >= head


async def test_refusals_say_what_to_do(terminal: Operator) -> None:
    await terminal.gov("propose", "parameters", "max_expiry=2000", "--at", FAR)
    cases = [
        (("propose", "parameters", "max_expiry"), "BadArgument"),
        (("propose", "parameters", "max_expiry=-1"), "BadArgument"),
        (("propose", "parameters", "max_expiry=1.5"), "BadArgument"),
        (("propose", "parameters", "max_expiry=1"), "ParameterOutOfRange"),
        (("propose", "parameters", "max_hope=1"), "NotChangeable"),
        (("propose", "parameters", "max_expiry=200", "--voting", "2000000"), "WrongDeadline"),
        (("propose", "parameters", "max_expiry=200", "--at", "1"), "BadArgument"),
        (("propose", "parameters", "max_expiry=200", "--voting", "0"), "BadArgument"),
        (("propose", "upgrade", "two", "--version", "2", "--at", "1"), "BadArgument"),
        (("propose", "upgrade", "one", "--version", "1", "--at", FAR), "VersionNotNewer"),
        (("propose", "cancel-upgrade", "two"), "NoSuchUpgrade"),
        (("propose", "freeze", "0x12"), "BadArgument"),
        (("propose", "freeze", KEY_ID), "KeyUnknown"),
        (("propose", "unfreeze", KEY_ID), "KeyUnknown"),
        (("vote", "1", "yes"), "ProposalClosed"),
        (("vote", "9", "no"), "NoSuchProposal"),
        (("withdraw", "1"), "ProposalClosed"),
    ]
    for arguments, error in cases:
        status, refused = await terminal.gov(*arguments)
        assert (status, refused["error"]["name"]) == (1, error), arguments  # type: ignore[index]
    status, refused = await terminal.json(
        "gov", "propose", "parameters", "max_expiry=200", "--key", terminal.key("account0")
    )
    assert (status, refused["error"]["name"]) == (1, "NotAnOperator")
    assert (await terminal.json("gov", "show", "9"))[1]["error"]["name"] == "NoSuchProposal"
