"""Will therapy fail? Boosted trees judge eight patients in one proof, and say the class and nothing more.

    cluster devnet up & cluster worker start        # each in a terminal of its own
    python -m examples.health_trees

2,139 patients with HIV, 18 facts of each. One proof for all rows is one price, one verification, one entry on chain.
"""

from typing import Final

from sklearn.ensemble import GradientBoostingClassifier

from compute.zkml.compiled import PUBLIC_MODEL, Compiled, Settings, cache_folder, compile
from compute.zkml.inference import ENCRYPTED
from examples.data import Dataset, health
from examples.market import Market, Report, main

NAME: Final = "health-trees"
ROWS: Final = 8


def trained(data: Dataset) -> GradientBoostingClassifier:
    model = GradientBoostingClassifier(n_estimators=30, max_depth=3, random_state=0)
    return model.fit(data.train_rows, data.named(data.train_labels))


def compiled(model: GradientBoostingClassifier, data: Dataset) -> Compiled:
    """rows: so many go into each proof. class_only: the trees' sums, which tell more of a patient, stay hidden."""
    settings = Settings(PUBLIC_MODEL, ENCRYPTED, rows=ROWS, class_only=True)
    return compile(model, data.train_rows, rows=data.rows, labels=data.named(data.labels), settings=settings)


async def run(market: Market) -> Report:
    data = health()
    model = trained(data)
    ready = compiled(model, data).setup(cache_folder())
    await market.sell(NAME, "Will CD4 cells stay below 350 under therapy? 30 boosted trees, ACTG 175.", ready)

    rows = data.rows[:ROWS]
    bought = await market.ask(NAME, *rows.tolist())
    return Report(NAME, ready, (bought,), tuple(data.named(data.labels[:ROWS])), tuple(model.predict(rows)))


if __name__ == "__main__":
    main(run)
