"""Is a loan a bad risk? A bank sells its judgement without showing its model, and proves that it is the same for all.

    cluster devnet up & cluster worker start        # each in a terminal of its own
    python -m examples.credit_scoring

1,000 customers of a German bank, 55 columns. On chain stand commitments, one to the weights, one to each row. Whoever
proves sees both: the bank hands the model's files to provers that it trusts, or is its own.
"""

import asyncio
from typing import Final

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from compute.zkml.compiled import PRIVATE, Compiled, Settings, cache_folder, compile
from compute.zkml.inference import ENCRYPTED
from examples.data import Dataset, credit
from examples.market import Market, Report, main

NAME: Final = "credit-scoring"
ROWS: Final = 4


def trained(data: Dataset) -> Pipeline:
    """Any fitted scikit-learn model that is supported would do."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return model.fit(data.train_rows, data.named(data.train_labels))


def compiled(model: Pipeline, data: Dataset) -> Compiled:
    """PRIVATE: a commitment stands for the weights. ENCRYPTED: the answer is for whoever asked."""
    settings = Settings(PRIVATE, ENCRYPTED)
    return compile(model, data.train_rows, rows=data.rows, labels=data.named(data.labels), settings=settings)


async def run(market: Market) -> Report:
    data = credit()
    model = trained(data)
    ready = compiled(model, data).setup(cache_folder())
    await market.sell(NAME, "Is a loan a bad risk? Logistic regression, German credit data.", ready)

    rows = data.rows[:ROWS]
    bought = await asyncio.gather(*(market.ask(NAME, row) for row in rows.tolist()))
    return Report(NAME, ready, tuple(bought), tuple(data.named(data.labels[:ROWS])), tuple(model.predict(rows)))


if __name__ == "__main__":
    main(run)
