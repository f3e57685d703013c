"""A compiled model and its folder: what its settings say is what its model is, and secrets are drawn anew."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

from compute.zkml.compiled import PRIVATE, PRIVATE_MODEL, PROFILES, PUBLIC_MODEL, PUBLIC_SALT, Settings, compile
from compute.zkml.errors import ModelFileUnusable
from compute.zkml.folder import load_compiled, save_compiled
from compute.zkml.inference import COMMITTED, ENCRYPTED, PUBLIC
from tests.support.onnx_trees import FEATURES, regressor

ROWS = np.arange(8.0).reshape(-1, 2) % 4
MODEL = LinearRegression().fit(ROWS, ROWS.sum(axis=1))


@pytest.mark.parametrize("results", [PUBLIC, COMMITTED, ENCRYPTED])
@pytest.mark.parametrize("profile", PROFILES)
def test_whatever_hides_something_has_a_secret_of_its_own_each_time(profile: str, results: str) -> None:
    compiled = compile(MODEL, ROWS, settings=Settings(profile, results))
    drawn = {compiled.salt() for _ in range(3)}
    hides = profile != PRIVATE_MODEL or results != PUBLIC
    assert len(drawn) == 3 and PUBLIC_SALT not in drawn if hides else drawn == {PUBLIC_SALT}


@pytest.mark.parametrize(
    "change",
    [
        {"profile": PUBLIC_MODEL},
        {"profile": PRIVATE},  # the same but for the key of the results
        {"results": PUBLIC},
        {"results": COMMITTED},
        {"rows": 2},
    ],
)
def test_settings_of_another_model_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    save_compiled(tmp_path, compile(MODEL, ROWS, settings=Settings(PRIVATE_MODEL, ENCRYPTED)))
    assert load_compiled(tmp_path).settings.keyed
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelFileUnusable, match=r"settings\.json"):
        load_compiled(tmp_path)


@pytest.mark.parametrize("profile", [PUBLIC_MODEL, PRIVATE])
def test_a_tree_that_asks_nothing_is_a_constant_that_is_proven(profile: str, tmp_path: Path) -> None:
    stump = DecisionTreeRegressor().fit(ROWS, np.full(len(ROWS), 2.5))
    for model in (stump, regressor(1, depth=0)):
        compiled = compile(model, ROWS, settings=Settings(profile))
        save_compiled(tmp_path, compiled)
        loaded = load_compiled(tmp_path)
        numbers = loaded.encode([np.zeros(FEATURES)])
        witness = loaded.witness(1, 2, numbers, 3)
        loaded.circuit.check(witness)
        (said,) = loaded.manifest.unpack_outputs(loaded.provable.statement.packed(numbers))
        assert loaded.manifest.unpack_outputs(witness.public[-loaded.manifest.elements :]) == [said]
        if model is stump:
            assert said * loaded.manifest.unit == pytest.approx(2.5, abs=loaded.manifest.worst_error)
