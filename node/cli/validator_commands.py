"""`cluster validator`: who votes, who waits, who is jailed; rename one's own; report who signed twice."""

import argparse
import json
from pathlib import Path

from chain.codec import from_json, to_json
from chain.types.scalars import Name
from chain.types.vote import DuplicateVote
from client.rpc import RpcClient
from client.stake import get_validator, list_validators, validator_address
from contracts.staking.actions import EditValidator, ReportDoubleVote
from contracts.staking.queries import ValidatorView
from contracts.staking.state import JAILED, TOMBSTONED
from node.cli.amounts import show_amount
from node.cli.errors import BadArgument
from node.cli.frame import add_command, subcommands
from node.cli.keyring import add_key_arguments, open_wallet
from node.cli.screen import Json, Screen
from node.cli.stake_arguments import show_commission, validator_of


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    add_command(commands, "list", "all validators: power, stake, commission, status", _list, rpc=True)
    show = add_command(commands, "show", "what is known of a validator", _show, rpc=True)
    rename = add_command(commands, "rename", "give a validator another moniker, as its operator", _rename, rpc=True)
    for command in (show, rename):
        command.add_argument("validator", help="clustervaloper1..., or a moniker that only one has")
    rename.add_argument("moniker", help="the new one, up to 64 characters")
    report = add_command(commands, "report", "report a validator that signed two votes", _report, rpc=True)
    report.add_argument(
        "evidence", type=Path, help="a JSON file {first, second}: two votes as chain_getBlock shows them"
    )
    for command in (rename, report):
        add_key_arguments(command)


async def _list(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        found = [each async for each in list_validators(rpc)]
    found.sort(key=lambda each: (-each.power, -each.stake, each.validator))
    total = sum(each.power for each in found)
    columns = ("moniker", "status", "power", "share", "stake", "commission", "validator")
    screen.table("", columns, [_row(each, total) for each in found])
    for each in found:
        _advise(each, screen)
    return {"validators": [to_json(each) for each in found]}


def _row(each: ValidatorView, total: int) -> tuple[object, ...]:
    share = f"{100 * each.power / total:.1f} %" if total else "-"
    commission, address = show_commission(each.commission_bps), validator_address(each.validator)
    return each.moniker, each.status, each.power, share, show_amount(each.stake), commission, address


async def _show(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        view = await get_validator(rpc, await validator_of(rpc, arguments.validator))
    document = to_json(view)
    commission = show_commission(view.commission_bps)
    if view.rise_at is not None:
        commission += f", {show_commission(view.risen_bps)} from height {view.rise_at}"
    shown = {
        "stake": show_amount(view.stake),
        "self_bond": show_amount(view.self_bond),
        "commission_bps": commission,
        "risen_bps": None,  # said with the commission
        "rise_at": None,
    }
    said = [(name.removesuffix("_bps"), shown.get(name, value)) for name, value in document.items()]
    screen.pairs((name, value) for name, value in said if value is not None)
    _advise(view, screen)
    return document


def _advise(view: ValidatorView, screen: Screen) -> None:
    """What its operator is to run, where there is something to be done."""
    if view.status == JAILED:
        screen.line(
            f"{view.moniker} is jailed, it missed too many blocks: see that its node runs and keeps up; from height "
            f"{view.jailed_until} on its operator runs `cluster stake unjail {validator_address(view.validator)}`"
        )


async def _rename(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        wallet = await open_wallet(arguments, rpc)
        validator = await validator_of(rpc, arguments.validator, wallet.account)
        known = await get_validator(rpc, validator)
        action = EditValidator(validator, Name(arguments.moniker), known.risen_bps)
        with screen.progress("waiting for the block"):
            outcome = await wallet.submit([action])
    screen.pairs([("moniker", arguments.moniker), ("hash", outcome.hash), ("height", outcome.height)])
    return {"moniker": arguments.moniker, "hash": outcome.hash, "height": outcome.height, "receipt": outcome.receipt}


async def _report(arguments: argparse.Namespace, screen: Screen) -> Json:
    """One transaction for each validator that is not punished yet: who is, costs nobody a fee."""
    reported = []
    async with RpcClient(arguments.rpc) as rpc:
        wallet = await open_wallet(arguments, rpc)
        for piece in read_evidence(arguments.evidence):
            validator, hash_ = piece.first.validator, None
            if (await get_validator(rpc, validator)).status != TOMBSTONED:
                with screen.progress("waiting for the block"):
                    hash_ = (await wallet.submit([ReportDoubleVote(piece)])).hash
            known = await get_validator(rpc, validator)
            reported.append({"validator": validator_address(validator), "status": known.status, "hash": hash_})
    screen.table("", ("validator", "status", "reported in"), [tuple(each.values()) for each in reported])
    return {"reported": reported}


def read_evidence(path: Path) -> list[DuplicateVote]:
    """The double votes of a JSON file: one as chain_getBlock shows it, or what `cluster light` wrote of an attack.

    Raises BadArgument, CodecError, OSError.
    """
    expected = "a JSON file {first, second}, or one that `cluster light` wrote of an attack"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        pieces = document.get("double_votes", [document])
    except (AttributeError, ValueError, RecursionError) as error:
        raise BadArgument("evidence", expected, f"{path}: {error}") from error
    return [from_json(DuplicateVote, piece) for piece in pieces]
