"""Quantised models made by hand, so small that their circuits and keys cost next to nothing."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import strategies as st

from compute.zkml.manifest import FORMAT, Manifest
from compute.zkml.model import DenseLayer, QuantisedModel
from compute.zkml.quantise import Quantised

INPUT_BITS = 4


def quantised(model: QuantisedModel, step: float = 0.5) -> Quantised:
    """The model with a manifest that fits it; a feature is `step` times its number."""
    manifest = Manifest(
        format=FORMAT,
        architecture="by hand",
        features=model.features,
        input_bits=model.input_bits,
        offsets=(0.0,) * model.features,
        steps=(step,) * model.features,
        outputs=model.outputs,
        output_bits=model.output_bits,
        logit_step=1.0,
        classes=tuple(f"class {index}" for index in range(max(2, model.outputs))),
        shifts=tuple(layer.shift for layer in model.layers if layer.shift is not None),
        calibrated_maxima=(0,) * len(model.layers),
        worst_logit_error=0.0,
        accuracy_float=1.0,
        accuracy_quantised=1.0,
    )
    return Quantised(model, manifest)


SMALL = quantised(
    QuantisedModel(
        INPUT_BITS,
        (DenseLayer(((5, -3, 2), (-7, 1, 4)), (3, -2), 1), DenseLayer(((3, -5), (-2, 6), (1, 1)), (1, -4, 0), None)),
    )
)
OTHER = quantised(QuantisedModel(INPUT_BITS, (DenseLayer(((1, 2, 3),), (-20,), None),)))


def with_weight(model: QuantisedModel, weight: int) -> QuantisedModel:
    """The model with another first weight."""
    first, *rest = model.layers
    row, *rows = first.weights
    return replace(model, layers=(replace(first, weights=((weight, *row[1:]), *rows)), *rest))


@st.composite
def models(draw: st.DrawFn, widest: int = 3) -> QuantisedModel:
    """Any small model: one to three layers, weights and shifts at and between their edges."""
    widths = draw(st.lists(st.integers(1, widest), min_size=2, max_size=4))
    weight = st.one_of(st.sampled_from((-127, -1, 0, 1, 127)), st.integers(-127, 127))
    layers = []
    for number, (inputs, outputs) in enumerate(pairwise(widths)):
        rows = draw(st.tuples(*[st.tuples(*[weight] * inputs)] * outputs))
        bias = draw(st.tuples(*[st.integers(-1000, 1000)] * outputs))
        last = number == len(widths) - 2
        layers.append(DenseLayer(rows, bias, None if last else draw(st.integers(0, 12))))
    return QuantisedModel(draw(st.integers(1, 8)), tuple(layers))


@st.composite
def models_with_row(draw: st.DrawFn) -> tuple[QuantisedModel, tuple[int, ...]]:
    """A model and a row within its range, often at the range's edges."""
    model = draw(models())
    top = 2**model.input_bits - 1
    value = st.one_of(st.sampled_from((0, top)), st.integers(0, top))
    return model, draw(st.tuples(*[value] * model.features))
