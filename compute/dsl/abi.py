"""abi.json: what a tool must know to call a contract and to read it, without its source. Canonical bytes, versioned.

JSON with sorted keys and no spaces, so that one contract has one ABI and one hash. A type is its name; a struct's parts
stand under "types", an array says {"array": type, "length": n}. What stands sealed, in a register or a note, is packed
as compute/dsl/elements.py says; "elements" is how many field elements that makes. "fixed_readers" is what the class
asks for; whether a deployed contract's readers are fixed stands in its record.
"""

import json
from typing import Any, Final

from compute.dsl.compiled import Compiled, CompiledMethod
from compute.dsl.composites import Array, Struct
from compute.dsl.declaration import Parameter
from compute.dsl.elements import sealed_length
from compute.dsl.errors import DslError
from compute.dsl.fields import Declared
from compute.dsl.notes import note_elements
from compute.dsl.publics import public_inputs
from compute.dsl.values import Value
from contracts.confidential.description import MAX_ABI_BYTES

VERSION: Final = 1


class AbiTooLarge(DslError):
    """A contract's ABI is larger than a deployment may carry."""

    code = 6440

    def __init__(self, contract: str, size: int) -> None:
        super().__init__(
            f"the ABI of {contract} is {size} bytes and a deployment carries {MAX_ABI_BYTES}; shorten docstrings."
        )
        self.contract, self.size = contract, size


def abi_bytes(compiled: Compiled) -> bytes:
    """The contract's abi.json. Raises AbiTooLarge."""
    data = json.dumps(abi(compiled), sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    if len(data) > MAX_ABI_BYTES:
        raise AbiTooLarge(compiled.name, len(data))
    return data


def abi(compiled: Compiled) -> dict[str, Any]:
    """The same as a dict."""
    declaration = compiled.declaration
    types: dict[str, Any] = {}
    return {
        "abi": VERSION,
        "name": compiled.name,
        "doc": declaration.doc,
        "fixed_readers": declaration.fixed_readers,
        "registers": [_register(declared, types) for declared in declaration.registers],
        "notes": [
            {"name": note.type_name, "kind": 1 + place, "elements": note_elements(note), "type": type_of(note, types)}
            for place, note in enumerate(declaration.notes)
        ],
        "methods": [_method(method, types) for method in compiled.methods],
        "types": types,
    }


def type_of(kind: type[Value], types: dict[str, Any]) -> Any:
    """A type in the ABI; structs leave their parts in `types`."""
    if issubclass(kind, Array):
        return {"array": type_of(kind.entry, types), "length": kind.length}
    if issubclass(kind, Struct) and kind.type_name not in types:
        types[kind.type_name] = []  # before its parts, which cannot contain it
        types[kind.type_name] = [[name, type_of(part, types)] for name, part in kind.parts.items()]
    return kind.type_name


def _register(declared: Declared[Any], types: dict[str, Any]) -> dict[str, Any]:
    length = sealed_length(declared.leaves) if declared.sealed else len(declared.leaves)
    return {
        "name": declared.name,
        "sealed": declared.sealed,
        "mode": declared.mode,
        "inbox": None if declared.inbox is None else declared.inbox.type_name,
        "type": type_of(declared.kind, types),
        "elements": length,
    }


def _method(method: CompiledMethod, types: dict[str, Any]) -> dict[str, Any]:
    declared, shape = method.declaration, method.shape
    return {
        "name": method.name,
        "doc": declared.doc,
        "arguments": [_argument(parameter, types) for parameter in declared.parameters],
        "result": None if declared.result is None else type_of(declared.result.kind, types),
        "caller": shape.caller,
        "period": shape.period,
        "reads": [each.name for each in shape.reads],
        "writes": [each.name for each in shape.writes],
        "counts": [each.name for each in shape.counts],
        "once": shape.once,
        "makes": [note.type_name for note in shape.made],
        "takes": shape.takes,
        "pays": shape.pays,
        "public_inputs": [each.name for each in public_inputs(method)],
        "constraints": len(method.circuit.constraints),
        "r1cs": "0x" + method.r1cs_hash.hex(),
    }


def _argument(parameter: Parameter, types: dict[str, Any]) -> dict[str, Any]:
    known = "spent" if parameter.spent else "public" if parameter.public else "private"
    return {"name": parameter.name, "type": type_of(parameter.kind, types), "known": known}
