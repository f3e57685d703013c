"""Pages that are walked through: files that they tell to write, commands, and what these print.

A block of ```python PATH is a file. In a block of ```console a line after `$ ` is a command, the lines behind it are
what it prints, on stdout and stderr together: `...` in a line stands for anything in it, as a line for any lines.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.rooms import ROOT

BLOCK: Final = re.compile(
    r"^```(?P<kind>python|console)(?: (?P<path>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
PROMPT: Final = "$ "
ANYTHING: Final = "..."
PATIENCE_SECONDS: Final = 300.0  # an upper bound for a hopeless wait
CLUSTER: Final = 'cluster() { "$PYTHON" -P -m node.cli "$@"; }'


@dataclass(frozen=True, slots=True)
class File:
    """What the reader writes."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """What the reader runs, and what it prints."""

    line: str
    prints: str


def steps(page: str) -> list[File | Command]:
    """What a page's reader does, in order."""
    found: list[File | Command] = []
    for block in BLOCK.finditer(page):
        if block["kind"] == "console":
            found += _commands(block["text"])
        elif block["path"] is not None:
            found.append(File(block["path"], block["text"]))
    return found


def _commands(text: str) -> list[Command]:
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [Command(*part.split("\n", 1)) for part in parts]


def is_as_told(prints: str, shown: str) -> bool:
    """Whether an output is the one that a page tells; spaces at ends of lines do not count."""
    lines = [r"(?:.*\n)*?" if line == ANYTHING else _line(line) for line in prints.splitlines()]
    stripped = "".join(line.rstrip() + "\n" for line in shown.splitlines())
    return re.fullmatch("".join(lines), stripped) is not None


def _line(told: str) -> str:
    return ".*".join(re.escape(part) for part in told.rstrip().split(ANYTHING)) + r"\n"


class Reader:
    """Does what a page says, in a folder. added: options that a test puts behind a command, by how it begins."""

    def __init__(self, folder: Path, environment: dict[str, str], added: dict[str, str]) -> None:
        self._folder, self._added = folder, added
        own = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}  # not the page's pytest
        self._environment = {**own, **environment, "PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}

    def does(self, step: File | Command) -> None:
        """Write the file, or run the command and compare what it prints."""
        if isinstance(step, File):
            path = self._folder / step.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text, encoding="utf-8")
            return
        shown = self.shown(step.line)
        assert is_as_told(step.prints, shown), f"$ {step.line}\n--- told\n{step.prints}--- shown\n{shown}"

    def shown(self, line: str) -> str:
        """What a command line prints."""
        line += "".join(f" {options}" for begin, options in self._added.items() if line.startswith(begin))
        ran = subprocess.run(
            ["sh", "-c", f"{CLUSTER}\n{line}"],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return ran.stdout
