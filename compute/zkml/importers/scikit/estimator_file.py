"""A fitted scikit-learn estimator in a joblib file of one's own.

A joblib file is a program: reading it runs whatever its maker put into it. So it is read only when its owner says that
he made it.
"""

import lzma
import pickle
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

from compute.zkml.errors import ClassifierFileUnusable, NotTrusted

UNREADABLE: Final = (  # what bytes that are no pickle, or no whole one, end in; compressed ones among them
    *(OSError, ValueError, TypeError, LookupError, AttributeError, ImportError, EOFError, MemoryError, RecursionError),
    *(pickle.PickleError, zlib.error, lzma.LZMAError, zipfile.BadZipFile),
)
_REMEDY: Final = "Save a fitted estimator with joblib.dump(estimator, file) and name that file."


def load_estimator(path: Path, *, trusted: bool) -> Any:
    """The object in a joblib file. Raises NotTrusted unless `trusted`, before it is opened; ClassifierFileUnusable."""
    if not trusted:
        raise NotTrusted(path)
    import joblib

    if not path.is_file():
        raise ClassifierFileUnusable(path, "there is no such file", _REMEDY)
    try:
        return joblib.load(path)
    except UNREADABLE as error:
        reason = f"it is no joblib file of an estimator ({type(error).__name__}: {str(error)[:120]})"
        raise ClassifierFileUnusable(path, reason, _REMEDY) from error
