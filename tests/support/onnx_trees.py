"""Random tree ensembles as ONNX, and rows at each of their thresholds and one float32 beside."""

from itertools import product
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto

from tests.support.onnx_models import model_of, node

ML = "ai.onnx.ml"
THRESHOLDS = [float(np.float32(value)) for value in (0.1, -1.5, 0.0, 3.25)]
MODES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]
FEATURES = 2


def grown(
    rng: np.random.Generator, trees: int, depth: int, modes: list[str], prefix: str, outputs: int
) -> dict[str, Any]:
    """Attributes of random full trees."""
    columns: dict[str, list[Any]] = {
        name: [] for name in ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids")
    }
    leaves: dict[str, list[Any]] = {"treeids": [], "nodeids": [], "ids": [], "weights": []}
    inner = 2**depth - 1
    for tree, number in product(range(trees), range(2 * inner + 1)):
        is_leaf = number >= inner
        row = (tree, number, int(rng.integers(FEATURES)), "LEAF" if is_leaf else str(rng.choice(modes)))
        below = (0, 0) if is_leaf else (2 * number + 1, 2 * number + 2)
        for name, value in zip(columns, (*row, float(rng.choice(THRESHOLDS)), *below), strict=True):
            columns[name].append(value)
        for output in range(outputs) if is_leaf else ():
            for name, value in zip(leaves, (tree, number, output, float(np.float32(rng.normal()))), strict=True):
                leaves[name].append(value)
    return {f"nodes_{name}": values for name, values in columns.items()} | {
        f"{prefix}_{name}": values for name, values in leaves.items()
    }


def regressor(seed: int, outputs: int = 1, depth: int = 3, modes: list[str] = MODES, **more: Any) -> ModelProto:
    """Three random full trees over x of FEATURES features; `more` replaces attributes."""
    attributes = grown(np.random.default_rng(seed), 3, depth, modes, "target", outputs)
    attributes |= {"n_targets": outputs, "aggregate_function": "SUM", "post_transform": "NONE"} | more
    return model_of(
        [node("TreeEnsembleRegressor", ["x"], domain=ML, **attributes)], ["N", FEATURES], kind=TensorProto.FLOAT
    )


def edges() -> Any:
    """Rows of every threshold and the singles beside it."""
    singles = [np.float32(value) for value in THRESHOLDS]
    beside = [np.nextafter(value, np.float32(side)) for value in singles for side in (-np.inf, np.inf)]
    return np.array(list(product([*singles, *beside], repeat=FEATURES)), dtype=np.float32)
