"""Conv in any number of spatial axes; the kernel's weights are shared by all positions."""

from typing import Final

import numpy as np

from compute.zkml.importers.onnx.call import Call, Support
from compute.zkml.importers.onnx.tensors import Computed, Tensor
from compute.zkml.importers.onnx.windows import Windows, windows_of
from compute.zkml.taps import Floats, Ints


def conv(call: Call) -> Tensor:
    """X (n, c, spatial...), W (m, c / group, kernel...) to (n, m, outputs...); a weight an entry of W, m biases."""
    source, kernel = call.computed(0), call.weights(1)
    if kernel.ndim != len(source.shape) or kernel.ndim < 3:
        raise call.malformed(f"X of shape {source.shape} and W of shape {kernel.shape}")
    size = call.integers("kernel_shape", kernel.shape[2:])
    groups, (outputs, inputs) = call.integer("group", 1), kernel.shape[:2]
    if size != kernel.shape[2:] or groups < 1 or source.shape[1] != inputs * groups or outputs % groups:
        raise call.malformed(f"W of shape {kernel.shape} in {groups} groups for X of shape {source.shape}")
    bias = call.weights(2).reshape(-1) if call.given(2) is not None else np.zeros(outputs)
    if len(bias) != outputs:
        raise call.malformed(f"{len(bias)} biases for {outputs} channels")
    windows = windows_of(call, source.shape[2:], size)
    return _convolved(call, source, kernel, bias, windows, groups)


def _convolved(call: Call, source: Computed, kernel: Floats, bias: Floats, windows: Windows, groups: int) -> Computed:
    batch, (outputs, inputs) = source.shape[0], kernel.shape[:2]
    places, cells = windows.inside.shape
    call.sketch.reserve(batch * outputs * inputs * places * cells, call.name)
    # Of one output channel: taps by place, channel, cell of the kernel; all channels of a group read the same columns.
    inside = np.broadcast_to(windows.inside[:, None, :], (places, inputs, cells))
    columns = _group_columns(source, windows, groups, inputs)[:, :, inside]
    columns = np.repeat(columns, outputs // groups, axis=1).reshape(-1)
    cell = np.arange(inputs * cells, dtype=np.int64).reshape(1, inputs, cells)
    first = np.broadcast_to(cell, inside.shape)[inside]
    weight_of = first[None, :] + (np.arange(outputs, dtype=np.int64) * inputs * cells)[:, None]
    weight_of = np.broadcast_to(weight_of[None], (batch, *weight_of.shape)).reshape(-1)
    lengths = np.tile(windows.inside.sum(axis=1) * inputs, batch * outputs)
    bias_of = np.tile(np.repeat(np.arange(outputs, dtype=np.int64), places), batch)
    shape = (batch, outputs, *windows.shape)
    weights = kernel.reshape(-1)
    return call.sketch.affine(call.name, source.value, columns, weight_of, weights, shape, (bias_of, bias), lengths)


def _group_columns(source: Computed, windows: Windows, groups: int, inputs: int) -> Ints:
    """(batch, groups, places, channels, cells): what each window of each group reads."""
    by_group = source.positions.reshape(source.shape[0], groups, inputs, -1)
    return np.moveaxis(by_group[..., windows.positions], 3, 2)


OPERATORS: Final = {
    "Conv": Support(conv, "1-d, 2-d or more; strides, pads, auto_pad, dilations, groups; constant weights"),
}
