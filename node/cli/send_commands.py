"""`cluster send --private`: pay somebody inside a shielded pool. In the open it is `cluster tx send`."""

import argparse

from client.rpc import RpcClient
from node.cli.frame import command
from node.cli.keyring import chosen_secret
from node.cli.money import money_of
from node.cli.note_wallets import POOL, add_fee_argument, add_payment_arguments, open_notes, show_paid
from node.cli.recipients import private_address_of
from node.cli.screen import Json, Screen


def register(parser: argparse.ArgumentParser) -> None:
    command(parser, _send, rpc=True)
    parser.add_argument(
        "recipient",
        metavar="ADDRESS",
        help="a private address cluz1..., as `cluster address` shows it, or the name of a key without a passphrase",
    )
    parser.add_argument("amount", help="CLU such as 1.5, or nano-CLU such as 500n")
    private = "nobody sees who pays whom how much; payments in the open are `cluster tx send`"
    parser.add_argument("--private", action="store_true", required=True, help=private)
    parser.add_argument("--memo", default="", metavar="TEXT", help="at most 62 bytes that only the receiver reads")
    add_payment_arguments(parser)
    add_fee_argument(parser)


async def _send(arguments: argparse.Namespace, screen: Screen) -> Json:
    to = private_address_of(arguments.recipient, "ADDRESS")
    secret = chosen_secret(arguments)
    async with RpcClient(arguments.rpc) as rpc:
        money = await money_of(rpc, arguments.asset)
        amount = money.parse(arguments.amount)
        with screen.progress("reading notes") as step:
            wallet = await open_notes(arguments, secret, rpc, step, screen)
            from_pool = arguments.fee_from == POOL
            paid = await wallet.send(to, amount, money.asset, arguments.memo.encode(), fee_from_pool=from_pool)
    return show_paid(paid, money, amount, screen)
