"""What of Python a method may be written in, checked on the source before anything runs.

Whether an `if` looks at a constant or at a private value only running shows (branches.py); this is about what could
never become a circuit, or would make two runs differ: loops without bounds, exceptions, other modules, hidden state.
"""

import ast
import builtins
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from types import FunctionType, ModuleType
from typing import Any, Final

from compute.dsl.errors import (
    BadDeclaration,
    ContractRefused,
    FloatRefused,
    NameRefused,
    RecursionRefused,
    SourceMissing,
    StatementRefused,
    TooLarge,
)
from compute.dsl.loops import MOST_TURNS, turns
from compute.dsl.place import Place, place_of
from compute.dsl.values import Value

Function = ast.FunctionDef | ast.Lambda
LANGUAGE: Final = "compute.dsl"
_GOING_THROUGH: Final = ("range", "len", "enumerate", "zip", "reversed", "sum", "list", "tuple", "divmod", "abs")
_LOOKING_INTO: Final = ("min", "max", "sorted", "all", "any", "int", "bool", "float", "str", "round")  # constants only
ALLOWED_BUILTINS: Final = frozenset((*_GOING_THROUGH, *_LOOKING_INTO))
CONSTANTS: Final = (int, bool, str, bytes, type(None))  # these alone: a type made of one has attributes
RUNNING: Final = "running"  # of an instance: what stands for the call that runs
EXAMPLES: Final = "examples"  # a classmethod that makes calls for tools; no circuit is made of it

FEWER_TURNS: Final = f"At most {MOST_TURNS:,}: each is constraints. Do a part in each call and keep it in a register."

_INSTEAD: Final[dict[type[ast.AST], tuple[str, str]]] = {
    ast.While: ("`while` has no bound.", "Write `for i in range(8)` with a constant bound, and select() inside."),
    ast.AsyncFor: ("`async` has no meaning in a circuit.", "Write an ordinary loop."),
    ast.AsyncWith: ("`async` has no meaning in a circuit.", "Write the statements one after the other."),
    ast.Await: ("`await` has no meaning in a circuit.", "Call the function directly."),
    ast.Yield: ("`yield` has no meaning in a circuit.", "Return a list of fixed length."),
    ast.YieldFrom: ("`yield` has no meaning in a circuit.", "Return a list of fixed length."),
    ast.Try: (
        "A proof cannot fail and go on.",
        "Test before with require() or select(); what is refused, refuses the call.",
    ),
    ast.TryStar: ("A proof cannot fail and go on.", "Test before with require() or select()."),
    ast.Raise: ("`raise` has no meaning in a circuit.", "Write require(condition, 'message')."),
    ast.Assert: ("`assert` has no meaning in a circuit.", "Write require(condition, 'message')."),
    ast.With: ("`with` has no meaning in a circuit.", "Write the statements one after the other."),
    ast.Match: ("`match` decides by a value.", "Write select(value == case, one, other)."),
    ast.Global: ("`global` changes what is outside of the contract.", "Keep it in a Register or Sealed field."),
    ast.Nonlocal: ("`nonlocal` changes what is outside of the method.", "Return the value and assign it."),
    ast.Import: ("An import in a method.", "Import at the top of the file what the language allows."),
    ast.ImportFrom: ("An import in a method.", "Import at the top of the file what the language allows."),
    ast.Delete: ("`del` has no meaning in a circuit.", "Assign another value."),
    ast.ClassDef: ("A class in a method.", "Define structs and notes beside the contract."),
    ast.AsyncFunctionDef: ("`async` has no meaning in a circuit.", "Write an ordinary function of the class."),
    ast.JoinedStr: ("An f-string would show private values.", "Messages of require() are constant text."),
    ast.NamedExpr: ("`:=` in an expression.", "Assign in a line of its own."),
    ast.Is: ("`is` compares objects of Python, not values.", "Write == or !=."),
    ast.IsNot: ("`is` compares objects of Python, not values.", "Write == or !=."),
    ast.In: ("`in` decides by a value.", "Combine comparisons: (x == a) | (x == b)."),
    ast.NotIn: ("`in` decides by a value.", "Combine comparisons: (x != a) & (x != b)."),
    ast.Set: ("A set has no order.", "Use a tuple or list."),
    ast.SetComp: ("A set has no order.", "Use a list comprehension."),
    ast.Dict: ("A dict in a method.", "Use a Struct, or a tuple."),
    ast.DictComp: ("A dict in a method.", "Use a list comprehension."),
    ast.MatMult: ("`@` is no operation of the language.", "Write the sum of products, or call a model."),
    ast.Div: ("`/` makes fractions.", "Divide with // and %, which round down."),
}


def check_methods(
    contract: str, methods: Sequence[Callable[..., Any]], own: dict[str, Callable[..., Any]]
) -> dict[str, object]:
    """Checks a contract's methods and all that they call, of its `own` functions and of the file's.

    Returns what they can reach by name: functions, types, constants. Raises a ContractRefused at the first line at
    fault.
    """
    checker = _Checker(contract, own)
    for function in methods:
        checker.check(function, ())
    return checker.reached


def check_attributes(cls: type, place: Place) -> None:
    """What a contract's class has beside fields and functions: constants. place: the class's.

    Raises BadDeclaration for what one run could leave to the next, and for what would hide code from the checks.
    """
    for base in cls.__mro__[:-1]:
        for name, value in vars(base).items():
            if base.__module__.startswith(LANGUAGE) or name.startswith("__") or _is_usable(value):
                continue
            if name == EXAMPLES and isinstance(value, classmethod):
                continue
            raise BadDeclaration(
                place,
                f"{name!r} of {base.__name__} is a {type(value).__name__}.",
                "A contract's class has registers, functions and constants: numbers, text, tuples of them.",
            )


def attributes_of(cls: type) -> Iterator[tuple[str, object]]:
    """The class itself, and its constants."""
    yield cls.__name__, cls
    for base in cls.__mro__[:-1]:
        if not base.__module__.startswith(LANGUAGE):
            yield from ((name, value) for name, value in vars(base).items() if isinstance(value, Value | tuple))


class _Checker:
    """Goes through functions and, depth first, through the functions that these call."""

    def __init__(self, contract: str, own: dict[str, Callable[..., Any]]) -> None:
        self._contract, self._own = contract, own
        self._done: set[Callable[..., Any]] = set()
        self.reached: dict[str, object] = {}

    def check(self, function: Callable[..., Any], callers: tuple[Callable[..., Any], ...]) -> None:
        source = source_of(function)
        if function in callers:
            raise RecursionRefused(
                source.place(source.tree),
                f"{function.__name__} calls itself.",
                "Write a loop with a constant bound: how often it runs must be known when the class is built.",
            )
        if function in self._done:
            return
        self._check_defaults(function, source)
        self._check_own_attributes(function, source)
        for node in ast.walk(source.tree):
            self._check_node(source, node)
        for called in self._called(function, source):
            self.check(called, (*callers, function))
        self._done.add(function)

    def _check_defaults(self, function: Callable[..., Any], source: "Source") -> None:
        """Raises NameRefused for a default that one call could change for the next."""
        if isinstance(function, FunctionType):
            for given in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
                if not _is_usable(given):
                    raise NameRefused(
                        source.place(source.tree),
                        f"a default of {function.__name__} is a {type(given).__name__}, which lasts from call to call.",
                        "Defaults are constants: numbers, text, tuples of them. Make a list in the function.",
                    )

    def _check_own_attributes(self, function: Callable[..., Any], source: "Source") -> None:
        """Raises NameRefused for an attribute of the function in which one call could leave something to the next."""
        for name, value in vars(function).items():
            if not name.startswith("_") and not _is_usable(value):
                raise NameRefused(
                    source.place(source.tree),
                    f"{name} of {function.__name__} is a {type(value).__name__}, which lasts from call to call.",
                    "Keep what lasts in a Register or Sealed field.",
                )

    def _check_node(self, source: "Source", node: ast.AST) -> None:
        operators = [*getattr(node, "ops", ()), *([node.op] if isinstance(node, ast.BinOp | ast.AugAssign) else [])]
        for found in (node, *operators):  # operators have no place of their own
            if type(found) in _INSTEAD and hasattr(node, "lineno"):
                raise StatementRefused(source.place(node), *_INSTEAD[type(found)])
        if isinstance(node, ast.FunctionDef) and node is not source.tree:
            raise StatementRefused(
                source.place(node), "A function inside a method.", "Make it a function of the class or of the file."
            )
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            raise FloatRefused(
                source.place(node), f"{node.value!r} is a fraction.", "Count in the smallest unit, as in cents."
            )
        if isinstance(node, ast.Attribute) and _looks_behind(node):
            raise NameRefused(
                source.place(node), f"{node.attr} looks behind the language.", "Use the values' own operations."
            )

    def _called(self, function: Callable[..., Any], source: "Source") -> Iterator[Callable[..., Any]]:
        local = _local_names(source.tree)
        outside = _outside_names(function)
        known = {name: value for name, value in outside.items() if name not in local}
        for node in ast.walk(source.tree):
            if turns(node, known) > MOST_TURNS:
                raise TooLarge(source.place(node), f"a loop of {turns(node, known):,} turns.", FEWER_TURNS)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id not in local:
                self._check_attribute(source, node, outside.get(node.value.id))
            if isinstance(node, ast.Attribute) and _of_self(node) is not None:
                if node.attr in self._own:
                    yield self._own[node.attr]
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in local:
                found = self._judged(source, node, outside)
                if isinstance(found, FunctionType) and not of_language(found):
                    yield found

    def _check_attribute(self, source: "Source", node: ast.Attribute, of: object) -> None:
        """Of a name from outside of the function. Raises NameRefused for what would look or stay behind it."""
        if not isinstance(node.ctx, ast.Load):
            raise NameRefused(
                source.place(node),
                f"{ast.unparse(node)} is changed, which is outside of the method.",
                "Keep what lasts in a Register or Sealed field.",
            )
        if isinstance(of, type) and issubclass(of, Value):
            raise NameRefused(
                source.place(node),
                f"{ast.unparse(node)} looks behind the language.",
                f"Make a {node.value.id if isinstance(node.value, ast.Name) else 'value'} by calling its type.",
            )

    def _judged(self, source: "Source", node: ast.Name, outside: dict[str, Any]) -> object:
        """What the name stands for outside of the function. Raises NameRefused for what it may not."""
        name = node.id
        if name not in outside:
            if name in ALLOWED_BUILTINS or name == self._contract:
                return None
            what, instead = "not known", "Write it above the class that uses it: the class is built when it is read."
            if hasattr(builtins, name):
                what = "no part of the language"
                instead = f"Of Python's own functions methods use {', '.join(_GOING_THROUGH)}; see docs/dsl.md."
            if name in sys.modules[LANGUAGE].__all__:
                instead = f"Write `from {LANGUAGE} import {name}` at the top of the file."
            raise NameRefused(source.place(node), f"{name!r} is {what}.", instead)
        found = outside[name]
        if not _is_usable(found):
            kind = type(found).__name__
            raise NameRefused(
                source.place(node),
                f"{name!r} is a {kind} from outside of the contract.",
                "Methods use constants (numbers, text, tuples of them), types, models and plain functions.",
            )
        self.reached[name] = found
        return found


def of_language(function: Callable[..., Any]) -> bool:
    """Whether it was written there: by its code's module, as a decorator can give it any other name."""
    return isinstance(function, FunctionType) and _is_language(str(function.__globals__.get("__name__")))


def _is_language(module: str) -> bool:
    return module == LANGUAGE or module.startswith(LANGUAGE + ".")


def _of_self(node: ast.Attribute) -> str | None:
    """X of self.X."""
    return node.attr if isinstance(node.value, ast.Name) and node.value.id == "self" else None


def _looks_behind(node: ast.Attribute) -> bool:
    """Whether it is nothing of what a contract's author wrote, whose functions may begin with an underscore."""
    own = _of_self(node)
    return node.attr.startswith("__") or own == RUNNING or (own is None and node.attr.startswith("_"))


def _is_usable(found: object) -> bool:
    if isinstance(found, tuple):
        return all(map(_is_usable, found))
    if isinstance(found, ModuleType):
        return _is_language(found.__name__)
    if isinstance(found, type):
        return any(base.__module__.startswith(LANGUAGE) for base in found.__mro__)
    if type(found) in CONSTANTS or isinstance(found, FunctionType):
        return True
    return any(base.__module__.startswith(LANGUAGE) for base in type(found).__mro__)


def _local_names(tree: Function) -> set[str]:
    """Names that the function gives a meaning itself: parameters, assignments, loops, lambdas."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
    return found


def _outside_names(function: Callable[..., Any]) -> dict[str, Any]:
    """What stands for names that are not the function's own: globals, and variables of enclosing functions."""
    names = dict(function.__globals__) if isinstance(function, FunctionType) else {}
    if isinstance(function, FunctionType) and function.__closure__:
        for name, cell in zip(function.__code__.co_freevars, function.__closure__, strict=True):
            try:
                names[name] = cell.cell_contents
            except ValueError:  # not assigned yet: the contract's own class while it is being made
                continue
    return names


class Source:
    """A function's syntax tree, its lines counted as in the file."""

    def __init__(self, function: Callable[..., Any]) -> None:
        code = function.__code__
        self.file = code.co_filename
        try:
            text = textwrap.dedent(inspect.getsource(code))  # of what runs, behind whatever decorator
            parsed = ast.parse(text)
        except (OSError, SyntaxError) as error:
            raise SourceMissing(
                Place(self.file, code.co_firstlineno), f"{function.__name__}: {error}.", "Keep contracts in a file."
            ) from None
        ast.increment_lineno(parsed, code.co_firstlineno - 1)
        found = next((node for node in parsed.body if isinstance(node, ast.FunctionDef)), None)
        if found is None:
            raise SourceMissing(
                Place(self.file, code.co_firstlineno), f"{function.__name__} is no `def`.", "Write it with def."
            )
        found.decorator_list, found.returns = [], None
        for argument in ast.walk(found.args):
            if isinstance(argument, ast.arg):
                argument.annotation = None
        self.tree: ast.FunctionDef = found

    def place(self, node: ast.AST) -> Place:
        return place_of(self.file, getattr(node, "lineno", self.tree.lineno))


@lru_cache(maxsize=256)
def source_of(function: Callable[..., Any]) -> Source:
    """Raises SourceMissing."""
    return Source(function)


__all__ = ["ContractRefused", "Source", "check_attributes", "check_methods", "source_of"]
