"""What every part of a scikit-learn model must satisfy, and what is made of it: steps in a row, and an end."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from compute.zkml.errors import NotFinite, NotFitted
from compute.zkml.graph import Affine, FloatOperation
from compute.zkml.importers.scikit.errors import MultipleOutputs, SingleClass, SparseWeights
from compute.zkml.taps import Floats, dense_taps, diagonal_taps

Steps = list[tuple[str, FloatOperation]]


@dataclass(frozen=True, slots=True)
class Predictor:
    """The end of a model: its steps by name, each fed by the one before; `shape` stands beside its class' name."""

    features: int
    steps: Steps
    kind: str
    classes: tuple[str, ...]
    link: str
    shape: str


def kind_of(part: Any) -> str:
    """The name of its class."""
    return type(part).__name__


def require_fitted(part: Any) -> None:
    """Raises NotFitted."""
    try:
        check_is_fitted(part)
    except NotFittedError as error:
        raise NotFitted(kind_of(part)) from error


def finite(array: Any, part: Any) -> Floats:
    """A fitted array as float64. Raises NotFinite, SparseWeights."""
    if sparse.issparse(array):
        raise SparseWeights(kind_of(part))
    values = np.asarray(array, dtype=np.float64)
    if not np.isfinite(values).all():
        raise NotFinite(f"the {kind_of(part)}")
    return values


def class_names(part: Any) -> tuple[str, ...]:
    """Names of a classifier's classes. Raises MultipleOutputs, SingleClass."""
    labels = getattr(part, "_label_binarizer", None) or getattr(part, "label_binarizer_", None)
    if isinstance(part.classes_, list) or str(getattr(labels, "y_type_", "")).startswith("multilabel"):
        raise MultipleOutputs(kind_of(part), len(part.classes_))
    if len(part.classes_) < 2:
        raise SingleClass(kind_of(part), len(part.classes_))
    return tuple(str(name) for name in part.classes_)


def dense(weights: Floats, bias: Floats) -> Affine:
    """weights (outputs, inputs) and bias (outputs,)."""
    return Affine(dense_taps(*weights.shape), weights.ravel(), bias)


def diagonal(factors: Floats, bias: Floats) -> Affine:
    """factors (width,) and bias (width,)."""
    return Affine(diagonal_taps(len(factors)), factors, bias)
