"""One run of a method's body: what it was given, what it looked at, what it did.

The same body runs to find out what a method uses (on a scratch builder), to build its circuit, and in plain execution.
Where the numbers come from differs, and is a `Given`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, NoReturn, Protocol

from compute.dsl.composites import Composite
from compute.dsl.errors import BadDeclaration, BranchEffect, TypesDiffer, UndeclaredField
from compute.dsl.fields import Declared
from compute.dsl.machine import Machine, Number, Range, running
from compute.dsl.notes import Note, Owner
from compute.dsl.operations import tagged_poseidon
from compute.dsl.place import Place, calling_place
from compute.dsl.scalars import Address, Asset, Field, named
from compute.dsl.sized import Integer, u64
from compute.dsl.values import Value
from crypto import domains

HEIGHT_TOP: Final = 2**63 - 1
AMOUNT: Final = Range("an amount", 0, 2**63 - 1)


Written = Callable[[Declared[Any], Value], None]
Used = Callable[[Field], None]


class Given(Protocol):
    """Numbers that a run begins with, asked for when the body first needs them."""

    def register(self, declared: Declared[Any]) -> tuple[Number, ...]:
        """What the register holds before the call."""
        ...

    def object(self) -> Number:
        """The contract's id."""
        ...

    def caller(self) -> Number: ...

    def period(self) -> tuple[Number, Number]: ...

    def posted(self, declared: Declared[Any]) -> Number:
        """How many notes were posted to the inbox before the call."""
        ...


@dataclass(frozen=True, slots=True)
class Made:
    """A note that a body made. Later changes of the value do not change it."""

    kind: type[Note]
    numbers: tuple[Number, ...]
    owner: tuple[Number, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Moved:
    """Tokens that a body took from the caller (recipient None) or paid out."""

    recipient: Number | None
    asset: Number
    amount: Number


class Run:
    """What a body sees through `self`. looked, wrote: registers by name, in the order of their first use."""

    def __init__(
        self,
        machine: Machine,
        given: Given,
        written: Written = lambda declared, value: None,
        used: Used = lambda value: None,
    ) -> None:
        """written: is told of every write, with what stands in the register now; used: of what once() is given."""
        self.machine, self.given, self._written, self._used = machine, given, written, used
        self.values: dict[str, Value] = {}
        self.looked: dict[str, Declared[Any]] = {}
        self.wrote: dict[str, Declared[Any]] = {}
        self.made: list[Made] = []
        self.once: list[Field] = []
        self.moved: list[Moved] = []
        self.counted: dict[str, tuple[Declared[Any], u64]] = {}
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
        self._require_straight(f"a write of {declared.name}")
        self._hold(declared, declared.kind.coerced(value))
        self._note_write(declared)

    def caller(self) -> Address:
        if self._caller is None:
            self._caller = Address.made(self.given.caller())
        return self._caller

    def period(self) -> tuple[u64, u64]:
        if self._period is None:
            after, before = self.given.period()
            self._period = u64.made(after), u64.made(before)
        return self._period

    def posted(self, declared: Declared[Any]) -> u64:
        if declared.name not in self.counted:
            self.counted[declared.name] = declared, u64.made(self.given.posted(declared))
        return self.counted[declared.name][1]

    def create(self, note: object, owner: object) -> None:
        """A note for an owner."""
        self._require_straight("a new note")
        if not isinstance(note, Note):
            raise TypesDiffer(calling_place(), f"a {named(note)} as a note.", "Give a Note: class Bid(Note): ...")
        self.made.append(Made(type(note), note.numbers(), Owner.coerced(owner).numbers(), calling_place()))

    def spend_once(self, value: object) -> None:
        """A value that no other call of the contract can be made with."""
        self._require_straight("once()")
        if not isinstance(value, Value):
            raise TypesDiffer(calling_place(), f"once() of a {named(value)}.", "Give a Field, as of poseidon(...).")
        used = Field.coerced(value)
        self._used(used)
        self.once.append(tagged_poseidon((Field.made(self.given.object()), used), domains.ONCE))

    def move(self, amount: object, asset: object, recipient: object | None) -> None:
        """Tokens into the contract, or out of it to a recipient."""
        self._require_straight("a movement of tokens")
        if not isinstance(amount, Integer) and type(amount) is not int:
            raise TypesDiffer(calling_place(), f"an amount that is a {named(amount)}.", "Amounts are u64.")
        number = self.machine.ranged(amount.number if isinstance(amount, Integer) else amount, AMOUNT)
        to = None if recipient is None else Address.coerced(recipient).number
        self.moved.append(Moved(to, Asset.coerced(asset).number, number))

    @property
    def takes(self) -> list[Moved]:
        return [each for each in self.moved if each.recipient is None]

    @property
    def pays(self) -> list[Moved]:
        return [each for each in self.moved if each.recipient is not None]

    def _require_straight(self, what: str) -> None:
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
        self._require_straight(f"a write of {declared.name}")
        self.wrote[declared.name] = declared
        self._written(declared, self.values[declared.name])


def refuse_undeclared(contract: str, name: str, fields: tuple[str, ...]) -> NoReturn:
    """Raises UndeclaredField: a method assigned to what is no register."""
    raise UndeclaredField(
        calling_place(),
        f"self.{name} is no register of {contract}.",
        f"Declare it, as in {name} = Register(u64), or use a local name; declared are {', '.join(fields) or 'none'}.",
    )


def inbox_of(registers: tuple[Declared[Any], ...], kind: object) -> Declared[Any]:
    """The register whose inbox takes such notes. Raises BadDeclaration."""
    found = [declared for declared in registers if declared.inbox is kind]
    if not found:
        raise BadDeclaration(
            calling_place(),
            f"no register is an inbox of {getattr(kind, 'type_name', kind)}.",
            "Declare one, as in best = Sealed(u64, inbox=Bid).",
        )
    return found[0]
