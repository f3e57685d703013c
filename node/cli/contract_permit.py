"""`cluster contract permit`: give an auditor the data keys of some epochs, and see what a permit gives."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chain.types.scalars import ObjectId
from client.rpc import RpcClient
from client.whole_files import write_whole
from compute.confidential.keys import encode_reader, reader_key
from compute.confidential.permits import MAX_FILE_BYTES, make_permit, open_permit, read_permit, write_permit
from node.cli.contract_client import add_oldest, contract_client
from node.cli.contract_source import add_contract, find_contract
from node.cli.errors import BadArgument
from node.cli.frame import add_command, subcommands
from node.cli.keyring import add_key_arguments, open_account
from node.cli.recipients import reader_of
from node.cli.screen import Json, Screen

if TYPE_CHECKING:
    from node.cli.frame import Commands

SUMMARY = "let an auditor read some of a contract's epochs"
LASTING = "it gives no epoch behind that, ever; what it gives cannot be taken back"


def add_permit(commands: "Commands") -> None:
    """Adds the commands to their group."""
    group = commands.add_parser("permit", help=SUMMARY, description=SUMMARY.capitalize() + ".")
    nested = subcommands(group)
    make = add_command(nested, "make", "seal epochs' data keys to an auditor, in a file", _make, rpc=True)
    add_contract(make)
    make.add_argument(
        "--auditor",
        required=True,
        metavar="READER",
        help="the auditor's reader key clur1..., or the name of a key without a passphrase",
    )
    make.add_argument("--epochs", metavar="FIRST-LAST", help="which, such as 1-3 or 2 (default: the present one)")
    make.add_argument("--out", type=Path, required=True, metavar="FILE", help="the file to write")
    add_oldest(make)
    add_key_arguments(make)
    show = add_command(nested, "read", "what a permit gives, and whether it is genuine", _show, rpc=True)
    show.add_argument("permit", type=Path, metavar="FILE", help="the file")
    add_oldest(show)
    add_key_arguments(show)


async def _make(arguments: argparse.Namespace, screen: Screen) -> Json:
    auditor = reader_of(arguments.auditor, "--auditor")
    async with RpcClient(arguments.rpc) as rpc:
        secret, wallet = await open_account(arguments, rpc)
        entry = find_contract(arguments, wallet.identity)
        client = contract_client(arguments, wallet, entry.contract)
        view = await client.view()
        epochs = _epochs(arguments.epochs, view.record.epoch)
        history = await client.with_epochs(view, epochs)
    permit = make_permit(reader_key(secret.seed), history, epochs, auditor, wallet.identity)
    write_whole(arguments.out, write_permit(permit))
    document: dict[str, Any] = {
        "contract": "0x" + entry.contract.hex(),
        "first": epochs[0],
        "last": epochs[-1],
        "auditor": encode_reader(auditor),
        "file": str(arguments.out),
    }
    screen.pairs(document.items())
    screen.line(LASTING)
    return document


async def _show(arguments: argparse.Namespace, screen: Screen) -> Json:
    with arguments.permit.open("rb") as file:
        permit = read_permit(file.read(MAX_FILE_BYTES + 1))
    async with RpcClient(arguments.rpc) as rpc:
        secret, wallet = await open_account(arguments, rpc)
        terms = permit.terms
        opened = open_permit(permit, reader_key(secret.seed), wallet.identity)
        client = contract_client(arguments, wallet, ObjectId(terms.contract))
        history = await client.with_epochs(await client.view(), range(terms.first, terms.last + 1))
    for number in range(terms.first, terms.last + 1):
        opened.data_key(history, number)  # each is the one that the chain commits to, or this raises
    later = history.record.epoch - terms.last
    document: dict[str, Any] = {
        "contract": "0x" + terms.contract.hex(),
        "first": terms.first,
        "last": terms.last,
        "present": history.record.epoch,
        "giver": encode_reader(terms.giver),
        "later": later,
    }
    screen.pairs(document.items())
    if later > 0:
        screen.line(f"{later} epochs began since, which it does not give; ask a reader for a permit of those")
    screen.line(f"next: cluster contract read {document['contract']} --permit {arguments.permit} --key {arguments.key}")
    return document


def _epochs(text: str | None, present: int) -> range:
    """1-3 is 1, 2, 3. Raises BadArgument."""
    if text is None:
        return range(present, present + 1)
    first, dash, last = text.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()) or len(text) > 40:
        raise BadArgument("--epochs", "FIRST-LAST such as 1-3, or one number", text)
    return range(int(first), int(last if dash else first) + 1)
