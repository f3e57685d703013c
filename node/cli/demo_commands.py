"""`cluster demo`: four validators, real models, a secret, attacks and a crash, in about a minute."""

import argparse
import asyncio
import signal
import tempfile
from pathlib import Path
from typing import Final

from node.cli.frame import command
from node.cli.screen import Json, Screen
from node.demo.run import run_demo
from node.devnet.files import Plan

BASE_PORT: Final = 18_645


def register(parser: argparse.ArgumentParser) -> None:
    command(parser, _demo)
    parser.add_argument("--keep", action="store_true", help="leave the network running and its files in place")
    parser.add_argument("--dir", type=Path, help="an empty or new folder for its files (default: a temporary one)")
    parser.add_argument(
        "--block-time", type=float, default=1.0, metavar="S", help="seconds between blocks (default: 1)"
    )
    parser.add_argument(
        "--base-port", type=int, default=BASE_PORT, help=f"first of nine free ports (default: {BASE_PORT})"
    )


async def _demo(arguments: argparse.Namespace, screen: Screen) -> Json:
    """Play the demo; a signal ends it in order: whatever it started is stopped."""
    playing = asyncio.ensure_future(_play(arguments, screen))

    def stop() -> None:
        screen.line("interrupted: stopping what was started")
        playing.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        return await playing
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _play(arguments: argparse.Namespace, screen: Screen) -> Json:
    plan = Plan(
        chain_id="cluster-demo", base_port=arguments.base_port, block_time_ms=round(1000 * arguments.block_time)
    )
    if arguments.dir is not None or arguments.keep:
        folder = arguments.dir or Path(tempfile.mkdtemp(prefix="cluster-demo-"))
        screen.line(f"files are in {folder}")
        return await run_demo(folder.absolute(), plan, arguments.keep, screen)
    with tempfile.TemporaryDirectory(prefix="cluster-demo-", ignore_cleanup_errors=True) as folder_name:
        return await run_demo(Path(folder_name), plan, False, screen)
