"""The commands of the guide to private payments are commands, in an order in which they work."""

import re
import shlex

import pytest

from node.cli.frame import build_parser
from tests.support.rooms import ROOT

PAGE = (ROOT / "docs" / "shielded.md").read_text(encoding="utf-8")
COMMANDS = [shlex.split(line, comments=True) for line in re.findall(r"^    (cluster .*)$", PAGE, re.MULTILINE)]


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
def test_every_command_line_is_one(argv: list[str]) -> None:
    arguments = build_parser({argv[1]}).parse_args(argv[1:])
    assert callable(arguments.run)


def test_the_way_to_a_payment_is_the_one_that_is_tested() -> None:
    """tests/integration/test_private_payments.py runs the same commands on a real chain."""
    first = [argv[1] for argv in COMMANDS[:5]]
    assert first == ["devnet", "shield", "address", "send", "notes"]
    tested = (ROOT / "tests" / "integration" / "test_private_payments.py").read_text(encoding="utf-8")
    assert all(f'"{command}"' in tested for command in {argv[1] for argv in COMMANDS} - {"devnet", "keys"})
