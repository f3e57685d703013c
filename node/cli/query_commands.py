"""`cluster query METHOD name=value ...`: any RPC method by its name."""

import argparse
import json

from client.rpc import RpcClient
from node.cli.errors import BadArgument
from node.cli.frame import command
from node.cli.screen import Json, Screen


def register(parser: argparse.ArgumentParser) -> None:
    command(parser, _query, rpc=True)
    parser.add_argument("method", help="such as chain_getBlock; rpc.discover describes all")
    parser.add_argument("params", nargs="*", metavar="name=value", help="value: JSON, or text as it stands")


async def _query(arguments: argparse.Namespace, screen: Screen) -> Json:
    params = dict(parameter(text) for text in arguments.params)
    async with RpcClient(arguments.rpc) as rpc:
        result = await rpc.call(arguments.method, **params)
    for line in json.dumps(result, indent=2, ensure_ascii=False).split("\n"):
        screen.line(line)
    return result


def parameter(text: str) -> tuple[str, Json]:
    """height=5 -> ("height", 5); what is not JSON is text. Raises BadArgument."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise BadArgument("parameter", "name=value", text)
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
