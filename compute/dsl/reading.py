"""What openings of registers and notes mean: the values that their classes declare, as Python has them."""

from typing import Any, cast

from client.notes.content import ContractNote
from compute.confidential.keys import DataKeys
from compute.confidential.prover import Draft
from compute.confidential.reader import Opening, open_call
from compute.dsl.compiled import Compiled
from compute.dsl.elements import signed, unpacked
from compute.dsl.execution import Numbers
from compute.dsl.fields import Declared
from contracts.confidential.call import Call
from contracts.confidential.queries import ContractView


def register_numbers(declared: Declared[Any], opening: Opening) -> Numbers:
    """The numbers of the register's leaves."""
    if declared.sealed:
        return tuple(unpacked(declared.leaves, opening.values))
    return tuple(signed(leaf, value) for leaf, value in zip(declared.leaves, opening.values, strict=True))


def register_value(declared: Declared[Any], opening: Opening) -> object:
    """An int, a bool, a list, a dict of parts, as the register's type has it."""
    return declared.kind.lifted(iter(register_numbers(declared, opening)))


def written_values(compiled: Compiled, keys: DataKeys, contract: ContractView, call: Call) -> dict[str, object]:
    """What a call wrote into registers, by their names, whatever was written since. Raises as open_call."""
    registers = [compiled.declaration.registers[move.register] for move in call.moves]
    openings = open_call(keys, contract, call)
    return {each.name: register_value(each, opening) for each, opening in zip(registers, openings, strict=True)}


def note_contents(compiled: Compiled, note: ContractNote) -> dict[str, object]:
    """What is in a note of the contract, by the names of its parts. The contract has notes of its kind."""
    kind = compiled.declaration.notes[note.kind - 1]
    return cast(dict[str, object], kind.lifted(iter(unpacked(kind.leaves(), note.fields))))


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
