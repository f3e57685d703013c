"""Arrays of fixed length and structs: values made of values.

Both can be changed in place, as Python's lists and objects: what a register holds is changed with them. What is taken
as an argument, stored or made of another value is copied. Refused is a change that would not be what it looks like: of
an entry that a private index picked, in a lambda of `select`, and of a value that was made outside of the method.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import (
    Annotated,
    Any,
    ClassVar,
    Generic,
    Literal,
    NoReturn,
    Self,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from compute.dsl.claims import Equal
from compute.dsl.errors import (
    BadDeclaration,
    BranchEffect,
    ChangeLost,
    NeverHolds,
    SharedValue,
    TypesDiffer,
    UndeclaredField,
    UnknownType,
)
from compute.dsl.integers import machine
from compute.dsl.machine import Machine, current
from compute.dsl.place import calling_place
from compute.dsl.refusals import ArgumentRefused
from compute.dsl.scalars import Bool, named
from compute.dsl.sized import Integer
from compute.dsl.values import Leaf, Value, concatenated

T = TypeVar("T", bound=Value)
N = TypeVar("N")

MOST_ENTRIES = 4096


class Composite(Value):
    """A value of several numbers. `_changed` tells whoever holds it, a register or a larger composite, of a change.

    `_made_on`: the machine of the run that made it.
    """

    __slots__ = ("_changed", "_made_on")
    _changed: Callable[[], None] | None
    _made_on: Machine | None

    def held_by(self, changed: Callable[[], None]) -> Self:
        """The same value, whose changes in place are told."""
        self._changed = changed
        return self

    def tell(self) -> None:
        if self._changed is not None:
            self._changed()

    def _require_own(self) -> None:
        """Before a change in place. Raises SharedValue, BranchEffect."""
        if self._made_on is not current():
            raise SharedValue(
                calling_place(),
                f"{self.type_name}: a value that was made outside of the method is changed.",
                f"Make a new one in the method, as in {self.type_name}(...); what lasts is kept in a register.",
            )
        if machine().branching:
            raise BranchEffect(
                calling_place(),
                f"a {self.type_name} is changed in a lambda of select(): it would be changed whichever is taken.",
                "Return a new value from the lambda, and store what select() gives.",
            )

    def __eq__(self, other: object) -> Bool:  # type: ignore[override]
        pairs = zip(self.numbers(), type(self).coerced(other).numbers(), strict=True)
        return reduce(Bool.__and__, [Bool.claimed(Equal(left, right)) for left, right in pairs])

    @classmethod
    def coerced(cls, given: object) -> Self:
        if type(given) is not cls:
            raise TypesDiffer(
                calling_place(), f"a {cls.type_name} is meant and a {named(given)} given.", f"Make a {cls.type_name}."
            )
        return cls.of(iter(given.numbers()))


class Array(Composite, Generic[T, N]):
    """`Array[u64, 4]`: four u64. Items by constant or private index; a private one costs a selection of all entries."""

    __slots__ = ("_items",)
    entry: ClassVar[type[Value]]
    length: ClassVar[int]
    _made: ClassVar[dict[tuple[type[Value], int], type["Array[Any, Any]"]]] = {}

    def __class_getitem__(cls, parameters: Any) -> Any:
        entry, length = parameters if isinstance(parameters, tuple) and len(parameters) == 2 else (parameters, None)
        if isinstance(entry, TypeVar):  # Generic's own use
            return super().__class_getitem__(parameters)  # type: ignore[misc]
        if get_origin(length) is Literal:  # for type checkers, which take no bare number here
            (length,) = get_args(length)
        require_type(entry)
        if type(length) is not int or not 1 <= length <= MOST_ENTRIES:
            raise UnknownType(
                calling_place(), "an Array without a length.", f"Write Array[u64, 4]; 1 to {MOST_ENTRIES} entries."
            )
        if (entry, length) not in Array._made:
            name = f"Array[{entry.type_name}, {length}]"
            spaces = {"__slots__": (), "entry": entry, "length": length, "type_name": name}
            Array._made[entry, length] = type(name, (Array,), spaces)
        return Array._made[entry, length]

    def __init__(self, items: "Sequence[T | int] | Array[T, N]") -> None:
        given = items._items if isinstance(items, Array) else list(items)
        if len(given) != self.length:
            raise NeverHolds(
                calling_place(),
                f"{len(given)} entries for an {self.type_name}.",
                f"Give {self.length} entries, as in [u64(0)] * {self.length}.",
            )
        self._set([self.entry.coerced(item) for item in given])

    def _set(self, items: list[Value]) -> None:
        self._changed, self._made_on = None, current()
        self._items = [self._hold(item) for item in items]

    def _hold(self, item: Value) -> Value:
        return item.held_by(self.tell) if isinstance(item, Composite) else item

    @classmethod
    def leaves(cls) -> tuple[Leaf, ...]:
        return tuple(leaf.under(f"[{place}]") for place in range(cls.length) for leaf in cls.entry.leaves())

    @classmethod
    def of(cls, numbers: Iterator[Any]) -> Self:
        made = cls.__new__(cls)
        made._set([cls.entry.of(numbers) for _ in range(cls.length)])
        return made

    def numbers(self) -> tuple[Any, ...]:
        return concatenated(self._items)

    @classmethod
    def coerced(cls, given: object) -> Self:
        return cls(given) if isinstance(given, list | tuple) else super().coerced(given)

    @classmethod
    def lowered(cls, given: object, name: str) -> tuple[int, ...]:
        if not isinstance(given, list | tuple) or len(given) != cls.length:
            raise ArgumentRefused(name, f"a list of {cls.length} of {cls.entry.type_name}")
        return tuple(x for place, item in enumerate(given) for x in cls.entry.lowered(item, f"{name}[{place}]"))

    @classmethod
    def lifted(cls, numbers: Iterator[int]) -> object:
        return [cls.entry.lifted(numbers) for _ in range(cls.length)]

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[T]:
        return iter(cast(list[T], list(self._items)))

    def __getitem__(self, index: "int | Integer") -> T:
        if type(index) is int:
            return cast(T, self._items[self._constant(index)])
        columns = list(zip(*(item.numbers() for item in self._items), strict=True))
        picked = self.entry.of(iter(machine().picked(columns, self._private(index).number)))
        return cast(T, picked.held_by(_refuse_loss) if isinstance(picked, Composite) else picked)

    def __setitem__(self, index: "int | Integer", item: "T | int") -> None:
        self._require_own()
        new = self.entry.coerced(item)
        if type(index) is int:
            self._items[self._constant(index)] = self._hold(new)
        else:
            hot = machine().hot(self._private(index).number, self.length)
            self._items = [self._hold(_chosen(h, new, old)) for h, old in zip(hot, self._items, strict=True)]
        self.tell()

    def _constant(self, index: int) -> int:
        if not -self.length <= index < self.length:
            raise NeverHolds(
                calling_place(), f"place {index} of an {self.type_name}.", f"Places are 0..{self.length - 1}."
            )
        return index % self.length

    def _private(self, index: object) -> Integer:
        if not isinstance(index, Integer) or index.kind.low < 0:
            raise TypesDiffer(
                calling_place(), f"a {named(index)} as a place of an Array.", "Use an unsigned number, u8 to u128."
            )
        return index


class Struct(Composite):
    """A value with named parts: a class with annotations, as `class Bid(Struct): amount: u64; bidder: Address`."""

    __slots__ = ("_parts",)
    parts: ClassVar[dict[str, type[Value]]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.type_name = cls.__name__
        for name, value in vars(cls).items():
            if isinstance(value, list | dict | set | bytearray) and not name.startswith("__"):
                raise BadDeclaration(
                    calling_place(),
                    f"{name} of {cls.__name__} is a {type(value).__name__}, which lasts from call to call.",
                    "A struct has typed parts, functions and constants: numbers, text, tuples of them.",
                )
        cls.parts = {**cls.parts, **declared_types(cls)}

    def __init__(self, **parts: Any) -> None:
        if parts.keys() != self.parts.keys():
            raise BadDeclaration(
                calling_place(),
                f"{self.type_name} made of {', '.join(parts) or 'nothing'}.",
                f"It is made by name: {self.type_name}({', '.join(f'{name}=...' for name in self.parts)}).",
            )
        self._set([kind.coerced(parts[name]) for name, kind in self.parts.items()])

    def _set(self, values: list[Value]) -> None:
        object.__setattr__(self, "_changed", None)
        object.__setattr__(self, "_made_on", current())
        held = [value.held_by(self.tell) if isinstance(value, Composite) else value for value in values]
        object.__setattr__(self, "_parts", dict(zip(self.parts, held, strict=True)))

    def held_by(self, changed: Callable[[], None]) -> Self:
        object.__setattr__(self, "_changed", changed)
        return self

    @classmethod
    def leaves(cls) -> tuple[Leaf, ...]:
        return tuple(leaf.under(f".{name}") for name, kind in cls.parts.items() for leaf in kind.leaves())

    @classmethod
    def of(cls, numbers: Iterator[Any]) -> Self:
        made = cls.__new__(cls)
        made._set([kind.of(numbers) for kind in cls.parts.values()])
        return made

    def numbers(self) -> tuple[Any, ...]:
        return concatenated(list(self._parts.values()))

    @classmethod
    def lowered(cls, given: object, name: str) -> tuple[int, ...]:
        if not isinstance(given, dict) or given.keys() != cls.parts.keys():
            raise ArgumentRefused(name, f"a dict of {', '.join(cls.parts)}, as {cls.type_name} has them")
        return tuple(x for part, kind in cls.parts.items() for x in kind.lowered(given[part], f"{name}.{part}"))

    @classmethod
    def lifted(cls, numbers: Iterator[int]) -> object:
        return {name: kind.lifted(numbers) for name, kind in cls.parts.items()}

    def __getattr__(self, name: str) -> Any:
        parts = object.__getattribute__(self, "_parts") if name in type(self).parts else None
        if parts is None:
            raise AttributeError(f"{self.type_name} has no part {name!r}; it has {', '.join(self.parts)}")
        return parts[name]

    def __setattr__(self, name: str, value: object) -> None:
        if name not in self.parts:
            raise UndeclaredField(
                calling_place(),
                f"{self.type_name} has no part {name!r}.",
                f"Its parts are {', '.join(self.parts)}; declare another in the class.",
            )
        self._require_own()
        new = self.parts[name].coerced(value)
        self._parts[name] = new.held_by(self.tell) if isinstance(new, Composite) else new
        self.tell()


def _refuse_loss() -> NoReturn:
    """Raises ChangeLost: what a private index picks is a copy, whose change no array would show."""
    raise ChangeLost(
        calling_place(),
        "an entry that a private index picked is a copy; the array would not change with it.",
        "Write the whole entry back: row[i] = Entry(left=..., right=row[i].right).",
    )


def _chosen(condition: Any, if_one: Value, if_zero: Value) -> Value:
    """Leaf by leaf. Both are of one type."""
    pairs = zip(if_one.numbers(), if_zero.numbers(), strict=True)
    return type(if_one).of(iter([machine().chosen(condition, one, zero) for one, zero in pairs]))


def chosen(condition: Bool, if_one: Value, if_zero: Value) -> Value:
    """if_one where the condition is true, else if_zero, leaf by leaf; both are of one type."""
    return _chosen(condition.number, if_one, if_zero)


def structs_in(kind: type[Value]) -> Iterator[type[Struct]]:
    """All structs that a type is made of, itself included."""
    if issubclass(kind, Array):
        yield from structs_in(kind.entry)
    elif issubclass(kind, Struct):
        yield kind
        for part in kind.parts.values():
            yield from structs_in(part)


def require_type(given: object) -> type[Value]:
    """The type. Raises UnknownType for what is none of the language's."""
    if isinstance(given, type) and issubclass(given, Value) and hasattr(given, "type_name"):
        return given
    raise UnknownType(
        calling_place(),
        f"{getattr(given, '__name__', given)!r} is no type of the language.",
        "Use Field, u8..u128, i8..i64, Bool, Address, Array[T, n] or a Struct.",
    )


def declared_types(cls: type) -> dict[str, type[Value]]:
    """A class's own annotations as types, in order. Raises UnknownType, BadDeclaration."""
    try:
        hints = get_type_hints(cls, include_extras=True)
    except NameError as error:
        raise UnknownType(
            calling_place(), f"{cls.__name__}: {error}.", "Import the type, or define it before."
        ) from None
    own = {}
    for name in vars(cls).get("__annotations__", {}):
        if get_origin(hints[name]) in (ClassVar, Annotated):
            raise UnknownType(calling_place(), f"{name}: an annotation that is no type.", f"Write {name}: u64.")
        if hasattr(Struct, name) or name in vars(cls) or name.startswith("_"):
            problem = f"{name!r} cannot name a part, or has a default."
            raise BadDeclaration(calling_place(), problem, "Choose another name; give values when a call makes one.")
        own[name] = require_type(hints[name])
    return own
