"""`cluster pool`: shielded pools, what they hold in the open, and opening one."""

import argparse

from chain.codec import to_json
from client.notes.pages import list_pools
from client.rpc import RpcClient
from compute.dev_keys import DevKeys
from compute.shielded.opening import open_pool, transfer_keys
from contracts.shielded.queries import PoolView
from node.cli.frame import add_command, subcommands
from node.cli.keyring import add_key_arguments, open_wallet
from node.cli.money import monies
from node.cli.note_wallets import MAKING_KEY
from node.cli.places import cache_folder
from node.cli.screen import Json, Screen
from node.cli.work import watched


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    add_command(commands, "list", "all pools, the oldest first, and what each holds", _list, rpc=True)
    opening = add_command(
        commands, "open", "open a pool under the key of transfers that this machine has, or makes now", _open, rpc=True
    )
    add_key_arguments(opening)


async def _list(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        pools = await list_pools(rpc)
        names = await monies(rpc, [each.asset for pool in pools for each in pool.assets])
    rows = [
        (
            f"0x{pool.pool.hex()}",
            pool.opened_at,
            pool.notes,
            ", ".join(names[a.asset].show(a.holding) for a in pool.assets),
        )
        for pool in pools
    ]
    screen.table("", ("pool", "opened at", "notes", "holds"), rows)
    return {"pools": [to_json(pool) for pool in pools]}


async def _open(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        wallet = await open_wallet(arguments, rpc)
        with screen.progress("making the key of transfers") as step:
            keys = await watched(step, MAKING_KEY, lambda: transfer_keys(DevKeys(cache_folder())))
            pool: PoolView = await open_pool(wallet, keys, step.describe)
    screen.pairs([("pool", "0x" + pool.pool.hex()), ("key", "0x" + pool.vk_id.hex())])
    if not keys.ceremony:
        screen.line("the key comes from a setup of this machine alone: whoever ran it could forge money in this pool")
    return {"pool": "0x" + pool.pool.hex(), "vk_id": "0x" + pool.vk_id.hex(), "ceremony": keys.ceremony}
