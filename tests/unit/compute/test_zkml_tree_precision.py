"""A row's threshold numbers take the path that scikit-learn takes, in single and in double precision."""

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from compute.zkml.compiled import compile
from compute.zkml.encoding import Thresholds
from compute.zkml.manifest import decode_manifest

VALUES = np.arange(40) / 10
ROWS = np.stack([VALUES, VALUES[::-1] * 3], axis=1)
LABELS = np.arange(40) // 4 % 2
MODELS = [
    DecisionTreeClassifier(random_state=0),
    make_pipeline(StandardScaler(), DecisionTreeClassifier(random_state=0)),
    make_pipeline(MinMaxScaler(), DecisionTreeClassifier(random_state=0)),
    HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=2),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model)[:30])
def test_decimal_rows_on_thresholds_take_the_same_path(model: Any) -> None:
    model.fit(ROWS, LABELS)
    compiled = compile(model, ROWS)
    manifest = decode_manifest(compiled.manifest.encode())
    encoding = manifest.encoding
    assert isinstance(encoding, Thresholds) and encoding == compiled.manifest.encoding
    rows = [ROWS]
    for feature, known in enumerate(encoding.thresholds):
        scale = encoding.steps[feature % len(encoding.steps)], encoding.offsets[feature % len(encoding.offsets)]
        for at in np.asarray(known) * scale[0] + scale[1]:
            near = np.repeat(ROWS[:1], 5, axis=0)
            near[:, feature] = [at, np.nextafter(at, -9), np.nextafter(at, 99), at * (1 + 1e-9), np.round(at, 2)]
            rows.append(near)
    tried = np.concatenate(rows)
    numbers = np.asarray([encoding.numbers(row) for row in tried.tolist()])
    logits = compiled.provable.model.logits_of(numbers)
    said = logits[:, 0] > 0 if logits.shape[1] == 1 else logits.argmax(axis=1)
    assert np.array_equal(said.astype(int), model.predict(tried))


def test_a_boosted_sum_of_nothing_is_the_second_class() -> None:
    rows = np.asarray([[1.0], [1.0], [0.0], [2.0]])
    model = GradientBoostingClassifier(n_estimators=3).fit(rows, [0, 1, 0, 1])
    assert model.decision_function(rows)[0] == 0 and model.predict(rows).tolist() == [1, 1, 0, 1]
    compiled = compile(model, rows)
    numbers = np.asarray([compiled.manifest.encoding.numbers(row) for row in rows.tolist()])
    assert (compiled.provable.model.logits_of(numbers)[:, 0] > 0).tolist() == [True, True, False, True]
