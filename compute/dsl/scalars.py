"""The scalars: field elements, sized integers, booleans, addresses."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, Final, NoReturn, Self

from chain.execution.statement import account_element, id_element
from compute.dsl.claims import Both, Claim, Equal, Less
from compute.dsl.errors import FloatRefused, NameRefused, NeverHolds, TypesDiffer
from compute.dsl.integers import machine
from compute.dsl.machine import BIT, Number
from compute.dsl.place import calling_place, within_language
from compute.dsl.refusals import ArgumentRefused
from compute.dsl.values import Leaf, Value
from crypto.address import decode_address
from crypto.errors import CryptoError
from crypto.field import SCALAR_FIELD

ID_BYTES: Final = 32
SIZED_NAMES: Final = ("u8", "u16", "u32", "u64", "u128", "i8", "i16", "i32", "i64")
SCALAR_NAMES: Final = frozenset(("Field", "Bool", "Identifier", "Address", "Asset", *SIZED_NAMES))


class Scalar(Value):
    """A value of one number."""

    __slots__ = ("number",)
    number: Number
    low: ClassVar[int] = 0
    high: ClassVar[int | None] = None

    def __setattr__(self, name: str, value: object) -> None:
        """Raises NameRefused for a contract's line: no value becomes another one, nor one beyond its type."""
        if not within_language(sys._getframe(1)):
            raise NameRefused(
                calling_place(),
                f"{name} of a {self.type_name} is set, which looks behind the language.",
                f"Make a new value, as in {self.type_name}(x), and give it the name.",
            )
        object.__setattr__(self, name, value)

    @classmethod
    def made(cls, number: Number) -> Self:
        """The value of a number that is known to be in the type's range."""
        value = cls.__new__(cls)
        value.number = number
        return value

    @classmethod
    def leaves(cls) -> tuple[Leaf, ...]:
        return (Leaf("", cls.type_name, cls.low, cls.high),)

    @classmethod
    def of(cls, numbers: Iterator[Number]) -> Self:
        return cls.made(next(numbers))

    def numbers(self) -> tuple[Number, ...]:
        return (self.number,)

    @classmethod
    def lifted(cls, numbers: Iterator[int]) -> object:
        return next(numbers)

    @classmethod
    def lowered(cls, given: object, name: str) -> tuple[int, ...]:
        (leaf,) = cls.leaves()
        if type(given) is not int or not leaf.holds(given):
            top = SCALAR_FIELD - 1 if cls.high is None else cls.high
            raise ArgumentRefused(name, f"{cls.type_name}, a whole number in {cls.low}..{top}")
        return (given,)

    @classmethod
    def constant(cls, given: int) -> Self:
        """A number of the source. Raises NeverHolds for one that the type does not hold."""
        (leaf,) = cls.leaves()
        if not leaf.holds(int(given)):
            raise NeverHolds(calling_place(), f"{given} is no {cls.type_name}.", "Use a wider type or another number.")
        return cls.made(int(given))

    def __eq__(self, other: object) -> "Bool":  # type: ignore[override]
        left, right = self._paired(other, "==")
        return Bool.claimed(Equal(left.number, right.number))

    def _paired(self, other: object, sign: str) -> tuple[Self, Self]:
        """Both operands as values of one type."""
        return self, type(self)._operand(other, sign)

    @classmethod
    def _operand(cls, other: object, sign: str) -> Self:
        if isinstance(other, cls):
            return other
        if type(other) is int and cls is not Bool:
            return cls.constant(other)
        raise differing(cls.type_name, other, sign)

    @classmethod
    def coerced(cls, given: object) -> Self:
        return cls._operand(given, "=")


def named(given: object) -> str:
    """How a message calls a value's type."""
    return given.type_name if isinstance(given, Value) else f"Python {type(given).__name__}"


def differing(left: str, right: object, sign: str) -> TypesDiffer | FloatRefused:
    """The error of an operation whose operands do not go together."""
    if isinstance(right, float):
        return FloatRefused(
            calling_place(), f"{right!r} is a fraction.", "Count in the smallest unit; divide with // and %."
        )
    return TypesDiffer(
        calling_place(),
        f"`{sign}` takes no {left} and {named(right)}.",
        f"Convert one of them, as in u64(x) or {left}(x); operands have one type, or one is wider than the other.",
    )


class Field(Scalar):
    """An element of the field, 0..r - 1: sums and products wrap around, nothing is less than anything."""

    __slots__ = ()
    type_name = "Field"

    def __init__(self, value: "Scalar | int") -> None:
        given = Field.constant(value) if type(value) is int else value
        if not isinstance(given, Scalar):
            raise differing("Field", value, "Field()")
        self.number = machine().element(given.number)

    def __add__(self, other: "Field | int") -> "Field":
        return Field.made(machine().element(self.number + Field._operand(other, "+").number))

    def __sub__(self, other: "Field | int") -> "Field":
        return Field.made(machine().element(self.number - Field._operand(other, "-").number))

    def __rsub__(self, other: int) -> "Field":
        return Field._operand(other, "-") - self

    def __mul__(self, other: "Field | int") -> "Field":
        return Field.made(machine().element_product(self.number, Field._operand(other, "*").number))

    def __neg__(self) -> "Field":
        return 0 - self

    __radd__ = __add__
    __rmul__ = __mul__

    def inverse(self) -> "Field":
        """1 / x. Zero is refused. Constraints: 1."""
        return Field.made(machine().inverse(self.number))

    def _unordered(self, other: object) -> NoReturn:
        raise TypesDiffer(
            calling_place(),
            "field elements have no order: nothing is less than anything.",
            "Convert both to sized integers, as in u64(x), which proves their range.",
        )

    __lt__ = __le__ = __gt__ = __ge__ = _unordered
    __floordiv__ = __mod__ = _unordered


class Bool(Scalar):
    """True or False, and their logic: & | ^ ~, since Python's own `and`, `or`, `not` would look into them.

    A comparison is a Claim before it is a number: require() of it costs less than making its bit and requiring that.
    """

    __slots__ = ("_claim", "_number")
    type_name = "Bool"
    low, high = BIT.low, BIT.high
    _number: Number | None
    _claim: Claim | None

    def __init__(self, value: "Bool | bool") -> None:
        given = Bool._operand(value, "Bool()")
        self._number, self._claim = given._number, given._claim

    @classmethod
    def claimed(cls, claim: Claim) -> "Bool":
        """Whether the claim holds."""
        value = cls.__new__(cls)
        value._number, value._claim = None, claim
        return value

    @property
    def number(self) -> Number:  # of a claim it is made when it is first asked for
        if self._number is None:
            self._number = 0 if self._claim is None else self._claim.bit()
        return self._number

    @number.setter
    def number(self, number: Number) -> None:
        self._number, self._claim = number, None

    def require(self, message: str) -> None:
        """The call is refused unless it holds."""
        if self._claim is None:
            machine().require(self.number, message)
        else:
            self._claim.require(message)

    @classmethod
    def _operand(cls, other: object, sign: str) -> Self:
        return cls.made(int(other)) if type(other) is bool else super()._operand(other, sign)

    @classmethod
    def coerced(cls, given: object) -> Self:
        """What is stored or returned is a number from then on: it is read when no method runs any more."""
        return cls.made(cls._operand(given, "=").number)

    @classmethod
    def lowered(cls, given: object, name: str) -> tuple[int, ...]:
        if type(given) is not bool:
            raise ArgumentRefused(name, "Bool, True or False")
        return (int(given),)

    @classmethod
    def lifted(cls, numbers: Iterator[int]) -> object:
        return bool(next(numbers))

    def __and__(self, other: "Bool | bool") -> "Bool":
        return Bool.claimed(Both(self, Bool._operand(other, "&")))

    def __or__(self, other: "Bool | bool") -> "Bool":
        return Bool.made(machine().either(self.number, Bool._operand(other, "|").number))

    def __xor__(self, other: "Bool | bool") -> "Bool":
        return Bool.made(machine().differ(self.number, Bool._operand(other, "^").number))

    def __invert__(self) -> "Bool":
        if isinstance(self._claim, Equal | Less):
            return Bool.claimed(replace(self._claim, holds=not self._claim.holds))
        return Bool.made(1 - self.number)

    __rand__ = __and__
    __ror__ = __or__
    __rxor__ = __xor__


class Identifier(Scalar):
    """An id of the chain's, as proofs name it: one element. Outside it is given as 32 bytes."""

    __slots__ = ()
    type_name = "Identifier"

    def __init__(self, value: "Identifier | bytes | int") -> None:
        given = type(self).lowered(value, self.type_name)[0] if isinstance(value, bytes) else value
        self.number = type(self)._operand(given, f"{self.type_name}()").number

    @classmethod
    def element_of(cls, identifier: bytes) -> int:
        """The element of 32 bytes."""
        return id_element(identifier)

    @classmethod
    def lowered(cls, given: object, name: str) -> tuple[int, ...]:
        if isinstance(given, bytes) and len(given) == ID_BYTES:
            return (cls.element_of(given),)
        return super().lowered(given, name)


class Address(Identifier):
    """An account. Outside it is given as 32 bytes or as text."""

    __slots__ = ()
    type_name = "Address"

    @classmethod
    def element_of(cls, identifier: bytes) -> int:
        return account_element(identifier)

    @classmethod
    def lowered(cls, given: object, name: str) -> tuple[int, ...]:
        try:
            return super().lowered(decode_address(given) if isinstance(given, str) else given, name)
        except CryptoError:
            raise ArgumentRefused(name, "an account's address, 32 bytes or text that begins with cluster1") from None


class Asset(Identifier):
    """A kind of token; the native one is 0. Outside it is given as 32 bytes."""

    __slots__ = ()
    type_name = "Asset"


NATIVE: Final = Asset(0)
