"""`cluster zk`: circuits and proofs of machine learning on this machine, without a chain. One module to a command."""

import argparse

from node.cli.frame import subcommands


def register(parser: argparse.ArgumentParser) -> None:
    subcommands(parser)
