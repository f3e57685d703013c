"""`cluster pool`: shielded pools, what they hold in the open, and opening one."""

import argparse
from pathlib import Path

from chain.codec import to_json
from chain.types.scalars import AssetId
from client.market import get_key_state
from client.notes.pages import list_pools
from client.rpc import RpcClient
from compute.dev_keys import DevKeys
from compute.shielded.opening import open_pool, transfer_keys
from contracts.shielded.queries import PoolView
from node.cli.frame import add_command, subcommands
from node.cli.keyring import add_key_arguments, open_wallet
from node.cli.money import Money, monies
from node.cli.note_wallets import MAKING_KEY, pool_keys
from node.cli.places import cache_folder
from node.cli.screen import Json, Screen
from node.cli.work import watched


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    add_command(commands, "list", "pools, the oldest first and 200 at most, and what each holds", _list, rpc=True)
    opening = add_command(
        commands, "open", "open a pool under the key of transfers that this machine has, or makes now", _open, rpc=True
    )
    add_key_arguments(opening)
    importing = add_command(
        commands, "import", "keep the .zkey file of a pool that somebody else opened, to prove transfers with", _import
    )
    importing.add_argument("file", metavar="FILE", type=Path, help="as `pool open` named it on the opener's machine")


async def _list(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        pools = await list_pools(rpc)
        names = await monies(rpc, [each.asset for pool in pools for each in pool.assets])
        strengths = [(await get_key_state(rpc, pool.vk_id)).strength for pool in pools]
    rows = [_row(pool, strength, names) for pool, strength in zip(pools, strengths, strict=True)]
    screen.table("", ("pool", "opened at", "notes", "holds", "key"), rows)
    return {"pools": [{**to_json(pool), "strength": key} for pool, key in zip(pools, strengths, strict=True)]}


def _row(pool: PoolView, strength: str, names: dict[AssetId, Money]) -> tuple[object, ...]:
    holds = ", ".join(names[each.asset].show(each.holding) for each in pool.assets)
    return "0x" + pool.pool.hex(), pool.opened_at, pool.notes, holds, strength


async def _open(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        wallet = await open_wallet(arguments, rpc)
        with screen.progress("making the key of transfers") as step:
            keys = await watched(step, MAKING_KEY, lambda: transfer_keys(DevKeys(cache_folder())))
            pool: PoolView = await open_pool(wallet, keys, step.describe)
    screen.pairs([("pool", "0x" + pool.pool.hex()), ("key", "0x" + pool.vk_id.hex())])
    screen.pairs([("key file", keys.zkey), ("others need it", "to prove transfers: cluster pool import FILE")])
    if not keys.ceremony:
        screen.line("the key comes from a setup of this machine alone: whoever ran it could forge money in this pool")
    return {
        "pool": "0x" + pool.pool.hex(),
        "vk_id": "0x" + pool.vk_id.hex(),
        "ceremony": keys.ceremony,
        "file": str(keys.zkey),
    }


def _import(arguments: argparse.Namespace, screen: Screen) -> Json:
    with screen.progress("checking the key"):
        kept = pool_keys().keep(arguments.file)
    screen.line(f"kept: key 0x{kept.vk_id.hex()}")
    return {"vk_id": "0x" + kept.vk_id.hex(), "ceremony": kept.ceremony}
