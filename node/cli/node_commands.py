"""`cluster node`: what the operator of a running node does with it, through the socket in its home.

Only the user that the node runs as may open that socket; the node's RPC over the network refuses all of this.
"""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Final

from client.errors import Unreachable
from client.local_socket import SCHEME
from client.rpc import RpcClient
from node.cli.errors import BadArgument
from node.cli.frame import Run, add_command, subcommands
from node.cli.places import node_folder
from node.cli.screen import Json, Screen
from node.home import Home
from node.telemetry.logs import LEVELS

PATIENCE_SECONDS: Final = 86_400.0  # compacting and copying take their time
STOP_POLL_SECONDS: Final = 0.1


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)

    def add(name: str, summary: str, run: Run) -> argparse.ArgumentParser:
        added = add_command(commands, name, summary, run)
        added.add_argument("--home", type=Path, default=node_folder(), help="default: $CLUSTER_HOME/node")
        return added

    add("status", "readiness, consensus, last signature, peers, disk, log level", _status)
    add("peers", "connected peers with score and reasons, and bans", _peers)
    ban = add("ban", "close the link to a peer and open none for a while", _ban)
    ban.add_argument("node_id", help="64 hex digits, as `peers` shows it")
    ban.add_argument("--seconds", type=int, default=86_400, metavar="N", help="how long (default: a day)")
    ban.add_argument("--reason", help="shown beside the ban")
    add("unban", "lift a ban, whoever set it", _unban).add_argument("node_id", help="64 hex digits")
    pool = add("pool", "transactions that wait for a block", _pool)
    pool.add_argument("--limit", type=int, metavar="N", help="how many at most (default: 100)")
    add("log-level", "log from another level on, until the node ends", _log_level).add_argument("level", choices=LEVELS)
    add("compact", "give the disk back what was deleted, while the chain goes on", _compact)
    snapshot = add("snapshot", "copy the database to another folder, while the chain goes on", _snapshot)
    snapshot.add_argument("folder", type=Path, help="absent or empty; on the node's machine")
    add("stop", "end the node in order, and wait for it", _stop)


def rpc_of(arguments: argparse.Namespace) -> RpcClient:
    """The running node of --home."""
    home = Home(arguments.home.absolute())
    return RpcClient(f"{SCHEME}{home.operator_socket}", timeout=PATIENCE_SECONDS)


async def _call(arguments: argparse.Namespace, method: str, **params: Json) -> Json:
    async with rpc_of(arguments) as rpc:
        return await rpc.call(method, **params)


async def _status(arguments: argparse.Namespace, screen: Screen) -> Json:
    status: dict[str, Json] = await _call(arguments, "node_status")
    screen.pairs((name, json.dumps(value) if isinstance(value, dict) else value) for name, value in status.items())
    return status


async def _peers(arguments: argparse.Namespace, screen: Screen) -> Json:
    answer: dict[str, list[dict[str, Json]]] = await _call(arguments, "net_peers")
    columns = ("node_id", "address", "direction", "height", "score", "reasons")
    screen.table("peers", columns, [[peer[name] for name in columns] for peer in answer["peers"]])
    if answer["bans"]:
        screen.table("bans", ("node_id", "reason"), [(ban["node_id"], ban["reason"]) for ban in answer["bans"]])
    return answer


async def _ban(arguments: argparse.Namespace, screen: Screen) -> Json:
    node_id = _node_id(arguments.node_id)
    await _call(arguments, "node_banPeer", node_id=node_id, seconds=arguments.seconds, reason=arguments.reason)
    screen.line(f"banned {node_id} for {arguments.seconds} s")
    return {"node_id": node_id, "seconds": arguments.seconds}


async def _unban(arguments: argparse.Namespace, screen: Screen) -> Json:
    node_id = _node_id(arguments.node_id)
    await _call(arguments, "node_unbanPeer", node_id=node_id)
    screen.line(f"{node_id} may connect again")
    return {"node_id": node_id}


async def _pool(arguments: argparse.Namespace, screen: Screen) -> Json:
    answer: dict[str, list[dict[str, Json]]] = await _call(arguments, "node_getPool", limit=arguments.limit)
    columns = ("hash", "sender", "nonce", "work", "bytes")
    screen.line(f"{answer['count']} wait, {answer['bytes']} bytes")
    screen.table("", columns, [[entry[name] for name in columns] for entry in answer["transactions"]])
    return answer


async def _log_level(arguments: argparse.Namespace, screen: Screen) -> Json:
    before = await _call(arguments, "node_setLogLevel", level=arguments.level)
    screen.line(f"logs from {arguments.level} on; it was {before}")
    return {"level": arguments.level, "before": before}


async def _compact(arguments: argparse.Namespace, screen: Screen) -> Json:
    with screen.progress("compacting"):
        answer: dict[str, int] = await _call(arguments, "node_compact")
    screen.line(f"{answer['bytes_before']} bytes before, {answer['bytes_after']} now")
    return answer


async def _snapshot(arguments: argparse.Namespace, screen: Screen) -> Json:
    with screen.progress("copying"):
        answer: dict[str, Json] = await _call(arguments, "node_snapshot", folder=str(arguments.folder.absolute()))
    screen.line(f"height {answer['height']}, {answer['bytes']} bytes in {answer['folder']}")
    return answer


async def _stop(arguments: argparse.Namespace, screen: Screen) -> Json:
    pid = (await _call(arguments, "node_status"))["pid"]
    await _call(arguments, "node_stop")
    with screen.progress("stopping"):
        while await _answers(arguments):  # noqa: ASYNC110  another process's end is no event of ours
            await asyncio.sleep(STOP_POLL_SECONDS)
    screen.line(f"process {pid} has closed everything")
    return {"pid": pid}


async def _answers(arguments: argparse.Namespace) -> bool:
    try:
        await _call(arguments, "net_info")  # asks no thread, which may be closed already
    except Unreachable:
        return False
    return True


def _node_id(text: str) -> str:
    """0x-hex, with or without 0x. Raises BadArgument."""
    digits = text.removeprefix("0x")
    if len(digits) != 64 or set(digits) - set("0123456789abcdefABCDEF"):
        raise BadArgument("node_id", "64 hex digits", text)
    return "0x" + digits.lower()
