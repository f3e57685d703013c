"""Convolutions and pools from ONNX, against its reference evaluator and against windows walked one by one.

The reference evaluator of onnx 1.23 misplaces the windows of some pools (ceil_mode, SAME_LOWER, uneven pads), so pools
are held against `pooled` here, and against ONNX Runtime in tests/peers.
"""

import itertools
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.zkml.graph import Affine, MaxPool
from compute.zkml.importers.errors import ImportTooLarge, NodeMalformed, WeightsNotConstant
from compute.zkml.importers.onnx import import_onnx
from tests.support.onnx_models import imported_and_agreeing, model_of, node, one, row_for

RNG = np.random.default_rng(11)


@st.composite
def settings_of_windows(draw: st.DrawFn) -> tuple[list[int], dict[str, Any]]:
    """A spatial shape with a kernel, strides, pads and dilations that fit."""
    rank = draw(st.integers(1, 2))
    lists = lambda low, high, size=rank: draw(st.lists(st.integers(low, high), min_size=size, max_size=size))  # noqa: E731
    kernel, strides, dilations = lists(1, 3), lists(1, 3), lists(1, 2)
    auto = draw(st.sampled_from(["NOTSET", "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"]))
    more = {"kernel_shape": kernel, "strides": strides, "dilations": dilations, "auto_pad": auto}
    if auto == "NOTSET":
        more["pads"] = [min(pad, size - 1) for pad, size in zip(lists(0, 2, 2 * rank), kernel * 2, strict=True)]
    return [draw(st.integers((size - 1) * gap + 1, 6)) for size, gap in zip(kernel, dilations, strict=True)], more


@settings(max_examples=40, deadline=None)
@given(settings_of_windows(), st.integers(1, 3), st.integers(1, 2), st.integers(1, 2), st.booleans())
def test_conv(drawn: tuple[list[int], dict[str, Any]], groups: int, inputs: int, outputs: int, biased: bool) -> None:
    spatial, more = drawn
    constants = {"w": RNG.normal(size=(groups * outputs, inputs, *more["kernel_shape"]))}
    constants |= {"b": RNG.normal(size=groups * outputs)} if biased else {}
    model = one("Conv", ["N", groups * inputs, *spatial], constants, group=groups, **more)
    affine = imported_and_agreeing(model, rows=1).nodes[0].operation
    assert isinstance(affine, Affine)
    assert (len(affine.weights), len(affine.bias)) == (constants["w"].size, groups * outputs)


def test_a_batch_that_a_reshape_made_is_convolved_too() -> None:
    nodes = [node("Reshape", ["x", "s"], ["r"]), node("Conv", ["r", "w"])]
    model = model_of(nodes, [1, 4, 6], {"s": np.array([2, 2, 6]), "w": RNG.normal(size=(3, 2, 2))})
    imported_and_agreeing(model)


def test_conv_shares_its_kernel() -> None:
    kernel, bias = RNG.normal(size=(8, 3, 3, 3)), RNG.normal(size=8)
    affine = import_onnx(one("Conv", [1, 3, 10, 10], {"w": kernel, "b": bias}, pads=[1] * 4)).nodes[0].operation
    assert isinstance(affine, Affine)
    np.testing.assert_array_equal(affine.weights, kernel.reshape(-1))
    np.testing.assert_array_equal(affine.bias, bias)
    # every weight is used at every place where its cell lies inside: (10 + 9 + 9) ** 2 cells of a row of three by three
    assert affine.taps.count == 8 * 3 * (10 + 9 + 9) ** 2
    assert affine.taps.bias_of.tolist() == np.repeat(np.arange(8), 100).tolist()


def test_convolutions_that_do_not_fit_are_refused() -> None:
    kernel = np.zeros((2, 3, 3))
    for more in ({"group": 2}, {"strides": [0]}, {"pads": [1, 1, 1]}, {"kernel_shape": [2]}, {"auto_pad": "LEFT"}):
        with pytest.raises(NodeMalformed, match="Conv"):
            import_onnx(one("Conv", [1, 3, 8], {"w": kernel}, **more))
    for shape in ([1, 3, 2], [1, 3], [1, 2, 8], [1, 3, 8, 8]):
        with pytest.raises(NodeMalformed, match="Conv"):
            import_onnx(one("Conv", shape, {"w": kernel}))
    with pytest.raises(NodeMalformed, match="biases"):
        import_onnx(one("Conv", [1, 3, 8], {"w": kernel, "b": np.zeros(3)}))


def test_a_computed_kernel_is_refused() -> None:
    with pytest.raises(WeightsNotConstant, match="operator Conv"):
        import_onnx(model_of([node("Conv", ["x", "x"])], [1, 1, 3, 3]))


def test_more_products_than_memory_are_refused_before_they_are_made() -> None:
    model = one("Conv", [1, 64, 64, 64], {"w": np.zeros((64, 64, 3, 3))})
    tracemalloc.start()
    try:
        with pytest.raises(ImportTooLarge, match="the Conv"):
            import_onnx(model)
        assert tracemalloc.get_traced_memory()[1] < 1 << 26  # the products would take 2 GiB
    finally:
        tracemalloc.stop()


def pooled(image: Any, more: dict[str, Any], of: Callable[[list[float], int], float]) -> Any:
    """(channels, spatial...) pooled: `of` sees a window's real values and how many cells lie in input or pads."""
    spatial, rank = image.shape[1:], image.ndim - 1
    axes = []
    for axis, length in enumerate(spatial):
        size, step, gap = (more[name][axis] for name in ("kernel_shape", "strides", "dilations"))
        reach = (size - 1) * gap + 1
        before, after = (more["pads"][axis], more["pads"][rank + axis]) if "pads" in more else (0, 0)
        if more["auto_pad"].startswith("SAME"):
            missing = max(0, (-(-length // step) - 1) * step + reach - length)
            before = (missing + (more["auto_pad"] == "SAME_LOWER")) // 2
            after = missing - before
        last = length + after - reach
        starts = list(range(-before, last + 1, step))
        if more.get("ceil_mode") and starts[-1] < last and starts[-1] + step < length:
            starts.append(starts[-1] + step)
        axes.append([[start + cell * gap for cell in range(size)] for start in starts])
        axes[-1] = [[(at, at < length + after) for at in window] for window in axes[-1]]
    result = []
    for channel, *windows in itertools.product(range(len(image)), *axes):
        cells = [cell for cell in itertools.product(*windows) if all(counted for _, counted in cell)]
        places = [tuple(at for at, _ in cell) for cell in cells]
        real = [place for place in places if all(0 <= at < length for at, length in zip(place, spatial, strict=True))]
        result.append(of([image[(channel, *place)] for place in real], len(places)))
    return np.array(result)


@settings(max_examples=40, deadline=None)
@given(settings_of_windows(), st.booleans(), st.sampled_from(["max", "mean", "mean with pads"]))
def test_pools(drawn: tuple[list[int], dict[str, Any]], ceil: bool, which: str) -> None:
    spatial, more = drawn
    more = more | ({"ceil_mode": int(ceil)} if more["auto_pad"] == "NOTSET" else {})
    counted = {"count_include_pad": 1} if which == "mean with pads" else {}
    operator = "MaxPool" if which == "max" else "AveragePool"
    model = one(operator, ["N", 2, *spatial], opset=19, **more, **counted)
    functions: dict[str, Callable[[list[float], int], float]] = {
        "max": lambda values, _: max(values),
        "mean": lambda values, _: sum(values) / len(values),
        "mean with pads": lambda values, places: sum(values) / places,
    }
    row = row_for(model)
    imported = import_onnx(model)
    np.testing.assert_allclose(
        imported.outputs(row.reshape(1, -1))[0], pooled(row[0], more, functions[which]), atol=1e-12
    )


@pytest.mark.parametrize("operator", ["MaxPool", "AveragePool"])
def test_pools_agree_with_the_reference_where_it_is_right(operator: str) -> None:
    imported_and_agreeing(one(operator, [1, 2, 6, 7], kernel_shape=[2, 3], strides=[2, 2], pads=[1, 1, 1, 1]))
    imported_and_agreeing(one(operator, [1, 2, 6], kernel_shape=[2]))


def test_padding_never_wins() -> None:
    model = one("MaxPool", [1, 1, 4], kernel_shape=[3], pads=[1, 1])
    imported = import_onnx(model)
    pool = imported.nodes[0].operation
    assert isinstance(pool, MaxPool)
    assert pool.windows.tolist() == [[0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 2]]
    assert imported.outputs(np.full((1, 4), -5.0)).tolist() == [[-5.0] * 4]


def test_average_pools_share_a_weight_for_each_size_of_window() -> None:
    affine = import_onnx(one("AveragePool", [1, 3, 8, 8], kernel_shape=[3, 3], pads=[1] * 4)).nodes[0].operation
    assert isinstance(affine, Affine)
    assert sorted(affine.weights.tolist()) == [1 / 9, 1 / 6, 1 / 4]


def test_a_window_in_the_padding_alone_is_refused() -> None:
    for operator in ("MaxPool", "AveragePool"):
        with pytest.raises(NodeMalformed, match="padding alone"):
            import_onnx(one(operator, [1, 1, 4], kernel_shape=[1], pads=[1, 0]))


@pytest.mark.parametrize("operator", ["GlobalAveragePool", "GlobalMaxPool"])
def test_global_pools(operator: str) -> None:
    imported_and_agreeing(one(operator, [1, 3, 2, 4]))


def test_global_pools_in_one_dimension() -> None:
    imported_and_agreeing(one("GlobalAveragePool", [1, 2, 5]))
    largest = import_onnx(one("GlobalMaxPool", [1, 2, 3]))
    assert largest.outputs(np.array([[1.0, 3.0, 2.0, -3.0, -2.0, -1.0]])).tolist() == [[3.0, -1.0]]


def test_pools_need_channels() -> None:
    for operator in ("GlobalAveragePool", "GlobalMaxPool", "MaxPool"):
        with pytest.raises(NodeMalformed, match="channels"):
            import_onnx(one(operator, [1, 4], **({"kernel_shape": [2]} if operator == "MaxPool" else {})))


@pytest.mark.parametrize("operator", ["ReduceMean", "ReduceSum"])
@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize("axes", [None, [2, -1], [1]])
def test_reductions(operator: str, keep: int, axes: list[int] | None) -> None:
    constants = {} if axes is None else {"axes": np.array(axes)}
    imported = imported_and_agreeing(one(operator, [1, 2, 3, 4], constants, keepdims=keep))
    affine = imported.nodes[0].operation
    assert isinstance(affine, Affine)
    assert len(affine.weights) == 1


def test_the_axes_of_a_mean_may_stand_in_an_attribute() -> None:
    imported_and_agreeing(one("ReduceMean", [1, 2, 3], axes=[-1], opset=13))


def test_a_reduction_over_no_axes_may_do_nothing() -> None:
    imported_and_agreeing(one("ReduceMean", [1, 2, 3], noop_with_empty_axes=1))
