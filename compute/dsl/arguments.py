"""What Python code outside gives a contract, as numbers: arguments of a call, first contents of registers."""

from collections.abc import Mapping

from compute.dsl.compiled import CompiledMethod
from compute.dsl.declaration import Declaration
from compute.dsl.execution import Found, Numbers
from compute.dsl.refusals import WrongArguments
from compute.dsl.values import Value
from contracts.confidential.sealing import INITIAL_BLINDING, INITIAL_VERSION


def bound_arguments(
    method: CompiledMethod, positional: tuple[object, ...], named: Mapping[str, object]
) -> dict[str, object]:
    """What is given for each parameter, spent notes included. Raises WrongArguments."""
    expected = tuple(parameter.name for parameter in method.declaration.parameters)
    given = {**dict(zip(expected, positional, strict=False)), **named}
    doubled = set(expected[: len(positional)]) & named.keys()
    if tuple(sorted(given)) != tuple(sorted(expected)) or len(positional) > len(expected) or doubled:
        raise WrongArguments(method.name, expected, (*map(type_said, positional), *named))
    return given


def argument_numbers(method: CompiledMethod, given: Mapping[str, object]) -> dict[str, Numbers]:
    """The numbers of a call's arguments but for notes, which bring their own. Raises ArgumentRefused."""
    return {
        parameter.name: parameter.kind.lowered(given[parameter.name], parameter.name)
        for parameter in method.declaration.parameters
        if not parameter.spent
    }


def initial_registers(declaration: Declaration, initial: Mapping[str, object]) -> dict[str, Found]:
    """Every register before its first write: what is said of public ones, zeros else.

    Raises ArgumentRefused, WrongArguments for what is no public register.
    """
    public = {declared.name: declared for declared in declaration.registers if not declared.sealed}
    if not initial.keys() <= public.keys():
        raise WrongArguments(declaration.name, tuple(public), tuple(initial))
    found = {}
    for declared in declaration.registers:
        name, kind = declared.name, declared.kind
        numbers = kind.lowered(initial[name], name) if name in initial else (0,) * len(declared.leaves)
        found[name] = Found(INITIAL_VERSION, numbers, INITIAL_BLINDING)
    return found


def type_said(value: object) -> str:
    """An argument in a message: its type, never the value."""
    return value.type_name if isinstance(value, Value) else type(value).__name__
