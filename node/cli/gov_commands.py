"""`cluster gov`: what the validators decide together: propose, vote, look."""

import argparse
import json
from typing import TYPE_CHECKING, Final

from chain.codec import to_json
from chain.execution.action import Action
from chain.execution.decision import Decision
from chain.execution.param_changes import ParamChange
from chain.execution.upgrades import Upgrade
from chain.types.scalars import Height, Name, Text, Uint, VkId
from client.governance import Rules, get_proposal, get_upgrade, list_proposals
from client.results import Outcome, chain_status
from client.rpc import RpcClient
from contracts.governance import state
from contracts.governance.actions import Propose, Vote, Withdraw
from contracts.governance.decisions import CancelUpgrade, PlanUpgrade, SetParameters
from contracts.governance.queries import ProposalView
from contracts.registry.decisions import FreezeKey
from crypto.address import encode_address
from node.cli.errors import BadArgument
from node.cli.explain import rule_name
from node.cli.frame import Run, add_command, subcommands
from node.cli.keyring import add_key_arguments, open_wallet
from node.cli.screen import Json, Screen

if TYPE_CHECKING:
    from node.cli.frame import Commands

VOTING_HEIGHTS: Final = 600  # unless somebody says otherwise: ten minutes of blocks of a second
KEY_BYTES: Final = 32


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    _register_propose(commands.add_parser("propose", help="propose a decision, and be for it"))
    vote = _signed(commands, "vote", "say yes or no to an open proposal; your last word counts", _vote)
    vote.add_argument("number", type=int, help="the proposal's, as `cluster gov list` shows it")
    vote.add_argument("answer", choices=("yes", "no"))
    withdraw = _signed(commands, "withdraw", "take a proposal of your own back", _withdraw)
    withdraw.add_argument("number", type=int, help="the proposal's")
    show = add_command(commands, "show", "a proposal, its votes, and what became of it", _show, rpc=True)
    show.add_argument("number", type=int, help="the proposal's")
    listed = add_command(
        commands, "list", "the open proposals, and the changes and the upgrade that lie ahead", _list, rpc=True
    )
    listed.add_argument("--all", action="store_true", help="those that are closed as well")


def _register_propose(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Propose a decision, and be for it. Operators do, with a validator's keys/operator.json as --key "
        "(of a development network: devnet/nodeN/keys/operator.json); the account pays the fee."
    )
    kinds = subcommands(parser)
    parameters = _proposing(kinds, "parameters", "change parameters of the chain (docs/parameters.md has the bounds)")
    parameters.add_argument("changes", nargs="+", metavar="NAME=VALUE", help="such as max_expiry=2000")
    at = parameters.add_argument("--at", type=int, metavar="HEIGHT", help="the first height with the new values")
    at.help = f"{at.help} (default: the first after the votes)"
    upgrade = _proposing(kinds, "upgrade", "move the chain to another application version at a height")
    upgrade.add_argument("name", help="what people call it")
    upgrade.add_argument("--at", type=int, required=True, metavar="HEIGHT", help="the first height with the new rules")
    upgrade.add_argument("--version", type=int, required=True, metavar="N", help="the application version")
    upgrade.add_argument("--info", default="", metavar="TEXT", help="where the release is found")
    cancel = _proposing(kinds, "cancel-upgrade", "forget the upgrade that has passed and lies ahead")
    cancel.add_argument("name", help="the upgrade's")
    for name, summary in (("freeze", "freeze a verifying key"), ("unfreeze", "let a frozen key be used again")):
        _proposing(kinds, name, summary).add_argument(
            "vk_id", metavar="KEY", help="its id: `cluster model show NAME` has it as vk_id"
        )


def _signed(commands: "Commands", name: str, summary: str, run: Run) -> argparse.ArgumentParser:
    parser = add_command(commands, name, summary, run, rpc=True)
    add_key_arguments(parser)
    return parser


def _proposing(kinds: "Commands", name: str, summary: str) -> argparse.ArgumentParser:
    parser = _signed(kinds, name, summary, _propose)
    parser.set_defaults(kind=name)
    parser.add_argument(
        "--voting", type=int, default=VOTING_HEIGHTS, metavar="N", help="heights to vote at (default: %(default)s)"
    )
    parser.add_argument("--summary", default="", metavar="TEXT", help="why, for those who vote")
    return parser


async def _propose(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        height = (await chain_status(rpc)).height
        _require_ahead(arguments, height)
        deadline = height + arguments.voting
        decision = _decision(arguments, deadline)
        if decision.from_height is not None:
            deadline = min(deadline, decision.from_height - 1)
        outcome = await _submit(arguments, rpc, Propose(decision, Height(deadline), Text(arguments.summary)), screen)
    number = outcome.events[0]["proposal"]
    screen.pairs([("proposal", number), ("votes until height", deadline), ("passed", _passed(outcome))])
    return {"proposal": number, "deadline": deadline, **_document(outcome)}


def _require_ahead(arguments: argparse.Namespace, height: int) -> None:
    """A vote takes at least the block that comes, and what is decided acts behind it. Raises BadArgument."""
    if arguments.voting < 1:
        raise BadArgument("--voting", "at least 1 height to vote at", str(arguments.voting))
    at, least = getattr(arguments, "at", None), height + 2
    if at is not None and at < least:
        expected = f"a height of at least {least} (the chain is at {height}, and the votes come first)"
        raise BadArgument("--at", expected, str(at))


async def _vote(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        outcome = await _submit(arguments, rpc, Vote(Uint(arguments.number), arguments.answer == "yes"), screen)
    screen.pairs([("proposal", arguments.number), ("vote", arguments.answer), ("passed", _passed(outcome))])
    return {"proposal": arguments.number, **_document(outcome)}


async def _withdraw(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        outcome = await _submit(arguments, rpc, Withdraw(Uint(arguments.number)), screen)
    screen.pairs([("withdrawn", arguments.number)])
    return {"proposal": arguments.number, **_document(outcome)}


async def _show(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        view = await get_proposal(rpc, arguments.number)
    proposal = view.proposal
    failed = f" ({proposal.failure} {rule_name(proposal.failure)})" if proposal.failure else ""
    screen.pairs(
        [
            ("proposal", proposal.number),
            ("status", proposal.status + failed),
            ("proposer", encode_address(proposal.proposer)),
            ("opened at height", proposal.opened_at),
            ("votes until height", proposal.deadline),
            *([] if proposal.closed_at is None else [("closed at height", proposal.closed_at)]),
            *([] if view.count is None else [("power", _count(view))]),
            *([("summary", proposal.summary)] if proposal.summary else []),
        ]
    )
    screen.line(_said(proposal.decision))
    screen.table(
        "", ("operator", "vote"), [(encode_address(each.operator), _answer(each)) for each in proposal.ballots]
    )
    return to_json(view)


async def _list(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        with screen.progress("asking"):
            found = [each async for each in list_proposals(rpc)]
            rules = await get_upgrade(rpc)
            height = (await chain_status(rpc)).height
    shown = [
        each
        for each in found
        if arguments.all or each.proposal.status == state.OPEN or acts_at(each.proposal, height) is not None
    ]
    rows = [
        (
            each.proposal.number,
            _standing(each.proposal, height),
            each.proposal.deadline,
            _count(each),
            _said(each.proposal.decision),
        )
        for each in shown
    ]
    screen.table("", ("proposal", "status", "votes until", "power", "decision"), rows)
    _show_rules(rules, screen)
    return {
        "proposals": [to_json(each) for each in shown],
        "upgrade": {**to_json(rules.upgrade), "known_app_versions": list(rules.known)},
    }


def acts_at(proposal: state.Proposal, height: int) -> int | None:
    """The height that a passed change of parameters waits for; an upgrade that waits is told by itself."""
    decision = proposal.decision
    waits = proposal.status == state.PASSED and isinstance(decision, SetParameters) and decision.effective > height
    return decision.from_height if waits else None


def _standing(proposal: state.Proposal, height: int) -> str:
    waits_for = acts_at(proposal, height)
    return proposal.status if waits_for is None else f"{proposal.status}, acts at {waits_for}"


def _show_rules(rules: Rules, screen: Screen) -> None:
    screen.line(f"application version {rules.upgrade.app_version}")
    pending = rules.upgrade.pending
    if pending is not None:
        knows = (
            "this node knows it" if pending.app_version in rules.known else "this node stops there: install a release"
        )
        info = f" ({pending.info})" if pending.info else ""
        screen.line(
            f"upgrade {pending.name} to version {pending.app_version} at height {pending.height}{info}; {knows}"
        )


async def _submit(arguments: argparse.Namespace, rpc: RpcClient, action: Action, screen: Screen) -> Outcome:
    wallet = await open_wallet(arguments, rpc)
    with screen.progress("waiting for the block"):
        return await wallet.submit([action])


def _decision(arguments: argparse.Namespace, deadline: int) -> Decision:
    """What the command line proposes. Raises BadArgument."""
    match arguments.kind:
        case "parameters":
            at = deadline + 1 if arguments.at is None else arguments.at
            return SetParameters(tuple(map(_change, arguments.changes)), Height(at))
        case "upgrade":
            plan = Name(arguments.name), Height(arguments.at), Uint(arguments.version), Text(arguments.info)
            return PlanUpgrade(Upgrade(*plan))
        case "cancel-upgrade":
            return CancelUpgrade(Name(arguments.name))
    return FreezeKey(_key_id(arguments.vk_id), arguments.kind == "freeze")


def _change(text: str) -> ParamChange:
    name, equals, value = text.partition("=")
    number = {"true": "1", "false": "0"}.get(value, value)
    if not equals or not name or not (number.isascii() and number.isdigit()) or len(number) > len(str(2**63)):
        raise BadArgument("parameter", "NAME=VALUE with a whole number, such as max_expiry=2000", text)
    return ParamChange(Name(name), Uint(int(number)))


def _key_id(text: str) -> VkId:
    try:
        key = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadArgument("key", "a verifying key's id: 0x and 64 hex digits", text)
    return VkId(key)


def _said(decision: Decision) -> str:
    return f"{decision.name} {json.dumps(to_json(decision), ensure_ascii=False)}"


def _answer(ballot: state.Ballot) -> str:
    return "yes" if ballot.approve else "no"


def _count(view: ProposalView) -> str:
    if view.count is None:
        return ""
    needed = 2 * view.count.total // 3 + 1
    return f"{view.count.approve} for, {view.count.reject} against, {needed} of {view.count.total} needed"


def _passed(outcome: Outcome) -> bool:
    return any(event["type"] == "governance.proposal_passed" for event in outcome.events)


def _document(outcome: Outcome) -> dict[str, Json]:
    return {
        "passed": _passed(outcome),
        "hash": outcome.hash,
        "height": outcome.height,
        "receipt": outcome.receipt,
    }
