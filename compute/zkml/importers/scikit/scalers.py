"""Transformers before a model: scalers, which move and stretch each feature alone, and projections, which mix them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from compute.zkml.graph import Clip
from compute.zkml.importers.scikit.parts import Steps, dense, diagonal, finite
from compute.zkml.taps import Floats, Ints

Elementwise = Callable[[Floats, Ints], Floats]


@dataclass(frozen=True, slots=True)
class Transformer:
    """A transformer as steps of a model, and what trees need to stand behind it without losing a bit.

    elementwise: the transformed values (m,) of values (m,) of these features, each operation as scikit-learn rounds it;
    rising in the value. None for a projection. offsets and widths: where it is exactly (x - offset) / width.
    """

    steps: Steps
    elementwise: Elementwise | None = None
    offsets: Floats = field(default_factory=lambda: np.zeros(0))
    widths: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def is_quotient(self) -> bool:
        return len(self.widths) > 0


def standard_scaler(scaler: Any) -> Transformer:
    """(x - mean) / deviation. Raises NotFinite."""
    ones = np.ones(scaler.n_features_in_)
    means = finite(scaler.mean_, scaler) if scaler.with_mean else 0 * ones
    return _quotient(means, finite(scaler.scale_, scaler) if scaler.with_std else ones)


def robust_scaler(scaler: Any) -> Transformer:
    """(x - median) / range of the quantiles. Raises NotFinite."""
    ones = np.ones(scaler.n_features_in_)
    medians = finite(scaler.center_, scaler) if scaler.with_centering else 0 * ones
    return _quotient(medians, finite(scaler.scale_, scaler) if scaler.with_scaling else ones)


def max_abs_scaler(scaler: Any) -> Transformer:
    """x / largest magnitude, since scikit-learn 1.8 clipped to -1..1 on demand. Raises NotFinite."""
    widths = finite(scaler.scale_, scaler)
    plain = _quotient(0 * widths, widths)
    if getattr(scaler, "clip", False):
        return _clipped(plain.steps, _divided(0 * widths, widths), -1.0, 1.0)
    return plain


def min_max_scaler(scaler: Any) -> Transformer:
    """x * scale + min, clipped to its range on demand. Raises NotFinite."""
    factors, shifts = finite(scaler.scale_, scaler), finite(scaler.min_, scaler)

    def elementwise(values: Floats, features: Ints) -> Floats:
        return np.asarray(values * factors[features] + shifts[features], dtype=np.float64)

    steps: Steps = [("scale", diagonal(factors, shifts))]
    if scaler.clip:
        return _clipped(steps, elementwise, *map(float, scaler.feature_range))
    return Transformer(steps, elementwise)


def pca(projection: Any) -> Transformer:
    """(x - mean) on the components, of unit variance if whitened. Raises NotFinite."""
    components, mean = finite(projection.components_, projection), finite(projection.mean_, projection)
    if projection.whiten:
        deviations = np.sqrt(finite(projection.explained_variance_, projection))
        components = components / np.maximum(deviations, np.finfo(np.float64).eps)[:, None]
    return Transformer([("project", dense(components, -components @ mean))])


def truncated_svd(projection: Any) -> Transformer:
    """x on the components. Raises NotFinite."""
    components = finite(projection.components_, projection)
    return Transformer([("project", dense(components, np.zeros(len(components))))])


TRANSFORMERS: Final[dict[str, Callable[[Any], Transformer]]] = {
    "StandardScaler": standard_scaler,
    "MinMaxScaler": min_max_scaler,
    "MaxAbsScaler": max_abs_scaler,
    "RobustScaler": robust_scaler,
    "PCA": pca,
    "TruncatedSVD": truncated_svd,
}


def _quotient(offsets: Floats, widths: Floats) -> Transformer:
    steps: Steps = [("scale", diagonal(1 / widths, -offsets / widths))]
    return Transformer(steps, _divided(offsets, widths), offsets, widths)


def _divided(offsets: Floats, widths: Floats) -> Elementwise:
    def elementwise(values: Floats, features: Ints) -> Floats:
        return np.asarray((values - offsets[features]) / widths[features], dtype=np.float64)

    return elementwise


def _clipped(steps: Steps, elementwise: Elementwise, low: float, high: float) -> Transformer:
    def clipped(values: Floats, features: Ints) -> Floats:
        return np.clip(elementwise(values, features), low, high)

    return Transformer([*steps, ("clip", Clip(low, high))], clipped)
