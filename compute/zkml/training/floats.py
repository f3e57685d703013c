"""The same training in floating point, on data before quantisation: what proven training is measured against."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from compute.zkml.training.dataset import DatasetRecord
from compute.zkml.training.spec import StepSpec

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def scores(hidden: int, weights: Floats, rows: Floats) -> Floats:
    """Logits (n,) of float weights in the order of the proven models."""
    if not hidden:
        plain: Floats = rows @ weights[:-1] + weights[-1]
        return plain
    inner, outer, bias = _layers(hidden, weights)
    logits: Floats = np.maximum(rows @ inner[:, :-1].T + inner[:, -1], 0.0) @ outer + bias
    return logits


def accuracy(logits: npt.NDArray[np.generic], labels: Labels) -> float:
    """The share of rows whose logit's sign is the label; positive says 1."""
    return float(np.mean((np.asarray(logits, dtype=np.float64) > 0) == (labels == 1)))


def log_loss(logits: Floats, labels: Labels) -> float:
    """Mean log-loss."""
    return float(np.mean(np.logaddexp(0.0, np.where(labels == 1, -logits, logits))))


def real_weights(weights: Sequence[int], fraction: int) -> Floats:
    """What integer weights stand for."""
    return np.array(weights, dtype=np.float64) / 2.0**fraction


def train(
    spec: StepSpec, record: DatasetRecord, beacon: bytes, data: tuple[Floats, Labels], steps: int, start: Floats
) -> Floats:
    """Float weights after the same steps on the same minibatches: data (n, features), (n,) in the committed order."""
    weights, size = start.copy(), spec.data.batch
    for step in range(steps):
        first = record.batch_index(beacon, step) * size
        rows, labels = data[0][first : first + size], data[1][first : first + size]
        gradient = _gradient(spec.hidden, weights, rows, labels) / size
        weights = weights - float(spec.rate) * (gradient + float(spec.decay) * weights)
    return weights


def optimum(rows: Floats, labels: Labels, decay: Fraction) -> Floats:
    """The weights (features + 1,) of least mean log-loss + decay / 2 * |weights|**2, by Newton's method."""
    full = np.column_stack((rows, np.ones(len(rows))))
    weights = np.zeros(full.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-full @ weights))
        gradient = full.T @ (chance - labels) / len(full) + float(decay) * weights
        curvature = (full.T * (chance * (1 - chance))) @ full / len(full) + float(decay) * np.eye(len(weights))
        weights = weights - np.linalg.solve(curvature, gradient)
    return weights


def ridge_optimum(rows: Floats, targets: Floats, decay: Fraction) -> Floats:
    """The weights (features + 1,) of least half mean squared error + decay / 2 * |weights|**2."""
    full = np.column_stack((rows, np.ones(len(rows))))
    normal = full.T @ full / len(full) + float(decay) * np.eye(full.shape[1])
    return np.asarray(np.linalg.solve(normal, full.T @ targets / len(full)), dtype=np.float64)


def _gradient(hidden: int, weights: Floats, rows: Floats, labels: Labels) -> Floats:
    errors = 1 / (1 + np.exp(-scores(hidden, weights, rows))) - labels
    if not hidden:
        return np.append(errors @ rows, errors.sum())
    inner, outer, _ = _layers(hidden, weights)
    before = rows @ inner[:, :-1].T + inner[:, -1]
    blame = np.where(before >= 0, 1.0, 0.0) * np.outer(errors, outer)
    layer = np.column_stack((blame.T @ rows, blame.sum(axis=0)))
    return np.concatenate((layer.ravel(), errors @ np.maximum(before, 0.0), [errors.sum()]))


def _layers(hidden: int, weights: Floats) -> tuple[Floats, Floats, float]:
    """(hidden, features + 1), (hidden,) and the output's bias."""
    return weights[: -hidden - 1].reshape(hidden, -1), weights[-hidden - 1 : -1], float(weights[-1])
