"""Small float models of every make, drawn at random: what importers could hand over."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from compute.zkml import graph
from compute.zkml.graph import IDENTITY, REGRESSION, Affine, FloatModel, Node
from compute.zkml.taps import Floats, Ints, Taps, dense_taps, diagonal_taps

FEATURES = 6


@dataclass
class Net:
    """A model in the making: value 0 is the row, `last` what the newest node makes."""

    random: np.random.Generator
    features: int = FEATURES
    nodes: list[Node] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.widths.append(self.features)

    @property
    def last(self) -> int:
        return len(self.nodes)

    @property
    def width(self) -> int:
        return self.widths[-1]

    def add(self, operation: graph.FloatOperation, width: int | None = None, *inputs: int) -> int:
        self.nodes.append(Node(operation, inputs or (self.last,)))
        self.widths.append(width or self.widths[-1])
        return self.last

    def normal(self, count: int) -> Floats:
        return self.random.normal(size=count)

    def dense(self, outputs: int) -> int:
        weights = self.normal(outputs * self.width)
        return self.add(Affine(dense_taps(outputs, self.width), weights, self.normal(outputs)), outputs)

    def convolution(self, kernel: int, channels: int) -> int:
        """Along the vector, one weight at all places; channel by channel."""
        places = self.width - kernel + 1
        made = Affine(sliding(self.width, kernel, channels), self.normal(kernel * channels), self.normal(channels))
        return self.add(made, places * channels)

    def normalisation(self, channels: int) -> int:
        """Batch normalisation: a factor and an offset for each channel."""
        width = self.width
        of = np.arange(width) // (width // channels)
        taps = Taps(width, np.arange(width + 1), np.arange(width), of, of)
        return self.add(Affine(taps, 0.5 + self.random.random(channels), self.normal(channels)), width)

    def average(self) -> int:
        """Of neighbours, two by two."""
        pairs = self.width // 2
        taps = Taps(self.width, 2 * np.arange(pairs + 1), np.arange(2 * pairs), zeros(2 * pairs), zeros(pairs))
        return self.add(Affine(taps, np.asarray([0.5]), np.asarray([0.0])), pairs)

    def pool(self, step: int) -> int:
        """The larger of neighbours; step 1 overlaps."""
        windows = np.asarray([[i, i + 1] for i in range(0, self.width - 1, step)], dtype=np.int64)
        return self.add(graph.MaxPool(windows), len(windows))

    def permutation(self) -> int:
        return self.add(graph.Gather(self.random.permutation(self.width)), self.width)

    def residual(self) -> int:
        """The value, plus a part of what a layer and ReLU make of it."""
        start, width = self.last, self.width
        self.dense(width)
        self.add(graph.Relu())
        factors = (1.0, float(self.random.choice([1.0, 0.3, -2.0])))
        return self.add(graph.Total(factors), width, start, self.last)

    def scale(self) -> int:
        width = self.width
        return self.add(Affine(diagonal_taps(width), 0.5 + self.random.random(width), self.normal(width)), width)

    def model(self) -> FloatModel:
        layers = tuple(f"{number} {type(node.operation).__name__}" for number, node in enumerate(self.nodes))
        return FloatModel(self.features, tuple(self.nodes), layers, REGRESSION, (), IDENTITY, "drawn")


def zeros(count: int) -> Ints:
    return np.zeros(count, dtype=np.int64)


def sliding(width: int, kernel: int, channels: int) -> Taps:
    """One weight for each place of a kernel, at all positions of a row."""
    places = width - kernel + 1
    columns = np.tile((np.arange(places)[:, None] + np.arange(kernel)).reshape(-1), channels)
    weight_of = np.concatenate([np.tile(np.arange(kernel), places) + kernel * c for c in range(channels)])
    starts = np.arange(places * channels + 1) * kernel
    return Taps(width, starts, columns, weight_of, np.repeat(np.arange(channels), places))


PARTS: dict[str, Callable[[Net], int]] = {
    "dense": lambda net: net.dense(int(net.random.integers(2, 6))),
    "convolution": lambda net: net.convolution(2, 2),
    "scale": lambda net: net.scale(),
    "relu": lambda net: net.add(graph.Relu()),
    "leaky relu": lambda net: net.add(graph.LeakyRelu(float(net.random.choice([0.01, 0.2, 1.0])))),
    "clip": lambda net: net.add(graph.Clip(float(net.random.choice([0.0, -1.0])), 1.5)),
    "sigmoid": lambda net: net.add(graph.Curve(graph.SIGMOID)),
    "tanh": lambda net: net.add(graph.Curve(graph.TANH)),
    "average": lambda net: net.average(),
    "pool": lambda net: net.pool(2),
    "overlapping pool": lambda net: net.pool(1),
    "permutation": lambda net: net.permutation(),
    "residual": lambda net: net.residual(),
}


def drawn(seed: int, parts: list[str]) -> FloatModel:
    """A layer, these parts one after the other as far as the width lasts, and a layer."""
    net = Net(np.random.default_rng(seed))
    net.convolution(3, 2) if seed % 2 else net.dense(5)
    for part in parts:
        if net.width > 2:
            PARTS[part](net)
    net.dense(2)
    return net.model()
