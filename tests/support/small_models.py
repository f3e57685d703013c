"""Quantised models made by hand, so small that their circuits and keys cost next to nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from compute.zkml.encoding import Levels
from compute.zkml.graph import CLASSIFICATION, IDENTITY
from compute.zkml.inference import ENCRYPTED, Inference, Weights
from compute.zkml.manifest import FORMAT, Manifest
from compute.zkml.model import QuantisedModel, Step
from compute.zkml.operations.linear import Linear
from compute.zkml.operations.operation import Operation
from compute.zkml.operations.rescale import Relu
from compute.zkml.provable import Provable
from compute.zkml.taps import dense_taps

INPUT_BITS = 4
BIAS_BITS = 12  # of committed models
MODEL_SALT = 77


def dense(weights: Sequence[Sequence[int]], bias: Sequence[int], bias_bits: int = 0) -> Linear:
    """A full matrix (outputs, inputs); committed where bias_bits says so."""
    matrix = np.asarray(weights, dtype=np.int64)
    return Linear(dense_taps(*matrix.shape), matrix.reshape(-1), np.asarray(bias, dtype=np.int64), bias_bits)


def chain(
    features: int, operations: Iterable[Operation], *, bits: int = INPUT_BITS, step: float = 0.5
) -> QuantisedModel:
    """Operations one after the other on `features` numbers of `bits` bits; a feature is `step` times its number."""
    steps = tuple(Step(one, (number,), f"{number} {one.kind}") for number, one in enumerate(operations))
    return QuantisedModel(Levels(features, bits, (0.0,), (step,)), steps)


def proven(model: QuantisedModel, rows: int = 1, results: str = ENCRYPTED) -> Provable:
    """The model under a statement, with a manifest that fits it; a committed model's salt is MODEL_SALT."""
    statement = Inference(model, rows, results)
    manifest = Manifest(
        format=FORMAT,
        architecture="by hand",
        kind=CLASSIFICATION,
        classes=tuple(f"class {index}" for index in range(max(2, model.outputs))),
        link=IDENTITY,
        class_only=False,
        committed_model=model.committed,
        rows=rows,
        results=results,
        keyed=False,
        encoding=model.encoding,
        outputs=model.outputs,
        output_bits=model.output_bits,
        output_offset=model.output_offset,
        unit=1.0,
        maxima=(0,),
        shifts=tuple(step.operation.shift for step in model.steps if isinstance(step.operation, Relu)),
        worst_error=0.0,
        sample_error=0.0,
        agreement=1.0,
        score_float=1.0,
        score_quantised=1.0,
    )
    weights = Weights(tuple(model.secrets.tolist()), MODEL_SALT) if model.committed else None
    return Provable(statement, manifest, weights)


SMALL = proven(
    chain(3, (dense(((5, -3, 2), (-7, 1, 4)), (3, -2)), Relu(1), dense(((3, -5), (-2, 6), (1, 1)), (1, -4, 0))))
)
OTHER = proven(chain(3, (dense(((1, 2, 3),), (-20,)),)))
COMMITTED_MODEL = proven(
    chain(2, (dense(((3, -2), (-1, 2)), (1, -1), BIAS_BITS), Relu(1), dense(((2, -1),), (1,), BIAS_BITS)), bits=2)
)


def with_weight(model: QuantisedModel, weight: int) -> QuantisedModel:
    """The model with another first weight."""
    first, *rest = model.steps
    assert isinstance(first.operation, Linear)
    weights = np.concatenate([[weight], first.operation.weights[1:]])
    return QuantisedModel(model.encoding, (replace(first, operation=replace(first.operation, weights=weights)), *rest))


@st.composite
def models(draw: st.DrawFn, widest: int = 3, committed: bool = False) -> QuantisedModel:
    """Any small model: one to three layers, weights and shifts at and between their edges."""
    widths = draw(st.lists(st.integers(1, widest), min_size=2, max_size=4))
    weight = st.one_of(st.sampled_from((-128, -127, -1, 0, 1, 127)), st.integers(-127, 127))
    operations: list[Operation] = []
    for inputs, outputs in pairwise(widths):
        rows = draw(st.tuples(*[st.tuples(*[weight] * inputs)] * outputs))
        bias = draw(st.tuples(*[st.integers(-1000, 1000)] * outputs))
        operations += [dense(rows, bias, BIAS_BITS if committed else 0), Relu(draw(st.integers(0, 12)))]
    return chain(widths[0], operations[:-1], bits=draw(st.integers(1, 8)))


@st.composite
def models_with_row(draw: st.DrawFn) -> tuple[QuantisedModel, tuple[int, ...]]:
    """A model and a row within its range, often at the range's edges."""
    model = draw(models())
    return model, draw(rows_of(model))


def rows_of(model: QuantisedModel, count: int = 1) -> st.SearchStrategy[tuple[int, ...]]:
    """`count` encoded rows of a model, one after the other, often at the range's edges."""
    tops = model.encoding.tops * count
    return st.tuples(*[st.one_of(st.sampled_from((0, top)), st.integers(0, top)) for top in tops])
