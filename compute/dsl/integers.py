"""The machine of plain execution: ordinary integers, refusals as exceptions. The reference of `wires.py`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from compute.dsl.machine import Function, Machine, Number, Range, current
from compute.dsl.place import calling_place
from compute.dsl.refusals import CallRefused, DividedByZero, OutOfRange, OutsideArray, RequirementFailed
from crypto import eddsa, field
from crypto import poseidon as hashing
from crypto.babyjubjub import Point
from crypto.eddsa import EddsaSignature
from crypto.field import SCALAR_FIELD
from crypto.r1cs.wire import Wire


def plain(number: Number) -> int:
    """The integer. Raises TypeError for a wire, which only a mistake of the language's own could bring here."""
    if isinstance(number, Wire):
        raise TypeError("a wire in plain execution")
    return number


class Integers:
    """Numbers are integers: of sized types in their range, of field elements in 0..r - 1.

    In a lambda of `select` that is not taken nothing is refused; what cannot be computed there is 0.
    """

    def __init__(self) -> None:
        self.branching = False
        self._taken = True

    def ranged(self, number: Number, kind: Range) -> Number:
        if not kind.low <= plain(number) <= kind.high:
            return self._refused(OutOfRange(calling_place(), *kind))
        return number

    def _refused(self, refusal: CallRefused) -> int:
        """Raises the refusal, or stands in for what it is about."""
        if self._taken:
            raise refusal
        return 0

    def product(self, left: Number, right: Number, kind: Range) -> Number:
        return self.ranged(plain(left) * plain(right), kind)

    def element(self, number: Number) -> Number:
        return plain(number) % SCALAR_FIELD

    def element_product(self, left: Number, right: Number) -> Number:
        return plain(left) * plain(right) % SCALAR_FIELD

    def counted(self, number: Number, kind: Range) -> Number:
        counted = plain(number) % SCALAR_FIELD
        return self.ranged(counted - SCALAR_FIELD if kind.low < 0 and counted > kind.high else counted, kind)

    def inverse(self, number: Number) -> Number:
        if plain(number) % SCALAR_FIELD == 0:
            return self._refused(DividedByZero(calling_place()))
        return field.inverse(plain(number))

    def divided(self, number: Number, divisor: Number, kind: Range) -> tuple[Number, Number]:
        if plain(divisor) == 0:
            return self._refused(DividedByZero(calling_place())), 0
        quotient, remainder = divmod(plain(number), plain(divisor))
        return self.ranged(quotient, kind), remainder

    def equal(self, left: Number, right: Number) -> Number:
        return int((plain(left) - plain(right)) % SCALAR_FIELD == 0)

    def less(self, left: Number, right: Number, kind: Range) -> Number:
        return int(plain(left) < plain(right))

    def both(self, left: Number, right: Number) -> Number:
        return plain(left) & plain(right)

    def either(self, left: Number, right: Number) -> Number:
        return plain(left) | plain(right)

    def differ(self, left: Number, right: Number) -> Number:
        return plain(left) ^ plain(right)

    def chosen(self, condition: Number, if_one: Number, if_zero: Number) -> Number:
        return if_one if plain(condition) else if_zero

    @contextmanager
    def branch(self, condition: Number) -> Iterator[None]:
        outer = self.branching, self._taken
        self.branching, self._taken = True, self._taken and bool(condition)
        try:
            yield
        finally:
            self.branching, self._taken = outer

    def require(self, condition: Number, message: str) -> None:
        if not plain(condition):
            self._refused(RequirementFailed(calling_place(), message))

    def require_equal(self, left: Number, right: Number, holds: bool, message: str) -> None:
        self.require(int(self.equal(left, right) == int(holds)), message)

    def require_less(self, left: Number, right: Number, kind: Range, message: str) -> None:
        self.require(self.less(left, right, kind), message)

    def require_at_most(self, left: Number, right: Number, kind: Range, message: str) -> None:
        self.require(int(plain(left) <= plain(right)), message)

    def bits(self, number: Number, count: int) -> list[Number]:
        return [plain(number) >> place & 1 for place in range(count)]

    def hot(self, index: Number, count: int) -> list[Number]:
        inside = self._inside(index, count)
        return [int(place == inside) for place in range(count)]

    def picked(self, columns: Sequence[Sequence[Number]], index: Number) -> list[Number]:
        inside = self._inside(index, len(columns[0]))
        return [column[inside] for column in columns]

    def _inside(self, index: Number, count: int) -> int:
        return plain(index) if 0 <= plain(index) < count else self._refused(OutsideArray(calling_place(), count))

    def revealed(self, number: Number) -> Number:
        return number

    def poseidon(self, inputs: Sequence[Number], tag: int) -> Number:
        return hashing.poseidon([plain(number) % SCALAR_FIELD for number in inputs], tag)

    def signed(self, message: Number, x: Number, y: Number, r_x: Number, r_y: Number, s: Number) -> Number:
        said, *rest = (plain(number) % SCALAR_FIELD for number in (message, x, y, r_x, r_y, s))
        key, r = Point(rest[0], rest[1]), Point(rest[2], rest[3])
        return int(eddsa.verify(key, said, EddsaSignature(r, rest[4])))

    def applied(self, function: Function, numbers: Sequence[Number]) -> Sequence[Number]:
        inside = [self.ranged(number, kind) for number, kind in zip(numbers, function.inputs, strict=True)]
        return list(function.on_integers(list(map(plain, inside))))


INTEGERS: Final = Integers()  # what constants compute on outside of a method


def machine() -> Machine:
    """The machine of the method that runs; outside of one, plain integers."""
    return current() or INTEGERS
