"""A classifier of one's own: a fitted scikit-learn estimator in a joblib file, and data to calibrate and judge it.

A joblib file is a program: reading it runs whatever its maker put into it. So it is read only when its owner says that
he made it. The data come as .npz without pickles: `sample` (n, features) to calibrate on, `rows` and `labels` held out.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from compute.zkml.errors import ModelFileUnusable, NotTrusted
from compute.zkml.quantise import InputScale, Quantised, calibrated_inputs, integer_inputs, quantise

INPUT_BITS: Final = 8
ARRAYS: Final = ("sample", "rows", "labels")


def import_classifier(file: Path, data: Path, *, trusted: bool, input_bits: int = INPUT_BITS) -> Quantised:
    """Quantise a classifier. Samples of small whole numbers keep them as they are, others are scaled to input_bits.

    Raises NotTrusted unless `trusted`; ModelFileUnusable; UnsupportedModel and NotFinite for what has no circuit.
    """
    if not trusted:
        raise NotTrusted(file)
    import joblib

    try:
        classifier: Any = joblib.load(file)
    except (OSError, ValueError, EOFError, KeyError, AttributeError, ImportError, IndexError) as error:
        raise ModelFileUnusable(file, f"it is no joblib file of a classifier ({error})") from error
    sample, rows, labels = _arrays(data)
    return quantise(classifier, _scale(sample, input_bits), sample, rows, labels)


def _arrays(path: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            sample, rows, labels = (arrays[name] for name in ARRAYS)
        sample, rows = sample.astype(np.float64), rows.astype(np.float64)
    except (OSError, ValueError, KeyError) as error:
        raise ModelFileUnusable(path, f"it is no .npz with {', '.join(ARRAYS)} ({error})") from error
    if sample.ndim != 2 or rows.ndim != 2 or sample.shape[1] != rows.shape[1] or labels.shape != rows.shape[:1]:
        raise ModelFileUnusable(path, "sample and rows must be (n, features) of the same width, labels one per row")
    return sample, rows, labels


def _scale(sample: npt.NDArray[np.float64], bits: int) -> InputScale:
    whole = bool(np.all(sample == np.rint(sample))) and sample.min() >= 0 and sample.max() < 2**bits
    return integer_inputs(sample.shape[1], bits) if whole else calibrated_inputs(sample, bits)
