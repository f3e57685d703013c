"""Which seeded bug must be found by which test, with its twin: a circuit for the same thing without the bug."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crypto.r1cs.audit import AuditSubject
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Inputs
from crypto.r1cs.gadgets.bits import from_bits, to_bits
from crypto.r1cs.gadgets.canonical import field_bits
from crypto.r1cs.gadgets.compare import assert_less_or_equal, less_than
from crypto.r1cs.gadgets.divide import div_rem
from crypto.r1cs.gadgets.equality import assert_nonzero, is_equal, is_zero
from crypto.r1cs.gadgets.extremum import argmax, max_pool, maximum
from crypto.r1cs.gadgets.relu import relu_shift, relu_shift_saturated
from crypto.r1cs.gadgets.select import select
from crypto.r1cs.wire import Wire, linear
from tests.support import seeded_bugs as bugs
from tests.support.seeded_bugs import Build, P


@dataclass(frozen=True)
class Seeded:
    """A bug and its twin: `by` is the test that must find it."""

    by: str
    wrong: Build
    right: Build
    inputs: int = 1
    bits: int | None = 3
    cases: tuple[tuple[int, ...], ...] = ((5,),)
    reference: Callable[..., tuple[int, ...] | None] | None = None
    sample: int | None = None

    def __str__(self) -> str:
        return self.wrong.__name__

    def subject(self, build: Build) -> AuditSubject:
        cases: list[Inputs] = [{"x": case} for case in self.cases]
        return AuditSubject(bugs.circuit_of(build, self.inputs, self.bits), cases, self._reference())

    def _reference(self) -> Callable[[Inputs], tuple[int, ...] | None] | None:
        reference = self.reference

        def of_inputs(inputs: Inputs) -> tuple[int, ...] | None:
            values = inputs["x"]
            assert reference is not None
            assert not isinstance(values, int)
            return reference(*values)

        return None if reference is None else of_inputs


def squared(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    """The root that is a number of three bits."""
    (root,) = cs.hint("root", lambda v: (v[0],), x, 1)
    to_bits(cs, root, 3)
    cs.constrain(root, root, cs.mul(x[0], x[0]))
    return [root]


def sorted_pair(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    largest = maximum(cs, x[0], x[1], 3)
    return [x[0] + x[1] - largest, largest]


def nonzero_division(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    assert_nonzero(cs, x[1].bounded(0, P - 1))
    return bugs.division_that_may_be_zero_by_zero(cs, x)


def one_hot(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    return [linear((i * i, is_equal(cs, x[0], i)) for i in range(8))]


def low_byte(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    return [from_bits(field_bits(cs, x[0])[:8])]


def packed_after_ranging(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    bits = to_bits(cs, x[0], 3)
    return [cs.mul(from_bits(bits[1:]), bits[0])]


def larger(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    return [select(cs, less_than(cs, x[0], x[1], 3), x[1], x[0])]


def index_of_largest(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    return argmax(cs, x, 3)[:1]


def saturated(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    return [relu_shift_saturated(cs, x[0], 3, 0, 2)]


def middle_bits(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    bits = to_bits(cs, x[0], 3)
    return [cs.mul(bits[2], bits[1])]


def quotient_alone(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    quotient, remainder = div_rem(cs, x[0], 3)
    assert_less_or_equal(cs, remainder, 2, 2)
    return [quotient, remainder]


def divided(a: int, b: int) -> tuple[int, ...] | None:
    return (a * pow(b, -1, P) % P,) if b else None


SEEDED = [
    Seeded("flips", bugs.missing_booleanity, lambda cs, x: to_bits(cs, x[0], 3)),
    Seeded("flips", bugs.missing_top_booleanity, lambda cs, x: to_bits(cs, x[0], 3)[2:]),
    Seeded("flips", bugs.booleanity_of_the_wrong_bit, lambda cs, x: to_bits(cs, x[0], 3)[1:]),
    Seeded("flips", bugs.unranged_remainder, quotient_alone, cases=((7,),)),
    Seeded("flips", bugs.remainder_below_a_power_of_two_only, quotient_alone, cases=((6,),)),
    Seeded("flips", bugs.unranged_quotient, quotient_alone, cases=((7,),)),
    Seeded("flips", bugs.wrapping_accumulator, quotient_alone, cases=((7,),), sample=12),
    Seeded("flips", bugs.compare_with_aliases, low_byte, bits=None, sample=12),
    Seeded("flips", bugs.packed_before_ranging, packed_after_ranging, cases=((7,),)),
    Seeded("jacobian", bugs.is_zero_without_second_constraint, lambda cs, x: [is_zero(cs, x[0])]),
    Seeded("jacobian", bugs.is_zero_without_first_constraint, lambda cs, x: [is_zero(cs, x[0])], cases=((0,),)),
    Seeded("jacobian", bugs.inverse_or_zero, lambda cs, x: [1 - is_zero(cs, x[0])]),
    Seeded("jacobian", bugs.selector_that_is_no_bit, larger, 2, cases=((3, 5),)),
    Seeded("flips", bugs.compare_of_unranged, lambda cs, x: [less_than(cs, x[0], x[1], 3)], 2, cases=((3, 5),)),
    Seeded("differential", bugs.comparison_of_unranged, bugs.comparison_of_ranged, 2, None, ((3, 5), (P - 1, 3)),
           lambda a, b: (int(a < b),) if max(a, b) < 8 else None),
    Seeded("differential", bugs.product_bound_too_small, bugs.product_bounded, 2, cases=((3, 5), (7, 7)),
           reference=lambda a, b: (int(a * b < 10),)),
    Seeded("flips", bugs.sign_from_a_free_bit, lambda cs, x: [relu_shift(cs, x[0], 3, 0)]),
    Seeded("flips", bugs.relu_with_unranged_low_bits, middle_bits, cases=((7,),)),
    Seeded("flips", bugs.saturation_not_forced, saturated, cases=((2,), (6,))),
    Seeded("flips", bugs.argmax_with_ties, index_of_largest, 3, cases=((1, 4, 4),)),
    Seeded("flips", bugs.argmax_that_need_not_be_largest, index_of_largest, 3, cases=((1, 4, 5),)),
    Seeded("flips", bugs.argmax_without_one_hot, index_of_largest, 3, cases=((1, 4, 5),)),
    Seeded("flips", bugs.maximum_not_an_element, lambda cs, x: [max_pool(cs, x, 3)], 3, cases=((1, 4, 5),)),
    Seeded("flips", bugs.pool_of_any_element, lambda cs, x: [max_pool(cs, x, 3)], 3, cases=((1, 4, 5),)),
    Seeded("flips", bugs.maximum_of_either, larger, 2, cases=((2, 5),)),
    Seeded("flips", bugs.root_of_either_sign, squared),
    Seeded("jacobian", bugs.hint_alone, lambda cs, x: [2 * x[0]]),
    Seeded("jacobian", bugs.product_with_wrong_factor, lambda cs, x: [x[0]], cases=((0,),)),
    Seeded("flips", bugs.swapped_pair, sorted_pair, 2, cases=((2, 5),)),
    Seeded("differential", bugs.division_that_may_be_zero_by_zero, nonzero_division, 2, None, ((4, 2), (0, 0)),
           divided),
    Seeded("flips", bugs.one_hot_without_its_sum, one_hot, cases=((3,),)),
    Seeded("flips", bugs.thermometer_not_monotone, bugs.thermometer, cases=((3,),)),
    Seeded("flips", bugs.leaf_of_one_test, bugs.tree, 2, cases=((3, 1), (5, 7))),
    Seeded("flips", bugs.leaves_without_their_sum, bugs.tree, 2, cases=((3, 1), (5, 7))),
]  # fmt: skip
