"""Manifests: what a buyer reads from a chain was written by somebody else, and is refused unless it is whole."""

import json
import math
from base64 import b64encode
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compute.zkml.encoding import Levels, Thresholds
from compute.zkml.errors import ManifestUnusable, NotFinite, RowOutOfRange, WrongRowCount, WrongRowLength
from compute.zkml.graph import LOGISTIC, REGRESSION, SOFTMAX
from compute.zkml.manifest import decode_manifest
from tests.support.small_models import SMALL

MANIFEST = SMALL.manifest
ENCODING = json.loads(MANIFEST.encode())["encoding"]
TENTH = float(np.float32(0.1))
TREES = replace(MANIFEST, encoding=Thresholds(((TENTH, 0.25), (-3.0,)), (0.0, 1.5), (1.0,)))


def changed(**changes: Any) -> bytes:
    return json.dumps({**json.loads(MANIFEST.encode()), **changes}).encode()


def levels(**changes: Any) -> bytes:
    return changed(encoding={**json.loads(MANIFEST.encode())["encoding"], **changes})


def thresholds(**changes: Any) -> bytes:
    return changed(encoding={**json.loads(TREES.encode())["encoding"], **changes})


def floats(*values: float) -> str:
    return b64encode(np.asarray(values, dtype="<f4").tobytes()).decode()


def test_a_manifest_is_what_its_bytes_say() -> None:
    doubles = replace(MANIFEST, encoding=Thresholds(((0.1, 0.2), ()), (0.0,), (1.0,), single=False))
    whole = replace(MANIFEST, encoding=Levels(3, 4, (0.0,), (1.0,), whole=True))
    leaves = replace(MANIFEST, encoding=Thresholds(((), ()), (0.0,), (1.0,)))
    for manifest in (MANIFEST, TREES, doubles, whole, leaves):
        assert decode_manifest(manifest.encode()) == manifest
        assert decode_manifest(manifest.encode()).encode() == manifest.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 5000,
        changed(format="cluster-quantised-model/1"),
        changed(extra=1),
        changed(kind="clustering"),
        changed(architecture="\x1b[2J\x1b[1;1Hproof verified"),
        changed(classes=["a", "b", "c\nproof verified"]),
        changed(classes=["a", "b", "\u202egpj.c"]),
        changed(link="probit"),
        changed(results="shouted"),
        changed(rows=0),
        changed(rows=True),
        changed(rows=2**16 + 1),
        changed(outputs=0),
        changed(output_bits=254),
        changed(output_bits="8"),
        changed(output_offset=-1),
        changed(output_offset=2**253),
        changed(unit=0),
        changed(unit=-1.0),
        changed(unit=math.inf),
        changed(unit=math.nan),
        changed(classes=["a", "b"]),
        changed(classes=["a", "b", 3]),
        changed(classes="abc"),
        changed(class_only=1),
        changed(committed_model=None),
        changed(architecture=7),
        changed(shifts=3),
        changed(shifts=[-1]),
        changed(maxima=[1.5]),
        changed(worst_error=-1.0),
        changed(worst_error=math.inf),
        changed(sample_error=None),
        changed(agreement=1.5),
        changed(score_float="1"),
        changed(score_quantised=math.nan),
        changed(encoding=None),
        changed(encoding={}),
        levels(kind="logarithms"),
        levels(extra=1),
        levels(features=0),
        levels(features=2, steps=[0.5, 0.5, 0.5]),
        levels(features=True),
        levels(features=10**12, steps=[1.0], offsets=[0.0]),
        levels(bits=10**9),
        levels(bits=0),
        levels(whole=1),
        changed(encoding={key: value for key, value in ENCODING.items() if key != "whole"}),
        levels(zero=16),
        levels(zero=-1),
        levels(steps=[0.5, 0.0, 0.5]),
        levels(steps=[0.5, -1.0, 0.5]),
        levels(steps=[0.5, "1", 0.5]),
        levels(steps=None),
        levels(offsets=[math.nan, 0.0, 0.0]),
        levels(offsets=[10**400, 0, 0]),
        thresholds(extra=1),
        thresholds(counts=[2, -1]),
        thresholds(counts=[2, 1, 1]),
        thresholds(counts=[]),
        thresholds(counts=[], values=""),
        thresholds(counts=3),
        thresholds(single=1),
        thresholds(values="no base64"),
        thresholds(values=floats(1.0, 2.0)),
        thresholds(values=floats(2.0, 1.0, 3.0)),
        thresholds(values=floats(1.0, 1.0, 3.0)),
        thresholds(values=floats(1.0, math.nan, 3.0)),
        thresholds(steps=[0.0]),
        thresholds(offsets=[0.0, 0.0, 0.0]),
    ],
)
def test_whatever_is_not_a_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(ManifestUnusable):
        decode_manifest(data)


def test_a_row_becomes_numbers() -> None:
    assert MANIFEST.quantise([0.0, 3.7, 7.5]) == [0, 7, 15]
    assert MANIFEST.quantise([-0.24, 0.26, 7.74]) == [0, 1, 15]


@pytest.mark.parametrize("value", [-0.26, 7.76, -1e300, 1e300, 2.0**80])
def test_a_value_out_of_range_is_refused_never_wrapped(value: float) -> None:
    with pytest.raises(RowOutOfRange) as refused:
        MANIFEST.quantise([0.0, 0.0, value])
    assert (refused.value.feature, refused.value.value) == (2, value)


def test_a_value_that_overflows_on_the_way_is_out_of_range() -> None:
    with pytest.raises(RowOutOfRange):
        replace(MANIFEST, encoding=Levels(3, 4, (-1e308, 0.0, 0.0), (1e-3, 1.0, 1.0))).quantise([1e308, 0.0, 0.0])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(NotFinite):
        MANIFEST.quantise([0.0, value, 0.0])


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(WrongRowLength):
        MANIFEST.quantise([0.0, 1.0])


@given(st.data())
def test_outputs_survive_packing(data: st.DataObject) -> None:
    bits, rows, outputs = data.draw(st.integers(2, 61)), data.draw(st.integers(1, 4)), data.draw(st.integers(1, 20))
    half = data.draw(st.sampled_from((0, 1 << (bits - 1))))
    manifest = replace(MANIFEST, rows=rows, outputs=outputs, output_bits=bits, output_offset=half)
    values = st.integers(-half, (1 << bits) - 1 - half)
    logits = data.draw(st.lists(values, min_size=rows * outputs, max_size=rows * outputs))
    packed = manifest.pack_outputs(logits)
    assert len(packed) == manifest.elements
    assert manifest.unpack_outputs(packed) == logits


def test_elements_that_hold_no_outputs_are_refused() -> None:
    packed = MANIFEST.pack_outputs([1, 2, 3])
    for elements in ([], [*packed, 0], [packed[0] + (1 << 3 * MANIFEST.output_bits)]):
        with pytest.raises(ManifestUnusable):
            MANIFEST.unpack_outputs(elements)


def test_all_rows_of_a_proof_become_numbers_and_none_less() -> None:
    manifest = replace(MANIFEST, rows=2)
    assert manifest.quantise_rows([[0.0, 0.5, 1.0], [7.5, 0.0, 2.0]]) == [0, 1, 2, 15, 0, 4]
    for rows in ([], [[0.0, 0.5, 1.0]], [[0.0, 0.5, 1.0]] * 3):
        with pytest.raises(WrongRowCount):
            manifest.quantise_rows(rows)


def test_trees_see_between_which_thresholds_a_value_lies() -> None:
    """A value equal to a threshold lies below it, after rounding to single precision."""
    above = float(np.nextafter(np.float32(0.1), np.float32(1)))
    assert [TREES.quantise([value, 0.0])[0] for value in (-1e300, TENTH, 0.1, above, 0.25, 1e300)] == [0, 0, 0, 1, 1, 2]
    assert [TREES.quantise([0.0, value])[1] for value in (-1.5, -1.4)] == [0, 1]  # offset 1.5


def test_names_of_other_scripts_are_names() -> None:
    named = replace(MANIFEST, classes=("größer", "大きい", "👍 yes"))
    assert decode_manifest(named.encode()) == named


def test_a_class_that_has_no_name_is_refused() -> None:
    manifest = replace(MANIFEST, class_only=True)
    assert manifest.predicted([2]) == 2
    for number in (-1, 3):
        with pytest.raises(ManifestUnusable):
            manifest.predicted([number])


def test_probabilities_are_the_links() -> None:
    softmax = replace(MANIFEST, link=SOFTMAX, unit=0.5).probabilities([0, 2, 4])
    assert softmax is not None and math.isclose(sum(softmax), 1.0)
    assert math.isclose(softmax[1] / softmax[0], math.e) and math.isclose(softmax[2] / softmax[1], math.e)
    logistic = replace(MANIFEST, link=LOGISTIC, unit=0.5, outputs=1, classes=("a", "b")).probabilities([2])
    assert logistic is not None and math.isclose(logistic[1], 1 / (1 + math.exp(-1)))
    for silent in ({"class_only": True}, {"kind": REGRESSION}, {}):
        assert replace(MANIFEST, **silent).probabilities([0, 2, 4]) is None  # type: ignore[arg-type]


def test_a_regression_says_its_values() -> None:
    assert replace(MANIFEST, kind=REGRESSION, unit=0.25).said([1, -2, 0]) == "0.25, -0.5, 0"
    assert MANIFEST.said([1, 5, 5]) == "class 1"
