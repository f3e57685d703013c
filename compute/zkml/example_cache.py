"""The example models as files, trained once per machine: nothing but the sources and scikit-learn's version is in them.

    CACHE/examples/<digest>/<name>/model.msgpack  rows.json        CACHE/insecure-dev/*.keys

The digest covers this folder, which makes the models, so that no stale one is ever read. At a second use nothing of
scikit-learn is imported, which saves two seconds.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from client.whole_files import write_whole
from compute.dev_keys import CircuitKeys, DevKeys
from compute.zkml.artifact import FILE_NAME, model_keys
from compute.zkml.errors import LearningMissing, ModelFileUnusable, UnknownExample
from compute.zkml.model_file import encode_model, read_model
from compute.zkml.provable import Provable

EXAMPLES: Final = ("tumour-logistic", "digits-mlp")
KEPT_ROWS: Final = 40
LEARNING: Final = "sklearn"


@dataclass(frozen=True, slots=True)
class Example:
    """An example model, and held-out rows with their true labels, in the model's own units."""

    name: str
    description: str
    provable: Provable
    rows: tuple[tuple[float, ...], ...]
    labels: tuple[str, ...]


def require_learning() -> None:
    """Raises LearningMissing where scikit-learn is not installed."""
    if find_spec(LEARNING) is None:
        raise LearningMissing("scikit-learn")


def load_example(name: str, cache: Path) -> Example:
    """An example from the cache, or trained now and kept there. Raises UnknownExample, LearningMissing."""
    if name not in EXAMPLES:
        raise UnknownExample(name, EXAMPLES)
    folder = cache / "examples" / _digest() / name
    try:
        return _read(name, folder)
    except ModelFileUnusable:
        example = _train(name)
        _write(example, folder)
        return example


def example_keys(example: Example, cache: Path) -> CircuitKeys:
    """The example's development keys, made at most once per machine."""
    return model_keys(DevKeys(cache), example.provable)


def _train(name: str) -> Example:
    """Train it, and keep the first held-out rows that lie in its range."""
    require_learning()
    from compute.zkml.errors import RowOutOfRange
    from compute.zkml.example_models import TRAINERS

    made = TRAINERS[name]()
    rows, labels = [], []
    for row, label in zip(made.rows.tolist(), made.labels.tolist(), strict=True):
        try:
            made.provable.manifest.quantise(row)
        except RowOutOfRange:
            continue
        rows.append(tuple(row))
        labels.append(str(label))
    return Example(name, made.description, made.provable, tuple(rows[:KEPT_ROWS]), tuple(labels[:KEPT_ROWS]))


def _read(name: str, folder: Path) -> Example:
    """Raises ModelFileUnusable for whatever is not there or not whole."""
    provable = read_model(folder / FILE_NAME)
    path = folder / "rows.json"
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        rows = tuple(tuple(map(float, row)) for row in table["rows"])
        return Example(name, str(table["description"]), provable, rows, tuple(map(str, table["labels"])))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelFileUnusable(path, str(error)) from error


def _write(example: Example, folder: Path) -> None:
    """rows.json comes last: without it the folder counts as absent."""
    folder.mkdir(parents=True, exist_ok=True)
    table = {"description": example.description, "rows": example.rows, "labels": example.labels}
    contents = {FILE_NAME: encode_model(example.provable), "rows.json": json.dumps(table).encode()}
    for name, data in contents.items():
        write_whole(folder / name, data)


def _digest() -> str:
    here = Path(__file__).parent
    sources = b"".join(path.read_bytes() for path in sorted(here.rglob("*.py")))
    require_learning()
    return sha256(sources + version("scikit-learn").encode()).hexdigest()[:16]
