"""Which encoding a model's rows get, from a sample of them."""

import math
import sys
from typing import Final

import numpy as np

from compute.zkml.encoding import Encoding, Levels, Thresholds, comparable
from compute.zkml.errors import ModelError, NotFinite, UnsupportedModel, WrongRowLength
from compute.zkml.graph import Affine, FloatModel, Forest
from compute.zkml.importers.errors import ExportedForBatch
from compute.zkml.taps import Floats

INPUT_BITS: Final = 8
TREE_BITS: Final = 10  # of committed trees, which compare and do not multiply: two more bits cost 6 %
MARGIN: Final = 0.5  # the range of a feature is the sample's, widened by this share of its width on both sides


class NumbersTooLarge(ModelError):
    """Scales of a model or of its sample grow beyond, or fall below, what double precision holds."""

    code = 6167

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where} leaves the range of double precision (about 1e-308 to 1e308); scale the rows or the weights, "
            "or take needless layers out of the model."
        )
        self.where = where


class SampleEmpty(ModelError):
    """A model is to be calibrated on no rows."""

    code = 6168

    def __init__(self) -> None:
        super().__init__("the calibration sample has no rows; give at least one that the model may be asked about.")


def encoding_for(model: FloatModel, sample: Floats, bits: int | None = None, committed: bool = False) -> Encoding:
    """Trees in the open get their thresholds; whole numbers stay as they are, all else is cut into 2**bits levels.

    A scale for each feature where the first layer is dense or trees, one for all where it shares weights by position.
    bits: INPUT_BITS unless said, of committed trees TREE_BITS.
    committed: where 0 lies among the levels must not depend on the sample, as the circuit holds it.
    Raises SampleEmpty, WrongRowLength, ExportedForBatch, NotFinite, UnsupportedModel.
    """
    if not sample.size:
        raise SampleEmpty
    if sample.ndim != 2 or sample.shape[1] != model.features:
        got = sample.shape[-1] if sample.ndim else 0
        batch = model.architecture.startswith("onnx") and got and model.features % got == 0
        raise ExportedForBatch(model.features, got) if batch else WrongRowLength(model.features, got)
    if not np.isfinite(sample).all():
        raise NotFinite("the calibration sample")
    forests = [node for node in model.nodes if isinstance(node.operation, Forest)]
    if forests:
        forest = _alone(model, forests[0].operation)
        if not committed:
            return _thresholds(model, forest)
    if bits is None:
        bits = TREE_BITS if forests else INPUT_BITS
    if np.all(sample == np.rint(sample)) and sample.min() >= 0 and sample.max() < 2**bits:
        return Levels(model.features, max(1, int(sample.max()).bit_length()), (0.0,), (1.0,), whole=True)
    if not forests and _shares_weights(model):
        return _held(_levels_of_all(model, sample, bits, committed))
    return _held(_levels_of_each(sample, bits))


def _held(levels: Levels) -> Levels:
    """Raises NumbersTooLarge for steps and offsets that are no numbers of full precision."""
    if not all(map(math.isfinite, (*levels.offsets, *levels.steps))) or min(levels.steps) < sys.float_info.min:
        raise NumbersTooLarge("the sample")
    return levels


def _alone(model: FloatModel, forest: object) -> Forest:
    readers = [node.operation for node in model.nodes if 0 in node.inputs]
    if readers != [forest] or not isinstance(forest, Forest):
        raise UnsupportedModel(
            "trees beside other layers",
            "trees that alone read the row, or behind a scaler",
            "Publish the trees as a model of their own.",
        )
    return forest


def _thresholds(model: FloatModel, forest: Forest) -> Thresholds:
    inner = forest.feature >= 0
    rounded = comparable(forest.threshold, forest.single)
    known = [rounded[inner & (forest.feature == index)] for index in range(model.features)]
    thresholds = tuple(tuple(map(float, np.unique(values))) for values in known)
    return Thresholds(thresholds, _few(forest.offsets), _few(forest.steps), forest.single)


def _levels_of_each(sample: Floats, bits: int) -> Levels:
    low, high = sample.min(axis=0), sample.max(axis=0)
    with np.errstate(over="ignore"):  # infinite steps are refused
        width = np.where(high > low, high - low, 1.0)
        steps = width * (1 + 2 * MARGIN) / (2**bits - 1)
        return Levels(sample.shape[1], bits, _few(low - MARGIN * width), _few(steps))


def _levels_of_all(model: FloatModel, sample: Floats, bits: int, committed: bool) -> Levels:
    """One scale; 0 is a number of it, so that padding is exact. What is never negative keeps its top."""
    low, high = float(sample.min()), float(sample.max())
    if low < 0:
        width = high - low
        low, high = low - MARGIN * width, high + MARGIN * width
        if committed:
            high = max(high, -low)
            low = -high * 2 ** (bits - 1) / (2 ** (bits - 1) - 1)  # zero is then the middle level
    step = (max(high, 0.0) - min(low, 0.0) or 1.0) / (2**bits - 1)
    if not sys.float_info.min <= step < math.inf:
        raise NumbersTooLarge("the sample")
    zero = round(-min(low, 0.0) / step)
    return Levels(model.features, bits, (-zero * step,), (step,), zero)


def _shares_weights(model: FloatModel) -> bool:
    """Whether some first layer uses one weight at several positions, or is no sum of products at all."""
    first = [node.operation for node in model.nodes if 0 in node.inputs]
    return any(not isinstance(one, Affine) or len(one.weights) < one.taps.count for one in first)


def _few(values: Floats) -> tuple[float, ...]:
    """All values, or the one that they all are."""
    listed = [float(value) for value in values]
    return (listed[0],) if len(set(listed)) == 1 else tuple(listed)
