"""`cluster stake` and `cluster validator` against a real chain of one validator."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from chain.codec import to_json
from chain.state.view import View
from chain.types.scalars import NIL, Height, Round, Signature, Uint, ValidatorId, VoteTarget
from chain.types.vote import PRECOMMIT, DuplicateVote, Vote, vote_signing_bytes
from client.stake import validator_address
from contracts.staking.delegation_actions import Release, Withdraw
from contracts.staking.queries import DelegationView, UnbondingView, ValidatorView, validator_view
from contracts.staking.state import JAILED
from crypto.keys import SecretKey
from node.cli.errors import BadArgument
from node.cli.stake_arguments import parse_commission, show_commission
from node.cli.stake_commands import due_actions
from node.devnet.files import Plan, create_joining
from node.keystore import load_key
from node.signer import PURPOSE
from tests.support.one_node import one_node
from tests.unit.node.test_cli_chain import Terminal

CLU = 10**9
NOBODY = validator_address(ValidatorId(bytes(32)))


@pytest.fixture
async def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Terminal]:
    async with one_node(tmp_path) as node:
        yield Terminal(node, capsys)


async def test_delegate_earn_unbond_and_withdraw(terminal: Terminal) -> None:
    key, address = terminal.key("account0"), terminal.address("account0")
    assert (await terminal.json("stake", "delegate", "node0", "900", "--key", key))[0] == 0
    _, sent = await terminal.json("tx", "send", address, "1n", "--key", terminal.key("account1"), "--tip", "1")
    assert sent["receipt"]["code"] == 0
    _, shown = await terminal.json("stake", "show", address)
    (own,) = shown["delegations"]
    earned = CLU * 9 // 10 * 900 // 100_900
    assert (own["staked"], own["rewards"], own["status"]) == (str(900 * CLU), str(earned), "active")
    _, taken = await terminal.json("stake", "withdraw", "--key", key)
    assert taken["received"] == str(earned)
    assert (await terminal.json("stake", "withdraw", "--key", key))[1]["transactions"] == []

    status, asked = await terminal.json("stake", "unbond", own["validator"], "400", "--key", key)
    assert status == 0
    status, out, _ = await terminal.text("stake", "show", address, "--rpc", terminal.node.url)
    assert status == 0 and "500 CLU" in out and "400 CLU" in out
    assert str(asked["receipt"]["events"][0]["release_at"]) in out


async def test_who_bonds_is_listed_renamed_and_reported(terminal: Terminal, tmp_path: Path) -> None:
    key, joining = terminal.key("account0"), tmp_path / "joining"
    home = create_joining(joining, Plan(), terminal.node.home.load_genesis(), (), None, validator=True)
    bond = ("stake", "bond", "500", "--home", str(joining), "--commission", "2.5", "--moniker", "fifth", "--key", key)
    status, bonded = await terminal.json(*bond)
    assert status == 0
    assert (await terminal.json(*bond))[1]["error"]["name"] == "ValidatorExists"
    _, listed = await terminal.json("validator", "list")
    assert [(each["moniker"], each["commission_bps"]) for each in listed["validators"]] == [
        ("node0", 1000),
        ("fifth", 250),
    ]
    assert (await terminal.json("stake", "commission", "fifth", "1", "--key", key))[1]["receipt"]["code"] == 0
    assert (await terminal.json("validator", "rename", "fifth", "sixth", "--key", key))[0] == 0
    status, out, _ = await terminal.text("validator", "list", "--rpc", terminal.node.url)
    assert status == 0 and "sixth" in out and "1 %" in out

    secret = load_key(home.validator_key, PURPOSE)
    evidence = tmp_path / "evidence.json"
    evidence.write_text(json.dumps(to_json(double_vote(secret))))
    for times in range(2):
        _, answer = await terminal.json("validator", "report", str(evidence), "--key", key)
        (reported,) = answer["reported"]
        assert (reported["validator"], reported["status"]) == (bonded["validator"], "tombstoned")
        assert (reported["hash"] is None) is (times > 0)  # it is known by then
    _, shown = await terminal.json("validator", "show", "sixth")
    assert shown["stake"] == str(475 * CLU)


async def test_who_is_jailed_is_told_what_to_run(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (("list",), ("show", "node0")):
        assert "unjail" not in (await terminal.text("validator", *command, "--rpc", terminal.node.url))[1]

    def jailed(view: View, validator: ValidatorId) -> ValidatorView:
        return replace(validator_view(view, validator), status=JAILED, jailed_until=Height(77))

    monkeypatch.setattr("node.rpc.staking_methods.validator_view", jailed)
    (known,) = (await terminal.json("validator", "list"))[1]["validators"]
    for command in (("list",), ("show", "node0")):
        _, out, _ = await terminal.text("validator", *command, "--rpc", terminal.node.url)
        assert f"from height 77 on its operator runs `cluster stake unjail {known['validator']}`" in " ".join(
            out.split()
        )


async def test_a_stranger_who_takes_a_moniker_stands_in_nobodys_way(terminal: Terminal, tmp_path: Path) -> None:
    key, joining = terminal.key("account0"), tmp_path / "joining"
    create_joining(joining, Plan(), terminal.node.home.load_genesis(), (), None, validator=True)
    (first,) = (await terminal.json("validator", "list"))[1]["validators"]
    bond = ("stake", "bond", "500", "--home", str(joining), "--moniker", "node0", "--key", key)
    status, bonded = await terminal.json(*bond)
    assert (status, bonded["same_moniker"]) == (0, [first["validator"]])
    _, refused = await terminal.json("stake", "delegate", "node0", "1", "--key", key)
    assert refused["error"]["name"] == "MonikerShared"
    assert all(each in refused["error"]["message"] for each in (first["validator"], bonded["validator"]))

    operator = str(terminal.node.home.operator_key)  # his own he still finds by its name, and the stranger his
    for who, whose in ((operator, first["validator"]), (key, bonded["validator"])):
        _, changed = await terminal.json("stake", "commission", "node0", "60", "--key", who)
        assert changed["validator"] == whose
    _, out, _ = await terminal.text("validator", "show", bonded["validator"], "--rpc", terminal.node.url)
    rise_at = changed["receipt"]["events"][0]["rise_at"]
    assert "500 CLU" in out and f"10 %, 60 % from height {rise_at}" in out
    assert (await terminal.json("validator", "rename", "node0", "mine", "--key", key))[0] == 0
    assert (await terminal.json("stake", "delegate", "node0", "1", "--key", key))[0] == 0
    _, nobody = await terminal.json("stake", "delegate", "node0x", "1", "--key", key)
    assert nobody["error"]["message"].endswith("got 'node0x'.")


def double_vote(secret: SecretKey) -> DuplicateVote:
    def vote(target: VoteTarget) -> Vote:
        message = vote_signing_bytes("test-chain", PRECOMMIT, Height(1), Round(0), target)  # type: ignore[arg-type]
        return Vote(PRECOMMIT, Height(1), Round(0), target, ValidatorId(secret.public), Signature(secret.sign(message)))

    return DuplicateVote(vote(NIL), vote(VoteTarget(b"\x01" * 32)))


async def test_refusals_say_what_to_do(terminal: Terminal, tmp_path: Path) -> None:
    key, bad = terminal.key("account0"), tmp_path / "bad.json"
    await asyncio.to_thread(bad.write_text, "{")
    cases = [
        (("stake", "delegate", "node0", "0"), "NothingToStake"),
        (("stake", "delegate", "nobody", "1"), "BadArgument"),
        (("stake", "delegate", NOBODY, "1"), "NoSuchValidator"),
        (("stake", "delegate", NOBODY[:-1] + "q", "1"), "Bech32Checksum"),
        (("stake", "unbond", "node0", "1"), "NoDelegation"),
        (("stake", "unjail", "node0"), "NotTheOperator"),
        (("stake", "commission", "node0", "5"), "NotTheOperator"),
        (("stake", "commission", "node0", "five"), "BadArgument"),
        (("stake", "bond", "1", "--home", str(terminal.node.home.root)), "SelfBondTooLow"),
        (("validator", "rename", "node0", "mine"), "NotTheOperator"),
        (("validator", "report", str(bad)), "BadArgument"),
    ]
    for arguments, error in cases:
        status, refused = await terminal.json(*arguments, "--key", key)
        assert (status, refused["error"]["name"]) == (1, error), arguments


def test_what_is_due_is_what_was_earned_and_is_ripe() -> None:
    entries = tuple(UnbondingView(5, height) for height in (10, 20, 30))  # type: ignore[arg-type]
    view = DelegationView(ValidatorId(bytes(32)), "m", "active", 1, 0, entries)  # type: ignore[arg-type]
    assert due_actions(view, 9) == []
    assert due_actions(view, 20) == [Release(view.validator)] * 2
    earned = DelegationView(view.validator, "m", "active", 1, 7, ())  # type: ignore[arg-type]
    assert due_actions(earned, 9) == [Withdraw(view.validator)]


@pytest.mark.parametrize(("text", "bps"), [("0", 0), ("5", 500), ("2.5%", 250), ("100", 10_000), ("0.01", 1)])
def test_commissions_are_read_and_shown_exactly(text: str, bps: int) -> None:
    assert parse_commission(text) == Uint(bps)
    assert show_commission(bps) == f"{text.removesuffix('%')} %"


@pytest.mark.parametrize("text", ["", "x", "-1", "100.01", "0.001", "NaN", "Infinity", "1e3"])
def test_other_commissions_are_refused(text: str) -> None:
    with pytest.raises(BadArgument):
        parse_commission(text)
