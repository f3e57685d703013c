"""Quantised models: exact bounds, and refusal of what could overflow."""

import numpy as np
import pytest
from hypothesis import given, settings

from compute.zkml.encoding import Levels
from compute.zkml.errors import BrokenStep, UnsupportedModel, WrongRowLength
from compute.zkml.model import QuantisedModel, Step, predicted_class
from compute.zkml.operations.leaky_relu import LeakyRelu
from compute.zkml.operations.rescale import Relu
from compute.zkml.operations.total import Total
from tests.support.small_models import SMALL, chain, dense, models_with_row

WIDE = tuple([127] * 64)


@settings(max_examples=100, deadline=None)
@given(models_with_row())
def test_every_value_lies_within_its_bounds(drawn: tuple[QuantisedModel, tuple[int, ...]]) -> None:
    model, row = drawn
    values = [model.encoding.expand(np.asarray([row], dtype=np.int64))]
    for step in model.steps:
        values.append(step.operation.evaluate([values[number] for number in step.inputs]))
    for value, bounds in zip(values, model.ranges, strict=True):
        assert np.all(bounds.low <= value[0]) and np.all(value[0] <= bounds.high)
    assert all(0 <= logit + model.output_offset < 2**model.output_bits for logit in model.logits(row))


@settings(max_examples=60, deadline=None)
@given(models_with_row())
def test_64_bits_never_wrap(drawn: tuple[QuantisedModel, tuple[int, ...]]) -> None:
    """The same model in Python's own integers, one neuron after the other."""
    model, row = drawn
    values = list(row)
    for step in model.steps:
        operation = step.operation
        if isinstance(operation, Relu):
            values = [max(value + operation.half, 0) >> operation.shift for value in values]
        else:
            weights = operation.weights.reshape(len(operation.bias), -1).tolist()  # type: ignore[attr-defined]
            bias = operation.bias.tolist()  # type: ignore[attr-defined]
            values = [
                sum(w * x for w, x in zip(line, values, strict=True)) + b for line, b in zip(weights, bias, strict=True)
            ]
    assert model.logits(row) == values


def test_many_rows_at_once_equal_one_by_one() -> None:
    rows = [(0, 0, 0), (15, 15, 15), (3, 9, 14)]
    together = SMALL.model.logits_of(np.asarray(rows, dtype=np.int64)).tolist()
    assert together == [SMALL.model.logits(row) for row in rows]


def test_the_reference_computes_what_is_written() -> None:
    model = chain(2, (dense(((2, -1),), (3,)), Relu(1), dense(((-5,), (7,)), (1, 0))))
    assert model.logits((4, 1)) == [-5 * ((2 * 4 - 1 + 3 + 1) >> 1) + 1, 7 * ((2 * 4 - 1 + 3 + 1) >> 1)]
    assert model.logits((0, 9)) == [1, 0]  # ReLU


def test_layers_that_do_not_fit_are_refused() -> None:
    for operations in ((dense(((1, 1),), (0,)),), (Total((1, 1)),), (dense(((1,),), (0,)), dense(((1, 1),), (0,)))):
        with pytest.raises(BrokenStep):
            chain(1, operations)


def test_an_accumulator_that_could_overflow_is_refused() -> None:
    model = chain(64, (dense((WIDE,), (2**59,)),), bits=8)
    assert model.logits((255,) * 64) == [2**59 + 127 * 64 * 255]
    for operations in (
        (dense((WIDE,), (2**60 - 1,)),),
        (dense((WIDE,), (2**59,)), Total((2,))),
        (dense((WIDE,), (2**52,)), LeakyRelu(1)),
        (dense((WIDE,), (2**59,)), dense(((3,),), (0,))),
    ):
        with pytest.raises(UnsupportedModel, match="accumulator"):
            chain(64, operations, bits=8)


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(WrongRowLength):
        SMALL.model.logits((1, 2))


def test_ties_and_single_logits_have_a_class() -> None:
    assert predicted_class([1, 5, 5]) == 1
    assert [predicted_class([logit]) for logit in (-1, 0, 1)] == [0, 0, 1]


def test_an_output_that_is_never_negative_needs_no_offset() -> None:
    above = chain(1, (dense(((3,),), (1,)),))
    below = chain(1, (dense(((-3,),), (1,)),))
    assert (above.output_offset, above.output_bits) == (0, 6)  # 1..46
    assert (below.output_offset, below.output_bits) == (64, 7)  # -44..1
    centred = QuantisedModel(Levels(1, 4, (-4.0,), (0.5,), 8), (Step(Relu(0), (0,), "relu"),))
    assert (centred.logits((3,)), centred.logits((9,))) == ([0], [1])
