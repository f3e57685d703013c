"""Comparisons as claims: they become a bit only where somebody needs one; requiring one is cheaper than that."""

from dataclasses import dataclass
from typing import Protocol

from compute.dsl.integers import machine
from compute.dsl.machine import Number, Range


class Truth(Protocol):
    """A Bool."""

    @property
    def number(self) -> Number: ...

    def require(self, message: str) -> None: ...


class Claim(Protocol):
    """Something that holds or does not."""

    def bit(self) -> Number:
        """1 if it holds, else 0."""
        ...

    def require(self, message: str) -> None:
        """The call is refused unless it holds."""
        ...


@dataclass(frozen=True, slots=True)
class Equal:
    """left == right, or, unless `holds`, left != right."""

    left: Number
    right: Number
    holds: bool = True

    def bit(self) -> Number:
        equal = machine().equal(self.left, self.right)
        return equal if self.holds else 1 - equal

    def require(self, message: str) -> None:
        machine().require_equal(self.left, self.right, self.holds, message)


@dataclass(frozen=True, slots=True)
class Less:
    """left < right, or, unless `holds`, left >= right, for numbers of a type."""

    left: Number
    right: Number
    kind: Range
    holds: bool = True

    def bit(self) -> Number:
        less = machine().less(self.left, self.right, self.kind)
        return less if self.holds else 1 - less

    def require(self, message: str) -> None:
        if self.holds:
            machine().require_less(self.left, self.right, self.kind, message)
        else:
            machine().require_at_most(self.right, self.left, self.kind, message)


@dataclass(frozen=True, slots=True)
class Both:
    """Two claims together."""

    left: Truth
    right: Truth

    def bit(self) -> Number:
        return machine().both(self.left.number, self.right.number)

    def require(self, message: str) -> None:
        self.left.require(message)
        self.right.require(message)
