"""Sized integers: u8 to u128 and i8 to i64. What does not fit is refused, in the circuit and in plain execution alike.

Two types go together where one holds all numbers of the other; the result is of the wider one. A result's range costs
its type's bits in constraints, except where it follows from the operands' (u64(a) + b of two u32 cannot overflow).
"""

from typing import ClassVar, Self, cast

from compute.dsl.claims import Less
from compute.dsl.errors import FloatRefused, NeverHolds, TypesDiffer
from compute.dsl.integers import machine
from compute.dsl.machine import Number, Range
from compute.dsl.place import calling_place
from compute.dsl.scalars import Bool, Scalar, differing
from crypto.field import SCALAR_FIELD


class Integer(Scalar):
    """Base of the sized integers. Their constructor converts, and proves that the number fits."""

    __slots__ = ()
    kind: ClassVar[Range]

    def __init_subclass__(cls, *, bits: int, signed: bool = False) -> None:
        cls.low, cls.high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        cls.type_name = cls.__name__
        cls.kind = Range(cls.type_name, cls.low, cls.high)

    def __init__(self, value: "Scalar | int") -> None:
        if type(value) is int:
            self.number = type(self).constant(value).number
        elif isinstance(value, Integer | Bool):
            self.number = machine().ranged(value.number, self.kind)
        elif isinstance(value, Scalar):
            self.number = machine().counted(value.number, self.kind)
        else:
            raise differing(self.type_name, value, f"{self.type_name}()")

    @classmethod
    def _operand(cls, other: object, sign: str) -> Self:
        if isinstance(other, Integer) and cls.kind.low <= other.kind.low and other.kind.high <= cls.kind.high:
            return cls.made(other.number)
        if type(other) is int:
            return cls.constant(other)
        raise differing(cls.type_name, other, sign)

    def _paired(self, other: object, sign: str) -> tuple[Self, Self]:
        """Both operands in the wider of their types. Raises TypesDiffer where neither holds all of the other."""
        mine = type(self)
        if isinstance(other, Integer) and other.kind.low <= mine.kind.low and mine.kind.high <= other.kind.high:
            return cast(Self, type(other).made(self.number)), cast(Self, other)
        return self, mine._operand(other, sign)

    def _fitting(self, number: Number) -> Self:
        return type(self).made(machine().ranged(number, self.kind))

    def __add__(self, other: "Integer | int") -> Self:
        left, right = self._paired(other, "+")
        return left._fitting(left.number + right.number)

    def __sub__(self, other: "Integer | int") -> Self:
        left, right = self._paired(other, "-")
        return left._fitting(left.number - right.number)

    def __rsub__(self, other: int) -> Self:
        return type(self)._operand(other, "-") - self

    def __mul__(self, other: "Integer | int") -> Self:
        left, right = self._paired(other, "*")
        return type(left).made(machine().product(left.number, right.number, left.kind))

    def __neg__(self) -> Self:
        return 0 - self

    __radd__ = __add__
    __rmul__ = __mul__

    def __divmod__(self, other: "Integer | int") -> tuple[Self, Self]:
        """Quotient and remainder, rounded down as Python's."""
        left, right = self._paired(other, "//")
        if right.kind.low < 0 and not isinstance(right.number, int):
            raise TypesDiffer(
                calling_place(),
                f"a division by a private {right.type_name}, which may be negative.",
                "Divide by an unsigned number or by a constant, and treat the sign with select().",
            )
        quotient, remainder = machine().divided(left.number, right.number, left.kind)
        return type(left).made(quotient), type(left).made(remainder)

    def __rdivmod__(self, other: int) -> tuple[Self, Self]:
        return divmod(type(self)._operand(other, "//"), self)

    def __floordiv__(self, other: "Integer | int") -> Self:
        return divmod(self, other)[0]

    def __mod__(self, other: "Integer | int") -> Self:
        return divmod(self, other)[1]

    def __rfloordiv__(self, other: int) -> Self:
        return type(self)._operand(other, "//") // self

    def __rmod__(self, other: int) -> Self:
        return type(self)._operand(other, "%") % self

    def __truediv__(self, other: object) -> Self:
        raise FloatRefused(calling_place(), "`/` makes fractions.", "Divide with // and %, which round down.")

    __rtruediv__ = __truediv__

    def __pow__(self, exponent: int) -> Self:
        if type(exponent) is not int or exponent < 0:
            raise NeverHolds(
                calling_place(), "an exponent must be a constant of 0 or more.", "Write the exponent as a constant."
            )
        power = type(self).constant(1)
        for _ in range(exponent):
            power = power * self
        return power

    def __lshift__(self, count: int) -> Self:
        return self * (1 << _shift(count))

    def __rshift__(self, count: int) -> Self:
        return self // (1 << _shift(count))

    def __lt__(self, other: "Integer | int") -> Bool:
        left, right = self._paired(other, "<")
        return Bool.claimed(Less(left.number, right.number, left.kind))

    def __gt__(self, other: "Integer | int") -> Bool:
        left, right = self._paired(other, ">")
        return Bool.claimed(Less(right.number, left.number, left.kind))

    def __le__(self, other: "Integer | int") -> Bool:
        return ~(self > other)

    def __ge__(self, other: "Integer | int") -> Bool:
        return ~(self < other)

    def bits(self) -> list[Bool]:
        """The bits of an unsigned number, lowest first. Constraints: its type's bits."""
        if self.kind.low < 0:
            raise TypesDiffer(calling_place(), f"bits of an {self.type_name}.", "Convert it to an unsigned type first.")
        return [Bool.made(bit) for bit in machine().bits(self.number, self.kind.high.bit_length())]


class u8(Integer, bits=8):
    """0..2**8 - 1."""

    __slots__ = ()


class u16(Integer, bits=16):
    """0..2**16 - 1."""

    __slots__ = ()


class u32(Integer, bits=32):
    """0..2**32 - 1."""

    __slots__ = ()


class u64(Integer, bits=64):
    """0..2**64 - 1."""

    __slots__ = ()


class u128(Integer, bits=128):
    """0..2**128 - 1."""

    __slots__ = ()


class i8(Integer, bits=8, signed=True):
    """-2**7..2**7 - 1."""

    __slots__ = ()


class i16(Integer, bits=16, signed=True):
    """-2**15..2**15 - 1."""

    __slots__ = ()


class i32(Integer, bits=32, signed=True):
    """-2**31..2**31 - 1."""

    __slots__ = ()


class i64(Integer, bits=64, signed=True):
    """-2**63..2**63 - 1."""

    __slots__ = ()


def _shift(count: object) -> int:
    if type(count) is not int or not 0 <= count < SCALAR_FIELD.bit_length():
        raise NeverHolds(
            calling_place(), "a shift must be by a constant of 0 or more.", "Write the shift as a constant."
        )
    return count
