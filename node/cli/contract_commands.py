"""`cluster contract`: confidential contracts from an empty folder to calls on a chain, and who reads them."""

import argparse

from node.cli.contract_audit import add_audit
from node.cli.contract_build import add_build
from node.cli.contract_call import add_call
from node.cli.contract_deploy import add_deploy
from node.cli.contract_new import add_new
from node.cli.contract_permit import add_permit
from node.cli.contract_read import add_read
from node.cli.contract_readers import add_readers
from node.cli.contract_test import add_test
from node.cli.frame import subcommands


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    for add in (
        add_new,
        add_build,
        add_test,
        add_audit,
        add_deploy,
        add_call,
        add_read,
        add_readers,
        add_permit,
    ):
        add(commands)
