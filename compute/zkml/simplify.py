"""The same float model with fewer steps: scaling, normalisation and reordering melt into the layers beside them."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from compute.zkml.graph import Affine, Clip, Curve, FloatModel, FloatOperation, Gather, LeakyRelu, MaxPool, Node, Relu
from compute.zkml.taps import Ints, Taps, shared

MONOTONE: Final = (Relu, Clip, Curve)


@dataclass(slots=True)
class _Draft:
    """Nodes in the making; value 0 is the row, value i + 1 that of node i."""

    nodes: list[Node]
    layers: list[str]
    features: int

    def operation(self, value: int) -> FloatOperation | None:
        """What makes a value; None for the row."""
        return self.nodes[value - 1].operation if value else None

    def readers(self) -> Counter[int]:
        """How many nodes read each value; the output counts as read."""
        count = Counter(number for node in self.nodes for number in node.inputs)
        count[len(self.nodes)] += 1
        return count

    def widths(self) -> list[int]:
        values = [np.zeros((1, self.features))]
        for node in self.nodes:
            values.append(node.operation.apply([values[number] for number in node.inputs]))
        return [value.shape[1] for value in values]


def simplify(model: FloatModel) -> FloatModel:
    """The same outputs, up to the rounding of floats, in fewer steps. Kernels of convolutions stay shared."""
    draft = _Draft(list(model.nodes), list(model.layers), model.features)
    while any(rule(draft) for rule in RULES):
        _drop_unread(draft)
    _drop_unread(draft)
    return replace(model, nodes=tuple(draft.nodes), layers=tuple(draft.layers))


def _gather_into_reader(draft: _Draft) -> bool:
    """Affine or gather after a gather of one value reads that value itself."""
    widths: list[int] | None = None
    for place, node in enumerate(draft.nodes):
        source = node.inputs[0]
        before = draft.operation(source)
        if len(node.inputs) != 1 or not isinstance(before, Gather) or len(draft.nodes[source - 1].inputs) != 1:
            continue
        origin = draft.nodes[source - 1].inputs
        if isinstance(node.operation, Affine):
            widths = widths or draft.widths()
            taps = node.operation.taps.picked(before.index, widths[origin[0]])
            draft.nodes[place] = Node(replace(node.operation, taps=taps), origin)
            return True
        if isinstance(node.operation, Gather):
            draft.nodes[place] = Node(Gather(before.index[node.operation.index]), origin)
            return True
    return False


def _affine_into_gather(draft: _Draft) -> bool:
    """A gather of a layer that nothing else reads: the layer gives its outputs in that order at once."""
    readers = draft.readers()
    for place, node in enumerate(draft.nodes):
        source = node.inputs[0]
        before = draft.operation(source)
        alone = len(node.inputs) == 1 and readers[source] == 1
        if not alone or not isinstance(node.operation, Gather) or not isinstance(before, Affine):
            continue
        if len(np.unique(node.operation.index)) == len(node.operation.index):
            chosen = replace(before, taps=before.taps.chosen(node.operation.index))
            draft.nodes[place] = Node(chosen, draft.nodes[source - 1].inputs)
            draft.layers[place] = draft.layers[source - 1]
            return True
    return False


def _affine_into_affine(draft: _Draft) -> bool:
    """Two layers of which one only scales become one."""
    readers = draft.readers()
    for place, node in enumerate(draft.nodes):
        source = node.inputs[0]
        before, after = draft.operation(source), node.operation
        if not isinstance(before, Affine) or not isinstance(after, Affine) or readers[source] != 1:
            continue
        if after.taps.is_diagonal:
            merged, layer = _scaled_after(before, after), draft.layers[source - 1]
        elif before.taps.is_diagonal:
            merged, layer = _scaled_before(before, after), draft.layers[place]
        else:
            continue
        draft.nodes[place] = Node(merged, draft.nodes[source - 1].inputs)
        draft.layers[place] = layer
        return True
    return False


def _pool_before_activation(draft: _Draft) -> bool:
    """max(f(x)) = f(max(x)) for a rising f: where windows do not overlap, f runs once a window."""
    readers = draft.readers()
    for place, node in enumerate(draft.nodes):
        source = node.inputs[0]
        before, pool = draft.operation(source), node.operation
        if not isinstance(pool, MaxPool) or readers[source] != 1 or not _disjoint(pool.windows):
            continue
        if isinstance(before, MONOTONE) or (isinstance(before, LeakyRelu) and before.slope >= 0):
            draft.nodes[source - 1] = Node(pool, draft.nodes[source - 1].inputs)
            draft.nodes[place] = Node(before, node.inputs)
            pooled = draft.layers[place]
            draft.layers[place] = draft.layers[source - 1]
            draft.layers[source - 1] = pooled
            return True
    return False


RULES: Final[tuple[Callable[[_Draft], bool], ...]] = (
    _gather_into_reader,
    _affine_into_gather,
    _affine_into_affine,
    _pool_before_activation,
)


def _scaled_after(inner: Affine, outer: Affine) -> Affine:
    """outer(inner(x)) for an outer that scales each output; batch normalisation after a convolution, say."""
    taps = inner.taps.chosen(outer.taps.columns)
    factors, added = outer.weights[outer.taps.weight_of], outer.bias[outer.taps.bias_of]
    rows = taps.rows
    weight_of, weights = shared(
        inner.weights[taps.weight_of] * factors[rows], taps.weight_of, outer.taps.weight_of[rows]
    )
    bias = factors * inner.bias[taps.bias_of] + added
    bias_of, biases = shared(bias, taps.bias_of, outer.taps.weight_of, outer.taps.bias_of)
    return Affine(Taps(taps.inputs, taps.starts, taps.columns, weight_of, bias_of), weights, biases)


def _scaled_before(inner: Affine, outer: Affine) -> Affine:
    """outer(inner(x)) for an inner that scales each input; a scaler before a dense layer, say."""
    taps, scale_of = outer.taps, inner.taps.weight_of[outer.taps.columns]
    weight_of, weights = shared(outer.weights[taps.weight_of] * inner.weights[scale_of], taps.weight_of, scale_of)
    shift = taps.matrix(outer.weights) @ inner.bias[inner.taps.bias_of]
    bias_of, biases = shared(outer.bias[taps.bias_of] + shift, taps.bias_of, _alike(taps, inner.taps.bias_of))
    columns = inner.taps.columns[taps.columns]
    return Affine(Taps(inner.taps.inputs, taps.starts, columns, weight_of, bias_of), weights, biases)


def _alike(taps: Taps, offset_of: Ints) -> Ints:
    """One number for outputs that weigh the same offsets alike, so that they may share a bias whatever its value."""
    numbers: dict[bytes, int] = {}
    pairs = np.stack([taps.weight_of, offset_of[taps.columns]], axis=1)
    rows = (pairs[start:end].tobytes() for start, end in pairwise(taps.starts.tolist()))
    return np.asarray([numbers.setdefault(row, len(numbers)) for row in rows], dtype=np.int64)


def _disjoint(windows: Ints) -> bool:
    positions = sum(len(np.unique(window)) for window in windows)
    return positions == len(np.unique(windows))


def _drop_unread(draft: _Draft) -> None:
    """Leaves out nodes that lead to no output."""
    wanted = {len(draft.nodes)}
    for place in range(len(draft.nodes) - 1, -1, -1):
        if place + 1 in wanted:
            wanted.update(draft.nodes[place].inputs)
    number = {0: 0}
    nodes, layers = [], []
    for place, node in enumerate(draft.nodes):
        if place + 1 in wanted:
            nodes.append(Node(node.operation, tuple(number[value] for value in node.inputs)))
            layers.append(draft.layers[place])
            number[place + 1] = len(nodes)
    draft.nodes, draft.layers = nodes, layers
