"""Every gadget of quantised inference: right at its range edges, not forgeable, and at its golden cost.

Tests 1 to 5 of zkml.md at small widths; what holds for 3 bits is built by the same loop for 200.
"""

from collections.abc import Sequence
from fractions import Fraction

import pytest

from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.bits import assert_interval, assert_range, from_bits, to_bits
from crypto.r1cs.gadgets.boolean import assert_boolean, logical_and, logical_not, logical_or, logical_xor
from crypto.r1cs.gadgets.canonical import bits_at_most
from crypto.r1cs.gadgets.compare import (
    assert_less_or_equal,
    assert_less_than,
    is_non_negative,
    less_or_equal,
    less_than,
)
from crypto.r1cs.gadgets.dense import dense, dense_private
from crypto.r1cs.gadgets.divide import div_rem, div_rem_wire, shift_right
from crypto.r1cs.gadgets.equality import assert_nonzero, inverse, is_equal, is_zero
from crypto.r1cs.gadgets.extremum import argmax, max_pool, maximum
from crypto.r1cs.gadgets.lookup import Table, lookup, one_hot
from crypto.r1cs.gadgets.pack import pack
from crypto.r1cs.gadgets.piecewise import piecewise_linear, sigmoid, tanh
from crypto.r1cs.gadgets.products import products
from crypto.r1cs.gadgets.relu import relu_shift, relu_shift_saturated
from crypto.r1cs.gadgets.select import select
from crypto.r1cs.gadgets.thermometer import thermometer
from crypto.r1cs.wire import Wire
from tests.support.gadget import FIELD, Gadget, agrees_with_its_reference, cannot_be_forged, costs_what_it_says

P = SCALAR_FIELD
BIT = (0, 1)
SIGMOID = sigmoid(Fraction(1, 2), output_bits=9, segment_bits=2, offset_bits=1)
TANH = tanh(Fraction(1, 8), output_bits=10, segment_bits=3, offset_bits=2)
STEP = tanh(Fraction(9), output_bits=4)


def checked(outcome: object) -> Sequence[Wire]:
    """For gadgets that only assert: no outputs."""
    del outcome
    return []


def ok_if(condition: bool) -> tuple[int, ...] | None:
    return () if condition else None


def relu(a: int, shift: int, highest: int = 1 << 60) -> int:
    return min(max(a, 0) >> shift, highest)


def first_largest(*values: int) -> tuple[int, int]:
    return values.index(max(values)), max(values)


def dense_learned(cs: Builder, x: list[Wire]) -> list[Wire]:
    return dense_private(cs, [x[2:4]], x[:2], [x[4]])


def dense_two(cs: Builder, x: list[Wire]) -> list[Wire]:
    return dense([[3, -2], [0, 5]], x, [7, -11])


def _fifteenth(values: tuple[int, int], place: int) -> int:
    return values[place % 2] + place if place < 15 else 0


def read_of_fifteen(cs: Builder, x: list[Wire]) -> list[Wire]:
    """15 entries in blocks of 4, the last of 3."""
    return [Table(cs, [x[i % 2] + i for i in range(15)], 100).read(x[2:])]


GADGETS = [
    Gadget("assert_boolean", lambda cs, x: [assert_boolean(cs, x[0])], (FIELD,),
           lambda a: (a,) if a in (0, 1) else None, 1, ((0,), (1,))),
    Gadget("logical_not", lambda cs, x: [logical_not(x[0])], (BIT,), lambda a: (1 - a,), 0, ((0,), (1,))),
    Gadget("logical_and", lambda cs, x: [logical_and(cs, *x)], (BIT, BIT), lambda a, b: (a & b,), 1, ((0, 1), (1, 1))),
    Gadget("logical_or", lambda cs, x: [logical_or(cs, *x)], (BIT, BIT), lambda a, b: (a | b,), 1, ((0, 1), (0, 0))),
    Gadget("logical_xor", lambda cs, x: [logical_xor(cs, *x)], (BIT, BIT), lambda a, b: (a ^ b,), 1, ((0, 1), (1, 1))),
    Gadget("to_bits", lambda cs, x: to_bits(cs, x[0], 4), (FIELD,),
           lambda a: [a >> i & 1 for i in range(4)] if a < 16 else None, 4, ((0,), (15,), (6,)), extra=((15,), (16,))),
    Gadget("to_bits of nothing", lambda cs, x: to_bits(cs, x[0], 0), (FIELD,), lambda a: ok_if(a == 0), 1, ((0,),)),
    Gadget("from_bits", lambda cs, x: [from_bits(x)], (BIT, BIT, BIT),
           lambda a, b, c: (a + 2 * b + 4 * c,), 0, ((1, 0, 1),)),
    Gadget("assert_range", lambda cs, x: [assert_range(cs, x[0], 3)], (FIELD,),
           lambda a: (a,) if a < 8 else None, 3, ((0,), (7,)), extra=((7,), (8,))),
    Gadget("assert_interval", lambda cs, x: [assert_interval(cs, x[0], -3, 2)], (FIELD,),
           lambda a: (a,) if a <= 2 or a >= P - 3 else None, 6, ((0,), (2,), (P - 3,)),
           extra=((3,), (P - 3,), (P - 4,))),
    Gadget("bits_at_most", lambda cs, x: bits_at_most(cs, x[0], 0b101101), (FIELD,),
           lambda a: [a >> i & 1 for i in range(6)] if a <= 0b101101 else None, 8,
           ((0,), (0b101101,), (0b101000,), (0b011111,)), extra=tuple((i,) for i in range(3, 51, 3))),
    Gadget("is_zero", lambda cs, x: [is_zero(cs, x[0])], (FIELD,), lambda a: (int(a == 0),), 2,
           ((0,), (1,), (P - 1,)), loose=1),
    Gadget("is_equal", lambda cs, x: [is_equal(cs, *x)], (FIELD, FIELD), lambda a, b: (int(a == b),), 2,
           ((3, 3), (3, 4)), loose=1),
    Gadget("inverse", lambda cs, x: [inverse(cs, x[0])], (FIELD,), lambda a: (pow(a, -1, P),) if a else None, 1,
           ((1,), (7,))),
    Gadget("assert_nonzero", lambda cs, x: checked(assert_nonzero(cs, x[0])), (FIELD,), lambda a: ok_if(a != 0), 1,
           ((1,), (7,))),
    Gadget("assert_nonzero above r", lambda cs, x: checked(assert_nonzero(cs, x[0] + (P - 2))), ((0, 7),),
           lambda a: ok_if(a != 2), 1, ((1,), (3,))),
    Gadget("assert_nonzero below 0", lambda cs, x: checked(assert_nonzero(cs, x[0] * -1 - (P - 2))), ((0, 7),),
           lambda a: ok_if(a != 2), 1, ((1,), (3,))),
    Gadget("assert_nonzero of a sum", lambda cs, x: checked(assert_nonzero(cs, x[0] - x[1] - (P - 1))),
           ((-4, 3), (0, 7)), lambda a, b: ok_if(a - b != -1), 1, ((1, 1), (0, 7))),
    Gadget("assert_nonzero of what never is", lambda cs, x: checked(assert_nonzero(cs, x[0] + 1)), ((0, 7),),
           lambda a: ok_if(True), 0, ((0,), (7,))),
    Gadget("select", lambda cs, x: [select(cs, *x)], (BIT, (-4, 3), (0, 7)), lambda s, a, b: (a if s else b,), 1,
           ((0, -4, 7), (1, 3, 3))),
    Gadget("is_non_negative", lambda cs, x: [is_non_negative(cs, x[0], 3)], ((-8, 7),), lambda a: (int(a >= 0),), 4,
           ((-8,), (-1,), (0,), (7,))),
    Gadget("less_than", lambda cs, x: [less_than(cs, *x, 3)], ((0, 7), (0, 7)), lambda a, b: (int(a < b),), 4,
           ((0, 7), (4, 4), (7, 0))),
    Gadget("less_or_equal", lambda cs, x: [less_or_equal(cs, *x, 3)], ((0, 7), (0, 7)), lambda a, b: (int(a <= b),), 4,
           ((0, 7), (4, 4), (7, 0))),
    Gadget("assert_less_than", lambda cs, x: checked(assert_less_than(cs, *x, 3)), ((0, 7), (0, 7)),
           lambda a, b: ok_if(a < b), 3, ((0, 7), (3, 4))),
    Gadget("assert_less_or_equal", lambda cs, x: checked(assert_less_or_equal(cs, *x, 3)), ((0, 7), (0, 7)),
           lambda a, b: ok_if(a <= b), 3, ((0, 7), (4, 4))),
    Gadget("relu_shift", lambda cs, x: [relu_shift(cs, x[0], 4, 2)], ((-15, 15),), lambda a: (relu(a, 2),), 6,
           ((-15,), (-1,), (0,), (15,))),
    Gadget("relu_shift by nothing", lambda cs, x: [relu_shift(cs, x[0], 3, 0)], ((-7, 7),), lambda a: (relu(a, 0),), 5,
           ((-7,), (0,), (7,))),
    Gadget("relu_shift_saturated", lambda cs, x: [relu_shift_saturated(cs, x[0], 5, 1, 2)], ((-31, 31),),
           lambda a: (relu(a, 1, 3),), 10, ((-31,), (0,), (7,), (8,), (31,)), loose=1,
           extra=tuple((i,) for i in range(-31, 32))),
    Gadget("relu_shift_saturated by one bit", lambda cs, x: [relu_shift_saturated(cs, x[0], 4, 1, 2)], ((-15, 15),),
           lambda a: (relu(a, 1, 3),), 7, ((-15,), (0,), (7,), (8,), (15,)),
           extra=tuple((i,) for i in range(-15, 16))),
    Gadget("div_rem", lambda cs, x: div_rem(cs, x[0], 3), ((-7, 8),), lambda a: divmod(a, 3), 7,
           ((-7,), (-1,), (0,), (8,)), extra=tuple((i,) for i in range(-7, 9))),
    Gadget("div_rem by a power of two", lambda cs, x: div_rem(cs, x[0], 4), ((0, 15),), lambda a: divmod(a, 4), 4,
           ((0,), (3,), (15,))),
    Gadget("div_rem_wire", lambda cs, x: div_rem_wire(cs, *x), ((0, 15), (0, 3)),
           lambda a, d: divmod(a, d) if d else None, 9, ((0, 1), (15, 3), (14, 2)),
           extra=tuple((a, d) for a in range(16) for d in (1, 2, 3))),
    Gadget("shift_right", lambda cs, x: [shift_right(cs, x[0], 2)], ((-8, 7),), lambda a: (a >> 2,), 4,
           ((-8,), (-1,), (0,), (7,)), extra=tuple((i,) for i in range(-8, 8))),
    Gadget("shift_right, rounded", lambda cs, x: [shift_right(cs, x[0], 2, rounded=True)], ((-8, 7),),
           lambda a: (a + 2 >> 2,), 5, ((-8,), (-3,), (1,), (7,)), extra=tuple((i,) for i in range(-8, 8))),
    Gadget("maximum", lambda cs, x: [maximum(cs, *x, 3)], ((-4, 3), (-4, 3)), lambda a, b: (max(a, b),), 5,
           ((-4, 3), (2, 2), (3, -4))),
    Gadget("max_pool", lambda cs, x: [max_pool(cs, x, 2)], ((0, 3),) * 4, lambda *v: (max(v),), 12,
           ((0, 3, 3, 1), (2, 2, 2, 2))),
    Gadget("argmax", lambda cs, x: argmax(cs, x, 2), ((-2, 1),) * 3, first_largest, 11,
           ((-2, 1, 1), (0, 0, 0), (1, -2, 0), (-1, 0, 1))),
    Gadget("dense_private", dense_learned, ((0, 3), (-2, 1), (-4, 3), (-4, 3), (-2, 1)),
           lambda a, b, w, v, c: (a * w + b * v + c,), 2, ((3, -2, -4, 3, 1), (0, 1, 3, -4, -2))),
    Gadget("dense", dense_two, ((0, 3), (-2, 3)), lambda a, b: (3 * a - 2 * b + 7, 5 * b - 11), 0, ((0, 3), (3, -2))),
    Gadget("products", lambda cs, x: products(cs, x[:2], x[2:]), ((0, 3), (-2, 1), (-4, 3), (-4, 3)),
           lambda a, b, w, v: (a * w, b * v), 2, ((3, -2, -4, 3), (0, 1, 3, -4), (0, 0, 0, 0))),
    Gadget("thermometer", lambda cs, x: thermometer(cs, x[0], 3), (FIELD,),
           lambda a: [int(a > i) for i in range(3)] if a <= 3 else None, 4, ((0,), (1,), (2,), (3,)),
           extra=((3,), (4,), (5,), (P - 2,))),
    Gadget("thermometer of two", lambda cs, x: thermometer(cs, x[0], 2), (FIELD,),
           lambda a: [int(a > i) for i in range(2)] if a <= 2 else None, 3, ((0,), (1,), (2,)), extra=((3,),)),
    Gadget("thermometer of one", lambda cs, x: thermometer(cs, x[0], 1), (FIELD,),
           lambda a: (a,) if a <= 1 else None, 1, ((0,), (1,))),
    Gadget("thermometer of nothing", lambda cs, x: thermometer(cs, x[0], 0), (FIELD,),
           lambda a: ok_if(a == 0), 1, ((0,),)),
    Gadget("lookup", lambda cs, x: [lookup(cs, x[:3], x[3:])], ((0, 3), (-2, 1), (4, 4), BIT, BIT),
           lambda a, b, c, i, j: (c if j else b if i else a,), 2, ((3, 1, 4, 1, 0), (0, -2, 4, 0, 1))),
    Gadget("one_hot", lambda cs, x: one_hot(cs, x, 8), (BIT,) * 3,
           lambda i, j, k: [int(i + 2 * j + 4 * k == n) for n in range(8)], 4, ((0, 0, 0), (1, 1, 0), (1, 1, 1))),
    Gadget("one_hot of five", lambda cs, x: one_hot(cs, x, 5), (BIT,) * 3,
           lambda i, j, k: [int((4 if k and not i + j else i + 2 * j) == n) for n in range(5)], 2,
           ((0, 0, 0), (1, 1, 0), (0, 0, 1), (1, 0, 1))),
    Gadget("one_hot of seven", lambda cs, x: one_hot(cs, x, 7), (BIT,) * 3,
           lambda i, j, k: [int(i + 2 * j + 4 * k == n) for n in range(7)], 4, ((0, 0, 0), (1, 1, 0), (1, 1, 1))),
    Gadget("Table", read_of_fifteen, ((-1, 1), (0, 1), *[BIT] * 4),
           lambda a, b, *place: (_fifteenth((a, b), sum(bit << i for i, bit in enumerate(place))),), 19,
           ((-1, 1, 0, 0, 0, 0), (1, 0, 1, 0, 1, 1), (1, 1, 0, 1, 1, 1))),
    Gadget("piecewise_linear, sigmoid", lambda cs, x: [piecewise_linear(cs, x[0], SIGMOID)], ((-31, 31),),
           lambda a: (SIGMOID.value(a),), 11, ((-31,), (-16,), (-1,), (0,), (7,), (31,)), loose=1,
           extra=tuple((i,) for i in range(-31, 32))),
    Gadget("piecewise_linear, tanh, far beyond", lambda cs, x: [piecewise_linear(cs, x[0], TANH)], ((-127, 127),),
           lambda a: (TANH.value(a),), 17, ((-127,), (-31,), (0,), (1,), (18,), (32,)), loose=2,
           extra=tuple((i,) for i in range(-127, 128, 2))),
    Gadget("piecewise_linear, within the segments", lambda cs, x: [piecewise_linear(cs, x[0], TANH)], ((-5, 3),),
           lambda a: (TANH.value(a),), 7, ((-5,), (0,), (3,)), loose=1, extra=tuple((i,) for i in range(-5, 4))),
    Gadget("piecewise_linear, one segment", lambda cs, x: [piecewise_linear(cs, x[0], STEP)], ((-3, 3),),
           lambda a: (STEP.value(a),), 7, ((-3,), (0,), (1,)), loose=2, extra=tuple((i,) for i in range(-3, 4))),
    Gadget("pack", lambda cs, x: pack(x, 100), ((0, 3),) * 3, lambda a, b, c: (a + (b << 100), c), 0, ((1, 2, 3),)),
]  # fmt: skip

every_gadget = pytest.mark.parametrize("gadget", GADGETS, ids=str)


@every_gadget
def test_it_costs_what_it_says(gadget: Gadget) -> None:
    costs_what_it_says(gadget)


@every_gadget
def test_it_agrees_with_its_reference_at_the_edges(gadget: Gadget) -> None:
    agrees_with_its_reference(gadget)


@every_gadget
def test_it_cannot_be_forged(gadget: Gadget) -> None:
    cannot_be_forged(gadget)
