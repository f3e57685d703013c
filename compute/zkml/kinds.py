"""Whether a model classifies, what its classes are called, and how labels name them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from compute.zkml.errors import NotAClassifier, WrongClassNames
from compute.zkml.graph import CLASSIFICATION, REGRESSION, FloatModel
from compute.zkml.sources import float_model

Labels = npt.NDArray[Any]


def of_kind(
    model: object, kind: str | None, classes: Sequence[str] | None, labels: Labels | None, *, trusted: bool = True
) -> tuple[FloatModel, tuple[str, ...]]:
    """The float model with its classes named, and the names that it had for them itself.

    A model that reads as a regression is a classifier where `kind` or `classes` say so, or where labels are numbers of
    its outputs. Raises NotAClassifier, WrongClassNames, and what `float_model` raises.
    """
    wanted = CLASSIFICATION if classes is not None else kind
    source = float_model(model, kind=wanted, trusted=trusted)
    if source.kind == REGRESSION and kind is None and labels is not None and _number_outputs(labels, source):
        source = float_model(model, kind=CLASSIFICATION, trusted=trusted)
    if source.kind == REGRESSION and wanted == CLASSIFICATION:
        raise NotAClassifier(source.architecture)
    own = source.classes
    if classes is None:
        return source, own
    names = tuple(map(str, classes))
    if len(set(names)) != len(own) or len(names) != len(own):
        raise WrongClassNames(len(set(names)), len(own))
    return replace(source, classes=names), own


def named_labels(labels: Labels, own: Sequence[str], names: Sequence[str]) -> Labels:
    """Labels by the names of their classes: they may say a name, the model's own name, or its number as 3 or 3.0.

    As they are for a regression, and where they fit none of these.
    """
    for known in (names, own):
        for said in (labels.astype(str), _whole(labels)):
            if said is not None and set(said.tolist()) <= set(known):
                return np.asarray([names[list(known).index(label)] for label in said.tolist()])
    return labels


def _number_outputs(labels: Labels, source: FloatModel) -> bool:
    """Whether labels, one a row, can be nothing but numbers of several outputs."""
    outputs = source.outputs(np.zeros((1, source.features))).shape[1]
    numbers = _whole(labels) if labels.ndim == 1 else None
    return numbers is not None and outputs > 1 and set(numbers.tolist()) <= set(map(str, range(outputs)))


def _whole(labels: Labels) -> Labels | None:
    """Whole numbers, however they are stored, as text; None where they are something else."""
    if labels.dtype.kind not in "iuf" or not np.isfinite(labels).all() or np.any(labels != np.rint(labels)):
        return None
    return labels.astype(np.int64).astype(str)
