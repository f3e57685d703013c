"""Trains models with LightGBM, XGBoost and scikit-learn, exports them, and runs a folder of models in ONNX Runtime.

python onnx_export.py FOLDER    run in .venv-peers

Writes NAME.onnx for each trained model and NAME.rows.npy, float32. Then for each NAME.onnx, also those that were there
before, NAME.npz: what ONNX Runtime says of NAME.rows.npy, output by output, "first" and, where there are two, "second".
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import onnx
import onnxmltools
import onnxruntime
import skl2onnx
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

ROWS = 150


def exported() -> Iterator[tuple[str, Any, Any]]:
    """(name, ONNX model, rows)."""
    two, three, number = (load(return_X_y=True) for load in (load_breast_cancer, load_iris, load_diabetes))
    small = {"n_estimators": 10, "max_depth": 3, "random_state": 0}
    quiet = small | {"verbose": -1}
    for name, data in (("two", two), ("three", three)):
        yield from one(f"lightgbm-{name}", lightgbm.LGBMClassifier(**quiet), data, onnxmltools.convert_lightgbm)
        yield from one(f"xgboost-{name}", xgboost.XGBClassifier(**small), data, onnxmltools.convert_xgboost)
        for classifier in (
            make_pipeline(MinMaxScaler(), LogisticRegression()),
            LinearSVC(random_state=0, max_iter=200),
            make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=4, random_state=0)),
            RandomForestClassifier(**small),
            GradientBoostingClassifier(**small),
            make_pipeline(StandardScaler(), MLPClassifier((8,), random_state=0, max_iter=50)),
        ):
            yield from one(f"scikit-{kind(classifier)}-{name}", classifier, data, None)
    yield from one("lightgbm-number", lightgbm.LGBMRegressor(**quiet), number, onnxmltools.convert_lightgbm)
    yield from one("xgboost-number", xgboost.XGBRegressor(**small), number, onnxmltools.convert_xgboost)
    for regressor in (
        Ridge(),
        RandomForestRegressor(**small),
        GradientBoostingRegressor(**small),
        make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(8,), random_state=0, max_iter=50)),
    ):
        yield from one(f"scikit-{kind(regressor)}-number", regressor, number, None)


def kind(model: Any) -> str:
    """The class of a model, or of the last step of a pipeline."""
    return type(model[-1] if hasattr(model, "steps") else model).__name__


def one(name: str, model: Any, data: Any, convert: Callable[..., Any] | None) -> Iterator[tuple[str, Any, Any]]:
    rows, labels = data[0].astype(np.float32), data[1]
    model.fit(rows, labels)
    if convert is None:
        yield name, skl2onnx.to_onnx(model, rows[:1]), rows[:ROWS]
    else:
        yield name, convert(model, initial_types=[("x", FloatTensorType([None, rows.shape[1]]))]), rows[:ROWS]


def run(path: Path) -> None:
    """ONNX Runtime on the rows beside a model: all at once where the batch is open, else one by one."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    given, rows = session.get_inputs()[0], np.load(path.with_suffix(".rows.npy"))
    batches = [rows[number : number + 1] for number in range(len(rows))] if given.shape[0] == 1 else [rows]
    made = [session.run(None, {given.name: batch}) for batch in batches]
    outputs = [np.concatenate([plain(outputs[place]) for outputs in made]) for place in range(len(made[0]))]
    np.savez(path.with_suffix(".npz"), **dict(zip(("first", "second"), outputs, strict=False)))


def plain(output: Any) -> Any:
    """An array; of a ZipMap's dictionaries their values."""
    if isinstance(output, list):
        return np.array([list(row.values()) for row in output])
    return output


def main(folder: Path) -> None:
    for name, model, rows in exported():
        onnx.save(model, folder / f"{name}.onnx")
        np.save(folder / f"{name}.rows.npy", rows)
    for path in sorted(folder.glob("*.onnx")):
        run(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
