"""Quantised models: exact bounds, and refusal of what could overflow."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
@given(st.integers(0, 2**32 - 1), st.integers(0, 44))
def test_64_bits_never_wrap(seed: int, bits: int) -> None:
    """The same sums in Python's own integers: what is accepted is exact at its edges, and only the wide is refused."""
    random = np.random.default_rng(seed)
    widths = random.integers(1, 4, random.integers(2, 5)).tolist()
    layers = [random.integers(-(2**bits), 2**bits + 1, (n, m)).tolist() for m, n in pairwise(widths)]
    reach = [255] * widths[0]
    for layer in layers:
        sizes = [sum(abs(w) * x for w, x in zip(line, reach, strict=True)) for line in layer]
        reach = [size >> 3 for size in sizes]
        if max(sizes) >= 2**60:
            break
    operations = [one for layer in layers for one in (dense(layer, (0,) * len(layer)), Relu(3))][:-1]
    try:
        model = chain(widths[0], operations, bits=8)
    except UnsupportedModel:
        assert max(sizes) >= 2**59
        return
    for row in random.choice([0, 255], (4, widths[0])).tolist():
        values = row
        for number, layer in enumerate(layers):
            sums = [sum(w * x for w, x in zip(line, values, strict=True)) for line in layer]
            values = sums if number == len(layers) - 1 else [max(value + 4, 0) >> 3 for value in sums]
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
