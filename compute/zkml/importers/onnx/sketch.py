"""The float model as it grows: operations, widths, and how much memory they may take."""

from dataclasses import replace
from math import prod
from typing import Final

import numpy as np

from compute.zkml.errors import NotFinite
from compute.zkml.graph import Affine, FloatOperation, Gather, Node
from compute.zkml.importers.errors import ImportTooLarge
from compute.zkml.importers.onnx.tensors import Computed, laid_out
from compute.zkml.taps import Floats, Ints, Taps

# A tap takes 16 bytes, and a step as much again while it is made: half a gigabyte for the largest model.
MAX_TAPS: Final = 1 << 24
NO_BIAS: Final = np.zeros(1)


class Sketch:
    """Value 0 is the row of `features` numbers; value i + 1 is what operation i makes."""

    def __init__(self, features: int) -> None:
        self.nodes: list[Node] = []
        self.layers: list[str] = []
        self.widths = [features]
        self._taps = 0
        self.reserve(features, "the row")

    def reserve(self, count: int, layer: str) -> None:
        """Raises ImportTooLarge when there is no room for so many elements or products; called before making them."""
        self._taps += count
        if self._taps > MAX_TAPS:
            raise ImportTooLarge(f"the model up to node {layer!r} (positions and products)", self._taps, MAX_TAPS)

    def emit(self, operation: FloatOperation, inputs: tuple[int, ...], width: int, layer: str) -> int:
        """The number of the operation's value."""
        self.nodes.append(Node(operation, inputs))
        self.layers.append(layer)
        self.widths.append(width)
        return len(self.nodes)

    def flat(self, tensor: Computed, layer: str) -> int:
        """The number of a value that holds the tensor's elements in their order, and nothing else."""
        index = tensor.positions.reshape(-1)
        if len(index) == self.widths[tensor.value] and np.array_equal(index, np.arange(len(index))):
            return tensor.value
        self.reserve(len(index), layer)
        return self.emit(Gather(index), (tensor.value,), len(index), layer)

    def affine(
        self,
        layer: str,
        source: int,
        columns: Ints,
        weight_of: Ints,
        weights: Floats,
        shape: tuple[int, ...],
        bias: tuple[Ints, Floats] | None = None,
        lengths: Ints | None = None,
    ) -> Computed:
        """Sums of products as a tensor of `shape`. Taps come output by output, equally many each or as `lengths` says.

        bias: the bias number of each output, and biases; none is a single shared zero. Raises NotFinite.
        """
        outputs = prod(shape)
        bias_of, biases = bias or (np.zeros(outputs, dtype=np.int64), NO_BIAS)
        if not (np.all(np.isfinite(weights)) and np.all(np.isfinite(biases))):
            raise NotFinite(f"the weights of node {layer!r}")
        ends = (
            np.cumsum(lengths) if lengths is not None else np.arange(1, outputs + 1) * (len(columns) // max(outputs, 1))
        )
        starts = np.concatenate([[0], ends]).astype(np.int64)
        taps = Taps(self.widths[source], starts, columns, weight_of, bias_of)
        return laid_out(self.emit(Affine(taps, weights, biases), (source,), outputs, layer), shape)

    def kept(self, output: int) -> tuple[tuple[Node, ...], tuple[str, ...]]:
        """The operations that value `output` needs, renumbered, it last; and their layers."""
        needed = {output}
        for number in range(output, 0, -1):
            if number in needed:
                needed.update(self.nodes[number - 1].inputs)
        order = sorted(needed - {0})
        new = {0: 0} | {old: place + 1 for place, old in enumerate(order)}
        nodes = tuple(
            replace(self.nodes[old - 1], inputs=tuple(new[number] for number in self.nodes[old - 1].inputs))
            for old in order
        )
        return nodes, tuple(self.layers[old - 1] for old in order)
