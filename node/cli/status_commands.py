"""`cluster status`: one look at a node."""

import argparse

from client.rpc import RpcClient
from node.cli.frame import command
from node.cli.screen import Json, Screen

SHOWN = (
    "chain_id",
    "genesis_hash",
    "height",
    "block_id",
    "state_root",
    "base_fee",
    "peers",
    "catching_up",
    "moniker",
    "validator",
    "storage",
    "proofs_verified",
    "proofs_refused",
)


def register(parser: argparse.ArgumentParser) -> None:
    command(parser, _status, rpc=True)


async def _status(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc, timeout=10) as rpc:
        status: dict[str, Json] = await rpc.call("chain_status")
        mempool: dict[str, Json] = await rpc.call("mempool_status")
    screen.pairs([*((name, status[name]) for name in SHOWN), ("mempool", mempool["count"])])
    return {**status, "mempool": mempool}
