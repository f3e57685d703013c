"""`cluster asset`: create assets of one's own, send and list them."""

import argparse
from typing import Any, Final

from chain.amount import show_units
from chain.codec import to_json
from chain.types.scalars import Amount, AssetId, Name, Uint
from client.assets import AssetState, asset_balances, get_asset, list_assets
from client.results import account_state
from client.rpc import RpcClient
from contracts.token.asset_actions import MAX_DECIMALS, CreateAsset, SendAsset
from crypto.address import encode_address
from node.cli.amounts import parse_amount, parse_units, show_amount
from node.cli.errors import BadArgument
from node.cli.frame import add_command, subcommands
from node.cli.keyring import account_of, add_key_arguments, open_wallet
from node.cli.screen import Json, Screen

ID_BYTES: Final = 32
UNITS: Final = "such as 1.5, or units such as 500u"


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    create = add_command(commands, "create", "create an asset and hold all of it", _create, rpc=True)
    create.add_argument("name", help="what people call it; not unique, its id tells it apart")
    create.add_argument("supply", help=f"all that will ever exist, {UNITS}")
    create.add_argument(
        "--decimals", type=int, default=6, help=f"places behind the point, 0 to {MAX_DECIMALS} (default: %(default)s)"
    )
    send = add_command(commands, "send", "pay somebody in an asset and wait until it is final", _send, rpc=True)
    send.add_argument("recipient", help="an address cluster1..., a key's name, or a devnet account such as account0")
    send.add_argument("amount", help=UNITS)
    send.add_argument("asset", help="its id, 0x-hex, as `cluster asset list` shows it")
    for command in (create, send):
        add_key_arguments(command)
        command.add_argument("--tip", default="0n", metavar="AMOUNT", help="CLU for the proposer")
    listed = add_command(commands, "list", "the assets of the chain, or what an account holds of them", _list, rpc=True)
    listed.add_argument("--of", metavar="ACCOUNT", help="an address, a key's name, or a devnet account")


async def _create(arguments: argparse.Namespace, screen: Screen) -> Json:
    if not 0 <= arguments.decimals <= MAX_DECIMALS:
        raise BadArgument("--decimals", f"0 to {MAX_DECIMALS}", str(arguments.decimals))
    supply = parse_units(arguments.supply, arguments.decimals, "supply")
    action = CreateAsset(Name(arguments.name), Uint(arguments.decimals), supply)
    async with RpcClient(arguments.rpc) as rpc:
        wallet = await open_wallet(arguments, rpc)
        with screen.progress("waiting for the block"):
            outcome = await wallet.submit([action], tip=parse_amount(arguments.tip))
    asset = outcome.events[0]["asset"]
    screen.pairs([("asset", asset), ("supply", show_units(supply, arguments.decimals, arguments.name))])
    screen.pairs([("hash", outcome.hash), ("height", outcome.height)])
    return {"asset": asset, "hash": outcome.hash, "height": outcome.height, "receipt": outcome.receipt}


async def _send(arguments: argparse.Namespace, screen: Screen) -> Json:
    recipient, asset = account_of(arguments.recipient, "recipient"), _asset_id(arguments.asset)
    async with RpcClient(arguments.rpc) as rpc:
        wallet = await open_wallet(arguments, rpc)
        record = (await get_asset(rpc, asset)).record
        amount = parse_units(arguments.amount, record.decimals, "amount")
        with screen.progress("waiting for the block"):
            outcome = await wallet.submit([SendAsset(asset, recipient, amount)], tip=parse_amount(arguments.tip))
    screen.pairs([("sent", show_units(amount, record.decimals, record.name)), ("to", encode_address(recipient))])
    screen.pairs([("hash", outcome.hash), ("height", outcome.height)])
    return {"hash": outcome.hash, "height": outcome.height, "receipt": outcome.receipt}


async def _list(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        with screen.progress("asking"):
            if arguments.of is None:
                return _show_assets([each async for each in list_assets(rpc)], screen)
            address = encode_address(account_of(arguments.of, "--of"))
            native = await account_state(rpc, address)
            held = [(await get_asset(rpc, asset), balance) async for asset, balance in asset_balances(rpc, address)]
    return _show_balances(address, native.balance, held, screen)


def _show_assets(assets: list[AssetState], screen: Screen) -> Json:
    rows = [(*_named(each), each.record.decimals, _shown(each.supply, each)) for each in assets]
    screen.table("", ("name", "asset", "decimals", "supply"), rows)
    return {"assets": [_document(each) for each in assets]}


def _show_balances(address: str, native: Amount, held: list[tuple[AssetState, Amount]], screen: Screen) -> Json:
    rows = [("CLU", "the native token", show_amount(native))]
    screen.table(address, ("name", "asset", "balance"), rows + [(*_named(of), _shown(sum_, of)) for of, sum_ in held])
    return {
        "address": address,
        "balance": str(native),
        "assets": [{**_document(of), "balance": str(sum_)} for of, sum_ in held],
    }


def _named(asset: AssetState) -> tuple[str, str]:
    return asset.record.name, "0x" + asset.record.id.hex()


def _shown(units: Amount, asset: AssetState) -> str:
    return show_units(units, asset.record.decimals, asset.record.name)


def _document(asset: AssetState) -> dict[str, Any]:
    return {**to_json(asset.record), "supply": str(asset.supply)}


def _asset_id(text: str) -> AssetId:
    try:
        asset = AssetId(bytes.fromhex(text.removeprefix("0x")))
    except ValueError:
        asset = AssetId(b"")
    if len(asset) != ID_BYTES:
        raise BadArgument("asset", "an asset's id: 0x and 64 hex digits, as `cluster asset list` shows it", text)
    return asset
