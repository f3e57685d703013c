"""`cluster signer`: a process that holds a validator's key, apart from the node that faces the network."""

import argparse
import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

from chain.types.scalars import ChainId
from node.cli.frame import add_command, subcommands
from node.cli.passphrases import add_passphrase_file, passphrase_from
from node.cli.places import cluster_home, node_folder
from node.cli.screen import Json, Screen
from node.cli.start_commands import NEEDS_OPERATOR, status_of
from node.home import Home
from node.keystore import read_record
from node.remote_signer.home import SignerHome, SignerSettings, adopt_key, create_signer_home
from node.remote_signer.server import SignerServer
from node.signer import PURPOSE
from node.telemetry.logs import log_to_stderr
from p2p.address import Address

LISTEN: Final = SignerSettings().listen


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    new = add_command(commands, "init", "make a new validator's key in a signer's home", _init)
    _add_home(new)
    new.add_argument("--chain-id", required=True, help="the chain that it signs for")
    new.add_argument(
        "--node", action="append", default=[], metavar="NODEID", help="who gets signatures; may be repeated"
    )
    _add_listen(new)
    add_passphrase_file(new)
    adopt = add_command(commands, "adopt", "move a stopped node's key, and what it has signed, to a new signer", _adopt)
    _add_home(adopt)
    adopt.add_argument(
        "--node-home", type=Path, default=node_folder(), metavar="DIR", help="default: $CLUSTER_HOME/node"
    )
    _add_listen(adopt)
    start = add_command(commands, "start", "sign for the nodes of signer.toml until told to stop", _start)
    start.set_defaults(refused=NEEDS_OPERATOR)
    _add_home(start)
    add_passphrase_file(start)
    _add_home(add_command(commands, "show", "what a node's config.toml has to say of this signer", _show))


def _add_home(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--home", type=Path, default=cluster_home() / "signer", help="the signer's; default: $CLUSTER_HOME/signer"
    )


def _add_listen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--listen", default=LISTEN, metavar="HOST:PORT", help=f"where nodes connect ({LISTEN})")


def _init(arguments: argparse.Namespace, screen: Screen) -> Json:
    settings = SignerSettings(chain_id=arguments.chain_id, listen=arguments.listen, nodes=tuple(arguments.node))
    passphrase = passphrase_from(arguments.passphrase_file)
    home, signer = create_signer_home(arguments.home.absolute(), settings, passphrase)
    signer.close()
    return _shown(home, screen, {"vrf_key": "0x" + signer.vrf_key.hex()})


def _adopt(arguments: argparse.Namespace, screen: Screen) -> Json:
    node_home = Home(arguments.node_home.absolute())
    home = adopt_key(arguments.home.absolute(), node_home, SignerSettings(listen=arguments.listen))
    screen.line(f"the key left {node_home.root}, whose config.toml now names this signer")
    return _shown(home, screen, {"node_home": str(node_home.root)})


def _show(arguments: argparse.Namespace, screen: Screen) -> Json:
    return _shown(SignerHome(arguments.home.absolute()), screen, {})


def _shown(home: SignerHome, screen: Screen, more: dict[str, str]) -> Json:
    settings = home.load_settings()
    shown = {
        "home": str(home.root),
        "chain_id": settings.chain_id,
        "signer.address": f"{home.load_identity().public.hex()}@{settings.listen}",
        "signer.validator": read_record(home.validator_key, PURPOSE).public.hex(),
        "nodes": list(settings.nodes),
        **more,
    }
    screen.pairs(shown.items())
    return shown


async def _start(arguments: argparse.Namespace, screen: Screen) -> Json:
    with status_of(arguments):
        home = SignerHome(arguments.home.absolute())
        settings = home.load_settings()
        log_to_stderr(settings.log_level, settings.log_format)
        signer = home.open_signer(settings, passphrase_from(arguments.passphrase_file))
        try:
            server = SignerServer(
                signer, ChainId(settings.chain_id), home.load_identity(), settings.node_ids(), os.urandom
            )

            def ready(address: Address) -> None:
                screen.line(f"ready: signing at {address} for {len(settings.nodes)} nodes, chain {settings.chain_id}")
                screen.document({"ready": str(address), "chain_id": settings.chain_id})

            await _until_signalled(server, settings, ready)
        finally:
            signer.close()
    return None


async def _until_signalled(server: SignerServer, settings: SignerSettings, ready: Callable[[Address], None]) -> None:
    running = asyncio.create_task(server.run(settings.address(), ready))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    await asyncio.wait([running])
    if not running.cancelled():
        running.result()
