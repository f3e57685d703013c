"""Every gadget refuses, while the circuit is built, a wire whose proven bound it cannot use."""

from collections.abc import Callable

import pytest

from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.errors import RangeError
from crypto.r1cs.gadgets.bits import assert_interval, assert_range, from_bits, hint_number, to_bits
from crypto.r1cs.gadgets.boolean import logical_and, logical_not, logical_or, logical_xor
from crypto.r1cs.gadgets.compare import (
    assert_less_or_equal,
    assert_less_than,
    is_non_negative,
    less_or_equal,
    less_than,
)
from crypto.r1cs.gadgets.dense import dense
from crypto.r1cs.gadgets.divide import div_rem, div_rem_wire, shift_right
from crypto.r1cs.gadgets.extremum import argmax, max_pool, maximum
from crypto.r1cs.gadgets.pack import pack
from crypto.r1cs.gadgets.products import products
from crypto.r1cs.gadgets.relu import relu_shift, relu_shift_saturated
from crypto.r1cs.gadgets.select import select
from crypto.r1cs.wire import Wire, as_wire

Refused = Callable[[Builder, Wire, Wire], object]

# Each takes an unranged wire and one of 0..15, and is given something it must not accept.
REFUSED: dict[str, Refused] = {
    "logical_not of a number": lambda cs, free, x: logical_not(x),
    "logical_and of a number": lambda cs, free, x: logical_and(cs, as_wire(1), x),
    "logical_or of the unranged": lambda cs, free, x: logical_or(cs, free, as_wire(1)),
    "logical_xor of the unranged": lambda cs, free, x: logical_xor(cs, free, as_wire(1)),
    "from_bits of a number": lambda cs, free, x: from_bits([x]),
    "from_bits of too many": lambda cs, free, x: from_bits([as_wire(1)] * 254),
    "to_bits of too many": lambda cs, free, x: to_bits(cs, free, 254),
    "to_bits of a negative number of bits": lambda cs, free, x: to_bits(cs, free, -1),
    "assert_range of too many bits": lambda cs, free, x: assert_range(cs, free, 254),
    "an empty interval": lambda cs, free, x: assert_interval(cs, free, 3, 2),
    "an interval as wide as the field": lambda cs, free, x: assert_interval(cs, free, 0, SCALAR_FIELD // 2),
    "a hinted number of too many bits": lambda cs, free, x: hint_number(cs, "test", lambda v: [0], [], 254),
    "select by a number": lambda cs, free, x: select(cs, x, 1, 0),
    "sign of the unranged": lambda cs, free, x: is_non_negative(cs, free, 8),
    "sign of too wide a number": lambda cs, free, x: is_non_negative(cs, x, 3),
    "less_than of the unranged": lambda cs, free, x: less_than(cs, x, free, 4),
    "less_than in too few bits": lambda cs, free, x: less_than(cs, x, 1, 3),
    "less_than of a negative number": lambda cs, free, x: less_than(cs, x - 1, x, 5),
    "less_or_equal of the unranged": lambda cs, free, x: less_or_equal(cs, free, x, 4),
    "assert_less_than in too few bits": lambda cs, free, x: assert_less_than(cs, 1, x, 3),
    "assert_less_or_equal of the unranged": lambda cs, free, x: assert_less_or_equal(cs, free, x, 4),
    "a comparison in which a negative could pass": lambda cs, free, x: assert_less_or_equal(cs, x, x, 253),
    "relu of the unranged": lambda cs, free, x: relu_shift(cs, free, 8, 2),
    "relu of too wide a number": lambda cs, free, x: relu_shift(cs, x, 3, 2),
    "relu of the least number, whose negative does not fit": lambda cs, free, x: relu_shift(cs, x - 16, 4, 2),
    "saturated relu of too wide a number": lambda cs, free, x: relu_shift_saturated(cs, x, 3, 1, 1),
    "division of the unranged": lambda cs, free, x: div_rem(cs, free, 3),
    "division by nothing": lambda cs, free, x: div_rem(cs, x, 0),
    "division by a negative number": lambda cs, free, x: div_rem(cs, x, -2),
    "division whose quotient could wrap": lambda cs, free, x: div_rem(cs, x * 2**249, 3),
    "division by an unranged wire": lambda cs, free, x: div_rem_wire(cs, x, free),
    "division of a negative number by a wire": lambda cs, free, x: div_rem_wire(cs, x - 1, x),
    "division by the constant zero": lambda cs, free, x: div_rem_wire(cs, x, as_wire(0)),
    "shift of the unranged": lambda cs, free, x: shift_right(cs, free, 3),
    "maximum of the unranged": lambda cs, free, x: maximum(cs, x, free, 8),
    "maximum in too few bits": lambda cs, free, x: maximum(cs, x, x - 15, 3),
    "max_pool of the unranged": lambda cs, free, x: max_pool(cs, [x, free], 8),
    "argmax of the unranged": lambda cs, free, x: argmax(cs, [x, free], 8),
    "argmax in too few bits": lambda cs, free, x: argmax(cs, [x, x - 1], 4),
    "argmax of one": lambda cs, free, x: argmax(cs, [x], 4),
    "dense of the unranged": lambda cs, free, x: dense([[1, 1]], [x, free], [0]),
    "dense whose sum could wrap": lambda cs, free, x: dense([[2**251]], [x], [0]),
    "products of an unranged left side": lambda cs, free, x: products(cs, [x, free], [x, x]),
    "products of an unranged right side": lambda cs, free, x: products(cs, [x, x], [x, free]),
    "products that could wrap": lambda cs, free, x: products(cs, [x], [x * 2**246]),
    "packing before ranging": lambda cs, free, x: pack([x, free], 4),
    "packing in too few bits": lambda cs, free, x: pack([x], 3),
    "packing of a negative number": lambda cs, free, x: pack([x - 1], 8),
}


@pytest.mark.parametrize("gadget", REFUSED.values(), ids=REFUSED.keys())
def test_it_is_refused(gadget: Refused) -> None:
    cs = Builder()
    free, x = cs.private("free"), assert_range(cs, cs.private("x"), 4)
    with pytest.raises(RangeError):
        gadget(cs, free, x)


def test_what_is_already_proven_is_not_proven_again() -> None:
    cs = Builder()
    x = assert_range(cs, cs.private("x"), 4)
    before = cs.constraint_count
    assert assert_range(cs, x, 6) is x
    assert assert_interval(cs, x, -3, 20) is x
    assert cs.constraint_count == before


def test_division_when_the_quotient_is_certain_needs_no_bits_for_it() -> None:
    cs = Builder()
    x = assert_range(cs, cs.private("x"), 4)
    before = cs.constraint_count
    quotient, remainder = div_rem(cs, x, 16)
    assert (quotient.bound, remainder.bound) == ((0, 0), (0, 15))
    assert cs.constraint_count == before + 4
