"""Where a model and its rows come from: files that people have, and objects in a Python session.

MODEL.onnx      any tool that exports ONNX
MODEL.joblib    a fitted scikit-learn estimator; a program, read only for its owner
ROWS.npy        (n, features), or of any shape with n first (images); also .csv and .json
"""

import json
import os
import stat
import tokenize
import warnings
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import numpy.typing as npt

from compute.zkml.errors import FileMissing, ModelKindUnknown, NotTrusted, RowsUnusable
from compute.zkml.graph import FloatModel
from compute.zkml.taps import Floats

if TYPE_CHECKING:
    from onnx import ModelProto

ONNX: Final = ".onnx"
JOBLIB: Final = ".joblib"
MAX_ROWS_BYTES: Final = 2**30
_UNREADABLE: Final = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    EOFError,
    RecursionError,
    OverflowError,
    MemoryError,  # of Python's parser: a header that is nested too deep
    tokenize.TokenError,
)


def float_model(source: object, *, kind: str | None = None, trusted: bool = True) -> FloatModel:
    """The float model of a file (its path), an ONNX model, a fitted scikit-learn estimator, or one that is it already.

    kind: of an ONNX model that ends in bare scores, see `import_onnx`; the others know theirs. A joblib file is read
    only if it is `trusted`. Raises ModelKindUnknown, NotTrusted, and what importers raise.
    """
    if isinstance(source, FloatModel):
        return source
    if isinstance(source, str | Path):
        return _from_file(Path(source), kind, trusted)
    if type(source).__name__ == "ModelProto":
        from compute.zkml.importers.onnx import import_onnx

        return import_onnx(cast("ModelProto", source), kind)
    from compute.zkml.importers.scikit import import_scikit

    return import_scikit(source)


def require_own(path: Path) -> None:
    """Raises NotTrusted for a joblib file that another user of this machine owns: reading it would run his code."""
    if path.suffix == JOBLIB and path.exists() and hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
        raise NotTrusted(path)


def read_rows(path: Path, features: int | None = None) -> Floats:
    """Rows (n, features) of a file; a single row may come flat. Raises RowsUnusable, FileMissing."""
    table = _read(path)
    try:
        rows = np.asarray(table, dtype=np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise RowsUnusable(path, f"it holds no numbers of one shape ({str(error)[:80]})") from error
    if rows.ndim == 1 or (features is not None and rows.size == features):
        rows = rows.reshape(1, -1)
    if rows.ndim == 0 or not rows.size:
        raise RowsUnusable(path, "it holds no rows")
    return rows.reshape(len(rows), -1)


def read_labels(path: Path) -> npt.NDArray[Any]:
    """Labels or targets (n,) of a file. Raises RowsUnusable, FileMissing."""
    table = _read(path)
    try:
        labels = np.asarray(table)
    except (ValueError, TypeError, OverflowError) as error:
        raise RowsUnusable(path, f"it holds no labels of one shape ({str(error)[:80]})") from error
    if labels.dtype == object or labels.ndim == 0 or labels.size != len(labels):
        raise RowsUnusable(path, "it holds not one label for each row")
    return labels.reshape(-1)


def _from_file(path: Path, kind: str | None, trusted: bool) -> FloatModel:
    if path.suffix in (ONNX, JOBLIB) and not path.exists():
        raise FileMissing(path, "a model, .onnx or .joblib")
    if path.suffix == ONNX:
        from compute.zkml.importers.onnx import import_onnx

        return import_onnx(path, kind)
    if path.suffix == JOBLIB:
        from compute.zkml.importers.scikit import import_scikit, load_estimator

        return import_scikit(load_estimator(path, trusted=trusted))
    raise ModelKindUnknown(path, (ONNX, JOBLIB))


def _read(path: Path) -> Any:
    reader = READERS.get(path.suffix)
    if reader is None:
        raise RowsUnusable(path, f"its name ends in none of {', '.join(READERS)}")
    if not path.exists():
        raise FileMissing(path, f"rows, {', '.join(READERS)}")
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise RowsUnusable(path, "it is no file")
        if facts.st_size > MAX_ROWS_BYTES:
            raise RowsUnusable(path, f"it is larger than {MAX_ROWS_BYTES} bytes")
        return reader(path)
    except _UNREADABLE as error:
        raise RowsUnusable(path, getattr(error, "strerror", None) or str(error)[:120]) from error


def _read_npy(path: Path) -> Any:
    """One array; nothing is allocated before its header is known to say no more than the file holds."""
    with path.open("rb") as file:
        if file.read(len(ZIP)) == ZIP:
            raise ValueError("it is an archive of arrays; save one array with numpy.save")
        file.seek(0)
        header = HEADERS.get(np.lib.format.read_magic(file))
        if header is None:
            raise ValueError("it is of a version of the format that holds no plain numbers")
        shape, _, kind = header(file)
        if kind.kind not in PLAIN:
            raise ValueError(f"it holds {kind.name}, no numbers or names")
        size, held = prod(shape) * kind.itemsize, path.stat().st_size - file.tell()
        if size != held or min(shape, default=0) < 0:
            raise ValueError(f"its header speaks of an array of shape {shape}, and {held} bytes follow")
        file.seek(0)
        return np.load(file, allow_pickle=False)


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _read_csv(path: Path) -> Any:
    """Numbers, with or without a first line of names."""
    with path.open(encoding="utf-8") as file:
        first = file.readline()
    named = any(character.isalpha() for character in first.replace("e", "").replace("E", ""))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # an empty file is refused later, in our own words
        return np.loadtxt(path, delimiter=",", ndmin=2, skiprows=1 if named else 0)


ZIP: Final = b"PK"
PLAIN: Final = "biufUS"
HEADERS: Final = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
READERS: Final[dict[str, Callable[[Path], Any]]] = {".npy": _read_npy, ".json": _read_json, ".csv": _read_csv}
