"""The machine that builds a circuit: every operation of the language as constraints. Costs stand in docs/dsl.md.

Numbers that are known when the class is built stay integers, so constants cost nothing and break rules at once.
Inside a lambda of `select` everything that could refuse works on numbers that the condition has masked to zero.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeVar

from compute.dsl.errors import TooLarge
from compute.dsl.integers import INTEGERS
from compute.dsl.machine import BIT, Function, Number, Range
from compute.dsl.place import calling_place
from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets import boolean, compare, eddsa, equality, lookup
from crypto.r1cs.gadgets.babyjubjub import PointWire
from crypto.r1cs.gadgets.bits import assert_interval, to_bits
from crypto.r1cs.gadgets.divide import div_rem
from crypto.r1cs.gadgets.poseidon import poseidon
from crypto.r1cs.gadgets.select import select
from crypto.r1cs.gadgets.wide import div_rem_wide, mul_wide
from crypto.r1cs.wire import Wire, as_wire

MOST_CONSTRAINTS: Final = 1 << 20  # as many as models may have: the keys of so many are gigabytes
SMALLER: Final = "Do a part in each call and keep it in a register, or use narrower types."

P = ParamSpec("P")
R = TypeVar("R")


def located(operation: Callable[Concatenate["Wires", P], R]) -> Callable[Concatenate["Wires", P], R]:
    """Counts the operation's constraints under the contract's line that asked for it."""

    @wraps(operation)
    def at_line(self: "Wires", /, *arguments: P.args, **named: P.kwargs) -> R:
        if self.counting:
            return operation(self, *arguments, **named)
        self.counting, place = True, calling_place()
        try:
            with self.cs.scope(f"{place}: {place.text}"):
                result = operation(self, *arguments, **named)
        finally:
            self.counting = False
        if self.cs.constraint_count > MOST_CONSTRAINTS:
            raise TooLarge(place, f"more than {MOST_CONSTRAINTS:,} constraints in one method.", SMALLER)
        return result

    return at_line


def known(*numbers: Number) -> bool:
    """Whether all are constants of the source."""
    return all(isinstance(number, int) for number in numbers)


class Wires:
    """Numbers are wires of one builder, or constants. Every wire of a sized type carries a bound within its range."""

    def __init__(self, cs: Builder) -> None:
        self.cs = cs
        self.branching = False
        self.counting = True  # under the scope that is open; see `by_line`
        self._mask: Number = 1

    @contextmanager
    def by_line(self) -> Iterator[None]:
        """What is built inside is counted by the contract's lines."""
        self.counting = False
        try:
            yield
        finally:
            self.counting = True

    @located
    def ranged(self, number: Number, kind: Range) -> Number:
        if isinstance(number, int):
            return INTEGERS.ranged(number, kind)
        if number.within(kind.low, kind.high):
            return number
        return assert_interval(self.cs, self._masked(number), kind.low, kind.high)

    @located
    def product(self, left: Number, right: Number, kind: Range) -> Number:
        if known(left, right):
            return INTEGERS.product(left, right, kind)
        product = mul_wide(self.cs, self._masked(left), as_wire(right), kind.high)
        return assert_interval(self.cs, product, kind.low, kind.high)

    def element(self, number: Number) -> Number:
        return INTEGERS.element(number) if isinstance(number, int) else number

    @located
    def element_product(self, left: Number, right: Number) -> Number:
        if known(left, right):
            return INTEGERS.element_product(left, right)
        return self.cs.mul(left, right)

    @located
    def counted(self, number: Number, kind: Range) -> Number:
        return INTEGERS.counted(number, kind) if isinstance(number, int) else self.ranged(number, kind)

    @located
    def inverse(self, number: Number) -> Number:
        if isinstance(number, int):
            return INTEGERS.inverse(number)
        return equality.inverse(self.cs, as_wire(self._or_one(number)))

    @located
    def divided(self, number: Number, divisor: Number, kind: Range) -> tuple[Number, Number]:
        if known(number, divisor) or divisor == 0:
            return INTEGERS.divided(number, divisor, kind)
        dividend = as_wire(number)
        if isinstance(divisor, int):
            sign = -1 if divisor < 0 else 1
            quotient, remainder = div_rem(self.cs, dividend * sign, abs(divisor))
            return self.ranged(quotient, kind), remainder * sign
        return div_rem_wide(self.cs, dividend, as_wire(self._or_one(divisor)))

    @located
    def equal(self, left: Number, right: Number) -> Number:
        if known(left, right):
            return INTEGERS.equal(left, right)
        return equality.is_equal(self.cs, as_wire(left), right)

    @located
    def less(self, left: Number, right: Number, kind: Range) -> Number:
        if known(left, right):
            return INTEGERS.less(left, right, kind)
        return compare.less_than(self.cs, left - kind.low, right - kind.low, width(kind))

    @located
    def both(self, left: Number, right: Number) -> Number:
        return self._logic(boolean.logical_and, INTEGERS.both, left, right)

    @located
    def either(self, left: Number, right: Number) -> Number:
        return self._logic(boolean.logical_or, INTEGERS.either, left, right)

    @located
    def differ(self, left: Number, right: Number) -> Number:
        return self._logic(boolean.logical_xor, INTEGERS.differ, left, right)

    @located
    def chosen(self, condition: Number, if_one: Number, if_zero: Number) -> Number:
        if isinstance(condition, int):
            return INTEGERS.chosen(condition, if_one, if_zero)
        return if_one if if_one is if_zero else select(self.cs, condition, if_one, if_zero)

    @contextmanager
    def branch(self, condition: Number) -> Iterator[None]:
        outer = self.branching, self._mask
        self.branching, self._mask = True, self.both(self._mask, condition)
        try:
            yield
        finally:
            self.branching, self._mask = outer

    @located
    def require(self, condition: Number, message: str) -> None:
        if not isinstance(self._mask, int):
            self.cs.constrain(self._mask, 1 - as_wire(condition), 0)
        elif self._mask and isinstance(condition, int):
            INTEGERS.require(condition, message)
        elif self._mask:
            self.cs.assert_equal(condition, 1)

    @located
    def require_equal(self, left: Number, right: Number, holds: bool, message: str) -> None:
        if known(left, right) or not self._always:
            equal = self.equal(left, right)
            self.require(equal if holds else 1 - equal, message)
        elif holds:
            self.cs.assert_equal(left, right)
        else:
            equality.assert_nonzero(self.cs, as_wire(left) - as_wire(right))

    @located
    def require_less(self, left: Number, right: Number, kind: Range, message: str) -> None:
        if known(left, right) or not self._always:
            self.require(self.less(left, right, kind), message)
        else:
            compare.assert_less_than(self.cs, left - kind.low, right - kind.low, width(kind))

    @located
    def require_at_most(self, left: Number, right: Number, kind: Range, message: str) -> None:
        if known(left, right) or not self._always:
            self.require(1 - self.less(right, left, kind), message)
        else:
            compare.assert_less_or_equal(self.cs, left - kind.low, right - kind.low, width(kind))

    @located
    def bits(self, number: Number, count: int) -> list[Number]:
        if isinstance(number, int):
            return INTEGERS.bits(number, count)
        return list(to_bits(self.cs, number, count))

    @located
    def hot(self, index: Number, count: int) -> list[Number]:
        if isinstance(index, int):
            return INTEGERS.hot(index, count)
        if count == 1:
            self.cs.assert_equal(self._masked(index), 0)
            return [1]
        return list(lookup.one_hot(self.cs, self._place(index, count), count))

    @located
    def picked(self, columns: Sequence[Sequence[Number]], index: Number) -> list[Number]:
        if isinstance(index, int):
            return INTEGERS.picked(columns, index)
        place = self._place(index, len(columns[0]))
        return [lookup.lookup(self.cs, [as_wire(number) for number in column], place) for column in columns]

    def revealed(self, number: Number) -> Number:
        return number

    @located
    def poseidon(self, inputs: Sequence[Number], tag: int) -> Number:
        if known(*inputs):
            return INTEGERS.poseidon(inputs, tag)
        return poseidon(self.cs, [_reduced(number) for number in inputs], tag)

    @located
    def signed(self, message: Number, x: Number, y: Number, r_x: Number, r_y: Number, s: Number) -> Number:
        if known(message, x, y, r_x, r_y, s):
            return INTEGERS.signed(message, x, y, r_x, r_y, s)
        said, *rest = (as_wire(_reduced(number)) for number in (message, x, y, r_x, r_y, s))
        return eddsa.verify(self.cs, PointWire(rest[0], rest[1]), said, PointWire(rest[2], rest[3]), rest[4])

    @located
    def applied(self, function: Function, numbers: Sequence[Number]) -> Sequence[Number]:
        if known(*numbers):
            return INTEGERS.applied(function, numbers)
        return function.on_wires(self.cs, [self._masked(number) for number in numbers])

    @property
    def _always(self) -> bool:
        """Whether what runs now counts whatever the values are: in no lambda of `select`."""
        return isinstance(self._mask, int) and self._mask == 1

    def _place(self, index: Wire, count: int) -> list[Wire]:
        """The bits of an index that is proven to be below count."""
        inside = self._masked(index)
        width = (count - 1).bit_length()
        place = to_bits(self.cs, inside, width)
        if count != 1 << width:
            to_bits(self.cs, count - 1 - inside, width)
        return place

    def _logic(
        self,
        gadget: Callable[[Builder, Wire, Wire], Wire],
        on_constants: Callable[[Number, Number], Number],
        left: Number,
        right: Number,
    ) -> Number:
        if known(left, right):
            return on_constants(left, right)
        return gadget(self.cs, as_wire(left), as_wire(right)).bounded(BIT.low, BIT.high)

    def _masked(self, number: Number) -> Wire:
        """The number, in a branch that is not taken 0, which every type holds."""
        return self.cs.mul(number, self._mask)

    def _or_one(self, number: Wire) -> Number:
        """The number, in a branch that is not taken 1."""
        return self.chosen(self._mask, number, 1)


def width(kind: Range) -> int:
    """Bits of the difference of two numbers of a type."""
    return (kind.high - kind.low).bit_length()


def _reduced(number: Number) -> Number:
    return number % SCALAR_FIELD if isinstance(number, int) else number
