"""What a contract's class declares, read from the class: registers, methods with typed parameters."""

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin, get_type_hints

from compute.dsl.composites import require_type
from compute.dsl.elements import sealed_length
from compute.dsl.errors import BadDeclaration, TooLarge, UnknownType
from compute.dsl.fields import Declared
from compute.dsl.notes import SPEND, Note
from compute.dsl.place import Place, place_of
from compute.dsl.syntax import source_of
from compute.dsl.values import Leaf, Value
from contracts.confidential.description import MAX_METHODS, MAX_REGISTERS, MAX_VALUES

T = TypeVar("T")
PRIVATE: Final = "private"
PUBLIC: Final = "public"
Private = Annotated[T, PRIVATE]
Public = Annotated[T, PUBLIC]

METHOD_MARK: Final = "_contract_method"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument of a method, or its result."""

    name: str
    kind: type[Value]
    public: bool
    spent: bool = False  # a note of the caller's, which the call spends

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return self.kind.leaves()


@dataclass(frozen=True, slots=True)
class MethodDeclaration:
    """A method as its class says it. result: what it returns, which becomes public."""

    name: str
    function: Callable[..., Any]
    place: Place
    doc: str
    parameters: tuple[Parameter, ...]
    result: Parameter | None


@dataclass(frozen=True, slots=True)
class Declaration:
    """A contract as its class says it; registers and methods in the order of the class."""

    name: str
    doc: str
    owner: type
    place: Place
    registers: tuple[Declared[Any], ...]
    methods: tuple[MethodDeclaration, ...]
    notes: tuple[type[Note], ...] = ()  # known once the bodies have run; a note's kind is 1 + its place
    fixed_readers: bool = False  # whether its first readers are its only ones, wherever it is deployed

    def index(self, register: str) -> int:
        """The register's place in the contract's description."""
        return next(i for i, declared in enumerate(self.registers) if declared.name == register)


def method(function: Callable[..., T]) -> Callable[..., T]:
    """Marks a function of a contract's class as one that can be called on the chain."""
    setattr(function, METHOD_MARK, True)
    return function


def declaration_of(cls: type, reserved: frozenset[str]) -> Declaration:
    """Raises a ContractRefused for what the chain or the language does not know."""
    place = _place_of_class(cls)
    members = _members(cls)
    registers = registers_of(cls)
    functions = [value for value in members.values() if getattr(value, METHOD_MARK, False)]
    if "__init__" in vars(cls):
        raise BadDeclaration(
            place,
            f"{cls.__name__} has an __init__, which would never run.",
            "First contents of registers are given when it is deployed: initial={...}, or --initial.",
        )
    for name, value in members.items():
        if (isinstance(value, Declared) or getattr(value, METHOD_MARK, False)) and (
            name in reserved or not _NAME.fullmatch(name)
        ):
            problem = f"{name!r} cannot name a register or a method."
            raise BadDeclaration(place, problem, f"Use a-z, 0-9 and _, and none of {', '.join(sorted(reserved))}.")
    _require_count(place, "registers", len(registers), 0, MAX_REGISTERS)
    if not functions:
        raise BadDeclaration(place, f"{cls.__name__} has no method.", "Write @method above each function to be called.")
    _require_count(place, "methods", len(functions), 1, MAX_METHODS)
    for declared in registers:
        length = sealed_length(declared.leaves) if declared.sealed else len(declared.leaves)
        _require_count(declared.place, f"elements in register {declared.name}", length, 1, MAX_VALUES)
    methods, fixed = tuple(map(_method_of, functions)), _fixed_readers(members, place, registers)
    return Declaration(cls.__name__, inspect.getdoc(cls) or "", cls, place, registers, methods, fixed_readers=fixed)


def _fixed_readers(members: dict[str, Any], place: Place, registers: Sequence[Declared[Any]]) -> bool:
    """Raises BadDeclaration for what is neither True nor False, and where there is nothing to be read."""
    fixed = members["fixed_readers"]
    if not isinstance(fixed, bool):
        problem = f"fixed_readers is a {type(fixed).__name__}."
        raise BadDeclaration(place, problem, "Write fixed_readers = True, or leave it out.")
    if fixed and not any(declared.sealed for declared in registers):
        raise BadDeclaration(
            place,
            "fixed_readers, and no Sealed register that they would read.",
            "Leave it out, or seal what is secret.",
        )
    return fixed


def _members(cls: type) -> dict[str, Any]:
    return {name: value for base in reversed(cls.__mro__[:-1]) for name, value in vars(base).items()}


def registers_of(cls: type) -> tuple[Declared[Any], ...]:
    """The registers of a contract's class, in the order of the class."""
    return tuple(value for value in _members(cls).values() if isinstance(value, Declared))


def _require_count(place: Place, what: str, count: int, low: int, high: int) -> None:
    if not low <= count <= high:
        raise TooLarge(
            place, f"{count} {what}; the chain takes {low} to {high}.", "Split the contract, or pack values."
        )


def _method_of(function: Callable[..., Any]) -> MethodDeclaration:
    source = source_of(function)
    place = source.place(source.tree)
    hints = get_type_hints(function, include_extras=True)
    signature = inspect.signature(function)
    names = list(signature.parameters)
    plain = all(p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty for p in signature.parameters.values())
    if not plain or names[:1] != ["self"]:
        raise BadDeclaration(
            place, "a method's parameters are self and others by name, without defaults.", "Write each one out."
        )
    parameters = tuple(_parameter(place, name, hints.get(name)) for name in names[1:])
    returned = hints.get("return")
    result = None if returned in (None, type(None)) else _result(place, returned)
    return MethodDeclaration(function.__name__, function, place, inspect.getdoc(function) or "", parameters, result)


def _parameter(place: Place, name: str, hint: object) -> Parameter:
    if get_origin(hint) is Annotated:
        kind, *marks = get_args(hint)
        if marks in ([PRIVATE], [PUBLIC]):
            return Parameter(name, require_type(kind), marks == [PUBLIC])
        if marks == [SPEND] and isinstance(kind, type) and issubclass(kind, Note):
            return Parameter(name, kind, False, spent=True)
        if marks == [SPEND]:
            shown = getattr(kind, "__name__", kind)
            raise UnknownType(place, f"{name} spends a {shown}, which is no note.", f"Write class {shown}(Note).")
    raise UnknownType(
        place,
        f"{name} does not say its type and who may know it.",
        f"Write {name}: Private[u64], Public[u64], or Spend[Bid] of a note.",
    )


def _result(place: Place, hint: object) -> Parameter:
    if get_origin(hint) is Annotated and get_args(hint)[1:] == (PUBLIC,):
        return _parameter(place, "result", hint)
    raise UnknownType(place, "a result that is not Public.", "All see it: write -> Public[u64], or return nothing.")


def _place_of_class(cls: type) -> Place:
    try:
        lines, start = inspect.getsourcelines(cls)
        file = inspect.getsourcefile(cls) or ""
    except (OSError, TypeError):
        return Place(cls.__module__, 0)
    offset = next((i for i, line in enumerate(lines) if line.lstrip().startswith("class ")), 0)
    return place_of(file, start + offset)


def functions_of(cls: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The class's own plain functions by name, methods and what they call."""
    for base in cls.__mro__[:-1]:
        for name, value in vars(base).items():
            if inspect.isfunction(value):
                yield name, value
