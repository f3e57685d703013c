"""What a method uses of its contract and its call, found by running its body once on a scratch builder."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any, Final

from compute.dsl.declaration import Declaration, MethodDeclaration, Parameter
from compute.dsl.errors import BadDeclaration, BodyFailed, NeverHolds
from compute.dsl.fields import Declared
from compute.dsl.machine import Number, Range
from compute.dsl.notes import Note
from compute.dsl.place import Place, place_of
from compute.dsl.refusals import CallRefused
from compute.dsl.run import HEIGHT_TOP, Run
from compute.dsl.secrecy import Followed, FollowedWires, require_revealed, require_unguessable
from compute.dsl.values import Leaf, Value
from compute.dsl.wires import Wires
from crypto.r1cs.errors import RangeError
from crypto.r1cs.wire import Wire

_ELEMENT: Final = Leaf("", "Field", 0, None)
_HEIGHT: Final = Leaf("", "u64", 0, HEIGHT_TOP)
PYTHONS_OWN: Final = (TypeError, AttributeError, NameError, LookupError, ValueError, ArithmeticError, RecursionError)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a call of a method carries. reads, writes, counts: registers, in the contract's order.

    spends: parameters that are notes; made: the notes of its outputs; once: nullifiers that spend none.
    """

    reads: tuple[Declared[Any], ...]
    writes: tuple[Declared[Any], ...]
    caller: bool
    period: bool
    counts: tuple[Declared[Any], ...]
    spends: tuple[Parameter, ...]
    once: int
    made: tuple[type[Note], ...]
    takes: int
    pays: int
    reveals: tuple[str, ...]  # the lines that make something public which was not

    @property
    def opened(self) -> tuple[Declared[Any], ...]:
        """All registers that the method looks into, those that it leaves alone first."""
        return (*self.reads, *self.writes)

    @property
    def sealed(self) -> bool:
        """Whether a call needs the contract's data key."""
        return any(declared.sealed for declared in self.opened)

    @property
    def nullifiers(self) -> int:
        """How many a call publishes: first those of notes, in the order of the parameters."""
        return len(self.spends) + self.once


def shape_of(contract: Declaration, method: MethodDeclaration) -> Shape:
    """Raises a ContractRefused for whatever in the body cannot become a circuit."""
    followed = Followed()
    wires = FollowedWires(followed)
    told = partial(require_revealed, followed), partial(require_unguessable, followed)
    run = Run(wires, _Anything(wires, followed), *told)
    arguments = [_given(wires, followed, parameter) for parameter in method.parameters]
    with constants_checked(method):
        run_body(contract, method, run, arguments)
    order = contract.registers
    shape = Shape(
        reads=tuple(each for each in order if each.name in run.looked and each.name not in run.wrote),
        writes=tuple(each for each in order if each.name in run.wrote),
        caller=run.uses_caller,
        period=run.uses_period,
        counts=tuple(each for each in order if each.name in run.counted),
        spends=tuple(parameter for parameter in method.parameters if parameter.spent),
        once=len(run.once),
        made=tuple(made.kind for made in run.made),
        takes=len(run.takes),
        pays=len(run.pays),
        reveals=tuple(wires.reveals),
    )
    _check(method, shape)
    return shape


def _check(method: MethodDeclaration, shape: Shape) -> None:
    """Raises BadDeclaration for what the chain would refuse."""
    effects = (shape.opened, shape.made, shape.once, shape.takes, shape.pays, method.parameters, method.result)
    if not any(effects):
        raise BadDeclaration(
            method.place, f"{method.name} uses nothing and does nothing.", "Read or write a register, or remove it."
        )
    for declared in shape.writes:
        if declared.inbox is not None and not any(spent.kind is declared.inbox for spent in shape.spends):
            raise BadDeclaration(
                method.place,
                f"{method.name} writes the inbox {declared.name} and spends no {declared.inbox.type_name}.",
                f"Take a parameter Spend[{declared.inbox.type_name}]: an inbox is only ever folded.",
            )


def run_body(contract: Declaration, method: MethodDeclaration, run: Run, arguments: list[Value]) -> Value | None:
    """Runs the body on a fresh instance; its result as a value of the declared type.

    Raises a ContractRefused, and a CallRefused where the machine refuses.
    """
    instance: object = object.__new__(contract.owner)
    object.__setattr__(instance, "running", run)
    with run.inside(), python_errors(contract, method):
        own = [type(argument).of(iter(argument.numbers())) for argument in arguments]  # the body may change them
        returned = method.function(instance, *own)
        if method.result is not None and returned is None:
            raise BadDeclaration(
                method.place,
                f"{method.name} says that it returns a {method.result.kind.type_name}, and returns nothing.",
                "End it with return, or leave the -> out.",
            )
        if method.result is not None:
            return method.result.kind.coerced(returned)
        if returned is not None:
            raise BadDeclaration(
                method.place,
                f"{method.name} returns a value and does not say so.",
                "Write -> Public[u64] or its type: what a method returns becomes public.",
            )
    return None


@contextmanager
def python_errors(contract: Declaration, method: MethodDeclaration) -> Iterator[None]:
    """Errors of Python's own in a body, as errors of the language with their place."""
    try:
        yield
    except PYTHONS_OWN as error:
        remedy = _what_there_is(error, contract) or "Mend the line."
        raise BodyFailed(_innermost(error, method), f"{type(error).__name__}: {error}", remedy) from error


@contextmanager
def constants_checked(method: MethodDeclaration) -> Iterator[None]:
    """While a circuit is built: what constants break, no argument could mend."""
    try:
        yield
    except CallRefused as error:
        place = Place(error.file, error.line, error.source)
        raise NeverHolds(place, str(error).rpartition("\n")[2].strip(), "It holds for no call at all.") from error
    except RangeError as error:
        raise NeverHolds(method.place, str(error), "It holds for no call at all.") from error


def _what_there_is(error: BaseException, contract: Declaration) -> str:
    """For a name that a contract does not have: its registers, the nearest first; else nothing."""
    if not isinstance(error, AttributeError) or type(error.obj) is not contract.owner:
        return ""
    names = [declared.name for declared in contract.registers]
    near = get_close_matches(error.name or "", names, 1)
    meant = f"Did you mean self.{near[0]}? " if near else ""
    return f"{meant}The registers of {contract.name} are {', '.join(names)}." if names else ""


def _innermost(error: BaseException, method: MethodDeclaration) -> Place:
    """The last line of the contract's own file on the way to the error."""
    place, trace = method.place, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == method.function.__code__.co_filename:
            place = place_of(trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    return place


def _given(wires: Wires, followed: Followed, parameter: Parameter) -> Value:
    """Anything in an argument's place."""
    value = parameter.kind.of(iter([unknown(wires, leaf) for leaf in parameter.leaves]))
    if not parameter.public:
        what = f"the {'note' if parameter.spent else 'argument'} {parameter.name}"
        followed.keep(value.numbers(), parameter.leaves, what)
    return value


def unknown(wires: Wires, leaf: Leaf) -> Wire:
    """A private number in a leaf's range, on a builder that is thrown away."""
    wire = wires.cs.hint("argument", lambda values: (0,), [], 1)[0]
    return wire if leaf.high is None else wire.bounded(leaf.low, leaf.high)


def ranged(wires: Wires, leaf: Leaf, number: Number) -> Number:
    """The number, proven to be one of the leaf's. Constraints: the bits of its type; none for a field element."""
    return number if leaf.high is None else wires.ranged(number, Range(leaf.type_name, leaf.low, leaf.high))


class _Anything:
    """Numbers of a call that is not known yet."""

    def __init__(self, wires: Wires, followed: Followed) -> None:
        self._wires, self._followed = wires, followed

    def register(self, declared: Declared[Any]) -> tuple[Number, ...]:
        numbers = tuple(unknown(self._wires, leaf) for leaf in declared.leaves)
        if declared.sealed:
            self._followed.keep(numbers, declared.leaves, f"the sealed register {declared.name}")
        return numbers

    def object(self) -> Number:
        return unknown(self._wires, _ELEMENT)

    def caller(self) -> Number:
        return unknown(self._wires, _ELEMENT)

    def period(self) -> tuple[Number, Number]:
        return unknown(self._wires, _HEIGHT), unknown(self._wires, _HEIGHT)

    def posted(self, declared: Declared[Any]) -> Number:
        return unknown(self._wires, _HEIGHT)
