"""Random ONNX models over every operator that is imported, for comparisons of what is made of them with a reference.

    model = random_model(seed)                      3 to 8 operators; which, follows from the seed alone
    random_model(seed, depth=5, exact=True)         without Sigmoid and Tanh, whose circuits approximate

A tensor has at most MAX_WIDTH elements and weights are small, so that circuits stay small and values near 1.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MAX_WIDTH = 96
FLOAT = np.float32


@dataclass
class Growing:
    """A graph while it grows: `name` is the last tensor, of `shape`; earlier tensors may be read again."""

    rng: np.random.Generator
    name: str
    shape: tuple[int, ...]
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    earlier: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)

    def constant(self, array: Any) -> str:
        """The name of a new initializer, or of a Constant node."""
        name = f"c{len(self.constants)}_{len(self.nodes)}"
        if self.rng.random() < 0.2:
            self.nodes.append(
                helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(array)))
            )
        else:
            self.constants[name] = np.asarray(array)
        return name

    def weights(self, *shape: int, inputs: int = 1) -> str:
        return self.constant((self.rng.normal(size=shape) / np.sqrt(inputs)).astype(FLOAT))

    def add(self, operator: str, inputs: list[str], shape: tuple[int, ...], **attributes: Any) -> None:
        name = f"t{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(operator, inputs, [name], name=f"{operator}_{len(self.nodes)}", **attributes)
        )
        self.earlier.append((self.name, self.shape))
        self.name, self.shape = name, shape

    def between(self, low: int, high: int) -> int:
        """low..high, both possible."""
        return int(self.rng.integers(low, high + 1))

    def axis(self) -> int:
        return self.between(0, len(self.shape) - 1)

    @property
    def width(self) -> int:
        return prod(self.shape)


Step = Callable[[Growing], bool]


def dense(graph: Growing) -> bool:
    inner, outputs = graph.shape[-1], graph.between(1, 6)
    if len(graph.shape) == 2 and graph.rng.random() < 0.6:
        turned = graph.between(0, 1)
        matrix = graph.weights(*((outputs, inner) if turned else (inner, outputs)), inputs=inner)
        inputs = [graph.name, matrix, graph.weights(outputs)]
        graph.add("Gemm", inputs[: graph.between(2, 3)], (graph.shape[0], outputs), transB=turned, alpha=0.5)
    elif graph.rng.random() < 0.7 or len(graph.shape) < 2:
        graph.add("MatMul", [graph.name, graph.weights(inner, outputs, inputs=inner)], (*graph.shape[:-1], outputs))
    else:
        left = graph.weights(outputs, graph.shape[-2], inputs=graph.shape[-2])
        graph.add("MatMul", [left, graph.name], (*graph.shape[:-2], outputs, inner))
    return True


def with_constant(graph: Growing) -> bool:
    shape = [length if graph.rng.random() < 0.6 else 1 for length in graph.shape][graph.between(0, len(graph.shape)) :]
    constant = graph.constant(graph.rng.uniform(0.5, 1.5, shape).astype(FLOAT))
    operator = str(graph.rng.choice(["Add", "Sub", "Mul", "Div"]))
    inputs = [graph.name, constant]
    if operator != "Div" and graph.rng.random() < 0.3:
        inputs.reverse()
    graph.add(operator, inputs, graph.shape)
    return True


def with_earlier(graph: Growing) -> bool:
    found = [name for name, shape in graph.earlier if shape == graph.shape]
    if not found:
        return False
    other = str(graph.rng.choice(found))
    operator = str(graph.rng.choice(["Add", "Sub", "Sum"]))
    graph.add(operator, [graph.name, other], graph.shape)
    return True


def convolution(graph: Growing) -> bool:
    if len(graph.shape) < 3 or graph.shape[0] != 1:
        return False
    rank, channels = len(graph.shape) - 2, graph.shape[1]
    groups = int(graph.rng.choice([number for number in range(1, channels + 1) if channels % number == 0]))
    each = graph.between(1, 2)
    kernel = [graph.between(1, min(3, length)) for length in graph.shape[2:]]
    strides, pads = [graph.between(1, 2) for _ in range(rank)], [graph.between(0, 1) for _ in range(2 * rank)]
    shape = (1, groups * each, *_windows(graph.shape[2:], kernel, strides, pads))
    if prod(shape) > MAX_WIDTH:
        return False
    cells = prod(kernel) * channels // groups
    inputs = [graph.name, graph.weights(groups * each, channels // groups, *kernel, inputs=cells)]
    if graph.rng.random() < 0.7:
        inputs.append(graph.weights(groups * each))
    graph.add("Conv", inputs, shape, group=groups, strides=strides, pads=pads, kernel_shape=kernel)
    return True


def pool(graph: Growing) -> bool:
    if len(graph.shape) != 4:
        return False
    kernel = [graph.between(1, min(2, length)) for length in graph.shape[2:]]
    strides = [2, 2]  # where the reference evaluator places the windows of a MaxPool right
    pads = [graph.between(0, size - 1) for size in kernel] * 2
    shape = (*graph.shape[:2], *_windows(graph.shape[2:], kernel, strides, pads))
    operator = str(graph.rng.choice(["MaxPool", "AveragePool"]))
    more = {"count_include_pad": graph.between(0, 1)} if operator == "AveragePool" else {}
    graph.add(operator, [graph.name], shape, kernel_shape=kernel, strides=strides, pads=pads, **more)
    return True


def _windows(spatial: tuple[int, ...], kernel: list[int], strides: list[int], pads: list[int]) -> tuple[int, ...]:
    rank = len(spatial)
    return tuple(
        (length + pads[axis] + pads[rank + axis] - kernel[axis]) // strides[axis] + 1
        for axis, length in enumerate(spatial)
    )


def global_pool(graph: Growing) -> bool:
    if len(graph.shape) != 4:
        return False
    shape = (*graph.shape[:2], 1, 1)
    operator = str(graph.rng.choice(["GlobalAveragePool", "GlobalMaxPool"]))
    graph.add(operator, [graph.name], shape)
    return True


def reduction(graph: Growing) -> bool:
    axis, keep = graph.axis(), graph.between(0, 1)
    if len(graph.shape) < 3:
        return False
    shape = tuple(1 if place == axis else length for place, length in enumerate(graph.shape) if keep or place != axis)
    operator = str(graph.rng.choice(["ReduceMean", "ReduceSum"]))
    graph.add(operator, [graph.name, graph.constant(np.array([axis]))], shape, keepdims=keep)
    return True


def normalisation(graph: Growing) -> bool:
    if len(graph.shape) < 3:
        return False
    names = [graph.constant(graph.rng.uniform(0.5, 1.5, graph.shape[1]).astype(FLOAT)) for _ in range(4)]
    graph.add("BatchNormalization", [graph.name, *names], graph.shape)
    return True


def activation(graph: Growing) -> bool:
    graph.add(*_chosen(graph, ["Relu", "LeakyRelu", "Neg", "Identity", "Dropout"]), graph.shape)
    return True


def clip(graph: Growing) -> bool:
    limits = [
        graph.constant(np.array(value, dtype=FLOAT)) for value in (graph.rng.uniform(-1, 0), graph.rng.uniform(0.1, 1))
    ]
    graph.add("Clip", [graph.name, *(name if graph.rng.random() < 0.8 else "" for name in limits)], graph.shape)
    return True


def curve(graph: Growing) -> bool:
    graph.add(*_chosen(graph, ["Sigmoid", "Tanh"]), graph.shape)
    return True


def _chosen(graph: Growing, operators: list[str]) -> tuple[str, list[str]]:
    return str(graph.rng.choice(operators)), [graph.name]


def reshape(graph: Growing) -> bool:
    rank = graph.between(2, 4)
    shape, left = [1], graph.width
    for _ in range(rank - 2):
        shape.append(int(graph.rng.choice([number for number in range(1, left + 1) if left % number == 0])))
        left //= shape[-1]
    shape.append(left)
    wanted = [*shape[:-1], -1]
    graph.add("Reshape", [graph.name, graph.constant(np.array(wanted))], tuple(shape))
    return True


def flatten(graph: Growing) -> bool:
    axis = graph.between(0, len(graph.shape))
    graph.add("Flatten", [graph.name], (prod(graph.shape[:axis]), prod(graph.shape[axis:])), axis=axis)
    return True


def transpose(graph: Growing) -> bool:
    order = [0, *(1 + graph.rng.permutation(len(graph.shape) - 1)).tolist()]
    graph.add("Transpose", [graph.name], tuple(graph.shape[axis] for axis in order), perm=order)
    return True


def squeeze(graph: Growing) -> bool:
    if len(graph.shape) < 3 or 1 not in graph.shape[1:]:
        return False
    axis = 1 + graph.shape[1:].index(1)
    shape = (*graph.shape[:axis], *graph.shape[axis + 1 :])
    graph.add("Squeeze", [graph.name, graph.constant(np.array([axis]))], shape)
    return True


def unsqueeze(graph: Growing) -> bool:
    if len(graph.shape) > 3:
        return False
    axis = graph.between(1, len(graph.shape))
    graph.add(
        "Unsqueeze", [graph.name, graph.constant(np.array([axis]))], (*graph.shape[:axis], 1, *graph.shape[axis:])
    )
    return True


def slice_(graph: Growing) -> bool:
    axis = graph.axis()
    start, step = graph.between(0, graph.shape[axis] - 1), graph.between(1, 2)
    length = len(range(start, graph.shape[axis], step))
    if graph.rng.random() < 0.3:
        start, step, end, length = graph.shape[axis] - 1, -1, -(2**31), graph.shape[axis]
    else:
        end = graph.shape[axis]
    places = [graph.constant(np.array([value])) for value in (start, end, axis, step)]
    graph.add("Slice", [graph.name, *places], _with(graph.shape, axis, length))
    return True


def _with(shape: tuple[int, ...], axis: int, length: int) -> tuple[int, ...]:
    return (*shape[:axis], length, *shape[axis + 1 :])


def gather(graph: Growing) -> bool:
    axis, count = graph.axis(), graph.between(1, 3)
    indices = graph.rng.integers(-graph.shape[axis], graph.shape[axis], count)
    graph.add("Gather", [graph.name, graph.constant(indices)], _with(graph.shape, axis, count), axis=axis)
    return True


def concat(graph: Growing) -> bool:
    """With an earlier tensor that fits, or with a constant."""
    axis, rank = graph.axis(), len(graph.shape)
    found = [
        (name, shape[axis])
        for name, shape in graph.earlier
        if len(shape) == rank and _with(shape, axis, 0) == _with(graph.shape, axis, 0)
    ]
    if found and graph.rng.random() < 0.7:
        name, length = found[graph.between(0, len(found) - 1)]
    else:
        name, length = graph.weights(*_with(graph.shape, axis, 1)), 1
    graph.add("Concat", [graph.name, name], _with(graph.shape, axis, graph.shape[axis] + length), axis=axis)
    return True


def pad(graph: Growing) -> bool:
    pads = [graph.between(0, 1) for _ in range(2 * len(graph.shape))]
    rank = len(graph.shape)
    shape = tuple(length + pads[axis] + pads[rank + axis] for axis, length in enumerate(graph.shape))
    if prod(shape) > MAX_WIDTH:
        return False
    mode = str(graph.rng.choice(["constant", "edge"]))
    graph.add("Pad", [graph.name, graph.constant(np.array(pads))], shape, mode=mode)
    return True


EXACT: tuple[Step, ...] = (
    dense,
    with_constant,
    with_earlier,
    convolution,
    convolution,
    pool,
    global_pool,
    reduction,
    normalisation,
    activation,
    activation,
    clip,
    reshape,
    flatten,
    transpose,
    squeeze,
    unsqueeze,
    slice_,
    gather,
    concat,
    pad,
)
ALL: tuple[Step, ...] = (*EXACT, curve)


def random_model(seed: int, depth: int | None = None, exact: bool = False) -> onnx.ModelProto:
    """A model with input x of floats, (1, ...) or open, and output y; of `depth` operators, or 3 to 8."""
    rng = np.random.default_rng(seed)
    shapes = [(1, 6), (1, 2, 5), (1, 3, 4), (1, 1, 5, 5), (1, 2, 4, 4), (1, 3, 3, 3)]
    first = shapes[int(rng.integers(len(shapes)))]
    graph = Growing(rng, "x", first)
    steps, wanted = EXACT if exact else ALL, depth or int(rng.integers(3, 9))
    grown = 0
    while grown < wanted:
        grown += steps[int(rng.integers(len(steps)))](graph) and graph.width <= MAX_WIDTH
    graph.nodes[-1].output[0] = "y"
    read = {name for step in graph.nodes for name in step.input}
    batch = "N" if rng.random() < 0.5 else 1
    made = helper.make_graph(
        graph.nodes,
        f"random-{seed}",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, *first[1:]])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, graph.shape)],
        [numpy_helper.from_array(array, name) for name, array in graph.constants.items() if name in read],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
