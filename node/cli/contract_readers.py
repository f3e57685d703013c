"""`cluster contract readers`: who can read a contract from now on. Each change begins a key epoch."""

import argparse
from typing import TYPE_CHECKING, Any

from client.rpc import RpcClient
from compute.confidential.keys import encode_reader, reader_key, readers_of
from compute.confidential.prover import Draft
from compute.confidential.reader_changes import draft_add_reader, draft_remove_reader
from contracts.confidential.queries import ContractView
from contracts.notes.output import Point
from node.cli.contract_client import add_oldest, contract_client
from node.cli.contract_read import FIXED
from node.cli.contract_source import add_contract, find_contract
from node.cli.frame import add_command, subcommands
from node.cli.keyring import add_key_arguments, chosen_secret, open_account, open_anybody
from node.cli.recipients import reader_or_own
from node.cli.screen import Json, Screen

if TYPE_CHECKING:
    from collections.abc import Callable

    from node.cli.frame import Commands

SUMMARY = "list, add and remove a contract's readers"
KEEPS = "who was removed still reads what was written before: its epochs' keys are his"
BLIND = "a new reader reads what is written from now on; for what is there already give him a permit, or write it anew"


def add_readers(commands: "Commands") -> None:
    """Adds the commands to their group."""
    group = commands.add_parser("readers", help=SUMMARY, description=SUMMARY.capitalize() + ".")
    nested = subcommands(group)
    key = add_command(nested, "key", "one's own reader key, to be told to owners of contracts", _key)
    listing = add_command(nested, "list", "the readers of the present epoch", _list, rpc=True)
    add = add_command(nested, "add", "begin an epoch with one reader more; the owner does", _add, rpc=True)
    remove = add_command(nested, "remove", "begin an epoch that somebody cannot read", _remove, rpc=True)
    for parser in (listing, add, remove):
        add_contract(parser)
    for parser in (add, remove):
        parser.add_argument(
            "reader",
            metavar="READER",
            help="a reader key clur1..., the name of a key without a passphrase, or `me`: the account of --key",
        )
    for parser in (listing, add, remove):
        add_oldest(parser)
    for parser in (key, listing, add, remove):
        add_key_arguments(parser, required=parser is not listing)


def _key(arguments: argparse.Namespace, screen: Screen) -> Json:
    document = {"reader": encode_reader(reader_key(chosen_secret(arguments).seed).public)}
    screen.line(document["reader"])
    return document


async def _list(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        secret, wallet = await open_anybody(arguments, rpc)
        entry = find_contract(arguments, wallet.identity)
        view = await contract_client(arguments, wallet, entry.contract).view()
    own = None if secret is None else reader_key(secret.seed).public
    rows = [(encode_reader(reader), "this account" if reader == own else "") for reader in readers_of(view)]
    counts = sorted(key.readers for key in view.record.sealing)
    screen.table(f"epoch {view.record.epoch}", ("reader", ""), rows)
    possible = f"it can have {', '.join(map(str, counts))} readers" if counts else "nothing of it is sealed"
    screen.line(FIXED if view.record.fixed_readers else possible)
    return {
        "epoch": view.record.epoch,
        "readers": [reader for reader, _ in rows],
        "possible": counts,
        "fixed": view.record.fixed_readers,
    }


async def _add(arguments: argparse.Namespace, screen: Screen) -> Json:
    return await _change(arguments, screen, draft_add_reader, BLIND)


async def _remove(arguments: argparse.Namespace, screen: Screen) -> Json:
    return await _change(arguments, screen, draft_remove_reader, KEEPS)


async def _change(
    arguments: argparse.Namespace, screen: Screen, draft: "Callable[[ContractView, Point], Draft]", word: str
) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        secret, wallet = await open_account(arguments, rpc)
        reader = reader_or_own(arguments.reader, "READER", reader_key(secret.seed).public)
        entry = find_contract(arguments, wallet.identity)
        client = contract_client(arguments, wallet, entry.contract)
        with screen.progress("reading the contract") as step:
            outcome = await client.send(draft(await client.view(), reader), progress=step.describe)
            view = await client.view()
    document: dict[str, Any] = {
        "contract": "0x" + entry.contract.hex(),
        "epoch": view.record.epoch,
        "readers": [encode_reader(each) for each in readers_of(view)],
        "transaction": outcome.hash,
        "height": outcome.height,
    }
    screen.pairs(document.items())
    screen.line(word)
    return document
