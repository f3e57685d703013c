"""A deployed contract as the commands use it: proven under this machine's keys, and checked if a genesis is named."""

import argparse

from chain.types.scalars import ObjectId
from client.wallet import Wallet
from compute.confidential.on_chain import ContractClient
from compute.confidential.proven import OLDEST_MS
from compute.confidential.prover import Prover
from compute.dev_keys import DevKeys
from node.cli.errors import BadArgument
from node.cli.lights import light_of
from node.cli.places import cache_folder


def add_oldest(parser: argparse.ArgumentParser) -> None:
    """How old the state may be that validators signed."""
    parser.add_argument(
        "--oldest",
        type=int,
        default=OLDEST_MS // 1_000,
        metavar="SECONDS",
        help="with --genesis: how long ago its validators may have signed what the node shows, which may be behind "
        f"by that much (default: {OLDEST_MS // 1_000})",
    )


def contract_client(arguments: argparse.Namespace, wallet: Wallet, contract: ObjectId) -> ContractClient:
    """The contract's client for the account of --key. With --genesis its epochs, readers and public registers count
    only as that genesis's validators signed them, at most --oldest seconds ago. Raises GenesisUnreadable,
    UnusableGenesis, BadArgument.
    """
    if arguments.oldest < 1:
        raise BadArgument("--oldest", "at least 1", str(arguments.oldest))
    light = None if arguments.genesis is None else light_of(wallet.rpc, arguments.genesis)
    prover, oldest_ms = Prover(DevKeys(cache_folder())), 1_000 * arguments.oldest
    return ContractClient(wallet, prover, contract, light=light, oldest_ms=oldest_ms)
