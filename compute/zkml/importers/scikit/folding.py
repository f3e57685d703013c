"""Scalers before trees go into the trees: what is compared stays what scikit-learn compares, to the last bit."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from compute.zkml.errors import UnsupportedModel
from compute.zkml.graph import Forest
from compute.zkml.importers.scikit.scalers import Elementwise, Transformer
from compute.zkml.taps import Floats, Ints

LARGEST: Final = float(np.finfo(np.float64).max)


def fold(transformers: Sequence[Transformer], forest: Forest) -> Forest:
    """The forest that decides on raw rows as `forest` does behind these transformers.

    A quotient alone becomes the forest's offsets and steps. Otherwise each threshold is replaced by the largest double
    whose image is still at most the threshold, which exists because every scaler is rising. Raises UnsupportedModel.
    """
    if not transformers:
        return forest
    if len(transformers) == 1 and transformers[0].is_quotient:
        return replace(forest, offsets=transformers[0].offsets, steps=transformers[0].widths)
    maps = [transformer.elementwise for transformer in transformers if transformer.elementwise is not None]
    if len(maps) < len(transformers):
        raise UnsupportedModel(
            "a projection (PCA, TruncatedSVD) before trees",
            "scalers before trees",
            "Fit the trees without it, or project your table first and let that be the rows.",
        )
    inner = forest.feature >= 0
    threshold = forest.threshold.copy()
    threshold[inner] = _preimages(maps, forest.single, forest.threshold[inner], forest.feature[inner])
    return replace(forest, threshold=threshold, single=False)


def _preimages(maps: Sequence[Elementwise], single: bool, thresholds: Floats, features: Ints) -> Floats:
    """For each threshold the largest double that does not pass it, by bisection over all doubles in their order."""

    def at_most(values: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        for each in maps:
            values = each(values, features)
        return np.asarray((values.astype(np.float32) if single else values) <= thresholds)

    low = np.full(len(thresholds), _order(np.asarray([-LARGEST]))[0])  # taken to hold; high + 1 taken to fail
    high = np.full(len(thresholds), _order(np.asarray([LARGEST]))[0])
    with np.errstate(over="ignore"):  # an infinite image is beyond every threshold
        while np.any(low < high):
            middle = (low >> 1) + (high >> 1) + ((low | high) & 1)  # rounded up, without overflow
            holds = at_most(_double(middle))
            low, high = np.where(holds, middle, low), np.where(holds, high, middle - 1)
    return _double(low)


def _order(values: Floats) -> Ints:
    """Integers in the order of the doubles: their bits, reflected for negative ones."""
    bits = values.view(np.int64)
    return np.where(bits >= 0, bits, np.int64(-(2**63)) - bits)


def _double(order: Ints) -> Floats:
    return np.where(order >= 0, order, np.int64(-(2**63)) - order).view(np.float64)
