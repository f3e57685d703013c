"""`cluster start`: run the node of a home folder until SIGTERM or SIGINT, then end in order with status 0."""

import argparse
import asyncio
import gc
import signal
from collections.abc import Callable
from pathlib import Path

from node.app import App
from node.cli.frame import command
from node.cli.passphrases import add_passphrase_file, passphrase_from
from node.cli.places import node_folder
from node.cli.screen import Json, Screen
from node.home import Home
from node.instruments import Instruments, Recorder
from node.telemetry.logs import log_to_stderr


def register(parser: argparse.ArgumentParser) -> None:
    command(parser, _start)
    parser.add_argument("--home", type=Path, default=node_folder(), help="default: $CLUSTER_HOME/node")
    add_passphrase_file(parser)
    parser.add_argument(
        "--record",
        type=Path,
        metavar="DIR",
        help="demonstrations only: write every byte sent and received to files in DIR",
    )
    parser.add_argument(
        "--credulous",
        action="store_true",
        help="demonstrations only: believe every proof, as a Byzantine proposer would",
    )


async def _start(arguments: argparse.Namespace, screen: Screen) -> Json:
    home = Home(arguments.home.absolute())
    config = home.load_config()
    log_to_stderr(config.log_level, config.log_format)
    recorder = None if arguments.record is None else Recorder(arguments.record)
    instruments = Instruments(recorder, arguments.credulous)
    app = App(home, passphrase=passphrase_from(arguments.passphrase_file), instruments=instruments)
    gc.collect()
    gc.freeze()  # what was made so far stays: searching it for garbage would hold up every vote for a while

    def ready() -> None:
        tip = app.node.ledger.tip
        shown = {
            "ready": f"http://{config.rpc.listen}",
            "p2p": config.p2p.listen,
            "chain_id": app.node.ledger.chain.chain_id,
            "height": tip.height,
        }
        screen.line(f"ready: RPC at {shown['ready']}, chain {shown['chain_id']}, height {tip.height}")
        screen.document(shown)

    await run_until_signalled(app, ready)
    return None


async def run_until_signalled(app: App, ready: Callable[[], None]) -> None:
    """Run the node; SIGTERM and SIGINT end it in order. Raises what ends the node otherwise."""
    running = asyncio.create_task(app.run(ready))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    await asyncio.wait([running])
    if not running.cancelled():
        running.result()
