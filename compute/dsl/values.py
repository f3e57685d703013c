"""What all values of the language share: a type is a class, a value an instance of it, made of numbers.

A type says its leaves: the scalars that it is made of, in order. Everything that leaves a method, a register, an
argument, a note, goes out as the numbers of these leaves.
"""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NoReturn, Self

from compute.dsl.errors import PrivateNumber, PrivateText, TypesDiffer
from compute.dsl.machine import Number
from compute.dsl.place import calling_place
from crypto.field import SCALAR_FIELD

if TYPE_CHECKING:
    from compute.dsl.scalars import Bool


@dataclass(frozen=True, slots=True)
class Leaf:
    """One scalar of a type. path: from the value to it, as ".amount" or "[3].x"; high None: any field element."""

    path: str
    type_name: str
    low: int
    high: int | None

    @property
    def packs(self) -> bool:
        """Whether it shares an element with its neighbours where they are sealed."""
        return self.high is not None and self.low >= 0

    @property
    def bits(self) -> int:
        """Of a leaf that packs."""
        return (self.high or 0).bit_length()

    def under(self, path: str) -> "Leaf":
        return Leaf(path + self.path, self.type_name, self.low, self.high)

    def holds(self, number: int) -> bool:
        """Whether a number is one of the leaf's."""
        return 0 <= number < SCALAR_FIELD if self.high is None else self.low <= number <= self.high


class Value:
    """A value of the language. Subclasses are its types; what Python would have to look into is refused.

    mypy holds subclasses to the abstract methods. No ABCMeta: classes that users write would get a metaclass, and no
    value is made of a class that lacks one of them.
    """

    __slots__ = ()
    __hash__: ClassVar[None]  # type: ignore[assignment]  # values are no keys: they are not known
    type_name: ClassVar[str]

    @classmethod
    @abstractmethod
    def leaves(cls) -> tuple[Leaf, ...]:
        """The scalars of the type, in order."""

    @classmethod
    @abstractmethod
    def of(cls, numbers: Iterator[Number]) -> Self:
        """The value made of the next numbers, which are the leaves' and in their ranges."""

    @abstractmethod
    def numbers(self) -> tuple[Number, ...]:
        """The leaves' numbers, in order."""

    @classmethod
    @abstractmethod
    def coerced(cls, given: object) -> Self:
        """What is given where this type is meant: a value of it, a constant, or a narrower number. Raises TypesDiffer.

        A composite comes back as a copy.
        """

    @classmethod
    @abstractmethod
    def lowered(cls, given: object, name: str) -> tuple[int, ...]:
        """The leaves' integers of what Python code outside gives for a value of this type. Raises ArgumentRefused."""

    @classmethod
    @abstractmethod
    def lifted(cls, numbers: Iterator[int]) -> object:
        """What Python code outside gets to see of a value."""

    @abstractmethod
    def __eq__(self, other: object) -> "Bool":  # type: ignore[override]
        """Whether all leaves are the same."""

    def __ne__(self, other: object) -> "Bool":  # type: ignore[override]
        return ~(self == other)

    def __bool__(self) -> NoReturn:
        from compute.dsl.branches import private_branch  # which reads the source, and only then

        raise private_branch()

    def _no_number(self) -> NoReturn:
        raise PrivateNumber(
            calling_place(),
            f"Python needs a number here and was given a {self.type_name} that is known only to a call.",
            "Use a constant: lengths, range() and list places are fixed when the class is built. "
            "An Array takes a private index.",
        )

    def __index__(self) -> int:
        self._no_number()

    def __int__(self) -> int:
        self._no_number()

    def __float__(self) -> float:
        self._no_number()

    def __round__(self, digits: int | None = None) -> int:
        self._no_number()

    def __abs__(self) -> "Value":
        raise TypesDiffer(
            calling_place(),
            f"abs() of a {self.type_name} is not in the language.",
            "Write maximum(x, -x) of a signed number; how far two are apart is maximum(a, b) - minimum(a, b).",
        )

    def __len__(self) -> int:
        raise TypesDiffer(
            calling_place(),
            f"a {self.type_name} has no length.",
            "Only an Array has; that of a tuple or list is fixed.",
        )

    def _no_text(self) -> NoReturn:
        raise PrivateText(
            calling_place(),
            f"a {self.type_name} that is known only to a call cannot become text or a key.",
            "Leave it out: messages of require() are constant text.",
        )

    def __str__(self) -> str:
        self._no_text()

    def __format__(self, spec: str) -> str:
        self._no_text()

    def __repr__(self) -> str:
        return f"<{self.type_name}>"


def concatenated(values: Sequence[Value]) -> tuple[Number, ...]:
    """The numbers of all values, one after the other."""
    return tuple(number for value in values for number in value.numbers())
