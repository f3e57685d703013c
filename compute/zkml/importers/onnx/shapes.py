"""Operators that move elements and compute nothing: on positions, by NumPy."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod
from typing import Final

import numpy as np
import onnx

from compute.zkml.graph import LOGISTIC, Affine, Gather
from compute.zkml.importers.errors import WeightsNotConstant
from compute.zkml.importers.onnx.call import Call, Support
from compute.zkml.importers.onnx.tensors import Complement, Computed, Constant, Label, Refused, Scored, Tensor, laid_out
from compute.zkml.taps import Ints, Taps

FLOATS: Final = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16)


def _in_order(call: Call, move: Callable[[Ints], Ints]) -> Tensor:
    """A move that keeps all elements in their order: probabilities and labels go through it as they are."""
    given = call.given(0)
    if isinstance(given, Label):
        return given
    if isinstance(given, Scored):
        return given if given.pair else replace(given, scores=given.scores.at(move(given.scores.positions)))
    if isinstance(given, Complement):
        inner = given.scored
        return Complement(replace(inner, scores=inner.scores.at(move(inner.scores.positions))))
    source = call.computed(0)
    return source.at(move(source.positions))


def identity(call: Call) -> Tensor:
    return _in_order(call, lambda positions: positions)


def dropout(call: Call) -> Tensor:
    training = call.array(2)
    if training is not None and bool(np.any(training)):
        raise call.unsupported("it is in training mode", "export the model in inference mode (model.eval())")
    return identity(call)


def cast(call: Call) -> Tensor:
    """Between floats. A class number may be cast to anything."""
    if not isinstance(call.given(0), Label) and call.integer("to", 0) not in FLOATS:
        raise call.unsupported("it casts a computed tensor to no float", "casts between float types are supported")
    return identity(call)


def flatten(call: Call) -> Tensor:
    def move(positions: Ints) -> Ints:
        axis = call.integer("axis", 1)
        if not -positions.ndim <= axis <= positions.ndim:
            raise call.malformed(f"axis {axis} of a tensor of rank {positions.ndim}")
        first = prod(positions.shape[: axis if axis >= 0 else axis + positions.ndim])
        return positions.reshape(first, -1)

    return _in_order(call, move)


def reshape(call: Call) -> Tensor:
    """0 keeps a length (unless allowzero), -1 takes what is left."""
    wanted = _required(call, 1, "the shape")

    def move(positions: Ints) -> Ints:
        if call.integer("allowzero", 0) or 0 not in wanted:
            return positions.reshape(wanted)
        if any(length == 0 and axis >= positions.ndim for axis, length in enumerate(wanted)):
            raise call.malformed(f"shape {wanted} keeps an axis that shape {positions.shape} does not have")
        return positions.reshape([length or positions.shape[axis] for axis, length in enumerate(wanted)])

    return _in_order(call, move)


def squeeze(call: Call) -> Tensor:
    axes = call.numbers(1)

    def move(positions: Ints) -> Ints:
        if axes is None:
            return positions.reshape([length for length in positions.shape if length != 1])
        return np.squeeze(positions, axis=tuple(call.axis(axis, positions.ndim) for axis in axes))

    return _in_order(call, move)


def unsqueeze(call: Call) -> Tensor:
    axes = _required(call, 1, "axes")
    return _in_order(call, lambda positions: np.expand_dims(positions, axes))


def _required(call: Call, number: int, what: str) -> tuple[int, ...]:
    found = call.numbers(number)
    if found is None:
        raise call.malformed(f"{what} (input {number}) is missing")
    return found


def transpose(call: Call) -> Tensor:
    source = call.computed(0)
    order = call.integers("perm", tuple(reversed(range(len(source.shape)))))
    return source.at(np.transpose(source.positions, order))


def expand(call: Call) -> Tensor:
    source = call.computed(0)
    shape = np.broadcast_shapes(source.shape, _required(call, 1, "the shape"))
    call.sketch.reserve(prod(shape), call.name)
    return source.at(np.broadcast_to(source.positions, shape))


def slice_(call: Call) -> Tensor:
    source = call.computed(0)
    starts, ends = _required(call, 1, "starts"), _required(call, 2, "ends")
    axes, steps = call.numbers(3) or tuple(range(len(starts))), call.numbers(4) or (1,) * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise call.malformed("starts, ends, axes and steps are not of one length, or a step is 0")
    parts = [slice(None)] * len(source.shape)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        parts[call.axis(axis, len(source.shape))] = slice(start, end, step)
    return source.at(source.positions[tuple(parts)])


def split(call: Call) -> tuple[Tensor, ...]:
    source = call.computed(0)
    axis = call.axis(call.integer("axis", 0), len(source.shape))
    length, lengths = source.shape[axis], call.numbers(1)
    if lengths is None:
        each = -(-length // call.outputs)
        lengths = tuple(max(0, min(each, length - part * each)) for part in range(call.outputs))
    if sum(lengths) != length or min(lengths) < 0 or len(lengths) != call.outputs:
        raise call.malformed(f"lengths {lengths} do not split {length} into {call.outputs}")
    return tuple(source.at(part) for part in np.split(source.positions, np.cumsum(lengths)[:-1], axis=axis))


def gather(call: Call) -> Tensor:
    """np.take with constant indices; of class names by a label: the label."""
    if isinstance(call.given(1), Label):
        return _named(call, call.given(0), call.given(1))
    source, indices = call.computed(0), call.array(1)
    axis = call.axis(call.integer("axis", 0), len(source.shape))
    return source.at(_taken(call, source.positions, indices, axis))


def array_feature_extractor(call: Call) -> Tensor:
    """Columns of the last axis, by number; a vector becomes a row."""
    if isinstance(call.given(1), Label):
        return _named(call, call.given(0), call.given(1))
    source, indices = call.computed(0), call.array(1)
    flat = None if indices is None else indices.reshape(-1)
    taken = _taken(call, source.positions, flat, len(source.shape) - 1)
    return source.at(taken[None, :] if taken.ndim == 1 else taken)


def _taken(call: Call, positions: Ints, indices: Constant | None, axis: int) -> Ints:
    if indices is None or indices.dtype.kind not in "iu":
        raise call.malformed("indices must be integers")
    call.sketch.reserve(positions.size // positions.shape[axis] * indices.size, call.name)
    return np.take(positions, indices.astype(np.int64), axis=axis)


def _named(call: Call, names: Tensor | None, label: Tensor | None) -> Label:
    """A list of classes at a class number: the label, with the classes' names."""
    if not isinstance(names, np.ndarray) or not isinstance(label, Label):
        raise WeightsNotConstant(call.operator, call.name, "the list of classes")
    texts = [entry.decode("utf-8", "replace") if isinstance(entry, bytes) else str(entry) for entry in names.flat]
    return Label(replace(label.scored, classes=tuple(texts)))


def concat(call: Call) -> Tensor:
    """Of computed tensors and constants; (1 - p, p) stays a single probability."""
    parts = [call.given(number) for number in range(len(call.inputs))]
    if len(parts) == 2:
        complement, single = parts
        if isinstance(complement, Complement) and isinstance(single, Scored) and _same(complement.scored, single):
            rank = len(single.scores.shape)
            if rank == 2 and call.axis(call.integer("axis", 0), rank) == 1:
                return replace(single, pair=True)
    tensors = [part if isinstance(part, np.ndarray) else call.computed(number) for number, part in enumerate(parts)]
    return joined(call, tensors, lambda positions: np.concatenate(positions, axis=call.integer("axis", 0)))


def _same(one: Scored, other: Scored) -> bool:
    return (
        one.link == other.link == LOGISTIC
        and one.scores.value == other.scores.value
        and np.array_equal(one.scores.positions, other.scores.positions)
    )


def pad(call: Call) -> Tensor:
    """Constant, reflect, edge and wrap; no negative pads."""
    source, pads = call.computed(0), _required(call, 1, "pads")
    rank = len(source.shape)
    axes = tuple(call.axis(axis, rank) for axis in call.numbers(3) or tuple(range(rank)))
    if len(pads) != 2 * len(axes) or min(pads, default=0) < 0:
        raise call.malformed(f"pads {pads} for axes {axes}, or a negative pad")
    widths = [(0, 0)] * rank
    for place, axis in enumerate(axes):
        widths[axis] = (pads[place], pads[len(axes) + place])
    size = prod([length + sum(width) for length, width in zip(source.shape, widths, strict=True)])
    call.sketch.reserve(size, call.name)
    mode = call.text("mode", "constant")
    if mode in ("reflect", "edge", "wrap"):
        return source.at(np.pad(source.positions, widths, mode=mode))  # type: ignore[call-overload]
    if mode != "constant":
        raise call.malformed(f"mode {mode!r}")
    value = call.weights(2).reshape(-1)[:1] if call.given(2) is not None else np.zeros(1)

    def place_all(positions: Sequence[Ints]) -> Ints:
        return np.pad(positions[0], widths, constant_values=positions[1].item())

    return joined(call, [source, value], place_all)


def joined(call: Call, tensors: Sequence[Computed | Constant], lay: Callable[[Sequence[Ints]], Ints]) -> Computed:
    """What `lay` makes of the elements of computed tensors and constants, at least one of them computed.

    Tensors of one value only move. Constants become outputs without a tap, whose bias they are.
    """
    values = sorted({tensor.value for tensor in tensors if isinstance(tensor, Computed)})
    firsts = dict(zip(values, np.cumsum([0, *(call.sketch.widths[value] for value in values)]).tolist(), strict=False))
    constants = [call.finite(tensor, "a constant") for tensor in tensors if not isinstance(tensor, Computed)]
    call.sketch.reserve(sum([prod(tensor.shape) for tensor in tensors]), call.name)
    places, taken = [], 0
    for tensor in tensors:
        if isinstance(tensor, Computed):
            places.append(tensor.positions + firsts[tensor.value])
        else:  # constant number k stands at -1 - k
            places.append(-1 - taken - np.arange(tensor.size, dtype=np.int64).reshape(tensor.shape))
            taken += tensor.size
    laid = lay(places)
    source, index = values[0], laid.reshape(-1)
    if len(values) > 1:
        call.sketch.reserve(len(index), call.name)
        real = index >= 0
        source = call.sketch.emit(Gather(index[real]), tuple(values), int(real.sum()), call.name)
        index = np.where(real, np.cumsum(real) - 1, index)
    if not constants:
        return Computed(source, index.reshape(laid.shape))
    call.sketch.reserve(len(index), call.name)
    return _with_constants(call, source, index, np.concatenate([array.reshape(-1) for array in constants]), laid.shape)


def _with_constants(call: Call, source: int, index: Ints, constants: Constant, shape: tuple[int, ...]) -> Computed:
    real = index >= 0
    starts = np.concatenate([[0], np.cumsum(real)]).astype(np.int64)
    columns = index[real]
    zeros = np.zeros(len(columns), dtype=np.int64)
    taps = Taps(call.sketch.widths[source], starts, columns, zeros, np.where(real, 0, -index))
    operation = Affine(taps, np.ones(1), np.concatenate([[0.0], constants]))
    return laid_out(call.sketch.emit(operation, (source,), len(index), call.name), shape)


def shape_of(call: Call) -> Tensor:
    given = call.given(0)
    if given is None or isinstance(given, Label | Refused):
        raise call.malformed("it has no shape")
    shape = np.array(given.shape, dtype=np.int64)
    if call.operator == "Size":
        return np.array(prod(shape), dtype=np.int64)
    return shape[call.integer("start", 0) : call.integer("end", len(shape))]


OPERATORS: Final = {
    "Identity": Support(identity, ""),
    "Dropout": Support(dropout, "in inference mode, where it does nothing"),
    "Cast": Support(cast, "between float, double and float16; rounding to float16 is not imitated"),
    "Flatten": Support(flatten, ""),
    "Reshape": Support(reshape, "0, -1, allowzero; constant shape"),
    "Squeeze": Support(squeeze, ""),
    "Unsqueeze": Support(unsqueeze, ""),
    "Transpose": Support(transpose, ""),
    "Expand": Support(expand, "constant shape"),
    "Slice": Support(slice_, "constant starts, ends, axes, steps; negative too"),
    "Split": Support(split, ""),
    "Gather": Support(gather, "constant indices"),
    "Concat": Support(concat, "computed tensors and constants"),
    "Pad": Support(pad, "constant, reflect, edge, wrap; no negative pads"),
    "Shape": Support(shape_of, "a constant, as the batch is one row"),
    "Size": Support(shape_of, "as Shape"),
    "ArrayFeatureExtractor": Support(array_feature_extractor, "constant indices", "ai.onnx.ml"),
}
