"""Decision trees, forests and boosted trees as one table of nodes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from compute.zkml.errors import NotFinite
from compute.zkml.graph import CLASSIFICATION, IDENTITY, LOGISTIC, REGRESSION, SOFTMAX, Forest, Total
from compute.zkml.importers.scikit.errors import (
    CategoricalFeatures,
    CustomStart,
    MissingValuesLearned,
    MultipleOutputs,
    OutputCurved,
)
from compute.zkml.importers.scikit.parts import Predictor, class_names, finite, kind_of
from compute.zkml.taps import Floats, Ints

SINGLE_TREES: Final = ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor")
FORESTS: Final = ("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor")
BOOSTED: Final = ("GradientBoostingClassifier", "GradientBoostingRegressor")
HISTOGRAM_BOOSTED: Final = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")
LEAF: Final = -1
STARTS: Final = {"DummyClassifier": ("prior", "most_frequent", "constant"), "DummyRegressor": ("mean", "median")}
FOREST_LAYER: Final = "trees"
# GradientBoostingClassifier says the second class of two when the sum is 0 or more, a single output of ours when it is
# more than 0: trees whose leaves are balanced do sum to exactly 0.
TIE: Final = 2.0**-40


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """One tree: children and leaves by node, leaves (nodes, outputs)."""

    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    leaves: Floats
    depth: int


def mean_of_trees(estimator: Any) -> Predictor:
    """A tree, or a forest's mean: of targets, or of each class' probability, as many outputs as classes.

    The leaves are summed as they are and the sum is divided, as scikit-learn does it, so that ties stay ties.
    Raises NotFinite, MultipleOutputs, SingleClass, MissingValuesLearned.
    """
    if estimator.n_outputs_ > 1:
        raise MultipleOutputs(kind_of(estimator), estimator.n_outputs_)
    classifies = hasattr(estimator, "classes_")
    classes = class_names(estimator) if classifies else ()
    parts = getattr(estimator, "estimators_", [estimator])
    trees = [_tree(part, finite(part.tree_.value, estimator)[:, 0, :]) for part in parts]
    kind = CLASSIFICATION if classifies else REGRESSION
    return _predictor(estimator, trees, np.zeros(trees[0].leaves.shape[1]), kind, classes, mean=len(trees) > 1)


def boosted_trees(estimator: Any) -> Predictor:
    """A constant and the trees' sum, by the learning rate.

    Raises NotFinite, SingleClass, MissingValuesLearned, CustomStart.
    """
    start = _start(estimator)

    def leaves(part: Any, column: int) -> Floats:
        values = finite(part.tree_.value, estimator)[:, 0, 0]
        return _in_column(estimator.learning_rate * values, column, len(start))

    trees = [_tree(part, leaves(part, column)) for stage in estimator.estimators_ for column, part in enumerate(stage)]
    if not hasattr(estimator, "classes_"):
        return _predictor(estimator, trees, start, REGRESSION, ())
    classes = class_names(estimator)
    link = _boosting_link(len(classes)) if estimator.loss == "log_loss" else IDENTITY
    return _predictor(estimator, trees, start + TIE if len(start) == 1 else start, CLASSIFICATION, classes, link)


def histogram_boosted_trees(estimator: Any) -> Predictor:
    """Boosted trees that compare in double precision.

    Raises NotFinite, SingleClass, MissingValuesLearned, CategoricalFeatures, OutputCurved.
    """
    classifies = hasattr(estimator, "classes_")
    classes = class_names(estimator) if classifies else ()
    if np.any(estimator.is_categorical_):  # None where there are none
        raise CategoricalFeatures(kind_of(estimator))
    if not classifies and estimator.loss in ("poisson", "gamma"):
        raise OutputCurved(kind_of(estimator), f"exp, by its loss {estimator.loss!r}")
    start = np.ravel(finite(estimator._baseline_prediction, estimator))
    trees = [
        _histogram_tree(part.nodes, estimator, column, len(start))
        for stage in estimator._predictors
        for column, part in enumerate(stage)
    ]
    kind, link = (CLASSIFICATION, _boosting_link(len(classes))) if classifies else (REGRESSION, IDENTITY)
    return _predictor(estimator, trees, start, kind, classes, link, single=False)


def _boosting_link(classes: int) -> str:
    return LOGISTIC if classes == 2 else SOFTMAX


def _tree(part: Any, leaves: Floats) -> Tree:
    tree = part.tree_
    feature = np.where(tree.children_left < 0, LEAF, tree.feature).astype(np.int64)
    threshold = np.asarray(tree.threshold, dtype=np.float64)
    _require_thresholds(part, feature, threshold)
    left, right = tree.children_left.astype(np.int64), tree.children_right.astype(np.int64)
    return Tree(feature, threshold, left, right, leaves, int(tree.max_depth))


def _histogram_tree(nodes: Any, estimator: Any, column: int, outputs: int) -> Tree:
    leaf = nodes["is_leaf"].astype(bool)
    feature = np.where(leaf, LEAF, nodes["feature_idx"]).astype(np.int64)
    threshold = np.where(leaf, 0.0, nodes["num_threshold"]).astype(np.float64)
    _require_thresholds(estimator, feature, threshold)
    left, right = (np.where(leaf, LEAF, nodes[side]).astype(np.int64) for side in ("left", "right"))
    leaves = _in_column(np.where(leaf, finite(nodes["value"], estimator), 0.0), column, outputs)
    return Tree(feature, threshold, left, right, leaves, int(nodes["depth"].max()))


def _require_thresholds(part: Any, feature: Ints, threshold: Floats) -> None:
    inner = threshold[feature >= 0]
    if np.isnan(inner).any():
        raise NotFinite(f"the {kind_of(part)}")
    if np.isinf(inner).any():  # every number to one side: the other is for missing values
        raise MissingValuesLearned(kind_of(part))


def _in_column(values: Floats, column: int, outputs: int) -> Floats:
    leaves = np.zeros((len(values), outputs))
    leaves[:, column] = values
    return leaves


def _start(estimator: Any) -> Floats:
    """What a boosted model adds its trees to (outputs,). Raises CustomStart."""
    start = estimator.init_
    if isinstance(start, str):  # "zero"
        return np.zeros(estimator.estimators_.shape[1])
    strategies = STARTS.get(kind_of(start), ())
    if getattr(start, "strategy", None) not in (*strategies, *(("quantile", "constant") if strategies else ())):
        raise CustomStart(kind_of(estimator), str(start))
    blank = np.zeros((1, estimator.n_features_in_), dtype=np.float32)
    return finite(estimator._raw_predict_init(blank)[0], estimator)  # the same for every row


def _predictor(
    estimator: Any,
    trees: Sequence[Tree],
    start: Floats,
    kind: str,
    classes: tuple[str, ...],
    link: str = IDENTITY,
    *,
    single: bool = True,
    mean: bool = False,
) -> Predictor:
    features = int(estimator.n_features_in_)
    firsts = np.cumsum([0, *(len(tree.feature) for tree in trees)]).astype(np.int64)

    def joined(name: str) -> Any:
        return np.concatenate([getattr(tree, name) for tree in trees])

    shift = np.repeat(firsts[:-1], np.diff(firsts))
    feature, left, right = joined("feature"), joined("left"), joined("right")
    forest = Forest(
        roots=firsts[:-1],
        feature=feature,
        threshold=np.where(feature < 0, 0.0, joined("threshold")),
        left=np.where(feature < 0, LEAF, left + shift),
        right=np.where(feature < 0, LEAF, right + shift),
        leaves=np.where(feature[:, None] < 0, joined("leaves"), 0.0),
        offset=start,
        offsets=np.zeros(features),
        steps=np.ones(features),
        single=single,
    )
    depth = max(tree.depth for tree in trees)
    shape = f"{len(trees)} trees depth {depth}" if len(trees) > 1 else f"depth {depth}"
    after = [("mean", Total((1 / len(trees),)))] if mean else []
    return Predictor(features, [(FOREST_LAYER, forest), *after], kind, classes, link, shape)
