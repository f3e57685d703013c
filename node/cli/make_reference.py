"""docs/cli.md from the parsers themselves: `python -m node.cli.make_reference`, with --check only compared."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from node.cli.commands import GROUPS
from node.cli.frame import build_parser

PAGE: Final = Path(__file__).parents[2] / "docs" / "cli.md"
HEAD: Final = """# The command line

Made by `python -m node.cli.make_reference` from the program itself; `cluster COMMAND --help` says the same.

- Every command takes `--json` and then prints one JSON document.
- An error is one sentence on stderr, `error CODE: ...`, or with `--json` on stdout
  `{"error": {code, name, message, fields}}`. `cluster explain CODE` says what the code means.
- Exit status: 0 done, 1 refused, 2 wrong usage, 130 interrupted. A command that judges (`zk audit`,
  `zk verify`): 0 yes, 1 no, 2 it was given nothing that it could judge. `start` ends with 3 where an upgrade of the
  chain needs a newer release.
- What is not named is looked for in `$CLUSTER_HOME` (default `~/.cluster`): keys in `keys/`, a node in `node/`, a
  development network in `devnet/`. `--rpc` defaults to `$CLUSTER_RPC`, else `http://127.0.0.1:8645`.
"""


def page() -> str:
    """The whole page."""
    root = build_parser(set(GROUPS))
    parts = [HEAD]
    for name, parser in subparsers(root):
        parts.append(f"## cluster {name}\n\n{sentence(parser)}\n")
        nested = list(subparsers(parser))
        if not nested:
            parts.append(arguments(parser))
        for child_name, child in nested:
            parts.append(f"### cluster {name} {child_name}\n\n{sentence(child)}\n")
            deeper = list(subparsers(child))
            if not deeper:
                parts.append(arguments(child))
            for last_name, last in deeper:
                parts.append(f"#### cluster {name} {child_name} {last_name}\n\n{sentence(last)}\n")
                parts.append(arguments(last))
    return "\n".join(part for part in parts if part)


def subparsers(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """The commands below a parser, in their order."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def arguments(parser: argparse.ArgumentParser) -> str:
    """The arguments of one command, as a list; --json and --help are every command's."""
    lines = [
        f"- `{shape(action)}`{': ' + (action.help % {'default': action.default}) if action.help else ''}"
        for action in parser._actions
        if action.help != argparse.SUPPRESS and action.dest not in ("help", "json")
    ]
    return "\n".join(lines) + "\n" if lines else ""


def shape(action: argparse.Action) -> str:
    """How an argument is written: NAME, [NAME], --option VALUE, --flag."""
    names = [action.metavar] if isinstance(action.metavar, str) else list(action.metavar or ())
    if action.choices is not None and not names:
        names = ["|".join(map(str, action.choices))]
    if not action.option_strings:
        name = names[0] if names else action.dest
        optional = action.nargs in ("?", "*")
        return f"[{name}{' ...' if action.nargs == '*' else ''}]" if optional else name
    takes = action.nargs != 0
    return " ".join([action.option_strings[-1], *(names or [action.dest.upper()] if takes else [])])


def sentence(parser: argparse.ArgumentParser) -> str:
    return parser.description or ""


def main() -> int:
    wanted = page()
    if "--check" in sys.argv[1:]:
        if PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted:
            return 0
        print("docs/cli.md is not what the program says; run `python -m node.cli.make_reference`.", file=sys.stderr)
        return 1
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
