"""`cluster data repair` and `cluster data resync`: what to run when a node stops because its data is damaged."""

import argparse
from collections.abc import Callable
from typing import Final

from chain.types.scalars import Height
from node.abstention import mend_log, mend_signer
from node.cli.errors import CliError
from node.cli.frame import Run
from node.cli.passphrases import passphrase_from, start_line
from node.cli.screen import Json, Screen
from node.durable import DISK, Subject
from node.home import Home
from node.repair import Repair
from node.signer_state import SignerStateFile
from node.storage.check import require_unused
from node.storage.errors import DatabaseMissing

Add = Callable[[str, str, Run], argparse.ArgumentParser]

SILENT: Final = "silent until the chain has passed height"


class NoPeers(CliError):
    """A database was to be fetched anew by a node that knows nobody to fetch it from."""

    code = 7336

    def __init__(self, home: Home) -> None:
        super().__init__(
            f"{home.config_file} names no peers, so the blocks may lie nowhere but here. Run `cluster data repair`, "
            "set p2p.peers, or say with --alone that you know another place that has them."
        )
        self.home = str(home.root)


def register_repair(add: Add) -> None:
    """The two commands, in the group of node/cli/data_commands.py."""
    mend = add("repair", "mend a damaged database and log as far as it goes; what is missing comes from peers", _repair)
    mend.add_argument(
        "--abstain",
        action="store_true",
        help="the signer's state is lost, and this key ran last in this very home: sign again above what it may have",
    )
    anew = add("resync", "set the database aside; the node takes every block from its peers, keys stay", _resync)
    anew.add_argument("--alone", action="store_true", help="even though config.toml names no peers")


def _repair(arguments: argparse.Namespace, screen: Screen) -> Json:
    home = Home(arguments.home.absolute())
    passphrase = passphrase_from(arguments.passphrase_file)
    with screen.progress("repairing"):
        repaired = Repair(home, passphrase).run()
    silent = mend_signer(home, repaired.height) if arguments.abstain else None
    mended = mend_log(home, passphrase, repaired.height)
    screen.line(f"{repaired.done}: whole at height {repaired.height}, blocks from {repaired.first_block} on")
    if mended is not None:
        screen.line(f"the log of height {mended} was damaged and is set aside")
        silent = Height(max(silent or 0, mended))
    if silent is not None:
        screen.line(f"this validator is {SILENT} {silent}")
    screen.line(f"start the node: {start_line(home.root, arguments.passphrase_file)}")
    return {
        "done": repaired.done,
        "height": repaired.height,
        "first_block": repaired.first_block,
        "silent_until": silent,
    }


def _resync(arguments: argparse.Namespace, screen: Screen) -> Json:
    home = Home(arguments.home.absolute())
    config = home.load_config()
    if not config.p2p.peers and not arguments.alone:
        raise NoPeers(home)
    if not DISK.names(home.database):
        raise DatabaseMissing(home.database)
    held = SignerStateFile(home.signer_state) if DISK.exists(home.signer_state) else None
    try:
        require_unused(home.database)
        home.set_aside(Subject.RESYNC)
    finally:
        if held is not None:
            held.close()
    screen.line(f"{home.database} is now {home.damaged}; remove that when the node is at the head")
    screen.line(f"start the node: {start_line(home.root, arguments.passphrase_file)}; its blocks come from peers")
    return {"set_aside": str(home.damaged)}
