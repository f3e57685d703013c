"""`cluster contract test`: a contract's own tests, in chains of their own."""

import argparse
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from node.cli.contract_errors import NoContractThere, PytestMissing
from node.cli.frame import NO, UNUSABLE, add_command
from node.cli.screen import Json, Screen

if TYPE_CHECKING:
    from node.cli.frame import Commands

_ROOT: Final = Path(__file__).parents[2]  # where `compute` is imported from, also without an installation
_NO_TESTS: Final = 5  # pytest's exit status


def add_test(commands: "Commands") -> None:
    """Adds the command to its group."""
    new = add_command(
        commands, "test", "run a contract's tests: 0 they pass, 1 they do not, 2 none ran", _test, refused=UNUSABLE
    )
    new.add_argument("folder", type=Path, help="where contract.py and its tests are, or one file of tests")
    new.add_argument("--match", metavar="TEXT", help="only tests whose name has this in it")
    new.add_argument(
        "--pytest",
        metavar="OPTION",
        action="append",
        default=[],
        help="an option of pytest's, with a =: --pytest=-x --pytest=--pdb; repeatable",
    )


def _test(arguments: argparse.Namespace, screen: Screen) -> Json:
    """pytest in a process of its own: tests import what they like, and leave nothing in this one."""
    if importlib.util.find_spec("pytest") is None:
        raise PytestMissing
    target: Path = arguments.folder.absolute()
    if not target.exists():
        raise NoContractThere(str(target), "there is no such folder")
    folder = target if target.is_dir() else target.parent
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-v",  # each test's name as it begins, for some take a while
        "--no-header",
        "-W",
        "ignore::pytest.PytestConfigWarning",  # of options of the plugin that is left out
        "-p",
        "no:cacheprovider",
        "-p",
        "no:asyncio",
        "--rootdir",
        str(folder),
    ]
    command += ["--import-mode=importlib", "-o", "pythonpath=.", "-o", "addopts=", str(target)]
    command += ["-k", arguments.match] if arguments.match else []
    command += arguments.pytest
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(_ROOT)])}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=screen.silent, text=True, check=False)
    screen.end(UNUSABLE if ran.returncode == _NO_TESTS else NO if ran.returncode else 0)
    return {"folder": str(folder), "passed": ran.returncode == 0, "output": ran.stdout if screen.silent else None}
