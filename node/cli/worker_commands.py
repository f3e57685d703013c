"""`cluster worker`: a provider that proves tasks for pay."""

import argparse
import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from chain.types.scalars import AccountId
from client.errors import NotAnRpc, RpcFailed, Unreachable
from client.market import find_provider
from client.results import account_state
from client.rpc import RpcClient
from compute.worker.events import WorkerEvent
from compute.worker.settings import WorkerSettings
from compute.worker.worker import Worker
from crypto.address import decode_address
from node.cli.amounts import parse_amount
from node.cli.frame import add_command, subcommands
from node.cli.keyring import key_path, load_secret
from node.cli.passphrases import add_passphrase_file
from node.cli.places import cluster_home, devnet_folder
from node.cli.screen import Json, Screen
from node.cli.worker_text import event_line, status_rows
from node.devnet.contents import PROVIDER_BOND, PROVIDER_MIN_PRICE
from node.devnet.files import PROVIDER, load_network
from node.worker_home import WorkerHome, WorkerHomeMissing, create_home, journal, open_home, read_status

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    start = add_command(commands, "start", "work until ctrl-C; beside a devnet it needs no arguments", _start)
    add_passphrase_file(start)
    status = add_command(commands, "status", "what the worker of a home folder does and has earned", _status)
    init = add_command(commands, "init", "make a worker's home folder for an account", _init)
    init.add_argument("--bond", default="100", help="CLU to bond as a provider (default: 100)")
    for command in (start, status, init):
        command.add_argument("--home", type=Path, help="default: $CLUSTER_HOME/worker, else the devnet's own worker")
    for command in (start, init):
        command.add_argument("--rpc", metavar="URL", help="the node to work with, instead of worker.toml's")
        command.add_argument("--key", metavar="NAME_OR_FILE", help="the provider's account, instead of worker.toml's")
        command.add_argument("--models", type=Path, help="the folder of model files, instead of worker.toml's")
        command.add_argument("--min-price", metavar="CLU", help="the least price to work for, instead of worker.toml's")
    for command in (start, status):
        command.add_argument("--dir", type=Path, default=devnet_folder(), help="the devnet to look for without a home")


async def _start(arguments: argparse.Namespace, screen: Screen) -> Json:
    home = _home(arguments).with_settings(**_overrides(arguments))
    secret = load_secret(home.key_file, arguments.passphrase_file)
    with journal(home.root) as notes:
        screen.line(f"worker in {home.root}; ctrl-C stops it when what it has locked is settled")

        def report(event: WorkerEvent) -> None:
            notes(event)
            screen.line(event_line(event))

        async with RpcClient(home.settings.rpc) as rpc:
            worker = Worker(secret, rpc, home.settings, home.models, inputs=home.inputs, report=report)
            await _until_stopped(worker)
        return notes.status


async def _until_stopped(worker: Worker) -> None:
    """Run until a signal; a second one does not wait for what is locked."""
    loop, running = asyncio.get_running_loop(), asyncio.create_task(worker.run())
    stopped = asyncio.Event()

    def stop() -> None:
        if stopped.is_set():
            running.cancel()
        stopped.set()
        worker.stop()

    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await running


async def _status(arguments: argparse.Namespace, screen: Screen) -> Json:
    home = _home(arguments)
    status: dict[str, Any] = read_status(home.root) or {"running": False}
    if "address" in status:
        status |= await _on_chain(home.settings.rpc, str(status["address"]))
    screen.pairs([("home", home.root), *status_rows(status)])
    return {"home": str(home.root), **status}


async def _on_chain(url: str, address: str) -> dict[str, Any]:
    """What the chain says of the provider; nothing when no node answers."""
    try:
        async with RpcClient(url, timeout=5) as rpc:
            provider = await find_provider(rpc, AccountId(decode_address(address)))
            balance = (await account_state(rpc, address)).balance
    except (Unreachable, NotAnRpc, RpcFailed) as error:
        return {"chain": str(error)}
    if provider is None:
        return {"balance": str(balance), "bond": "0"}
    record = provider.record
    return {
        "balance": str(balance),
        "bond": str(provider.bond),
        "locks": record.locks,
        "settled_ever": record.settled,
        "forfeited_ever": record.forfeited,
    }


def _init(arguments: argparse.Namespace, screen: Screen) -> Json:
    root = (arguments.home or cluster_home() / "worker").absolute()
    settings = WorkerSettings(**{"bond": parse_amount(arguments.bond), **_overrides(arguments)})
    home = create_home(root, settings)
    for folder in (home.models, home.inputs, home.key_file.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    screen.line(f"wrote {root / 'worker.toml'}; account {home.key_file}, models {home.models}")
    return {"home": str(root), "key_file": str(home.key_file), "models": str(home.models), "rpc": settings.rpc}


def _home(arguments: argparse.Namespace) -> WorkerHome:
    """--home, else the worker's own folder, else that of the devnet's provider. Raises WorkerHomeMissing."""
    root = (arguments.home or cluster_home() / "worker").absolute()
    found = open_home(root)
    if found is not None:
        return found
    devnet: Path = arguments.dir.absolute()
    if not (devnet / "devnet.json").exists():
        raise WorkerHomeMissing(root, devnet)
    network = load_network(devnet)
    settings = WorkerSettings(
        rpc=network.rpc_urls[0],
        key_file=str(devnet / network.accounts()[PROVIDER].key_file),
        models=str(devnet / "models"),
        bond=PROVIDER_BOND,
        min_price=PROVIDER_MIN_PRICE,
    )
    return WorkerHome(devnet / "worker" if arguments.home is None else root, settings)


def _overrides(arguments: argparse.Namespace) -> dict[str, Any]:
    """The settings that the command line names."""
    named = {
        "rpc": arguments.rpc,
        "key_file": None if arguments.key is None else str(key_path(arguments.key).absolute()),
        "models": None if arguments.models is None else str(arguments.models.absolute()),
        "min_price": None if arguments.min_price is None else parse_amount(arguments.min_price),
    }
    return {name: value for name, value in named.items() if value is not None}
