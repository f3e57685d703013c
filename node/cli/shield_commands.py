"""`cluster shield AMOUNT`: move money from an account into a shielded pool."""

import argparse

from client.rpc import RpcClient
from node.cli.frame import command
from node.cli.keyring import chosen_secret
from node.cli.money import money_of
from node.cli.note_wallets import add_payment_arguments, open_notes, show_paid
from node.cli.recipients import private_address_of
from node.cli.screen import Json, Screen


def register(parser: argparse.ArgumentParser) -> None:
    command(parser, _shield, rpc=True)
    parser.add_argument("amount", help="CLU such as 1.5, or nano-CLU such as 500n; everybody sees it")
    parser.add_argument(
        "--to",
        metavar="ADDRESS",
        help="a private address cluz1..., or the name of a key without a passphrase (default: the account's own)",
    )
    parser.add_argument("--memo", default="", metavar="TEXT", help="at most 62 bytes that only the receiver reads")
    add_payment_arguments(parser)


async def _shield(arguments: argparse.Namespace, screen: Screen) -> Json:
    to = None if arguments.to is None else private_address_of(arguments.to, "--to")
    secret = chosen_secret(arguments)
    async with RpcClient(arguments.rpc) as rpc:
        money = await money_of(rpc, arguments.asset)
        amount = money.parse(arguments.amount)
        with screen.progress("reading notes") as step:
            wallet = await open_notes(arguments, secret, rpc, step, screen)
            paid = await wallet.shield(amount, money.asset, to, arguments.memo.encode())
    return show_paid(paid, money, amount, screen)
