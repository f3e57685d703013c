"""`cluster devnet`: a network of validators on this machine, each a process of its own."""

import argparse
import asyncio
import signal
import time
from pathlib import Path
from typing import Final

from client.errors import RpcFailed, Unreachable
from client.rpc import RpcClient
from client.wallet import Wallet
from contracts.token.actions import Transfer
from node.cli.amounts import parse_amount, show_amount
from node.cli.frame import DEFAULT_RPC, add_command, subcommands
from node.cli.init_commands import add_plan_arguments, plan_of
from node.cli.keyring import account_of
from node.cli.places import cache_folder, devnet_folder
from node.cli.screen import Json, Screen
from node.devnet.contents import prepare_examples, publish_examples
from node.devnet.errors import DevnetDiffers, DevnetRunning, DevnetStopped
from node.devnet.files import FAUCET, FUNDED, Member, Network, Plan, create_network, load_network, wipe
from node.devnet.processes import Processes, check_ports
from node.devnet.snapshots import revert, take_snapshot

FOREGROUND_POLL_SECONDS: Final = 0.5


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    up = add_command(commands, "up", "start the network, making it first if there is none", _up)
    up.add_argument("--validators", type=int, metavar="N", help=f"default: {Plan().validators}")
    add_plan_arguments(up)
    up.add_argument("--detach", action="store_true", help="leave it running; otherwise ctrl-C stops it")
    faucet = add_command(commands, "faucet", "pay from the faucet account", _faucet)
    faucet.add_argument("recipient", help="an address cluster1..., or a devnet account such as account0")
    faucet.add_argument("amount", nargs="?", default="100", help="CLU (default: 100)")
    snapshot = add_command(commands, "snapshot", "copy the state of all validators under a name", _snapshot)
    snapshot.add_argument("name")
    back = add_command(commands, "revert", "put the state of all validators back to a snapshot", _revert)
    back.add_argument("name")
    others = [
        add_command(commands, "status", "every validator's height, peers and state root", _status),
        add_command(commands, "down", "stop all validators", _down),
        add_command(commands, "reset", "stop all validators and wipe the network", _reset),
    ]
    for command in (up, faucet, snapshot, back, *others):
        command.add_argument("--dir", type=Path, default=devnet_folder(), help="default: $CLUSTER_HOME/devnet")


async def _up(arguments: argparse.Namespace, screen: Screen) -> Json:
    network = _network_to_start(arguments)
    processes = Processes(network)
    if processes.running():
        raise DevnetRunning(network.root, tuple(sorted(processes.running())))
    coming_up = asyncio.create_task(_bring_up(network, processes, screen))
    signalled = asyncio.create_task(_stop_signal().wait())
    await asyncio.wait({coming_up, signalled}, return_when=asyncio.FIRST_COMPLETED)
    keep = False
    try:
        if coming_up.done():
            screen.document(coming_up.result())
            keep = arguments.detach
            if not keep:
                screen.line("ctrl-C stops the network")
                await _until_stopped(processes, signalled)
    finally:
        signalled.cancel()
        if not keep:
            coming_up.cancel()
            await asyncio.wait({coming_up})
            processes.stop_all()
            processes.forget()
    return None


def _network_to_start(arguments: argparse.Namespace) -> Network:
    """The existing network of --dir, or a new one. Raises DevnetDiffers, PortsTaken, HomeExists, BadArgument."""
    root: Path = arguments.dir.absolute()
    if not (root / "devnet.json").exists():
        plan = plan_of(arguments, Plan().validators if arguments.validators is None else arguments.validators)
        check_ports(plan)
        return create_network(root, plan, time.time_ns() // 1_000_000)
    network = load_network(root)
    block_time = None if arguments.block_time is None else round(arguments.block_time * 1000)
    asked = {
        "validators": (len(network.members), arguments.validators),
        "chain id": (network.chain_id, arguments.chain_id),
        "block time in ms": (network.block_time_ms, block_time),
        "first port": (int(network.members[0].rpc.rpartition(":")[2]), arguments.base_port),
    }
    for what, (existing, wanted) in asked.items():
        if wanted is not None and wanted != existing:
            raise DevnetDiffers(root, what, existing, wanted)
    return network


async def _bring_up(network: Network, processes: Processes, screen: Screen) -> dict[str, Json]:
    accounts = network.accounts()
    preparing = asyncio.create_task(asyncio.to_thread(prepare_examples, cache_folder()))
    with screen.progress(f"starting {len(network.members)} validators") as step:
        processes.start_all()
        await processes.ready()
        step.describe("publishing examples")
        contents = await publish_examples(network, await preparing)
    funded = [accounts[name] for name in FUNDED]
    screen.line(f"chain {network.chain_id}, {len(network.members)} validators, files in {network.root}")
    screen.table("RPC", ("validator", "URL"), [(member.name, member.rpc) for member in network.members])
    screen.table(
        f"Funded accounts, {show_amount(funded[0].balance)} each, for this network only; files accounts/NAME.json",
        ("name", "address", "key (seed)"),
        [(account.name, account.address, account.seed) for account in funded],
    )
    _show_contents(contents, screen)
    if network.rpc_urls[0] != DEFAULT_RPC:
        screen.line(f"for the other commands: export CLUSTER_RPC={network.rpc_urls[0]}")
    return {
        "chain_id": network.chain_id,
        "dir": str(network.root),
        "rpc": list(network.rpc_urls),
        "accounts": [
            {
                "name": account.name,
                "address": account.address,
                "seed": account.seed,
                "balance": account.balance,
                "key_file": str(network.root / account.key_file),
            }
            for account in funded
        ],
        **contents,
    }


def _show_contents(contents: dict[str, Json], screen: Screen) -> None:
    provider = contents["provider"]
    screen.line(f"provider {provider['address']}, bond {show_amount(provider['bond'])}, key --key provider")
    for model in contents["models"]:
        screen.line(f"model {model['name']} {model['id']}")
    screen.line(f"{len(contents['open_tasks'])} open tasks wait for a worker: cluster worker start")
    name = contents["models"][0]["name"]
    screen.line(f"post one more, read its result: cluster task post {name} --example 7 --key account0 --wait")
    screen.line("pay privately: cluster shield 100 --key account0, then cluster send cluz1... 40 --private")


async def _until_stopped(processes: Processes, signalled: "asyncio.Task[bool]") -> None:
    """Until a signal comes, or the network is taken down from elsewhere."""
    while processes.is_up and not signalled.done():
        await asyncio.wait({signalled}, timeout=FOREGROUND_POLL_SECONDS)


def _stop_signal() -> asyncio.Event:
    """Set at SIGINT, SIGTERM or SIGHUP."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped


async def _status(arguments: argparse.Namespace, screen: Screen) -> Json:
    network = load_network(arguments.dir.absolute())
    processes = Processes(network)
    running = processes.running()
    heads = await asyncio.gather(*[_head(member) for member in network.members])
    common = min((head["height"] for head in heads if head is not None), default=0)
    roots = await asyncio.gather(*[_root_at(member, common) for member in network.members])
    known = {root for root in roots if root is not None}
    rows = [
        {
            "name": member.name,
            "pid": running.get(member.name),
            "rpc": member.rpc,
            "height": None if head is None else head["height"],
            "peers": None if head is None else head["peers"],
            "state_root": root,
        }
        for member, head, root in zip(network.members, heads, roots, strict=True)
    ]
    screen.line(f"chain {network.chain_id}, files in {network.root}")
    screen.table("", tuple(rows[0]), [tuple(row.values()) for row in rows])
    agree = len(known) == 1
    screen.line(f"state roots in header {common}: {'equal' if agree else 'DIFFERENT' if known else 'unknown'}")
    return {"chain_id": network.chain_id, "compared_at": common, "agree": agree, "validators": rows}


async def _head(member: Member) -> dict[str, Json] | None:
    try:
        async with RpcClient(member.rpc, timeout=5) as rpc:
            status: dict[str, Json] = await rpc.call("chain_status")
            return status
    except Unreachable:
        return None


async def _root_at(member: Member, height: int) -> str | None:
    """The state root that the header of a height carries there."""
    try:
        async with RpcClient(member.rpc, timeout=5) as rpc:
            return str((await rpc.call("chain_getBlock", height=height))["header"]["state_root"])
    except (Unreachable, RpcFailed):
        return None


def _down(arguments: argparse.Namespace, screen: Screen) -> Json:
    processes = Processes(load_network(arguments.dir.absolute()))
    stopped = processes.stop_all()
    processes.forget()
    screen.line(f"stopped {', '.join(stopped) or 'nothing: no validator ran'}")
    return {"stopped": list(stopped)}


def _reset(arguments: argparse.Namespace, screen: Screen) -> Json:
    root: Path = arguments.dir.absolute()
    processes = Processes(load_network(root))
    processes.stop_all()
    wipe(root)
    screen.line(f"wiped {root}")
    return {"wiped": str(root)}


async def _snapshot(arguments: argparse.Namespace, screen: Screen) -> Json:
    network = load_network(arguments.dir.absolute())
    processes = Processes(network)
    ran = processes.stop_all()
    with screen.progress("copying"):
        try:
            take_snapshot(network, processes, arguments.name)
        finally:
            await _start_again(processes, ran)
    screen.line(f"snapshot {arguments.name} taken")
    return {"snapshot": arguments.name}


async def _revert(arguments: argparse.Namespace, screen: Screen) -> Json:
    network = load_network(arguments.dir.absolute())
    processes = Processes(network)
    ran = processes.stop_all()
    with screen.progress("copying"):
        try:
            revert(network, processes, arguments.name)
        finally:
            await _start_again(processes, ran)
    screen.line(f"all validators are back at snapshot {arguments.name}")
    return {"reverted_to": arguments.name}


async def _start_again(processes: Processes, ran: tuple[str, ...]) -> None:
    if ran:
        processes.start_all()
        await processes.ready()


async def _faucet(arguments: argparse.Namespace, screen: Screen) -> Json:
    network = load_network(arguments.dir.absolute())
    accounts = network.accounts()
    named = accounts.get(arguments.recipient)
    recipient = account_of(arguments.recipient if named is None else named.address, "recipient")
    processes = Processes(network)
    if not processes.running():
        raise DevnetStopped(network.root)
    member = next(member for member in network.members if member.name in processes.running())
    async with RpcClient(member.rpc) as rpc:
        wallet = await Wallet.open(accounts[FAUCET].secret(), rpc)
        amount = parse_amount(arguments.amount)
        outcome = await wallet.submit([Transfer(recipient, amount)])
    screen.line(f"paid {show_amount(amount)} in block {outcome.height}")
    return {"hash": outcome.hash, "height": outcome.height, "amount": str(amount)}
