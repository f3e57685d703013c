"""TreeEnsembleRegressor, TreeEnsembleClassifier and TreeEnsemble of ai.onnx.ml."""

from typing import Any, Final

import numpy as np

from compute.zkml.graph import IDENTITY, LOGISTIC, SOFTMAX
from compute.zkml.importers.onnx.arithmetic import scaled
from compute.zkml.importers.onnx.call import Call, Support
from compute.zkml.importers.onnx.dense import class_names, link_of
from compute.zkml.importers.onnx.forest import Split, Trees, forest_of
from compute.zkml.importers.onnx.tensors import Computed, Label, Scored, Tensor
from compute.zkml.taps import Floats

# The numbers of ai.onnx.ml 5 for what earlier versions name.
MODES: Final = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER")
AGGREGATES: Final = ("AVERAGE", "SUM", "MIN", "MAX")
LINKS: Final = {0: IDENTITY, 1: SOFTMAX, 2: LOGISTIC}


def tree_ensemble_regressor(call: Call) -> Tensor:
    targets = _targets(call)
    trees = _trees(call, "target", targets)
    offset = _base_values(call, targets)
    made = _aggregated(call, trees, call.text("aggregate_function", "SUM"), offset)
    return _linked(call, made, link_of(call))


def tree_ensemble_classifier(call: Call) -> tuple[Tensor, ...]:
    """Scores by class. Where all leaves speak of one class of two, the binary case.

    There a single score s decides. With a logistic link the class is 1 when s > 0. With none, exporters mean a
    probability when no leaf is negative, so the scores are (1 - s, s); else (-s, s). So does ONNX Runtime.
    """
    classes, link = class_names(call, "classlabels_int64s"), link_of(call)
    if len(classes) < 2:
        raise call.malformed(f"{len(classes)} class labels")
    ids = _list(call, "class_ids")
    binary = len(classes) == 2 and len(set(ids)) == 1
    trees = _trees(call, "class", 1 if binary else len(classes))
    scores = forest_of(call, trees, _class_base(call, len(classes), binary))
    if not binary:
        scored = Scored(scores, link, call.operator, call.name, classes)
    elif link == IDENTITY and min(_values(call, "class_weights")) >= 0:
        both = scaled(call, scores, np.array([-1.0, 1.0]), np.array([1.0, 0.0]))
        scored = Scored(both, link, call.operator, call.name, classes)
    elif link == SOFTMAX:
        both = scaled(call, scores, np.array([-1.0, 1.0]))
        scored = Scored(both, link, call.operator, call.name, classes)
    else:
        scored = Scored(scores, link, call.operator, call.name, classes, pair=True)
    return Label(scored), scored


def _class_base(call: Call, classes: int, binary: bool) -> Floats:
    """base_values; in the binary case the last of them."""
    if not binary:
        return _base_values(call, classes)
    given = _values(call, "base_values")
    if len(given) > 2:
        raise call.malformed(f"{len(given)} base_values for two classes")
    return call.finite(np.array(given[-1:] or [0.0]), "base_values")


def tree_ensemble(call: Call) -> Tensor:
    """The form of ai.onnx.ml 5: inner nodes and leaves in tables of their own."""
    targets = _targets(call)
    names = ("nodes_featureids", "nodes_modes", "nodes_truenodeids", "nodes_falsenodeids")
    features, modes, then, otherwise = (_list(call, name) for name in names)
    then_leaf, otherwise_leaf = _list(call, "nodes_trueleafs"), _list(call, "nodes_falseleafs")
    thresholds, weights = _values(call, "nodes_splits"), _values(call, "leaf_weights")
    target_ids, roots = _list(call, "leaf_targetids"), _list(call, "tree_roots")
    columns = (features, modes, then, otherwise, then_leaf, otherwise_leaf, thresholds)
    if len({len(column) for column in columns}) != 1 or len(weights) != len(target_ids):
        raise call.malformed("its attributes for nodes or leaves are not of one length")
    count = len(features)
    splits, places = {}, []
    for number in range(count):
        ends = ((then, then_leaf), (otherwise, otherwise_leaf))
        below = [count + ids[number] if leaf[number] else ids[number] for ids, leaf in ends]
        if any(not 0 <= child < count + len(weights) for child in below) or not 0 <= modes[number] < len(MODES):
            raise call.malformed(f"tree node {number} has children or a mode that do not exist")
        splits[number] = Split(MODES[modes[number]], features[number], thresholds[number], below[0], below[1])
    for root in roots:
        if not 0 <= root < count:
            raise call.malformed(f"tree root {root} is none of {count} nodes")
        split = splits[root]
        lone = split.then == split.otherwise >= count  # a tree of one leaf, as version 5 writes it
        places.append(split.then if lone else root)
        if lone:
            del splits[root]
    leaves = _leaf_rows(call, targets, zip(range(count, count + len(weights)), target_ids, weights, strict=True))
    # Leaves may be shared between trees; each reader gets its own number.
    single = _is_single(call, "nodes_splits")
    trees = _with_own_leaves(Trees(splits, leaves, places, targets, single), count, count + len(weights))
    aggregate, link = call.integer("aggregate_function", 1), call.integer("post_transform", 0)
    if not 0 <= aggregate < len(AGGREGATES) or link not in LINKS:
        raise call.unsupported(f"aggregate_function {aggregate} or post_transform {link}", "use SUM and NONE")
    return _linked(call, _aggregated(call, trees, AGGREGATES[aggregate], np.zeros(targets)), LINKS[link])


def _with_own_leaves(trees: Trees, first: int, fresh: int) -> Trees:
    splits, leaves = {}, dict(trees.leaves)
    for number, split in trees.splits.items():
        children = []
        for child in (split.then, split.otherwise):
            if child >= first:
                leaves[fresh] = trees.leaves[child]
                child, fresh = fresh, fresh + 1
            children.append(child)
        splits[number] = split._replace(then=children[0], otherwise=children[1])
    return Trees(splits, leaves, trees.roots, trees.outputs, trees.single)


def _aggregated(call: Call, trees: Trees, aggregate: str, offset: Floats) -> Computed:
    """SUM as it is, AVERAGE in the leaves; of a single tree MIN and MAX are that tree."""
    if aggregate == "AVERAGE":
        trees.leaves = {number: leaf / len(trees.roots) for number, leaf in trees.leaves.items()}
    elif aggregate != "SUM" and (aggregate not in ("MIN", "MAX") or len(trees.roots) > 1 or trees.outputs > 1):
        raise call.unsupported(f"aggregate_function {aggregate} over trees", "supported are SUM and AVERAGE")
    return forest_of(call, trees, offset)


def _linked(call: Call, made: Computed, link: str) -> Tensor:
    return made if link == IDENTITY else Scored(made, link, call.operator, call.name)


def _base_values(call: Call, outputs: int) -> Floats:
    given = call.finite(np.array(_values(call, "base_values") or [0.0] * outputs), "base_values")
    if len(given) != outputs:
        raise call.malformed(f"{len(given)} base_values for {outputs} outputs")
    return given


def _trees(call: Call, prefix: str, outputs: int) -> Trees:
    """From lists with a tree number and a node number in each entry; prefix names those of the leaves."""
    tree_ids, node_ids = _list(call, "nodes_treeids"), _list(call, "nodes_nodeids")
    features, modes = _list(call, "nodes_featureids"), call.attributes.get("nodes_modes") or []
    then, otherwise = _list(call, "nodes_truenodeids"), _list(call, "nodes_falsenodeids")
    thresholds = _values(call, "nodes_values")
    columns: tuple[Any, ...] = (tree_ids, node_ids, features, modes, then, otherwise, thresholds)
    keys = list(zip(tree_ids, node_ids, strict=False))
    number_of = {key: number for number, key in enumerate(keys)}
    if len({len(column) for column in columns}) != 1 or not keys or len(number_of) != len(keys):
        raise call.malformed("its attributes for nodes are not of one length, are empty, or name a node twice")
    splits = {}
    for number, (tree, mode) in enumerate(zip(tree_ids, modes, strict=True)):
        if mode != b"LEAF":
            below = [number_of.get((tree, child[number])) for child in (then, otherwise)]
            if below[0] is None or below[1] is None:
                raise call.malformed(f"tree {tree} lacks a node that its node {node_ids[number]} leads to")
            name = mode.decode("utf-8", "replace")
            splits[number] = Split(name, features[number], thresholds[number], below[0], below[1])
    leaf_trees, leaf_nodes = _list(call, f"{prefix}_treeids"), _list(call, f"{prefix}_nodeids")
    ids, weights = _list(call, f"{prefix}_ids"), _values(call, f"{prefix}_weights")
    if len({len(leaf_trees), len(leaf_nodes), len(ids), len(weights)}) != 1:
        raise call.malformed("its attributes for leaves are not of one length")
    places = [number_of.get(key, -1) for key in zip(leaf_trees, leaf_nodes, strict=True)]
    ids = [0] * len(ids) if outputs == 1 and prefix == "class" else ids
    roots = sorted({tree: number for number, tree in reversed(list(enumerate(tree_ids)))}.values())
    leaves = _leaf_rows(call, outputs, zip(places, ids, weights, strict=True))
    return Trees(splits, leaves, roots, outputs, _is_single(call, "nodes_values_as_tensor"))


def _targets(call: Call) -> int:
    """How many outputs there are. Raises NodeMalformed, ImportTooLarge."""
    targets = call.integer("n_targets", 1)
    if targets < 1:
        raise call.malformed(f"{targets} targets")
    call.sketch.reserve(targets, call.name)
    return targets


def _is_single(call: Call, name: str) -> bool:
    """Whether thresholds are floats; where they are doubles, in a tensor, so is what they meet."""
    tensor = call.attributes.get(name)
    return not (isinstance(tensor, np.ndarray) and tensor.dtype == np.float64)


def _leaf_rows(call: Call, outputs: int, entries: Any) -> dict[int, Floats]:
    """Weights by leaf and output: entries are (leaf, output, weight)."""
    rows: dict[int, Floats] = {}
    for leaf, output, weight in entries:
        if leaf < 0 or not 0 <= output < outputs:
            raise call.malformed(f"a leaf weight for output {output} of {outputs}, or for a node that is not there")
        if leaf not in rows:
            call.sketch.reserve(outputs, call.name)
            rows[leaf] = np.zeros(outputs)
        rows[leaf][output] += weight
    return rows


def _list(call: Call, name: str) -> list[int]:
    return [int(entry) for entry in call.attributes.get(name, ())]


def _values(call: Call, name: str) -> list[float]:
    """A list of floats, from an attribute or the tensor that later versions allow in its place."""
    tensor = call.attributes.get(f"{name}_as_tensor")
    given = tensor if tensor is not None else call.attributes.get(name, ())
    return [float(entry) for entry in np.asarray(given, dtype=np.float64).reshape(-1)]


OPERATORS: Final = {
    "TreeEnsembleClassifier": Support(
        tree_ensemble_classifier,
        "on the row, chosen and scaled; all comparisons; post_transform NONE, LOGISTIC or SOFTMAX",
        "ai.onnx.ml",
    ),
    "TreeEnsembleRegressor": Support(
        tree_ensemble_regressor, "as TreeEnsembleClassifier; SUM and AVERAGE", "ai.onnx.ml"
    ),
    "TreeEnsemble": Support(tree_ensemble, "as TreeEnsembleRegressor; no set membership", "ai.onnx.ml"),
}
