"""Passphrases: from a file, or typed on the terminal without echo; never from the command line or the environment."""

import argparse
import getpass
import shlex
import stat
import sys
from pathlib import Path

from node.cli.errors import CliError
from node.keystore import closed_to_others


class NoTerminal(CliError):
    """A passphrase is needed, no file names it, and nobody can type it."""

    code = 7310

    def __init__(self, option: str = "--passphrase-file") -> None:
        super().__init__(
            "something is to be typed unseen and there is no terminal to type it on; name a file: a passphrase's with "
            f"{option}, an argument's as @FILE."
        )
        self.option = option


class PassphrasesDiffer(CliError):
    """A new passphrase was typed differently the second time."""

    code = 7311

    def __init__(self) -> None:
        super().__init__("the two passphrases differ; nothing was written. Try again.")


def add_passphrase_file(parser: argparse.ArgumentParser) -> None:
    """--passphrase-file"""
    parser.add_argument(
        "--passphrase-file", metavar="FILE", type=Path, help="read the passphrase from a file's first line"
    )


def start_line(home: Path, passphrase_file: Path | None) -> str:
    """How a node whose home was made with these is started."""
    option = "" if passphrase_file is None else f" --passphrase-file {shlex.quote(str(passphrase_file))}"
    return f"cluster start --home {shlex.quote(str(home))}{option}"


def passphrase_from(file: Path | None) -> str | None:
    """The first line of a file, None without one; a file that others may read is warned of. Raises OSError."""
    if file is None:
        return None
    mode = file.stat().st_mode
    if mode & closed_to_others(file):  # not refused: containers hand secrets over as files of mode 0444
        shown = f"warning: others than its owner may read {file} ({stat.filemode(mode)}); run `chmod 600 {file}`."
        print(shown, file=sys.stderr, flush=True)
    lines = file.read_text(encoding="utf-8").splitlines()
    return lines[0] if lines else ""


def ask(prompt: str, option: str = "--passphrase-file") -> str:
    """A typed passphrase. Raises NoTerminal that names the option by which a file gives it."""
    if not sys.stdin.isatty():
        raise NoTerminal(option)
    return getpass.getpass(prompt)


def ask_new(prompt: str) -> str:
    """A new passphrase, typed twice. Raises NoTerminal, PassphrasesDiffer."""
    first = ask(prompt)
    if ask("The same again: ") != first:
        raise PassphrasesDiffer
    return first
