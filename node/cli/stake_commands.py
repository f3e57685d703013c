"""`cluster stake`: stake CLU with validators, take it back and what it earned; become a validator."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chain.codec import to_json
from chain.execution.action import Action
from chain.types.scalars import Name, Signature, ValidatorId, VrfKey
from client.results import Outcome
from client.rpc import RpcClient
from client.stake import delegations_of, get_validator, validator_address
from client.wallet import Wallet
from contracts.staking.actions import Bond, EditValidator, Unjail, possession_bytes
from contracts.staking.delegation_actions import Delegate, Release, Unbond, Withdraw
from contracts.staking.queries import DelegationView
from contracts.staking.state import JAILED
from crypto.address import encode_address
from node.cli.amounts import parse_amount, show_amount
from node.cli.frame import add_command, subcommands
from node.cli.keyring import account_of, add_key_arguments, open_wallet
from node.cli.passphrases import ask, passphrase_from
from node.cli.places import node_folder
from node.cli.screen import Json, Screen
from node.cli.stake_arguments import named, parse_commission, show_commission, validator_of
from node.home import Home
from node.keystore import load_key, read_record
from node.signer import PURPOSE, vrf_secret

AMOUNT = "CLU such as 100, or nano-CLU such as 500n"
MOST_ACTIONS = 16  # of a transaction


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    bond = add_command(commands, "bond", "become a validator with the consensus key of a home folder", _bond, rpc=True)
    bond.add_argument("amount", help=AMOUNT)
    bond.add_argument("--home", type=Path, default=node_folder(), help="default: $CLUSTER_HOME/node")
    bond.add_argument(
        "--validator-passphrase-file", type=Path, metavar="FILE", help="of the home's keys/validator.json"
    )
    bond.add_argument("--commission", default="10", metavar="PERCENT", help="what you keep of others' rewards (10)")
    bond.add_argument("--moniker", help="the name to show (default: the home's own)")
    delegate = add_command(commands, "delegate", "stake with a validator", _delegate, rpc=True)
    unbond = add_command(commands, "unbond", "ask for stake back; it comes after a delay", _unbond, rpc=True)
    withdraw = add_command(
        commands, "withdraw", "take what stake has earned, and stake whose delay is over", _withdraw, rpc=True
    )
    unjail = add_command(commands, "unjail", "let a validator out of jail, as its operator", _unjail, rpc=True)
    commission = add_command(commands, "commission", "change a validator's commission", _commission, rpc=True)
    for command in (delegate, unbond, unjail, commission):
        command.add_argument("validator", help="clustervaloper1..., or a moniker that only one has")
    for command in (delegate, unbond):
        command.add_argument("amount", help=AMOUNT)
    commission.add_argument("percent", help="such as 5 or 2.5; a higher one acts after the unbonding period")
    for command in (bond, delegate, unbond, withdraw, unjail, commission):
        add_key_arguments(command)
    show = add_command(commands, "show", "what an account has staked, earned and asked for", _show, rpc=True)
    show.add_argument("account", help="an address, a key's name, or a devnet account such as account0")


async def _bond(arguments: argparse.Namespace, screen: Screen) -> Json:
    home = Home(arguments.home.absolute())
    path = home.validator_key
    passphrase = passphrase_from(arguments.validator_passphrase_file)
    if passphrase is None and not read_record(path, PURPOSE).unprotected:
        passphrase = ask(f"Passphrase of {path}: ", "--validator-passphrase-file")
    secret = load_key(path, PURPOSE, passphrase)
    validator, vrf_key = ValidatorId(secret.public), VrfKey(vrf_secret(secret).public)
    async with RpcClient(arguments.rpc) as rpc:
        wallet = await open_wallet(arguments, rpc)
        chain = wallet.identity
        moniker = Name(arguments.moniker or home.load_config().moniker)
        others = [
            validator_address(each.validator) for each in await named(rpc, moniker) if each.validator != validator
        ]
        message = possession_bytes(chain.chain_id, chain.genesis_hash, validator, vrf_key, wallet.account)
        action = Bond(
            validator=validator,
            vrf_key=vrf_key,
            possession=Signature(secret.sign(message)),
            amount=parse_amount(arguments.amount),
            commission_bps=parse_commission(arguments.commission),
            moniker=moniker,
        )
        document = await _done(wallet, [action], screen, validator)
    if others:
        screen.line(
            f"the moniker {moniker!r} is also that of {', '.join(others)}: others must name yours by its address; "
            f"change it with `cluster validator rename {validator_address(validator)} MONIKER`"
        )
    return {**document, "same_moniker": others}


async def _delegate(arguments: argparse.Namespace, screen: Screen) -> Json:
    amount = parse_amount(arguments.amount)
    async with RpcClient(arguments.rpc) as rpc:
        wallet, validator = await open_wallet(arguments, rpc), await validator_of(rpc, arguments.validator)
        document = await _done(wallet, [Delegate(validator, amount)], screen, validator)
        if (await get_validator(rpc, validator)).status == JAILED:
            screen.line(
                "it is jailed: it neither votes nor earns until its operator lets it out (`cluster stake unjail`)"
            )
        return document


async def _unbond(arguments: argparse.Namespace, screen: Screen) -> Json:
    amount = parse_amount(arguments.amount)
    async with RpcClient(arguments.rpc) as rpc:
        wallet, validator = await open_wallet(arguments, rpc), await validator_of(rpc, arguments.validator)
        document = await _done(wallet, [Unbond(validator, amount)], screen, validator)
    screen.pairs([("yours from height", document["receipt"]["events"][0]["release_at"])])
    return document


async def _withdraw(arguments: argparse.Namespace, screen: Screen) -> Json:
    """In as many transactions as it takes; what fails in between leaves the rest for the next time."""
    async with RpcClient(arguments.rpc) as rpc:
        wallet = await open_wallet(arguments, rpc)
        height = int((await rpc.call("chain_status"))["height"])
        found = await delegations_of(rpc, encode_address(wallet.account))
        actions = [action for each in found for action in due_actions(each, height + 1)]
        outcomes = []
        for first in range(0, len(actions), MOST_ACTIONS):
            with screen.progress("waiting for the block"):
                outcomes.append(await wallet.submit(actions[first : first + MOST_ACTIONS]))
    events = [event for outcome in outcomes for event in outcome.events]
    total = sum(int(event["amount"]) for event in events)
    screen.line(f"received {show_amount(total)}" if actions else "nothing is due: see `cluster stake show`")
    return {"received": str(total), "transactions": [outcome.hash for outcome in outcomes], "events": events}


def due_actions(delegation: DelegationView, height: int) -> list[Action]:
    """What takes all that an account can have of one validator at a height."""
    ripe = sum(1 for entry in delegation.unbonding if entry.release_at <= height)
    earned: list[Action] = [Withdraw(delegation.validator)] if delegation.rewards else []
    return earned + [Release(delegation.validator)] * ripe


async def _unjail(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        wallet = await open_wallet(arguments, rpc)
        validator = await validator_of(rpc, arguments.validator, wallet.account)
        return await _done(wallet, [Unjail(validator)], screen, validator)


async def _commission(arguments: argparse.Namespace, screen: Screen) -> Json:
    bps = parse_commission(arguments.percent)
    async with RpcClient(arguments.rpc) as rpc:
        wallet = await open_wallet(arguments, rpc)
        validator = await validator_of(rpc, arguments.validator, wallet.account)
        known = await get_validator(rpc, validator)
        document = await _done(wallet, [EditValidator(validator, known.moniker, bps)], screen, validator)
    rise_at = document["receipt"]["events"][0]["rise_at"]
    screen.pairs(
        [("commission", show_commission(bps)), ("acts", "now" if rise_at is None else f"from height {rise_at}")]
    )
    return document


async def _show(arguments: argparse.Namespace, screen: Screen) -> Json:
    address = encode_address(account_of(arguments.account, "account"))
    async with RpcClient(arguments.rpc) as rpc:
        found = await delegations_of(rpc, address)
    rows = [(each.moniker, each.status, show_amount(each.staked), show_amount(each.rewards)) for each in found]
    screen.table(address, ("validator", "status", "staked", "earned"), rows)
    on_its_way = [
        (each.moniker, show_amount(entry.amount), entry.release_at) for each in found for entry in each.unbonding
    ]
    if on_its_way:
        screen.table("on its way back", ("validator", "amount", "from height"), on_its_way)
    return {"address": address, "delegations": [to_json(each) for each in found]}


async def _done(wallet: Wallet, actions: Sequence[Action], screen: Screen, validator: ValidatorId) -> dict[str, Any]:
    """Submit, wait, show; the document."""
    with screen.progress("waiting for the block"):
        outcome: Outcome = await wallet.submit(list(actions))
    screen.pairs([("validator", validator_address(validator)), ("hash", outcome.hash), ("height", outcome.height)])
    return {
        "validator": validator_address(validator),
        "hash": outcome.hash,
        "height": outcome.height,
        "receipt": outcome.receipt,
    }
