"""`cluster zk`: circuits and proofs of machine learning on this machine, without a chain. One module to a step."""

import argparse

from node.cli.frame import subcommands
from node.cli.zk_audit import add_audit
from node.cli.zk_compile import add_compile, add_cost
from node.cli.zk_files import add_export, add_import
from node.cli.zk_prove import add_open, add_prove, add_setup, add_verify


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    for add in (add_cost, add_compile, add_setup, add_prove, add_verify, add_open, add_export, add_import, add_audit):
        add(commands)
