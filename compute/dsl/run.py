"""One run of a method's body: what it was given, what it looked at, what it did.

The same body runs to find out what a method uses (on a scratch builder), to build its circuit, and in plain execution.
Where the numbers come from differs, and is a `Given`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

from compute.dsl.composites import Composite
from compute.dsl.errors import BranchEffect, UndeclaredField
from compute.dsl.fields import Declared
from compute.dsl.machine import Machine, Number, running
from compute.dsl.place import calling_place
from compute.dsl.scalars import Address
from compute.dsl.sized import u64
from compute.dsl.values import Value

HEIGHT_TOP: Final = 2**63 - 1


class Given(Protocol):
    """Numbers that a run begins with, asked for when the body first needs them."""

    def register(self, declared: Declared[Any]) -> tuple[Number, ...]:
        """What the register holds before the call."""
        ...

    def caller(self) -> Number: ...

    def period(self) -> tuple[Number, Number]: ...


class Run:
    """What a body sees through `self`. looked, wrote: registers by name, in the order of their first use."""

    def __init__(self, machine: Machine, given: Given) -> None:
        self.machine, self.given = machine, given
        self.values: dict[str, Value] = {}
        self.looked: dict[str, Declared[Any]] = {}
        self.wrote: dict[str, Declared[Any]] = {}
        self._caller: Address | None = None
        self._period: tuple[u64, u64] | None = None

    @contextmanager
    def inside(self) -> Iterator[None]:
        """The body runs inside."""
        with running(self.machine):
            yield

    @property
    def uses_caller(self) -> bool:
        return self._caller is not None

    @property
    def uses_period(self) -> bool:
        return self._period is not None

    def read(self, declared: Declared[Any]) -> Value:
        """The register's value as it stands in the call."""
        if declared.name not in self.values:
            self.looked[declared.name] = declared
            self._hold(declared, declared.kind.of(iter(self.given.register(declared))))
        return self.values[declared.name]

    def write(self, declared: Declared[Any], value: object) -> None:
        """The register's value from here on."""
        self.read(declared)  # a write opens what was there: the proof steps from it
        self._note_write(declared)
        self._hold(declared, declared.kind.coerced(value))

    def caller(self) -> Address:
        if self._caller is None:
            self._caller = Address.made(self.given.caller())
        return self._caller

    def period(self) -> tuple[u64, u64]:
        if self._period is None:
            after, before = self.given.period()
            self._period = u64.made(after), u64.made(before)
        return self._period

    def require_straight(self, what: str) -> None:
        """Raises BranchEffect inside a lambda of `select`."""
        if self.machine.branching:
            raise BranchEffect(
                calling_place(),
                f"{what} in a lambda of select().",
                "Compute the new value with select() and use it afterwards, whichever branch is taken.",
            )

    def _hold(self, declared: Declared[Any], value: Value) -> None:
        if isinstance(value, Composite):
            value = value.held_by(lambda: self._note_write(declared))
        self.values[declared.name] = value

    def _note_write(self, declared: Declared[Any]) -> None:
        self.require_straight(f"a write of {declared.name}")
        self.wrote[declared.name] = declared


def refuse_undeclared(contract: str, name: str, fields: tuple[str, ...]) -> None:
    """Raises UndeclaredField: a method assigned to what is no register."""
    raise UndeclaredField(
        calling_place(),
        f"self.{name} is no register of {contract}.",
        f"Declare it, as in {name} = Register(u64), or use a local name; declared are {', '.join(fields) or 'none'}.",
    )
