"""Manifests: what a buyer reads from a chain was written by somebody else, and is refused unless it is whole."""

import json
import math
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compute.zkml.errors import ManifestUnusable, NotFinite, RowOutOfRange, WrongRowLength
from compute.zkml.manifest import decode_manifest
from tests.support.small_models import SMALL

MANIFEST = SMALL.manifest


def changed(**changes: Any) -> bytes:
    return json.dumps({**asdict(MANIFEST), **changes}).encode()


def test_a_manifest_is_what_its_bytes_say() -> None:
    assert decode_manifest(MANIFEST.encode()) == MANIFEST
    assert decode_manifest(MANIFEST.encode()).encode() == MANIFEST.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 5000,
        changed(format="cluster-quantised-model/2"),
        changed(extra=1),
        changed(features=0),
        changed(features=2),
        changed(features=True),
        changed(input_bits=10**9),
        changed(output_bits=254),
        changed(output_bits="8"),
        changed(steps=[0.5, 0.0, 0.5]),
        changed(steps=[0.5, -1.0, 0.5]),
        changed(steps=[0.5, "1", 0.5]),
        changed(steps=None),
        changed(offsets=[math.nan, 0.0, 0.0]),
        changed(offsets=[10**400, 0, 0]),
        changed(logit_step=0),
        changed(logit_step=math.inf),
        changed(classes=["a", "b"]),
        changed(classes=["a", "b", 3]),
        changed(classes="abc"),
        changed(shifts=3),
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
        replace(MANIFEST, offsets=(-1e308, 0.0, 0.0), steps=(1e-3, 1.0, 1.0)).quantise([1e308, 0.0, 0.0])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(NotFinite):
        MANIFEST.quantise([0.0, value, 0.0])


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(WrongRowLength):
        MANIFEST.quantise([0.0, 1.0])


@given(st.data())
def test_logits_survive_packing(data: st.DataObject) -> None:
    bits, outputs = data.draw(st.integers(2, 61)), data.draw(st.integers(1, 40))
    manifest = replace(MANIFEST, outputs=outputs, output_bits=bits)
    half = 1 << (bits - 1)
    logits = data.draw(st.lists(st.integers(-half, half - 1), min_size=outputs, max_size=outputs))
    packed = manifest.pack_logits(logits)
    assert len(packed) == manifest.elements
    assert manifest.unpack_logits(packed) == logits


def test_elements_that_hold_no_logits_are_refused() -> None:
    packed = MANIFEST.pack_logits([1, 2, 3])
    for elements in ([], [*packed, 0], [packed[0] + (1 << 3 * MANIFEST.output_bits)]):
        with pytest.raises(ManifestUnusable):
            MANIFEST.unpack_logits(elements)
