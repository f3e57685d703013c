"""What the commands that take a model file of one's own share."""

import argparse
import sys
from pathlib import Path

from compute.zkml.compiled import Compiled, Settings, compile
from compute.zkml.sources import JOBLIB, read_labels, read_rows, require_own
from node.cli.errors import BadArgument
from node.cli.screen import Screen


def warn_of_joblib(file: str | Path, screen: Screen) -> None:
    """A joblib file is a program: say so before it is run."""
    if Path(file).suffix == JOBLIB and not screen.silent:
        print(f"reading {file} runs the code in it: name only files that you made yourself", file=sys.stderr)


def compile_file(file: Path, arguments: argparse.Namespace, settings: Settings) -> Compiled:
    """Quantise the model of a file by --sample, --held-out and --labels.

    Raises NotTrusted for a joblib file of another user without --my-own-file, RowsUnusable, BadArgument, a ModelError.
    """
    if not arguments.my_own_file:
        require_own(file)
    if (arguments.held_out is None) != (arguments.labels is None):
        raise BadArgument("--held-out, --labels", "both or neither", "one of them")
    held_out = None if arguments.held_out is None else read_rows(arguments.held_out)
    labels = None if arguments.labels is None else read_labels(arguments.labels)
    if labels is not None and held_out is not None and len(labels) != len(held_out):
        raise BadArgument("--labels", f"{len(held_out)} of them, one for each row", str(len(labels)))
    return compile(file, read_rows(arguments.sample), rows=held_out, labels=labels, settings=settings)
