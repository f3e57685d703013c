"""Where the windows of a convolution or a pooling stand: ONNX's strides, pads, auto_pad, dilations, ceil_mode."""

from dataclasses import dataclass
from math import prod

import numpy as np

from compute.zkml.importers.onnx.call import Call
from compute.zkml.taps import Ints


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """shape: of the outputs. positions (outputs, kernel): flat spatial positions, 0 where a window leaves the input.

    inside (outputs, kernel): whether it does not. padded (outputs,): positions of each window in the input or its pads.
    """

    shape: tuple[int, ...]
    positions: Ints
    inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    padded: Ints


@dataclass(frozen=True, slots=True)
class _Axis:
    length: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    outputs: int


def windows_of(call: Call, spatial: tuple[int, ...], kernel: tuple[int, ...]) -> Windows:
    """Raises NodeMalformed where attributes do not fit the spatial shape."""
    axes = _axes(call, spatial, kernel)
    for axis in axes:
        if axis.outputs < 1:
            raise call.malformed(f"no window of {axis.kernel} fits into length {axis.length}")
    shape = tuple(axis.outputs for axis in axes)
    call.sketch.reserve(prod(shape) * prod(kernel), call.name)
    rank = len(axes)
    position = np.zeros((1,) * (2 * rank), dtype=np.int64)
    inside = np.ones((1,) * (2 * rank), dtype=np.bool_)
    padded = np.ones((1,) * (2 * rank), dtype=np.bool_)
    for number, axis in enumerate(axes):
        at = np.arange(axis.outputs)[:, None] * axis.stride + np.arange(axis.kernel)[None, :] * axis.dilation
        at = at - axis.before
        place = [1] * (2 * rank)
        place[number], place[rank + number] = axis.outputs, axis.kernel
        real = (at >= 0) & (at < axis.length)
        position = position * axis.length + np.where(real, at, 0).reshape(place)
        inside = inside & real.reshape(place)
        padded = padded & (at < axis.length + axis.after).reshape(place)
    count = prod(shape)
    inside = inside.reshape(count, -1)
    return Windows(
        shape, np.where(inside, position.reshape(count, -1), 0), inside, padded.reshape(count, -1).sum(axis=1)
    )


def _axes(call: Call, spatial: tuple[int, ...], kernel: tuple[int, ...]) -> list[_Axis]:
    rank = len(spatial)
    ones = (1,) * rank
    strides, dilations = call.integers("strides", ones), call.integers("dilations", ones)
    pads = call.integers("pads", (0,) * (2 * rank))
    if rank < 1 or not (len(kernel) == len(strides) == len(dilations) == rank and len(pads) == 2 * rank):
        raise call.malformed(f"kernel_shape, strides, dilations or pads are not for {rank} spatial axes")
    if min(*kernel, *strides, *dilations) < 1 or min(pads) < 0:
        raise call.malformed("a kernel, stride or dilation below 1, or a negative pad")
    auto, ceil = call.text("auto_pad", "NOTSET"), bool(call.integer("ceil_mode", 0))
    if auto not in ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"):
        raise call.malformed(f"auto_pad {auto!r}")
    found = []
    for number in range(rank):
        length, stride = spatial[number], strides[number]
        reach = (kernel[number] - 1) * dilations[number] + 1
        before, after = (pads[number], pads[rank + number]) if auto == "NOTSET" else (0, 0)
        if auto.startswith("SAME"):
            outputs = -(-length // stride)
            missing = max(0, (outputs - 1) * stride + reach - length)
            before = missing // 2 if auto == "SAME_UPPER" else missing - missing // 2
            after = missing - before
        else:
            outputs = _outputs(length, before, after, reach, stride, ceil)
        found.append(_Axis(length, kernel[number], stride, dilations[number], before, after, outputs))
    return found


def _outputs(length: int, before: int, after: int, reach: int, stride: int, ceil: bool) -> int:
    """With ceil_mode a last window may hang over the end, but must begin before it."""
    room = length + before + after - reach
    if not ceil:
        return room // stride + 1
    outputs = -(-room // stride) + 1
    return outputs - 1 if (outputs - 1) * stride >= length + before else outputs
