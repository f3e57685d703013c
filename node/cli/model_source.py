"""What the commands that take a model file of one's own share: its arguments, and how it is read."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from compute.zkml.compiled import Compiled, Settings, compile
from compute.zkml.graph import CLASSIFICATION
from compute.zkml.manifest import MAX_ROWS
from compute.zkml.sources import JOBLIB, read_labels, read_rows, require_own
from node.cli.errors import BadArgument
from node.cli.screen import Screen


def add_model_arguments(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """What says how a model file is read, calibrated and scored."""
    parser.add_argument("--sample", type=Path, required=required, metavar="ROWS.npy", help="rows that calibrate it")
    parser.add_argument("--held-out", type=Path, metavar="ROWS.npy", help="other rows, for the scores")
    parser.add_argument("--labels", type=Path, metavar="LABELS.npy", help="what the held-out rows really are")
    parser.add_argument(
        "--classification", action="store_true", help="an .onnx that ends in bare logits is a classifier"
    )
    parser.add_argument("--classes", metavar="NAMES", help="names of its classes: a,b,c or a .json list of them")
    parser.add_argument("--class-only", action="store_true", help="prove the class, not the outputs behind it")
    parser.add_argument("--batch", type=int, default=1, metavar="ROWS", help="rows that go into one proof (default: 1)")
    parser.add_argument("--my-own-file", action="store_true", help="read a .joblib that belongs to another user")


def add_force(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="go on where memory is estimated not to suffice")


def warn_of_joblib(file: str | Path, screen: Screen) -> None:
    """A joblib file is a program: say so before it is run."""
    if Path(file).suffix == JOBLIB and not screen.silent:
        print(f"reading {file} runs the code in it: name only files that you made yourself", file=sys.stderr)


def compile_file(file: Path, arguments: argparse.Namespace, settings: Settings) -> Compiled:
    """Quantise the model of a file by the arguments of `add_model_arguments`.

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
    return compile(
        file,
        read_rows(arguments.sample),
        rows=held_out,
        labels=labels,
        kind=CLASSIFICATION if arguments.classification else None,
        classes=None if arguments.classes is None else class_names(arguments.classes),
        settings=settings,
    )


def require_batch(rows: int) -> None:
    """Raises BadArgument unless that many rows can go into a proof."""
    if not 1 <= rows <= MAX_ROWS:
        raise BadArgument("--batch", f"1 to {MAX_ROWS} rows", str(rows))


def class_names(text: str) -> list[str]:
    """Names written as a,b,c or in a .json file: a list, or an object of numbers and names. Raises BadArgument."""
    if not text.endswith(".json"):
        return [name.strip() for name in text.split(",")]
    try:
        named: Any = json.loads(Path(text).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadArgument("--classes", "a .json list of names", f"{text}: {error}") from error
    if isinstance(named, dict):
        named = [named.get(str(number)) for number in range(len(named))]
    if not isinstance(named, list) or not all(isinstance(name, str | int) for name in named):
        raise BadArgument("--classes", "a .json list of names, or an object of numbers and names", text)
    return [str(name) for name in named]
