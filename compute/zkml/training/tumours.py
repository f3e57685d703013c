"""Breast cancer (Wisconsin), standardised and quantised: the data on which training is shown and measured."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from compute.zkml.training.floats import Floats, Labels
from compute.zkml.training.shape import DataShape, WeightShape

FEATURES: Final = 30
SEED: Final = 7
HELD_OUT: Final = 0.25


@dataclass(frozen=True, slots=True)
class Table:
    """Standardised rows (n, features) and labels (n,): 1 is benign."""

    rows: Floats
    labels: Labels

    def quantised(self, shape: DataShape) -> list[list[int]]:
        """Rows as the shape's integers. What lies further out than they reach (4 deviations, by default) is cut off,
        before the commitment: proofs are about the rows as they are then.
        """
        numbers = np.rint(self.rows * shape.one)
        whole = np.clip(numbers, -shape.input_half, shape.input_half - 1).astype(np.int64)
        rows: list[list[int]] = whole.tolist()
        return rows


def whole_table() -> Table:
    """All 569 rows."""
    data = load_breast_cancer()
    return Table(StandardScaler().fit_transform(data.data), np.asarray(data.target, dtype=np.int64))


def split_tables() -> tuple[Table, Table]:
    """Rows to train on, shuffled, and held-out rows; standardised by the former."""
    data = load_breast_cancer()
    train, rows, targets, labels = train_test_split(data.data, data.target, test_size=HELD_OUT, random_state=SEED)
    scaler = StandardScaler().fit(train)
    return Table(scaler.transform(train), _labels(targets)), Table(scaler.transform(rows), _labels(labels))


def initial_weights(hidden: int, shape: WeightShape) -> tuple[int, ...]:
    """Where training starts: zeros for logistic regression, else small random numbers, biases zero."""
    if not hidden:
        return (0,) * (FEATURES + 1)
    random = np.random.default_rng(SEED)
    inner = random.normal(0.0, FEATURES**-0.5, (hidden, FEATURES + 1))
    inner[:, -1] = 0.0
    outer = random.normal(0.0, hidden**-0.5, hidden)
    flat = np.concatenate((inner.ravel(), outer, [0.0]))
    whole: list[int] = np.rint(flat * 2.0**shape.fraction).astype(np.int64).tolist()
    return tuple(whole)


def _labels(values: npt.NDArray[np.generic]) -> Labels:
    return np.asarray(values, dtype=np.int64)
