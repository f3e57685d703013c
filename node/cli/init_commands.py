"""`cluster init`: home folders. Alone it makes a chain of one validator; with --genesis a node that joins a chain."""

import argparse
import re
import time
from pathlib import Path
from typing import Final

from node.cli.errors import BadArgument
from node.cli.frame import command
from node.cli.passphrases import add_passphrase_file, passphrase_from, start_line
from node.cli.places import node_folder
from node.cli.screen import Json, Screen
from node.devnet.files import MAX_VALIDATORS, Network, Plan, create_joining, create_network, create_single
from node.home import Home, read_genesis

_CHAIN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}")


def register(parser: argparse.ArgumentParser) -> None:
    command(parser, _init)
    parser.add_argument("--home", type=Path, default=node_folder(), help="default: $CLUSTER_HOME/node")
    parser.add_argument(
        "--validators", type=int, metavar="N", help="make N homes, node0 to node{N-1}, from one genesis"
    )
    add_plan_arguments(parser)
    parser.add_argument("--genesis", type=Path, metavar="FILE", help="join the chain of this genesis, without a vote")
    parser.add_argument(
        "--validator", action="store_true", help="with --genesis: with a consensus key, to be bonded by `stake bond`"
    )
    parser.add_argument(
        "--peers",
        default="",
        help="with --genesis: nodes to connect to, NODEID@host:port,... (NODEID: `cluster node status` there says it; "
        "host:port alone works too)",
    )
    add_passphrase_file(parser)


def add_plan_arguments(parser: argparse.ArgumentParser) -> None:
    """What the genesis of a new chain and its nodes' ports are to be."""
    plan = Plan()
    parser.add_argument("--chain-id", help=f"default: {plan.chain_id}")
    parser.add_argument("--block-time", type=float, metavar="S", help="seconds between blocks (default: 1)")
    parser.add_argument(
        "--base-port",
        type=int,
        metavar="PORT",
        help=f"node i listens on PORT + 2i and PORT + 2i + 1 ({plan.base_port})",
    )


def plan_of(arguments: argparse.Namespace, validators: int) -> Plan:
    """The plan that the arguments describe. Raises BadArgument."""
    if not 1 <= validators <= MAX_VALIDATORS:
        raise BadArgument("--validators", f"1 to {MAX_VALIDATORS}", str(validators))
    default = Plan()
    block_time = default.block_time_ms if arguments.block_time is None else round(arguments.block_time * 1000)
    if not 50 <= block_time <= 60_000:
        raise BadArgument("--block-time", "0.05 to 60 seconds", str(arguments.block_time))
    plan = Plan(
        validators,
        default.chain_id if arguments.chain_id is None else arguments.chain_id,
        block_time,
        default.base_port if arguments.base_port is None else arguments.base_port,
    )
    if not (plan.ports().start >= 1 and plan.ports().stop <= 65_536):
        raise BadArgument("--base-port", "ports within 1 to 65535", str(plan.base_port))
    if not _CHAIN_ID.fullmatch(plan.chain_id):
        expected = "1 to 48 of a-z, A-Z, 0-9 and . _ -, a letter or digit first, such as my-chain-1"
        raise BadArgument("--chain-id", expected, plan.chain_id)
    return plan


def _init(arguments: argparse.Namespace, screen: Screen) -> Json:
    root: Path = arguments.home.absolute()
    plan = plan_of(arguments, 1 if arguments.validators is None else arguments.validators)
    now_ms = time.time_ns() // 1_000_000
    passphrase = passphrase_from(arguments.passphrase_file)
    if arguments.genesis is not None:
        peers = tuple(peer for peer in arguments.peers.split(",") if peer)
        genesis = read_genesis(arguments.genesis)
        home = create_joining(root, plan, genesis, peers, passphrase, validator=arguments.validator)
        return _show_home(home, arguments.passphrase_file, screen)
    if arguments.validators is None:
        home = create_single(root, plan, now_ms, passphrase)
        return _show_home(home, arguments.passphrase_file, screen)
    network = create_network(root, plan, now_ms, passphrase=passphrase)
    return _show_network(network, arguments.passphrase_file, screen)


def _show_home(home: Home, passphrase_file: Path | None, screen: Screen) -> Json:
    genesis, config = home.load_genesis(), home.load_config()
    shown = {
        "home": str(home.root),
        "chain_id": genesis.chain_id,
        "genesis_hash": "0x" + genesis.hash().hex(),
        "node_id": home.load_node_key().public.hex(),
        "rpc": f"http://{config.rpc.listen}",
        "p2p": config.p2p.listen,
        "validator": config.validator,
    }
    screen.pairs(shown.items())
    screen.line(f"start it with: {start_line(home.root, passphrase_file)}")
    return shown


def _show_network(network: Network, passphrase_file: Path | None, screen: Screen) -> Json:
    homes = [str(network.home(member).root) for member in network.members]
    screen.table("", ("home", "RPC", "peers"), [(str(network.root / m.name), m.rpc, m.p2p) for m in network.members])
    screen.line(f"accounts with their keys: {network.root / 'accounts.json'}")
    if passphrase_file is None:
        screen.line(f"start each with: cluster start --home HOME, or all with: cluster devnet up --dir {network.root}")
    else:  # `devnet up` starts nodes that need no passphrase
        for member in network.members:
            screen.line(f"start it with: {start_line(network.home(member).root, passphrase_file)}")
    accounts = [account.address for account in network.accounts().values()]
    return {"root": str(network.root), "chain_id": network.chain_id, "homes": homes, "accounts": accounts}
