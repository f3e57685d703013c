"""A classifier of one's own: a fitted scikit-learn estimator in a joblib file, and data to calibrate and judge it.

A joblib file is a program: reading it runs whatever its maker put into it. So it is read only when its owner says that
he made it. The data come as .npz without pickles: `sample` (n, features) to calibrate on, `rows` and `labels` held out.
"""

import lzma
import pickle
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from compute.zkml.errors import ClassifierFileUnusable, NotTrusted
from compute.zkml.quantise import InputScale, Quantised, calibrated_inputs, integer_inputs, quantise

INPUT_BITS: Final = 8
ARRAYS: Final = ("sample", "rows", "labels")
_UNREADABLE: Final = (  # what bytes that are no pickle, or no whole one, end in; compressed ones among them
    *(OSError, ValueError, TypeError, LookupError, AttributeError, ImportError, EOFError, MemoryError, RecursionError),
    *(pickle.PickleError, zlib.error, lzma.LZMAError, zipfile.BadZipFile),
)
_SAVE_MODEL: Final = "Save a fitted classifier with joblib.dump(classifier, file) and name that file."
_SAVE_DATA: Final = "Save them with numpy.savez(file, sample=..., rows=..., labels=...) and name that file by --data."


def import_classifier(file: Path, data: Path, *, trusted: bool, input_bits: int = INPUT_BITS) -> Quantised:
    """Quantise a classifier. Samples of small whole numbers keep them as they are, others are scaled to input_bits.

    Raises NotTrusted unless `trusted`; ClassifierFileUnusable; UnsupportedModel, NotFitted and NotFinite for what
    has no circuit; WrongRowLength for data of another width than the classifier's.
    """
    if not trusted:
        raise NotTrusted(file)
    import joblib

    _require_file(file, _SAVE_MODEL)
    try:
        classifier: Any = joblib.load(file)
    except _UNREADABLE as error:
        reason = f"it is no joblib file of a classifier ({type(error).__name__}: {str(error)[:120]})"
        raise ClassifierFileUnusable(file, reason, _SAVE_MODEL) from error
    sample, rows, labels = _arrays(data)
    return quantise(classifier, _scale(sample, input_bits), sample, rows, labels)


def _require_file(path: Path, remedy: str) -> None:
    if not path.is_file():
        raise ClassifierFileUnusable(path, "there is no such file", remedy)


def _arrays(path: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[Any]]:
    _require_file(path, _SAVE_DATA)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            sample, rows, labels = (arrays[name] for name in ARRAYS)
        sample, rows = sample.astype(np.float64), rows.astype(np.float64)
    except _UNREADABLE as error:
        reason = f"it is no .npz with {', '.join(ARRAYS)} ({str(error)[:120]})"
        raise ClassifierFileUnusable(path, reason, _SAVE_DATA) from error
    if sample.ndim != 2 or rows.ndim != 2 or sample.shape[1] != rows.shape[1] or labels.shape != rows.shape[:1]:
        reason = "sample and rows must be (n, features) of the same width, labels one per row"
        raise ClassifierFileUnusable(path, reason, _SAVE_DATA)
    if sample.size == 0 or rows.size == 0:
        raise ClassifierFileUnusable(path, "sample or rows is empty", _SAVE_DATA)
    return sample, rows, labels


def _scale(sample: npt.NDArray[np.float64], bits: int) -> InputScale:
    whole = bool(np.all(sample == np.rint(sample))) and sample.min() >= 0 and sample.max() < 2**bits
    return integer_inputs(sample.shape[1], bits) if whole else calibrated_inputs(sample, bits)
