"""AveragePool, MaxPool, their global forms, ReduceMean and ReduceSum."""

from math import prod
from typing import Final

import numpy as np

from compute.zkml.graph import MaxPool
from compute.zkml.importers.onnx.call import Call, Support
from compute.zkml.importers.onnx.tensors import Computed, Tensor, laid_out
from compute.zkml.importers.onnx.windows import Windows, windows_of


def average_pool(call: Call) -> Tensor:
    """Means over windows; pads count where count_include_pad says so, what ceil_mode adds never does."""
    source, windows = _pooled(call)
    places, cells = windows.inside.shape
    channels = source.shape[0] * source.shape[1]
    call.sketch.reserve(channels * places * cells, call.name)
    lengths = windows.inside.sum(axis=1)
    counted = windows.padded if call.integer("count_include_pad", 0) else lengths
    if not np.all(counted):
        raise call.malformed("a window lies in the padding alone")
    sizes, size_of = np.unique(counted, return_inverse=True)
    columns = source.positions.reshape(channels, -1)[:, windows.positions][:, windows.inside].reshape(-1)
    weight_of = np.tile(np.repeat(size_of.astype(np.int64), lengths), channels)
    shape = (*source.shape[:2], *windows.shape)
    weights = 1.0 / sizes
    return call.sketch.affine(
        call.name, source.value, columns, weight_of, weights, shape, lengths=np.tile(lengths, channels)
    )


def max_pool(call: Call) -> Tensor:
    """The largest of each window. A cell in the padding repeats a real position of its window, so it never wins."""
    source, windows = _pooled(call)
    channels = source.shape[0] * source.shape[1]
    call.sketch.reserve(channels * windows.inside.size, call.name)
    if not np.all(windows.inside.any(axis=1)):
        raise call.malformed("a window lies in the padding alone")
    first = np.take_along_axis(windows.positions, windows.inside.argmax(axis=1)[:, None], axis=1)
    cells = np.where(windows.inside, windows.positions, first)
    columns = source.positions.reshape(channels, -1)[:, cells].reshape(-1, cells.shape[1])
    return _largest(call, source, columns, (*source.shape[:2], *windows.shape))


def _largest(call: Call, source: Computed, columns: np.ndarray, shape: tuple[int, ...]) -> Computed:
    return laid_out(call.sketch.emit(MaxPool(columns), (source.value,), len(columns), call.name), shape)


def _pooled(call: Call) -> tuple[Computed, Windows]:
    source = call.computed(0)
    if len(source.shape) < 3:
        raise call.malformed(f"its input must be (n, channels, spatial...), not {source.shape}")
    return source, windows_of(call, source.shape[2:], call.integers("kernel_shape", ()))


def global_average_pool(call: Call) -> Tensor:
    source = call.computed(0)
    return _reduced(call, source, _spatial(call, source), keep=True, mean=True)


def global_max_pool(call: Call) -> Tensor:
    source = call.computed(0)
    _spatial(call, source)
    columns = source.positions.reshape(source.shape[0] * source.shape[1], -1)
    return _largest(call, source, columns, (*source.shape[:2], *(1,) * (len(source.shape) - 2)))


def _spatial(call: Call, source: Computed) -> tuple[int, ...]:
    if len(source.shape) < 3:
        raise call.malformed(f"its input must be (n, channels, spatial...), not {source.shape}")
    return tuple(range(2, len(source.shape)))


def reduce_mean(call: Call) -> Tensor:
    return _reduce(call, mean=True)


def reduce_sum(call: Call) -> Tensor:
    return _reduce(call, mean=False)


def _reduce(call: Call, mean: bool) -> Tensor:
    """Axes stand in an attribute or, later, in an input; none is all of them, or with noop_with_empty_axes nothing."""
    source = call.computed(0)
    rank = len(source.shape)
    given = call.integers("axes", ()) or call.numbers(1) or ()
    if not given and call.integer("noop_with_empty_axes", 0):
        return source
    axes = tuple(sorted({call.axis(axis, rank) for axis in given})) or tuple(range(rank))
    return _reduced(call, source, axes, bool(call.integer("keepdims", 1)), mean)


def _reduced(call: Call, source: Computed, axes: tuple[int, ...], keep: bool, mean: bool) -> Computed:
    """One shared weight for all."""
    size = prod([source.shape[axis] for axis in axes])
    call.sketch.reserve(source.positions.size, call.name)
    last = tuple(range(source.positions.ndim - len(axes), source.positions.ndim))
    columns = np.moveaxis(source.positions, axes, last).reshape(-1)
    kept = [1 if axis in axes else length for axis, length in enumerate(source.shape)]
    shape = tuple(kept) if keep else tuple(length for axis, length in enumerate(source.shape) if axis not in axes)
    weight_of = np.zeros(len(columns), dtype=np.int64)
    return call.sketch.affine(
        call.name, source.value, columns, weight_of, np.array([1.0 / size if mean else 1.0]), shape
    )


OPERATORS: Final = {
    "AveragePool": Support(average_pool, "strides, pads, auto_pad, dilations, ceil_mode, count_include_pad"),
    "MaxPool": Support(max_pool, "as AveragePool; its first output"),
    "GlobalAveragePool": Support(global_average_pool, ""),
    "GlobalMaxPool": Support(global_max_pool, ""),
    "ReduceMean": Support(reduce_mean, "any axes"),
    "ReduceSum": Support(reduce_sum, "any axes"),
}
