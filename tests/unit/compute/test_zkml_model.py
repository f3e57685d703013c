"""Quantised models: exact bounds, and refusal of what could overflow."""

import numpy as np
import pytest
from hypothesis import given, settings

from compute.zkml.errors import UnsupportedModel, WrongRowLength
from compute.zkml.model import DenseLayer, QuantisedModel, predicted_class
from tests.support.small_models import SMALL, models_with_row

WIDE = DenseLayer((tuple([127] * 64),), (2**59,), None)


@settings(max_examples=100, deadline=None)
@given(models_with_row())
def test_every_accumulator_lies_within_its_bounds(drawn: tuple[QuantisedModel, tuple[int, ...]]) -> None:
    model, row = drawn
    values = np.asarray(row, dtype=np.int64)
    for layer, bounds in zip(model.layers, model.layer_bounds(), strict=True):
        values = np.asarray(layer.weights) @ values + np.asarray(layer.bias)
        assert all(low <= value <= high for value, (low, high) in zip(values.tolist(), bounds, strict=True))
        if layer.shift is not None:
            values = np.maximum(values, 0) >> layer.shift
    half = 1 << (model.output_bits - 1)
    assert all(0 <= logit + half < 2 * half for logit in model.logits(row))


def test_many_rows_at_once_equal_one_by_one() -> None:
    rows = [(0, 0, 0), (15, 15, 15), (3, 9, 14)]
    together = SMALL.model.logits_of(np.asarray(rows, dtype=np.int64)).tolist()
    assert together == [SMALL.model.logits(row) for row in rows]


def test_the_reference_computes_what_is_written() -> None:
    model = QuantisedModel(4, (DenseLayer(((2, -1),), (3,), 1), DenseLayer(((-5,), (7,)), (1, 0), None)))
    assert model.logits((4, 1)) == [-5 * ((2 * 4 - 1 + 3) >> 1) + 1, 7 * ((2 * 4 - 1 + 3) >> 1)]
    assert model.logits((0, 9)) == [1, 0]  # ReLU


def test_layers_in_another_order_are_refused() -> None:
    hidden, last = DenseLayer(((1,),), (0,), 0), DenseLayer(((1,),), (0,), None)
    for layers in ((), (hidden,), (last, last), (last, hidden)):
        with pytest.raises(UnsupportedModel):
            QuantisedModel(4, layers)


def test_an_accumulator_that_could_overflow_is_refused() -> None:
    QuantisedModel(8, (WIDE,))
    with pytest.raises(UnsupportedModel):
        QuantisedModel(8, (DenseLayer(WIDE.weights, (2**60,), None),))


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(WrongRowLength):
        SMALL.model.logits((1, 2))


def test_ties_and_single_logits_have_a_class() -> None:
    assert predicted_class([1, 5, 5]) == 1
    assert [predicted_class([logit]) for logit in (-1, 0, 1)] == [0, 0, 1]
