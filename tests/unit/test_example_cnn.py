"""The committed network is what its script says, and the script's training follows the loss' slope."""

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from compute.zkml.graph import CLASSIFICATION
from compute.zkml.importers.onnx import import_onnx
from examples.data import PIXEL_TOP, Dataset, mnist
from examples.train_cnn import MODEL, SIDE, Convolution, Network, exported, fresh, train


@pytest.fixture(scope="module")
def images() -> Dataset:
    return mnist()


def pictures(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    return (rows / PIXEL_TOP).astype(np.float32).reshape(-1, 1, SIDE, SIDE)


def committed() -> Network:
    arrays = {each.name: numpy_helper.to_array(each).copy() for each in onnx.load(MODEL).graph.initializer}
    first = Convolution(arrays["conv1_weights"] * PIXEL_TOP, arrays["conv1_bias"], 2)
    second = Convolution(arrays["conv2_weights"], arrays["conv2_bias"], 1)
    return Network(first, second, arrays["dense_weights"], arrays["dense_bias"])


def test_the_committed_network_reads_97_of_100_images(images: Dataset) -> None:
    assert MODEL.stat().st_size < 20_000
    right = committed().logits(pictures(images.rows)).argmax(axis=1) == images.labels
    assert right.mean() > 0.97


def test_the_file_computes_what_the_network_computes(images: Dataset) -> None:
    rows = images.rows[::100]
    for network in (committed(), fresh(np.random.default_rng(1))):
        (said,) = ReferenceEvaluator(exported(network)).run(
            None, {"image": rows.reshape(-1, 1, SIDE, SIDE).astype(np.float32)}
        )
        grown = np.exp(network.logits(pictures(rows)))
        np.testing.assert_allclose(said, grown / grown.sum(axis=1, keepdims=True), rtol=1e-3, atol=1e-4)
    assert exported(committed()).graph.node == onnx.load(MODEL).graph.node


def test_the_file_comes_in_as_a_classifier(images: Dataset) -> None:
    model, rows = import_onnx(MODEL), images.rows[::10]
    assert (model.kind, model.features, model.classes) == (CLASSIFICATION, SIDE * SIDE, images.classes)
    np.testing.assert_allclose(model.outputs(rows), committed().logits(pictures(rows)), rtol=1e-3, atol=1e-3)


def test_the_slopes_are_those_of_the_loss(images: Dataset) -> None:
    network, batch, labels = fresh(np.random.default_rng(2)), pictures(images.rows[::200]), images.labels[::200]
    for array in (network.conv1, network.conv2):
        array.weights, array.bias = array.weights.astype(np.float64), array.bias.astype(np.float64) + 0.1
    network.dense, network.bias = network.dense.astype(np.float64), network.bias.astype(np.float64)

    def loss() -> float:
        logits = network.logits(batch.astype(np.float64))
        return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(labels)), labels]))

    slopes = network.slopes(batch.astype(np.float64), labels)
    for array, slope in zip(network.parameters, slopes, strict=True):
        for place in (0, array.size // 2, array.size - 1):
            before = array.flat[place]
            array.flat[place] = before + 1e-5
            above = loss()
            array.flat[place] = before - 1e-5
            below = loss()
            array.flat[place] = before
            assert slope.flat[place] == pytest.approx((above - below) / 2e-5, abs=1e-5)


@pytest.mark.slow
def test_training_learns(images: Dataset) -> None:
    network = fresh(np.random.default_rng(3))
    train(network, pictures(images.train_rows[::8]), images.train_labels[::8], epochs=6)
    assert np.mean(network.logits(pictures(images.rows)).argmax(axis=1) == images.labels) > 0.5
