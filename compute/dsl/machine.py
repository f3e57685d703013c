"""What a method's body runs on: integers in plain execution, wires when its circuit is built.

Values (scalars.py, composites.py) know types; a machine knows numbers, and has one method for each thing that a number
can be put through. The two machines refuse the same: plain integers by a CallRefused, wires by having no witness.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Final, NamedTuple, Protocol

from crypto.r1cs.builder import Builder
from crypto.r1cs.wire import Wire

Number = Wire | int


class Range(NamedTuple):
    """The numbers that a type holds; both ends included."""

    type_name: str
    low: int
    high: int


BIT: Final = Range("Bool", 0, 1)


class Function(Protocol):
    """A function with two forms of its own, such as a quantised model. inputs: the numbers that it takes."""

    @property
    def inputs(self) -> tuple[Range, ...]: ...

    def on_integers(self, numbers: Sequence[int]) -> list[int]: ...

    def on_wires(self, cs: Builder, wires: Sequence[Wire]) -> Sequence[Wire]:
        """Proves that the wires are in their ranges, too."""
        ...


class Machine(Protocol):
    """Arithmetic on numbers. Sums and multiples by constants need no machine: integers and wires both have them."""

    branching: bool  # whether what runs now is a lambda of `select`

    def ranged(self, number: Number, kind: Range) -> Number:
        """The number, refused outside its type."""
        ...

    def product(self, left: Number, right: Number, kind: Range) -> Number:
        """The product of two numbers of a type, refused outside that type."""
        ...

    def element(self, number: Number) -> Number:
        """A sum as a field element."""
        ...

    def element_product(self, left: Number, right: Number) -> Number:
        """The product of two field elements."""
        ...

    def counted(self, number: Number, kind: Range) -> Number:
        """A field element as a number of a type, refused outside it; r - 1 is -1 where the type has a sign."""
        ...

    def inverse(self, number: Number) -> Number:
        """1 / number in the field; zero is refused."""
        ...

    def divided(self, number: Number, divisor: Number, kind: Range) -> tuple[Number, Number]:
        """Quotient and remainder of two numbers of a type, rounded down as Python does; zero is refused.

        A divisor that is no constant must be of a type without a sign.
        """
        ...

    def equal(self, left: Number, right: Number) -> Number:
        """1 if both are the same field element, else 0."""
        ...

    def less(self, left: Number, right: Number, kind: Range) -> Number:
        """1 if left < right, else 0, for numbers of a type."""
        ...

    def both(self, left: Number, right: Number) -> Number: ...

    def either(self, left: Number, right: Number) -> Number: ...

    def differ(self, left: Number, right: Number) -> Number: ...

    def chosen(self, condition: Number, if_one: Number, if_zero: Number) -> Number:
        """if_one where the bit is 1, else if_zero."""
        ...

    def branch(self, condition: Number) -> AbstractContextManager[None]:
        """What runs inside counts only where the bit is 1: its refusals refuse nothing elsewhere."""
        ...

    def require(self, condition: Number, message: str) -> None:
        """The call is refused unless the bit is 1."""
        ...

    def require_equal(self, left: Number, right: Number, holds: bool, message: str) -> None:
        """The call is refused unless both are the same field element, or, where not `holds`, differ."""
        ...

    def require_less(self, left: Number, right: Number, kind: Range, message: str) -> None:
        """The call is refused unless left < right, for numbers of a type."""
        ...

    def require_at_most(self, left: Number, right: Number, kind: Range, message: str) -> None:
        """The call is refused unless left <= right, for numbers of a type."""
        ...

    def bits(self, number: Number, count: int) -> list[Number]:
        """The bits of a number of that many, lowest first."""
        ...

    def hot(self, index: Number, count: int) -> list[Number]:
        """For each place of 0..count - 1 whether it is the index; an index beyond is refused."""
        ...

    def picked(self, columns: Sequence[Sequence[Number]], index: Number) -> list[Number]:
        """Of each column the entry at the index; an index beyond the end is refused."""
        ...

    def revealed(self, number: Number) -> Number:
        """The number, which may become public from here on."""
        ...

    def poseidon(self, inputs: Sequence[Number], tag: int) -> Number: ...

    def signed(self, message: Number, x: Number, y: Number, r_x: Number, r_y: Number, s: Number) -> Number:
        """1 if (r, s) is the signature of the key (x, y) over the message, else 0; of any field elements."""
        ...

    def applied(self, function: "Function", numbers: Sequence[Number]) -> Sequence[Number]:
        """What a function that is no part of the language makes of numbers; those out of its ranges are refused."""
        ...


_running: ContextVar[Machine | None] = ContextVar("machine", default=None)


@contextmanager
def running(machine: Machine) -> Iterator[None]:
    """Values inside compute on this machine."""
    token = _running.set(machine)
    try:
        yield
    finally:
        _running.reset(token)


def current() -> Machine | None:
    """The machine of the method that runs, None outside of one."""
    return _running.get()
