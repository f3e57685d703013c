"""Trains the small convolutional network of examples/models/mnist_cnn.onnx in NumPy, and writes it as ONNX.

python -m examples.train_cnn [FILE]      half a minute on one core; prints the accuracy on the images held out

Images 28 x 28 of pixels 0..15 -> convolution 5 x 5, stride 2, 4 channels -> ReLU -> average of 2 x 2 -> convolution
3 x 3, 16 channels -> ReLU -> dense 10. With constant weights a circuit pays for 784 pixels and 832 ReLUs alone.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from onnx import TensorProto, helper, numpy_helper

from examples.data import PIXEL_TOP, mnist

Floats = npt.NDArray[np.float32]
MODEL: Final = Path(__file__).parent / "models" / "mnist_cnn.onnx"
SIDE: Final = 28
SEED: Final = 3
EPOCHS: Final = 100
BATCH: Final = 50
RATE: Final = 4e-3
SHIFT: Final = 1  # pixels that a training image is moved by at most
SHAPES: Final = {"conv1": (4, 1, 5, 5), "conv2": (16, 4, 3, 3), "dense": (10, 256)}


@dataclass(slots=True)
class Convolution:
    """weights (out, in, k, k), bias (out,); remembers its input's windows for the way back."""

    weights: Floats
    bias: Floats
    stride: int
    windows: Any = None
    shape: tuple[int, ...] = ()

    def forward(self, values: Floats) -> Floats:
        """(n, in, side, side) to (n, out, less, less), without padding."""
        size, self.shape = self.weights.shape[2], values.shape
        view = sliding_window_view(values, (size, size), axis=(2, 3))[:, :, :: self.stride, :: self.stride]
        n, channels, rows, columns = view.shape[:4]
        self.windows = view.transpose(0, 2, 3, 1, 4, 5).reshape(n * rows * columns, channels * size * size)
        flat = self.windows @ self.weights.reshape(len(self.bias), -1).T + self.bias
        output: Floats = flat.reshape(n, rows, columns, -1).transpose(0, 3, 1, 2)
        return output

    def backward(self, slope: Floats) -> tuple[Floats, Floats, Floats]:
        """The loss' slopes in the input, the weights and the bias, from those in the output."""
        n, out, rows, columns = slope.shape
        flat = slope.transpose(0, 2, 3, 1).reshape(-1, out)
        size, channels = self.weights.shape[2], self.weights.shape[1]
        parts = (flat @ self.weights.reshape(out, -1)).reshape(n, rows, columns, channels, size, size)
        below = np.zeros(self.shape, dtype=np.float32)
        for i in range(size):
            for j in range(size):
                end_i, end_j = i + self.stride * rows, j + self.stride * columns
                below[:, :, i : end_i : self.stride, j : end_j : self.stride] += parts[..., i, j].transpose(0, 3, 1, 2)
        return below, (flat.T @ self.windows).reshape(self.weights.shape), flat.sum(axis=0)


@dataclass(slots=True)
class Network:
    """The layers in order; `parameters` are all their arrays, changed in place by training."""

    conv1: Convolution
    conv2: Convolution
    dense: Floats
    bias: Floats

    @property
    def parameters(self) -> list[Floats]:
        return [self.conv1.weights, self.conv1.bias, self.conv2.weights, self.conv2.bias, self.dense, self.bias]

    def logits(self, images: Floats) -> Floats:
        """(n, 10) of images (n, 1, 28, 28) in 0..1."""
        return self._forward(images)[0]

    def _forward(self, images: Floats) -> tuple[Floats, Floats, Floats]:
        first = np.maximum(self.conv1.forward(images), 0)
        n, channels, side, _ = first.shape
        pooled = first.reshape(n, channels, side // 2, 2, side // 2, 2).mean(axis=(3, 5))
        second = np.maximum(self.conv2.forward(pooled), 0)
        return second.reshape(n, -1) @ self.dense.T + self.bias, first, second

    def slopes(self, images: Floats, labels: npt.NDArray[np.int64]) -> list[Floats]:
        """The mean cross-entropy's slopes in `parameters`."""
        logits, first, second = self._forward(images)
        n = len(images)
        grown = np.exp(logits - logits.max(axis=1, keepdims=True))
        slope = grown / grown.sum(axis=1, keepdims=True)
        slope[np.arange(n), labels] -= 1
        slope /= n
        in_second = (slope @ self.dense).reshape(second.shape) * (second > 0)
        in_pooled, weights2, bias2 = self.conv2.backward(in_second)
        in_first = np.repeat(np.repeat(in_pooled / np.float32(4), 2, axis=2), 2, axis=3) * (first > 0)
        _, weights1, bias1 = self.conv1.backward(in_first)
        return [weights1, bias1, weights2, bias2, slope.T @ second.reshape(n, -1), slope.sum(axis=0)]


def fresh(random: np.random.Generator) -> Network:
    """Weights of variance 2 / inputs (He et al., arXiv 1502.01852)."""

    def weights(shape: tuple[int, ...]) -> Floats:
        return random.normal(0, np.sqrt(2 / np.prod(shape[1:])), size=shape).astype(np.float32)

    def zeros(size: int) -> Floats:
        return np.zeros(size, dtype=np.float32)

    return Network(
        Convolution(weights(SHAPES["conv1"]), zeros(4), 2),
        Convolution(weights(SHAPES["conv2"]), zeros(16), 1),
        weights(SHAPES["dense"]),
        zeros(10),
    )


def train(network: Network, images: Floats, labels: npt.NDArray[np.int64], epochs: int = EPOCHS) -> None:
    """Adam (arXiv 1412.6980), its rate falling to nothing along a half cosine."""
    random = np.random.default_rng(SEED)
    means, squares = ([np.zeros_like(array) for array in network.parameters] for _ in range(2))
    total = epochs * (len(images) // BATCH)
    for step, (batch, names) in enumerate(_batches(random, images, labels, epochs)):
        rate = RATE * 0.5 * (1 + np.cos(np.pi * step / total))
        slopes = network.slopes(batch, names)
        for array, slope, mean, square in zip(network.parameters, slopes, means, squares, strict=True):
            mean += 0.1 * (slope - mean)
            square += 0.001 * (slope**2 - square)
            fair_mean, fair_square = mean / (1 - 0.9 ** (step + 1)), square / (1 - 0.999 ** (step + 1))
            array -= (rate * fair_mean / (np.sqrt(fair_square) + 1e-8)).astype(np.float32)


def _batches(
    random: np.random.Generator, images: Floats, labels: npt.NDArray[np.int64], epochs: int
) -> Iterator[tuple[Floats, npt.NDArray[np.int64]]]:
    """Each image once an epoch, moved by up to SHIFT pixels."""
    padded = np.pad(images, ((0, 0), (0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT)))
    for _ in range(epochs):
        order = random.permutation(len(images))
        for chosen in order[: len(order) // BATCH * BATCH].reshape(-1, BATCH):
            down, right = random.integers(0, 2 * SHIFT + 1, size=(2, BATCH))
            moved = sliding_window_view(padded[chosen], (SIDE, SIDE), axis=(2, 3))
            yield moved[np.arange(BATCH), :, down, right], labels[chosen]


def exported(network: Network) -> onnx.ModelProto:
    """The network on pixels 0..PIXEL_TOP: `image` (batch, 1, 28, 28) to `probabilities` (batch, 10), opset 13."""
    arrays = [network.conv1.weights / PIXEL_TOP, *network.parameters[1:]]
    names = ("conv1_weights", "conv1_bias", "conv2_weights", "conv2_bias", "dense_weights", "dense_bias")
    nodes = [
        helper.make_node("Conv", ["image", *names[:2]], ["edges"], "conv 1", strides=[2, 2], kernel_shape=[5, 5]),
        helper.make_node("Relu", ["edges"], ["edges_on"], "relu 1"),
        helper.make_node("AveragePool", ["edges_on"], ["pooled"], "pool", strides=[2, 2], kernel_shape=[2, 2]),
        helper.make_node("Conv", ["pooled", *names[2:4]], ["strokes"], "conv 2", kernel_shape=[3, 3]),
        helper.make_node("Relu", ["strokes"], ["strokes_on"], "relu 2"),
        helper.make_node("Flatten", ["strokes_on"], ["flat"], "flatten"),
        helper.make_node("Gemm", ["flat", *names[4:]], ["logits"], "dense", transB=1),
        helper.make_node("Softmax", ["logits"], ["probabilities"], "softmax", axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "mnist_cnn",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, SIDE, SIDE])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 10])],
        [numpy_helper.from_array(np.asarray(a, np.float32), name) for a, name in zip(arrays, names, strict=True)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def main(file: Path = MODEL) -> None:
    data = mnist()
    network = fresh(np.random.default_rng(SEED))
    images = (data.train_rows / PIXEL_TOP).astype(np.float32).reshape(-1, 1, SIDE, SIDE)
    train(network, images, data.train_labels)
    held_out = (data.rows / PIXEL_TOP).astype(np.float32).reshape(-1, 1, SIDE, SIDE)
    accuracy = np.mean(network.logits(held_out).argmax(axis=1) == data.labels)
    file.write_bytes(exported(network).SerializeToString())
    print(f"{file}: {file.stat().st_size} bytes, {accuracy:.4f} of {len(data.labels)} images right")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
