"""How a command line becomes a command: parsers, --json, errors as one sentence, exit status.

A command is a function `run(arguments, screen)`, async or not. It shows people what it found through the screen and
returns the JSON document that --json prints. Errors are raised: a ClusterError becomes one sentence on stderr, or
{"error": {code, name, message, fields}} on stdout with --json, and exit status 1.

A command that judges something has three ends: 0 it is good, 1 it is not (`screen.end(NO)`), 2 it could not be judged.
Such a command is added with `refused=UNUSABLE`, so that an error never looks like a verdict.
"""

import argparse
import asyncio
import importlib
import json
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from client.errors import RpcFailed
from crypto.errors import ClusterError
from node.cli.commands import GROUPS, SECTIONS
from node.cli.errors import SystemRefused
from node.cli.screen import Json, Screen, printable

if TYPE_CHECKING:

    class Commands(Protocol):
        """What argparse gives for subcommands."""

        def add_parser(self, name: str, **options: Any) -> argparse.ArgumentParser: ...


Run = Callable[[argparse.Namespace, Screen], Json | Awaitable[Json]]

DEFAULT_RPC: Final = "http://127.0.0.1:8645"
NO: Final = 1  # of a command that judges: what it looked at is not good
UNUSABLE: Final = 2  # of a command that judges: it was given nothing that it could judge
INTERRUPTED: Final = 130


def subcommands(parser: argparse.ArgumentParser) -> "Commands":
    """The subcommands of a group; one of them must be named."""
    return cast("Commands", parser.add_subparsers(metavar="COMMAND", required=True))


def add_command(
    commands: "Commands", name: str, summary: str, run: Run, *, rpc: bool = False, refused: int = 1
) -> argparse.ArgumentParser:
    """One command of a group; `rpc` gives it --rpc. Its own arguments are added to the parser that comes back."""
    parser = commands.add_parser(name, help=summary, description=_sentence(summary))
    return command(parser, run, rpc=rpc, refused=refused)


def command(
    parser: argparse.ArgumentParser, run: Run, *, rpc: bool = False, refused: int = 1
) -> argparse.ArgumentParser:
    """Let a parser be a command: --json, --rpc if wanted, what to run, and the exit status of an error."""
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")
    if rpc:
        parser.add_argument(
            "--rpc",
            metavar="URL",
            default=os.environ.get("CLUSTER_RPC", DEFAULT_RPC),
            help=f"a node's RPC (default: $CLUSTER_RPC, else {DEFAULT_RPC})",
        )
    parser.set_defaults(run=run, refused=refused)
    return parser


def build_parser(wanted: set[str]) -> argparse.ArgumentParser:
    """The parser of the whole program, with only the `wanted` groups filled: the others' modules stay unimported."""
    parser = argparse.ArgumentParser(
        prog="cluster",
        usage="cluster [-h] [--version] COMMAND ...",
        description=_overview(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"cluster {version('cluster-chain')}")
    groups = parser.add_subparsers(prog="cluster", metavar="COMMAND", required=True, help=argparse.SUPPRESS)
    for name, (module, summary) in GROUPS.items():
        group = groups.add_parser(name, description=_sentence(summary))
        if name in wanted:
            importlib.import_module(module).register(group)
    return parser


def execute(argv: list[str]) -> int:
    """Parse and run; the exit status."""
    arguments = build_parser(set(argv[:1])).parse_args(argv)
    screen = Screen(silent=arguments.json)
    try:
        answer = arguments.run(arguments, screen)
        if asyncio.iscoroutine(answer):
            answer = run_async(answer)
        if answer is not None:
            screen.document(answer)
    except ClusterError as error:
        return _refused(error, screen, arguments.refused)
    except BaseExceptionGroup as group:
        return _refused(_only_error(group), screen, arguments.refused)
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # the reader left; the interpreter flushes at exit
        return int(arguments.refused)
    except OSError as error:
        return _refused(_typed_refusal(error), screen, arguments.refused)
    except KeyboardInterrupt:
        return INTERRUPTED
    return screen.status


def run_async(work: Coroutine[Any, Any, Json]) -> Json:
    """Run a command's coroutine, on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        factory = None
    else:
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)


def error_document(error: ClusterError) -> Json:
    """An error as --json shows it."""
    fields = error.data if isinstance(error, RpcFailed) else error.fields
    shown = {name: _plain(value) for name, value in fields.items() if name not in ("code", "name")}
    code, name = _identity(error)
    return {"error": {"code": code, "name": name, "message": str(error), "fields": shown}}


def _refused(error: ClusterError, screen: Screen, status: int) -> int:
    screen.document(error_document(error))
    if not screen.silent:
        lines = str(error).split("\n") if error.lines else [str(error)]
        print(f"error {_identity(error)[0]}: " + "\n".join(map(printable, lines)), file=sys.stderr, flush=True)
    return status if error.exit_status == ClusterError.exit_status else error.exit_status


def _identity(error: ClusterError) -> tuple[int, str]:
    """Code and name of the broken rule: the node's, where a node said so."""
    if isinstance(error, RpcFailed):
        return error.rule, error.name
    return error.code, type(error).__name__


def _only_error(group: BaseExceptionGroup[BaseException]) -> ClusterError:
    """The first typed error that a task group ended with, or what the system refused in it.

    Raises the group when there is neither: a fault of ours.
    """
    found: BaseException | None = group.subgroup(ClusterError) or group.subgroup(OSError)
    if found is None:
        raise group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return _typed_refusal(found) if isinstance(found, OSError) else cast(ClusterError, found)


def _typed_refusal(error: OSError) -> SystemRefused:
    return SystemRefused(error.filename, error.strerror or str(error))


def _plain(value: object) -> Json:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return str(value)
    return value


def _overview() -> str:
    """What `cluster --help` says first: the groups by what they are for."""
    width = max(map(len, GROUPS))
    lines = ["A proof-of-compute blockchain: nodes, wallet, contracts, workers and development networks."]
    for title, groups in SECTIONS.items():
        lines += ["", f"{title}:", *(f"  {name:<{width}}  {summary}" for name, (_, summary) in groups.items())]
    return "\n".join([*lines, "", "cluster COMMAND --help says more."])


def _sentence(summary: str) -> str:
    return summary[0].upper() + summary[1:] + "."
