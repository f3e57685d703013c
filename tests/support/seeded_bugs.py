"""Circuits with a bug put in on purpose, each beside a twin without it: bits, ranges, choices and selections.

What the audit must find, and by which test, stands in seeded_table.py; seeded_statements.py goes on with hashes,
curves, layers and whole statements.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from crypto.field import SCALAR_FIELD, square_root
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.gadgets.bits import assert_range, from_bits, hint_number, to_bits
from crypto.r1cs.gadgets.compare import less_than
from crypto.r1cs.gadgets.select import select
from crypto.r1cs.wire import Wire, linear

P = SCALAR_FIELD
Build = Callable[[Builder, list[Wire]], Sequence[Wire]]


def circuit_of(gadget: Build, inputs: int = 1, bits: int | None = 3) -> Circuit:
    """Private inputs x0.., ranged to `bits` unless None, and the gadget's results as outputs."""

    def wired(cs: Builder) -> Sequence[Wire]:
        wires = cs.private_array("x", inputs)
        return gadget(cs, wires if bits is None else [assert_range(cs, wire, bits) for wire in wires])

    cs = Builder()
    declared = cs.output_array("out", len(wired(Builder())))
    for wire, value in zip(declared, wired(cs), strict=True):
        cs.define(wire, value)
    return cs.build()


def bits_of(cs: Builder, a: Wire, count: int, unproven: int | None = None) -> list[Wire]:
    """`to_bits`, but one of the bits is not proven to be a bit."""
    upper = cs.hint("bits", lambda v: [v[0] >> i & 1 for i in range(1, count)], [a], count - 1)
    bits = [linear([(1, a), *((-1 << i, bit) for i, bit in enumerate(upper, start=1))]), *upper]
    for i, bit in enumerate(bits):
        if i != unproven:
            cs.constrain(bit, bit - 1, 0)
    return [bit.bounded(0, 1) for bit in bits]


def missing_booleanity(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    return bits_of(cs, x[0], 3, unproven=1)


def missing_top_booleanity(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    return bits_of(cs, x[0], 3, unproven=2)[2:]


def unranged_remainder(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    quotient = hint_number(cs, "divide", lambda v: (v[0] // 3,), x, 2)
    return [quotient, x[0] - 3 * quotient]


def remainder_below_a_power_of_two_only(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    quotient = hint_number(cs, "divide", lambda v: (v[0] // 3,), x, 2)
    return [quotient, from_bits(to_bits(cs, x[0] - 3 * quotient, 2))]


def unranged_quotient(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    quotient, remainder = cs.hint("divide", lambda v: divmod(v[0], 3), x, 2)
    to_bits(cs, remainder, 2)
    to_bits(cs, 2 - remainder, 2)
    cs.assert_equal(x[0], 3 * quotient + remainder)
    return [quotient, remainder]


def is_zero_without_second_constraint(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    inverse, out = cs.hint("zero", lambda v: (pow(v[0], -1, P), 0) if v[0] else (0, 1), x, 2)
    cs.constrain(x[0], inverse, 1 - out)
    return [out]


def is_zero_without_first_constraint(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    (out,) = cs.hint("zero", lambda v: (int(v[0] == 0),), x, 1)
    cs.constrain(x[0], out, 0)
    return [out]


def selector_that_is_no_bit(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    (condition,) = cs.hint("choose", lambda v: (int(v[0] < v[1]),), x, 1)
    return [x[0] + cs.mul(condition, x[1] - x[0])]


def compare_with_aliases(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """Takes the bits of a full-width value from 254 places, where x and x + r both fit."""
    upper = cs.hint("bits", lambda v: [v[0] >> i & 1 for i in range(1, 254)], x[:1], 253)
    bits = [linear([(1, x[0]), *((-1 << i, bit) for i, bit in enumerate(upper, start=1))]), *upper]
    for bit in bits:
        cs.constrain(bit, bit - 1, 0)
    return [from_bits([b.bounded(0, 1) for b in bits[:8]])]


def compare_of_unranged(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """less_than whose difference is decomposed in too few constraints: the top bit is a hint of its own."""
    (top,) = cs.hint("less", lambda v: (int(v[0] >= v[1]),), x, 1)
    cs.constrain(top, top - 1, 0)
    return [1 - top]


def sign_from_a_free_bit(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """ReLU whose sign bit is boolean but not tied to the value."""
    (sign,) = cs.hint("relu", lambda v: (int(v[0] > 3),), x, 1)
    cs.constrain(sign, sign - 1, 0)
    return [cs.mul(sign, x[0])]


def argmax_with_ties(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """Any of the largest may be chosen."""
    chosen = cs.hint("argmax", lambda v: [int(i == v.index(max(v))) for i in range(len(v))], x, len(x))
    (largest,) = cs.hint("argmax", lambda v: (max(v),), x, 1)
    cs.assert_equal(linear((1, bit) for bit in chosen), 1)
    for bit, value in zip(chosen, x, strict=True):
        cs.constrain(bit, bit - 1, 0)
        cs.constrain(bit, largest - value, 0)
        to_bits(cs, largest - value, 3)
    return [linear(enumerate(chosen))]


def argmax_that_need_not_be_largest(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    chosen = cs.hint("argmax", lambda v: [int(i == v.index(max(v))) for i in range(len(v))], x, len(x))
    (largest,) = cs.hint("argmax", lambda v: (max(v),), x, 1)
    cs.assert_equal(linear((1, bit) for bit in chosen), 1)
    for bit, value in zip(chosen, x, strict=True):
        cs.constrain(bit, bit - 1, 0)
        cs.constrain(bit, largest - value, 0)
    return [linear(enumerate(chosen))]


def packed_before_ranging(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """Two hinted halves are packed and compared, but only one is ranged."""
    low, high = cs.hint("halves", lambda v: (v[0] & 1, v[0] >> 1), x, 2)
    to_bits(cs, low, 1)
    cs.assert_equal(x[0], low + 2 * high)
    to_bits(cs, low + 2 * high, 3)
    return [cs.mul(high, low)]


def root_of_either_sign(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    (root,) = cs.hint("root", lambda v: (square_root(v[0] ** 2 % P) or 0,), x, 1)
    cs.constrain(root, root, cs.mul(x[0], x[0]))
    return [root]


def hint_alone(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    return cs.hint("double", lambda v: (2 * v[0],), x, 1)


def product_with_wrong_factor(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """c * x = x * x is meant to say c = x: at zero it says nothing."""
    (copy,) = cs.hint("copy", lambda v: (v[0],), x, 1)
    cs.constrain(copy, x[0], cs.mul(x[0], x[0]))
    return [copy]


def swapped_pair(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """Sorting by sum and product alone: the two may come out in either order."""
    low, high = cs.hint("sort", lambda v: sorted(v), x, 2)
    cs.constrain(low, high, cs.mul(x[0], x[1]))
    cs.assert_equal(low + high, x[0] + x[1])
    return [low, high]


def division_that_may_be_zero_by_zero(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    (quotient,) = cs.hint("divide", lambda v: (v[0] * pow(v[1], -1, P) if v[1] else 0,), x, 1)
    cs.constrain(quotient, x[1], x[0])
    return [quotient]


def one_hot_without_its_sum(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """A table look-up whose selectors are bits that need not be exactly one."""
    chosen = cs.hint("one-hot", lambda v: [int(i == v[0]) for i in range(8)], x, 8)
    for bit in chosen:
        cs.constrain(bit, bit - 1, 0)
    cs.assert_equal(linear(enumerate(chosen)), x[0])
    return [linear((i * i, bit) for i, bit in enumerate(chosen))]


def maximum_of_either(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """(m - a)(m - b) = 0 says that m is one of them, not that it is the larger."""
    (largest,) = cs.hint("max", lambda v: (max(v),), x, 1)
    cs.constrain(largest - x[0], largest - x[1], 0)
    return [largest]


def wrapping_accumulator(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """Division by a wire with a quotient so wide that q * d + r goes around the field."""
    quotient = hint_number(cs, "divide", lambda v: (v[0] // 3,), x, 253)
    remainder = x[0] - 3 * quotient
    to_bits(cs, remainder, 2)
    to_bits(cs, 2 - remainder, 2)
    return [quotient, remainder]


def argmax_without_one_hot(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """Bits that mark largest elements, but none need be marked, or several may."""
    chosen = cs.hint("argmax", lambda v: [int(i == v.index(max(v))) for i in range(len(v))], x, len(x))
    (largest,) = cs.hint("argmax", lambda v: (max(v),), x, 1)
    for bit, value in zip(chosen, x, strict=True):
        cs.constrain(bit, bit - 1, 0)
        cs.constrain(bit, largest - value, 0)
        to_bits(cs, largest - value, 3)
    return [linear(enumerate(chosen))]


def relu_with_unranged_low_bits(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """max(x - 4, 0) >> 1 with the bit that is shifted out left free."""
    low, high = cs.hint("relu", lambda v: (v[0] & 1, v[0] >> 1), x, 2)
    bits = to_bits(cs, high, 2)
    cs.assert_equal(x[0], low + 2 * high)
    return [cs.mul(bits[1], bits[0])]


def saturation_not_forced(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """min(x, 3) where the prover says whether x fits."""
    (fits,) = cs.hint("saturate", lambda v: (int(v[0] <= 3),), x, 1)
    cs.constrain(fits, fits - 1, 0)
    return [select(cs, fits.bounded(0, 1), x[0], 3)]


def maximum_not_an_element(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    (largest,) = cs.hint("max", lambda v: (max(v),), x, 1)
    for value in x:
        to_bits(cs, largest - value, 3)
    return [largest]


def pool_of_any_element(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    (largest,) = cs.hint("max", lambda v: (max(v),), x, 1)
    cs.constrain(cs.mul(largest - x[0], largest - x[1]), largest - x[2], 0)
    return [largest]


def product_bound_too_small(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """x * y < 10 with the product taken for a number of five bits, which it exceeds."""
    product = cs.mul(x[0], x[1]).bounded(0, 31)
    return [less_than(cs, product, 10, 5)]


def product_bounded(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    return [less_than(cs, cs.mul(x[0], x[1]), 10, 6)]


def comparison_of_unranged(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    return [less_than(cs, x[0].bounded(0, 7), x[1].bounded(0, 7), 3)]


def comparison_of_ranged(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    return [less_than(cs, assert_range(cs, x[0], 3), assert_range(cs, x[1], 3), 3)]


def thermometer(cs: Builder, x: list[Wire], monotone: bool = True) -> Sequence[Wire]:
    """A table look-up by bits t_i = [x > i], whose sum is x."""
    steps = cs.hint("thermometer", lambda v: [int(v[0] > i) for i in range(7)], x, 7)
    for bit in steps:
        cs.constrain(bit, bit - 1, 0)
    for bit, following in pairwise(steps):
        if monotone:
            cs.constrain(following, 1 - bit, 0)
    cs.assert_equal(linear((1, bit) for bit in steps), x[0])
    return [linear((i * i, bit) for i, bit in enumerate(steps, start=1))]


def leaves(cs: Builder, x: list[Wire], every_test: bool = True, sum_is_one: bool = True) -> Sequence[Wire]:
    """A decision tree of depth two by hinted leaves: a chosen leaf must agree with its tests."""
    root, left, right = less_than(cs, x[0], 4, 3), less_than(cs, x[1], 2, 3), less_than(cs, x[1], 6, 3)

    def leaf(v: Sequence[int]) -> list[int]:
        which = (0 if v[1] < 2 else 1) if v[0] < 4 else (2 if v[1] < 6 else 3)
        return [int(i == which) for i in range(4)]

    chosen = cs.hint("tree", leaf, x, 4)
    tests = ((root, left), (root, 1 - left), (1 - root, right), (1 - root, 1 - right))
    for bit, (first, second) in zip(chosen, tests, strict=True):
        cs.constrain(bit, 1 - first, 0)
        if every_test:
            cs.constrain(bit, 1 - second, 0)
    if sum_is_one:
        cs.assert_equal(linear((1, bit) for bit in chosen), 1)
    return [linear(zip((10, 20, 30, 40), chosen, strict=True))]


def tree(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """The same tree by selection, which leaves nothing to choose."""
    root, left, right = less_than(cs, x[0], 4, 3), less_than(cs, x[1], 2, 3), less_than(cs, x[1], 6, 3)
    return [select(cs, root, 20 - 10 * left, 40 - 10 * right)]


def leaf_of_one_test(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    return leaves(cs, x, every_test=False)


def leaves_without_their_sum(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    return leaves(cs, x, sum_is_one=False)


def thermometer_not_monotone(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    return thermometer(cs, x, monotone=False)


def inverse_or_zero(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """out = x * hint, meant to be [x != 0]; the hint may be anything."""
    (hint,) = cs.hint("inverse", lambda v: (pow(v[0], -1, P) if v[0] else 0,), x, 1)
    return [cs.mul(x[0], hint)]


def booleanity_of_the_wrong_bit(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """The loop proves the first bit again and again."""
    upper = cs.hint("bits", lambda v: [v[0] >> i & 1 for i in range(1, 3)], x, 2)
    lowest = linear([(1, x[0]), (-2, upper[0]), (-4, upper[1])])
    for _ in range(3):
        cs.constrain(lowest, lowest - 1, 0)
    return upper
