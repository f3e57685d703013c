"""Is a tumour malignant? The model is known to all, a patient's measurements to whoever is asked and nobody else.

    cluster devnet up & cluster worker start        # each in a terminal of its own
    python -m examples.tumour_classification

569 tumours, 30 measurements of their cells' nuclei. The weights are constants of the circuit: its key is the model.
"""

import asyncio
from typing import Final

from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from compute.zkml.compiled import PUBLIC_MODEL, Compiled, Settings, cache_folder, compile
from compute.zkml.inference import ENCRYPTED
from examples.data import Dataset, tumours
from examples.market import Market, Report, main

NAME: Final = "tumour-classification"
ROWS: Final = 4


def trained(data: Dataset) -> Pipeline:
    model = make_pipeline(StandardScaler(), LinearSVC(C=0.1, random_state=0))
    return model.fit(data.train_rows, data.named(data.train_labels))


def compiled(model: Pipeline, data: Dataset) -> Compiled:
    """PUBLIC_MODEL: everybody can see the weights. ENCRYPTED: the answer is for whoever asked."""
    settings = Settings(PUBLIC_MODEL, ENCRYPTED)
    return compile(model, data.train_rows, rows=data.rows, labels=data.named(data.labels), settings=settings)


async def run(market: Market) -> Report:
    data = tumours()
    model = trained(data)
    ready = compiled(model, data).setup(cache_folder())
    await market.sell(NAME, "Is a tumour malignant? Linear SVM, breast cancer, Wisconsin.", ready)

    rows = data.rows[:ROWS]
    bought = await asyncio.gather(*(market.ask(NAME, row) for row in rows.tolist()))
    return Report(NAME, ready, tuple(bought), tuple(data.named(data.labels[:ROWS])), tuple(model.predict(rows)))


if __name__ == "__main__":
    main(run)
