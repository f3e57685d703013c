"""Which digit is it? A convolutional network from an ONNX file reads images that its prover sees and nobody else.

    cluster devnet up & cluster worker start        # each in a terminal of its own
    python -m examples.digit_recognition

MNIST, 28 x 28 pixels. examples/train_cnn.py made the file; convolutions cost nothing, as their weights are constants.
"""

import asyncio
from typing import Final

from compute.zkml.compiled import PUBLIC_MODEL, Compiled, Settings, cache_folder, compile
from compute.zkml.inference import ENCRYPTED
from compute.zkml.sources import float_model
from examples.data import Dataset, mnist
from examples.market import Market, Report, main
from examples.train_cnn import MODEL

NAME: Final = "digit-recognition"
ROWS: Final = 3


def compiled(data: Dataset) -> Compiled:
    """The file of any tool will do. The sample fixes the scales between the layers."""
    settings = Settings(PUBLIC_MODEL, ENCRYPTED)
    return compile(MODEL, data.train_rows, rows=data.rows, labels=data.named(data.labels), settings=settings)


async def run(market: Market) -> Report:
    data = mnist()
    ready = compiled(data).setup(cache_folder())
    await market.sell(NAME, "Handwritten digits, 28 x 28 pixels of 0..15: convolutional network.", ready)

    rows, labels = data.rows[::300][:ROWS], data.labels[::300][:ROWS]
    floats = data.named(float_model(MODEL).outputs(rows).argmax(axis=1))
    bought = await asyncio.gather(*(market.ask(NAME, row) for row in rows.tolist()))
    return Report(NAME, ready, tuple(bought), tuple(data.named(labels)), tuple(floats))


if __name__ == "__main__":
    main(run)
