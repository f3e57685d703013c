"""What a register's opening means: the value that its class declares, as Python has it."""

from typing import Any

from compute.confidential.prover import Draft
from compute.confidential.reader import Opening
from compute.dsl.compiled import Compiled
from compute.dsl.elements import signed, unpacked
from compute.dsl.execution import Numbers
from compute.dsl.fields import Declared
from contracts.confidential.call import Call


def register_numbers(declared: Declared[Any], opening: Opening) -> Numbers:
    """The numbers of the register's leaves."""
    if declared.sealed:
        return tuple(unpacked(declared.leaves, opening.values))
    return tuple(signed(leaf, value) for leaf, value in zip(declared.leaves, opening.values, strict=True))


def register_value(declared: Declared[Any], opening: Opening) -> object:
    """An int, a bool, a list, a dict of parts, as the register's type has it."""
    return declared.kind.lifted(iter(register_numbers(declared, opening)))


def call_result(compiled: Compiled, draft: Draft) -> object:
    """What a drafted call returns, which its last public arguments say; None for a method that returns nothing."""
    call = draft.action
    if not isinstance(call, Call):
        return None
    returned = compiled.method(call.method).declaration.result
    if returned is None:
        return None
    elements = call.arguments[len(call.arguments) - len(returned.leaves) :]
    numbers = [signed(leaf, element) for leaf, element in zip(returned.leaves, elements, strict=True)]
    return returned.kind.lifted(iter(numbers))
