"""Piecewise linear sigmoid and tanh: the stated error is kept everywhere and nearly reached, and widths are refused."""

from collections.abc import Callable
from fractions import Fraction
from math import exp, tanh
from typing import Any

import pytest

from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.errors import RangeError
from crypto.r1cs.gadgets import piecewise
from crypto.r1cs.gadgets.bits import assert_interval
from crypto.r1cs.gadgets.piecewise import Piecewise, PiecewiseShape, piecewise_linear
from crypto.r1cs.program import Hint

ROUNDING = 1e-12  # of the floats here

SHAPES = [(unit, bits, segments) for unit in (Fraction(1, 64), Fraction(3, 100), Fraction(2)) for bits, segments in
          ((12, 3), (18, 5))]  # fmt: skip


def distances(table: Piecewise, curve: Callable[[float], float], unit: Fraction, reach: int) -> list[float]:
    inputs = range(-int(reach / unit) - 2, int(reach / unit) + 3)
    return [abs(curve(float(x * unit)) - table.value(x) / 2**table.output_bits) for x in inputs]


@pytest.mark.parametrize(("unit", "output_bits", "segment_bits"), SHAPES)
def test_no_input_is_further_off_than_stated_and_some_are_nearly(
    unit: Fraction, output_bits: int, segment_bits: int
) -> None:
    made = (unit, output_bits, segment_bits, 4)
    for table, curve, reach in (
        (piecewise.sigmoid(*made), lambda x: 1 / (1 + exp(-x)), 20),
        (piecewise.tanh(*made), tanh, 10),
    ):
        worst = max(distances(table, curve, unit, reach))
        assert worst <= float(table.error) + ROUNDING
        assert worst >= 0.4 * float(table.error)


def test_more_segments_and_offsets_are_closer() -> None:
    errors = [piecewise.sigmoid(Fraction(1, 2**12), 20, bits).error for bits in (3, 4, 5)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < Fraction(7, 10_000)
    assert piecewise.sigmoid(Fraction(1, 2**12), 16, 5, 4).error > piecewise.sigmoid(Fraction(1, 2**12), 16, 5, 6).error


def test_it_is_odd_about_its_centre() -> None:
    table = piecewise.sigmoid(Fraction(1, 32), 14, 4, 3)
    assert table.value(0) == table.centre == 2**13
    assert all(table.value(x) + table.value(-x) == 2**14 for x in range(1, 400))
    assert table.highest == 2**13


@pytest.mark.parametrize("shape", [(13, 4, 12), (3, 13, 20), (-1, 4, 12), (3, 4, 4)])
def test_widths_that_do_not_fit_together_are_refused(shape: tuple[int, int, int]) -> None:
    segments, offsets, outputs = shape
    with pytest.raises(PiecewiseShape) as refused:
        piecewise.sigmoid(Fraction(1, 2**12), outputs, segments, offsets)
    assert refused.value.segment_bits == segments
    with pytest.raises(PiecewiseShape):
        piecewise.tanh(Fraction(0), 12)


class Forging(Builder):
    """A prover that chooses the sign, and the magnitude that goes with it, himself."""

    def __init__(self, sign: int, magnitude: int) -> None:
        super().__init__()
        self._chosen = sign, magnitude

    def hint_cells(self, gadget: str, function: Hint, *rest: Any) -> range:
        return super().hint_cells(gadget, (lambda _: self._chosen) if gadget == "piecewise_linear" else function, *rest)


def test_a_sign_is_one_of_two() -> None:
    """With the direction 1/2 the magnitude of 6 would be 3: only that a sign is a bit speaks against it."""
    honest, half = (1, 6), ((SCALAR_FIELD + 1) // 2 + 1) * ((SCALAR_FIELD + 1) // 2) % SCALAR_FIELD
    assert (2 * half - 1) * 6 % SCALAR_FIELD == 3
    for chosen, holds in ((honest, True), ((half, 3), False), ((0, 6), False)):
        cs = Forging(*chosen)
        (out,) = cs.output_array("out", 1)
        x = assert_interval(cs, cs.private("x"), -8, 7)
        cs.define(out, piecewise_linear(cs, x, piecewise.sigmoid(Fraction(1), 9)))
        circuit = cs.build()
        assert (circuit.violated(circuit.solve({"x": 6}).cells) == []) is holds


def test_an_unproven_input_is_refused() -> None:
    cs = Builder()
    with pytest.raises(RangeError):
        piecewise_linear(cs, cs.private("x"), piecewise.sigmoid(Fraction(1), 9))
