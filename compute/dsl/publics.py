"""The public inputs of a method's proof, one by one: what each is called, and where the node takes it from.

In the order of contracts/confidential/statement.py; whoever wants to know what a call shows reads it here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from compute.dsl.compiled import CompiledMethod
from compute.dsl.declaration import Parameter
from compute.dsl.elements import sealed_length
from compute.dsl.fields import Declared
from compute.dsl.notes import note_elements


@dataclass(frozen=True, slots=True)
class PublicInput:
    """name: as a field of a Python class; meaning: half a sentence."""

    name: str
    meaning: str


def public_inputs(method: CompiledMethod) -> tuple[PublicInput, ...]:
    """All public inputs of the method's proof, in order."""
    return tuple(PublicInput(_identifier(name), meaning) for name, meaning in _all(method))


Pairs = Iterator[tuple[str, str]]


def _all(method: CompiledMethod) -> Pairs:
    shape = method.shape
    yield "ctx", "hash of chain, contract, method, key, sender, versions and all effects of the transaction"
    yield "contract", "id of the contract"
    if shape.sealed:
        yield "epoch", "number of the data key in force"
        yield "kc", "commitment to the data key"
    if shape.caller:
        yield "caller", "id of the account that sends the call"
    if shape.period:
        yield "after", "first height at which the call is good"
        yield "before", "last height at which the call is good"
    for parameter in method.declaration.parameters:
        if parameter.public:
            yield from _argument(parameter, "argument.", f"argument {parameter.name}")
    if method.declaration.result is not None:
        yield from _argument(method.declaration.result, "", "what the method returns")
    for declared in shape.reads:
        yield from _read(declared)
    for declared in shape.writes:
        yield from _write(declared)
    for declared in shape.counts:
        yield f"count.{declared.name}", f"notes posted to the inbox {declared.name} so far"
    yield from _notes(method)
    yield from _tokens(method)


def _argument(parameter: Parameter, prefix: str, what: str) -> Pairs:
    for leaf in parameter.leaves:
        yield prefix + parameter.name + leaf.path, f"{what}{leaf.path}, {leaf.type_name}"


def _values(prefix: str, declared: Declared[Any], when: str) -> Pairs:
    moment = "at" if when == "value" else when
    for leaf in declared.leaves:
        yield (
            f"{prefix}{declared.name}{leaf.path}.{when}",
            f"{declared.name}{leaf.path} {moment} the call, {leaf.type_name}",
        )


def _read(declared: Declared[Any]) -> Pairs:
    if not declared.sealed:
        yield from _values("read.", declared, "value")
        return
    yield f"read.{declared.name}.version", f"how often {declared.name} was written"
    yield f"read.{declared.name}.commitment", f"commitment to what {declared.name} holds"


def _write(declared: Declared[Any]) -> Pairs:
    name = declared.name
    if not declared.sealed:
        yield from _values("write.", declared, "before")
        yield from _values("write.", declared, "after")
        return
    yield f"write.{name}.version", f"how often {name} was written before"
    yield f"write.{name}.before", f"commitment to what {name} holds before the call"
    yield f"write.{name}.after", f"commitment to what {name} holds after it"
    yield f"write.{name}.nonce", "of the ciphertext"
    for place in range(sealed_length(declared.leaves) + 1):
        yield f"write.{name}.ciphertext.{place}", f"what {name} holds, encrypted to the contract's readers"


def _notes(method: CompiledMethod) -> Pairs:
    shape = method.shape
    if shape.nullifiers:
        yield "root", "of the contract's note tree, one of its last 1,024"
    for spent in shape.spends:
        yield f"spend.{spent.name}.nullifier", f"shows that the note {spent.name} is spent, and not which one it is"
    for place in range(shape.once):
        yield f"once.{place}", "hash of a value that no other call can use"
    if shape.made:
        yield "ephemeral.x", "one-time point of the notes' encryption"
        yield "ephemeral.y", "one-time point of the notes' encryption"
    for place, kind in enumerate(shape.made):
        yield f"note.{place}.commitment", f"commitment to a new {kind.type_name} and its owner"
        for element in range(note_elements(kind)):
            yield f"note.{place}.ciphertext.{element}", f"the new {kind.type_name}, encrypted to its owner"


def _tokens(method: CompiledMethod) -> Pairs:
    for place in range(method.shape.takes):
        yield f"take.{place}.asset", "what is taken from the caller, 0 for the native token"
        yield f"take.{place}.amount", "how much is taken from the caller"
    for place in range(method.shape.pays):
        yield f"pay.{place}.recipient", "id of the account that is paid"
        yield f"pay.{place}.asset", "what is paid, 0 for the native token"
        yield f"pay.{place}.amount", "how much is paid"


def _identifier(name: str) -> str:
    return name.replace("[", ".").replace("]", "").replace(".", "_")
