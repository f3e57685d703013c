"""`cluster start`: run the node of a home folder until SIGTERM or SIGINT, then end in order with status 0.

Other statuses: 1 what may pass by itself (a port, another process, a disk), so a service manager starts it again; 78
what a person must look at first (docs/operators.md has an entry for each). A second signal ends the process at once,
which loses nothing that was committed.
"""

import argparse
import asyncio
import gc
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from crypto.errors import ClusterError
from crypto.keystore import KeyMemoryLacking
from node.app import App
from node.cli.frame import command
from node.cli.passphrases import add_passphrase_file, passphrase_from
from node.cli.places import node_folder
from node.cli.screen import Json, Screen
from node.consensus_log import LogUnwritable
from node.home import Home
from node.instruments import Instruments, Recorder
from node.joining import fetch_state
from node.rpc.errors import PortInUse
from node.signer_state import SignerInUse, SignerStateUnwritable
from node.snapshots.errors import NoSnapshot
from node.storage.errors import DatabaseInUse, MigrationFailed, WriteFailed
from node.telemetry.logs import log_to_stderr
from p2p.errors import ListenFailed

NEEDS_OPERATOR: Final = 78  # EX_CONFIG of sysexits.h; configs/cluster.service does not restart after it
MAY_PASS: Final = 1
PASSING: Final = (
    OSError,
    PortInUse,
    ListenFailed,
    DatabaseInUse,
    SignerInUse,
    WriteFailed,
    MigrationFailed,
    LogUnwritable,
    SignerStateUnwritable,
    KeyMemoryLacking,
    NoSnapshot,
)
SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def register(parser: argparse.ArgumentParser) -> None:
    command(parser, _start, refused=NEEDS_OPERATOR)
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
    with status_of(arguments):
        await _run(arguments, screen)
    return None


@contextmanager
def status_of(arguments: argparse.Namespace) -> Iterator[None]:
    """What ends the block by an error ends the command with the status that the error has for a service manager."""
    try:
        yield
    except (ClusterError, OSError, BaseExceptionGroup) as error:
        if passes(error):
            arguments.refused = MAY_PASS
        raise


def passes(error: BaseException) -> bool:
    """Whether what ended the node may be over when it is started again."""
    if isinstance(error, BaseExceptionGroup):
        return any(passes(inner) for inner in error.exceptions)
    return isinstance(error, PASSING)


async def _run(arguments: argparse.Namespace, screen: Screen) -> None:
    home = Home(arguments.home.absolute())
    config = home.load_config()
    log_to_stderr(config.log_level, config.log_format)
    recorder = None if arguments.record is None else Recorder(arguments.record)
    instruments = Instruments(recorder, arguments.credulous)
    passphrase = passphrase_from(arguments.passphrase_file)
    await fetch_state(home, passphrase)
    app = App(home, passphrase=passphrase, instruments=instruments)
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


async def run_until_signalled(app: App, ready: Callable[[], None]) -> None:
    """Run the node; SIGTERM and SIGINT end it in order, a second one at once. Raises what ends the node otherwise."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for number in SIGNALS:  # back to the system, which ends a process whatever its threads wait for
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        app.stop()

    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    await app.run(ready)
