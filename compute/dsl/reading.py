"""What a register's opening means: the value that its class declares, as Python has it."""

from typing import Any

from compute.confidential.reader import Opening
from compute.dsl.elements import signed, unpacked
from compute.dsl.execution import Numbers
from compute.dsl.fields import Declared


def register_numbers(declared: Declared[Any], opening: Opening) -> Numbers:
    """The numbers of the register's leaves."""
    if declared.sealed:
        return tuple(unpacked(declared.leaves, opening.values))
    return tuple(signed(leaf, value) for leaf, value in zip(declared.leaves, opening.values, strict=True))


def register_value(declared: Declared[Any], opening: Opening) -> object:
    """An int, a bool, a list, a dict of parts, as the register's type has it."""
    return declared.kind.lifted(iter(register_numbers(declared, opening)))
