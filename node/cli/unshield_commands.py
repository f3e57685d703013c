"""`cluster unshield AMOUNT`: move money from a shielded pool to an account, in the open."""

import argparse

from chain.types.scalars import AccountId
from client.rpc import RpcClient
from node.cli.frame import command
from node.cli.keyring import account_of, chosen_secret
from node.cli.money import money_of
from node.cli.note_wallets import POOL, add_fee_argument, add_payment_arguments, open_notes, show_paid
from node.cli.screen import Json, Screen


def register(parser: argparse.ArgumentParser) -> None:
    command(parser, _unshield, rpc=True)
    parser.add_argument(
        "amount", help="CLU such as 1.5, or nano-CLU such as 500n; everybody sees it, and the recipient"
    )
    parser.add_argument(
        "--to", metavar="RECIPIENT", help="an address cluster1..., a key's name, or a devnet account (default: --key's)"
    )
    add_payment_arguments(parser)
    add_fee_argument(parser)


async def _unshield(arguments: argparse.Namespace, screen: Screen) -> Json:
    named = None if arguments.to is None else account_of(arguments.to, "--to")
    secret = chosen_secret(arguments)
    async with RpcClient(arguments.rpc) as rpc:
        money = await money_of(rpc, arguments.asset)
        amount = money.parse(arguments.amount)
        with screen.progress("reading notes") as step:
            wallet = await open_notes(arguments, secret, rpc, step, screen)
            recipient: AccountId = wallet.wallet.account if named is None else named
            paid = await wallet.unshield(recipient, amount, money.asset, fee_from_pool=arguments.fee_from == POOL)
    return show_paid(paid, money, amount, screen)
