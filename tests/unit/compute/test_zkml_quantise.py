"""From float to integers: the same classes, an honest error bound, and refusal of what cannot be proven."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from compute.zkml.calibrate import NumbersTooLarge, SampleEmpty, encoding_for
from compute.zkml.compiled import PRIVATE, PUBLIC_MODEL, Settings, compile
from compute.zkml.encoding import Levels, NotWhole, Thresholds
from compute.zkml.errors import ManifestUnusable, NotFinite, UnsupportedModel, WrongRowLength
from compute.zkml.example_models import DIGITS, ExampleModel, breast_cancer, digits
from compute.zkml.graph import IDENTITY, REGRESSION, Affine, FloatModel, Node, Relu, Total, classes_of
from compute.zkml.importers.scikit import import_scikit
from compute.zkml.model_file import encode_model
from compute.zkml.operations.linear import Linear
from compute.zkml.quantise import Quantised, quantise
from compute.zkml.taps import Floats

RANDOM = np.random.default_rng(5)
ROWS = RANDOM.normal(size=(60, 4))
LABELS = (ROWS[:, 0] + ROWS[:, 1] > 0).astype(int)


def levels_of(example: ExampleModel) -> Levels:
    encoding = example.provable.model.encoding
    assert isinstance(encoding, Levels)
    return encoding


def in_range(example: ExampleModel) -> Floats:
    """The held-out rows that the model takes."""
    levels = levels_of(example)
    found = np.rint((example.rows - np.asarray(levels.offsets)) / np.asarray(levels.steps))
    rows: Floats = example.rows[((found >= 0) & (found < 2**levels.bits)).all(axis=1)]
    assert len(rows) > 100
    return rows


def test_quantised_and_float_model_name_the_same_class_in_19_of_20_rows(example: ExampleModel) -> None:
    rows, manifest, model = in_range(example), example.provable.manifest, example.provable.model
    numbers = np.asarray([manifest.quantise(row) for row in rows.tolist()])
    ours = np.asarray(manifest.classes)[classes_of(model.logits_of(numbers))]
    assert np.mean(ours == example.classifier.predict(rows).astype(str)) >= 0.95


def test_the_manifest_says_what_quantising_cost(example: ExampleModel) -> None:
    manifest = example.provable.manifest
    assert manifest.score_float is not None and manifest.score_quantised is not None
    assert manifest.score_float > 0.95
    assert abs(manifest.score_float - manifest.score_quantised) < 0.02
    assert manifest.agreement > 0.95
    assert 0 < manifest.sample_error <= manifest.worst_error


def test_no_row_in_range_exceeds_the_stated_error(example: ExampleModel) -> None:
    """Random rows over the whole range, its corners, and those that drive each sum to its edges."""
    model, manifest, levels = example.provable.model, example.provable.manifest, levels_of(example)
    top, linear = 2**levels.bits - 1, model.steps[0].operation
    assert isinstance(linear, Linear)
    first = linear.taps.matrix(linear.weights).toarray()
    corners = np.concatenate([np.where(first > 0, top, 0), np.where(first < 0, top, 0)])
    chosen = np.concatenate([RANDOM.integers(0, top + 1, (2000, model.features)), corners])
    steps, offsets = np.asarray(levels.steps), np.asarray(levels.offsets)
    whole = (steps == 1.0) & (offsets == 0.0)
    jitter = np.where(whole, 0.0, RANDOM.uniform(-0.5, 0.5, chosen.shape))
    exact = import_scikit(example.classifier).outputs(offsets + (chosen + jitter) * steps)
    worst = float(np.abs(exact - model.logits_of(chosen) * manifest.unit).max())
    assert worst <= manifest.worst_error
    assert worst > manifest.worst_error / 100  # the bound says something


def test_examples_are_the_same_at_every_training(example: ExampleModel) -> None:
    again = digits() if example.name == DIGITS else breast_cancer()
    assert encode_model(again.provable) == encode_model(example.provable)


def test_training_the_examples_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        digits()


def test_more_than_two_classes_have_an_output_each() -> None:
    labels = np.argmax(ROWS[:, :3], axis=1)
    source = import_scikit(LogisticRegression().fit(ROWS, labels))
    made = quantise(source, ROWS, rows=ROWS, labels=labels)
    fidelity = made.fidelity
    assert (made.model.outputs, made.source.classes) == (3, ("0", "1", "2"))
    assert fidelity.score_float is not None and fidelity.score_quantised is not None
    assert fidelity.score_quantised >= fidelity.score_float - 0.05
    assert fidelity.score_float == np.mean(source.predictions(ROWS) == labels)


def test_the_class_alone_is_what_the_outputs_say() -> None:
    labels = np.argmax(ROWS[:, :3], axis=1)
    source = import_scikit(LogisticRegression().fit(ROWS, labels))
    open_, only = quantise(source, ROWS), quantise(source, ROWS, class_only=True, rows=ROWS, labels=labels)
    numbers = open_.model.encoding.nearest(ROWS)
    outputs = only.model.logits_of(numbers)
    assert (only.model.outputs, only.unit) == (1, 1.0)
    assert np.array_equal(outputs[:, 0], classes_of(open_.model.logits_of(numbers)))
    assert np.array_equal(only.predictions(outputs), outputs[:, 0])
    assert only.fidelity.score_quantised == np.mean(outputs[:, 0] == labels)
    assert quantise(replace(source, class_only=True), ROWS).class_only
    with pytest.raises(UnsupportedModel, match="class of a regression"):
        quantise(import_scikit(LinearRegression().fit(ROWS, LABELS)), ROWS, class_only=True)


def test_a_regression_is_scored_by_how_much_it_explains() -> None:
    target = ROWS @ [1.0, -2.0, 0.5, 0.0] + 0.3 * RANDOM.normal(size=60)
    fitted = LinearRegression().fit(ROWS, target)
    made = quantise(import_scikit(fitted), ROWS, rows=ROWS, labels=target)
    assert made.fidelity.score_float == pytest.approx(fitted.score(ROWS, target))
    assert made.fidelity.score_quantised == pytest.approx(fitted.score(ROWS, target), abs=0.01)
    assert made.fidelity.agreement > 0.9
    assert made.predictions(made.model.logits_of(made.model.encoding.nearest(ROWS)))[:, 0] == pytest.approx(
        fitted.predict(ROWS), abs=made.fidelity.sample_error + 1e-12
    )


def test_data_of_another_width_than_the_model_is_refused() -> None:
    source = import_scikit(LogisticRegression().fit(ROWS, LABELS))
    for sample in (ROWS[:, :3], ROWS[0]):
        with pytest.raises(WrongRowLength):
            quantise(source, sample)
    for sample in (ROWS[:0], []):
        with pytest.raises(SampleEmpty):
            compile(LogisticRegression().fit(ROWS, LABELS), sample)
    with pytest.raises(WrongRowLength):
        quantise(source, ROWS, rows=ROWS[:, :3], labels=LABELS)


def test_weights_and_samples_that_are_no_numbers_are_refused() -> None:
    source = import_scikit(LogisticRegression().fit(ROWS, LABELS))
    bad = ROWS.copy()
    for value in (np.nan, np.inf):
        bad[0, 0] = value
        with pytest.raises(NotFinite):
            quantise(source, bad)
        with pytest.raises(NotFinite):
            quantise(source, ROWS, rows=bad, labels=LABELS)
        with pytest.raises(NotFinite, match="dense"):
            quantise(with_first_weight(source, value), ROWS)


@pytest.mark.parametrize("scale", [1e307, 1e-320])
@pytest.mark.parametrize("committed", [False, True])
def test_a_sample_at_the_ends_of_double_precision_is_refused(scale: float, committed: bool) -> None:
    source = import_scikit(LogisticRegression().fit(ROWS, LABELS))
    with pytest.raises(NumbersTooLarge):
        quantise(source, ROWS / np.abs(ROWS).max() * 16 * scale, committed=committed)


def test_scales_that_leave_double_precision_are_refused() -> None:
    doubled = tuple(Node(Total((2.0,)), (number,)) for number in range(1100))
    model = FloatModel(4, doubled, tuple(map(str, range(1100))), REGRESSION, (), IDENTITY, "doubled")
    for sample in (ROWS, np.abs(ROWS)):
        with pytest.raises(NumbersTooLarge):
            quantise(model, sample)


@pytest.mark.parametrize("committed", [False, True])
def test_a_model_of_whole_numbers_takes_no_others(committed: bool) -> None:
    """Its error counts on rows that are not rounded."""
    rows = np.arange(40.0).reshape(-1, 2)
    for model in (LinearRegression(), DecisionTreeRegressor(max_depth=2)):
        made = quantise(import_scikit(model.fit(rows, rows[:, 0] * 127)), rows, committed=committed)
        if isinstance(made.model.encoding, Levels):
            assert made.model.encoding.numbers([3.0, 4.0]) == [3, 4]
            with pytest.raises(NotWhole):
                made.model.encoding.numbers([3.0, 4.5])
        else:
            assert isinstance(model, DecisionTreeRegressor)


def test_levels_of_step_one_that_are_not_of_whole_numbers_count_their_rounding() -> None:
    """A sample with a fraction whose one scale for all features is 1 all the same."""
    model = FloatModel(2, (Node(Relu(), (0,)),), ("relu",), REGRESSION, (), IDENTITY, "by hand")
    made = quantise(model, np.asarray([[255.0, 0.5], [0.0, 3.0]]))
    assert isinstance(made.model.encoding, Levels)
    assert (made.model.encoding.steps, made.model.encoding.whole) == ((1.0,), False)
    assert made.model.encoding.numbers([10.4, 0.0]) == [10, 0]
    assert made.fidelity.worst_error >= 0.5


def test_what_is_published_of_a_committed_model_does_not_tell_its_weights() -> None:
    """Its unit times 127 was the largest weight of a level, to sixteen digits."""
    model = LinearRegression().fit(ROWS, ROWS @ [1.2345678, -0.5, 0.25, 0.0] + 7)
    plain, hidden = (compile(model, ROWS, settings=Settings(profile)).manifest for profile in (PUBLIC_MODEL, PRIVATE))
    other = compile(LinearRegression().fit(ROWS, model.predict(ROWS) * 1.01), ROWS, settings=Settings(PRIVATE)).manifest
    assert hidden.unit == other.unit and hidden.unit != plain.unit
    assert float(f"{hidden.unit:.12g}") == float(f"{2.0 ** (round(8 * np.log2(hidden.unit)) / 8):.12g}")
    assert hidden.maxima == () and plain.maxima != ()
    for error in (hidden.worst_error, hidden.sample_error):
        assert error == float(f"{error:.2e}")
    exact = quantise(import_scikit(model), ROWS, committed=True).fidelity
    assert exact.worst_error <= hidden.worst_error <= 1.02 * exact.worst_error


def with_first_weight(source: FloatModel, value: float) -> FloatModel:
    (node,) = source.nodes
    assert isinstance(node.operation, Affine)
    weights = np.concatenate([[value], node.operation.weights[1:]])
    return replace(source, nodes=(replace(node, operation=replace(node.operation, weights=weights)),))


def test_rows_are_encoded_by_what_the_sample_shows() -> None:
    source = import_scikit(LogisticRegression().fit(ROWS, LABELS))
    constant = ROWS.copy()
    constant[:, 1] = 7.0
    scaled, whole = encoding_for(source, constant), encoding_for(source, np.abs(np.rint(ROWS)) + 3)
    assert isinstance(scaled, Levels) and isinstance(whole, Levels)
    assert all(step > 0 for step in scaled.steps) and len(scaled.steps) == 4
    assert [scaled.numbers([*constant[0, :1], value, *constant[0, 2:]])[1] for value in (6.5, 7.0, 8.5)] == [0, 64, 255]
    assert (whole.offsets, whole.steps) == ((0.0,), (1.0,))
    tree = encoding_for(import_scikit(DecisionTreeClassifier(max_depth=2).fit(ROWS, LABELS)), ROWS)
    assert isinstance(tree, Thresholds)
    assert 1 <= sum(tree.tops) <= 3


def test_all_of_the_sample_is_in_range_and_half_its_width_beyond() -> None:
    levels = encoding_for(import_scikit(LogisticRegression().fit(ROWS, LABELS)), ROWS)
    width = np.ptp(ROWS, axis=0)
    for row in (*ROWS, ROWS.min(axis=0) - 0.49 * width, ROWS.max(axis=0) + 0.49 * width):
        numbers = levels.numbers(row.tolist())
        assert numbers == levels.nearest(row.reshape(1, -1))[0].tolist()


def test_features_of_one_width_and_many_offsets_are_encoded() -> None:
    """One step for all and an offset for each: how samples of equal spread, or a single row, come out."""
    sample = np.arange(3.0) + np.asarray([[0.25], [1.25]])
    source = import_scikit(LinearRegression().fit(sample, [0.0, 1.0]))
    for rows in (sample, sample[:1]):
        encoding = quantise(source, rows).model.encoding
        assert encoding.numbers(rows[0].tolist()) == encoding.nearest(rows)[0].tolist()


def test_a_model_without_weights_has_nothing_to_commit_to() -> None:
    total = FloatModel(4, (Node(Total((1.0, 2.0)), (0, 0)),), ("total",), REGRESSION, (), IDENTITY, "total")
    assert not quantise(total, ROWS).model.committed
    with pytest.raises(UnsupportedModel, match="commit"):
        quantise(total, ROWS, committed=True)


def test_a_committed_model_says_the_same_classes() -> None:
    labels = np.argmax(ROWS[:, :3], axis=1)
    source = import_scikit(LogisticRegression().fit(ROWS, labels))
    made: Quantised = quantise(source, ROWS, committed=True)
    assert made.model.committed and len(made.model.secrets) == 4 * 3 + 3
    assert made.fidelity.agreement > 0.9


@pytest.mark.parametrize("name", ["\x1b[2Jproven", "b\nproven"])
def test_a_class_whose_name_would_steer_a_terminal_is_refused_at_once(name: str) -> None:
    with pytest.raises(ManifestUnusable, match="cannot be printed"):
        compile(LogisticRegression().fit(ROWS, LABELS), ROWS, classes=["a", name])
