"""`cluster zk`: circuits and proofs of machine learning on this machine, without a chain. One module to a command."""

import argparse

from node.cli.frame import subcommands
from node.cli.zk_audit import add_audit


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    add_audit(commands)
