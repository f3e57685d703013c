"""README.md of a contract: what is public and what is not, method by method. Generated."""

from collections.abc import Iterator

from chain.amount import show
from compute.dsl.compiled import Compiled, CompiledMethod
from compute.dsl.costs import MethodCost, costs
from compute.dsl.elements import sealed_length
from compute.dsl.notes import note_elements
from compute.dsl.publics import public_inputs

FIXED = "Its readers are those that it is deployed with, for ever: nobody can add or remove one, its owner neither."
KEPT = "Whoever deploys it changes its readers at any time, unless it is deployed with fixed readers."

_BYTES = 1_000_000
_MICROSECONDS = 1_000_000


def readme(compiled: Compiled) -> str:
    """The page as Markdown."""
    declaration = compiled.declaration
    lines = [f"# {compiled.name}", "", declaration.doc, "", "Generated from the contract's class.", ""]
    lines += ["## State", "", "| register | type | who reads it | calls that write it |", "|---|---|---|---|"]
    for declared in declaration.registers:
        reads = "the contract's readers" if declared.sealed else "everybody"
        lines.append(f"| `{declared.name}` | `{declared.kind.type_name}` | {reads} | {_competition(declared.mode)} |")
    if any(declared.sealed for declared in declaration.registers):
        lines += ["", "Everybody sees how often each register was written and when, and that a sealed one was written."]
        lines += ["A sealed register that was never written holds zeros, which everybody knows.", ""]
        lines += [FIXED if declaration.fixed_readers else KEPT]
    if declaration.notes:
        lines += ["", "## Notes", "", "| note | contents | elements of its ciphertext |", "|---|---|---|"]
        for note in declaration.notes:
            parts = ", ".join(f"{name}: {kind.type_name}" for name, kind in note.parts.items())
            lines.append(f"| `{note.type_name}` | {parts} | {note_elements(note)} |")
        lines += [
            "",
            "A note's contents and owner are known to its owner and to whoever made it. Everybody sees that a",
        ]
        lines += [
            "note was made, by which call, and how long its ciphertext is; and that some note was spent, not which."
        ]
    for method, cost in zip(compiled.methods, costs(compiled), strict=True):
        lines += ["", *_method(method, cost)]
    return "\n".join(lines) + "\n"


def _competition(mode: str) -> str:
    return {
        "first": "the first in a block wins",
        "lease": "only the holder of a lease",
        "inbox": "those that spend a note of its inbox",
    }[mode]


def _method(method: CompiledMethod, cost: MethodCost) -> Iterator[str]:
    declared = method.declaration
    yield f"## {method.name}"
    yield ""
    if declared.doc:
        yield declared.doc
        yield ""
    yield "| public | not public |"
    yield "|---|---|"
    shown, hidden = list(_public(method)), list(_hidden(method))
    for place in range(max(len(shown), len(hidden))):
        left = shown[place] if place < len(shown) else ""
        right = hidden[place] if place < len(hidden) else ""
        yield f"| {left} | {right} |"
    yield ""
    yield (
        f"{cost.constraints:,} constraints, key {cost.key_bytes / _BYTES:.1f} MB, about "
        f"{cost.prove_microseconds / _MICROSECONDS:.1f} CPU-seconds to prove; {cost.call_bytes} bytes, "
        f"{cost.work:,} work units, {show(cost.fee)} at a new chain's base fee. Every call has this size and fee."
    )
    yield ""
    yield f"Public inputs: {', '.join(f'`{each.name}`' for each in public_inputs(method))}."


def _public(method: CompiledMethod) -> Iterator[str]:
    shape, declared = method.shape, method.declaration
    yield (
        "that it was called, when, and by which account"
        if shape.caller
        else ("that it was called and when, and the account that pays, if no note does")
    )
    for parameter in declared.parameters:
        if parameter.public:
            yield f"argument `{parameter.name}`: {parameter.kind.type_name}"
    if declared.result is not None:
        yield f"what it returns: {declared.result.kind.type_name}"
    if shape.period:
        yield "the first and the last height at which the call is good"
    for register in shape.opened:
        if not register.sealed:
            yield f"`{register.name}`" + (" before and after" if register in shape.writes else "")
    for line in shape.reveals:
        yield f"what `{line.replace('|', chr(92) + '|')}` shows"
    for register in shape.writes:
        if register.sealed:
            yield f"that `{register.name}` was written: {sealed_length(register.leaves) + 1} elements of ciphertext"
    for note in shape.made:
        yield f"that a `{note.type_name}` was made"
    for spent in shape.spends:
        yield f"that a `{spent.kind.type_name}` was spent"
    if shape.once:
        yield "a hash of what works only once: whoever guesses that, knows it"
    if shape.takes or shape.pays:
        yield "assets, amounts and recipients of the tokens that it moves"


def _hidden(method: CompiledMethod) -> Iterator[str]:
    shape = method.shape
    for parameter in method.declaration.parameters:
        if not parameter.public and not parameter.spent:
            yield f"argument `{parameter.name}`: {parameter.kind.type_name}"
    for register in shape.opened:
        if register.sealed:
            yield f"`{register.name}`" + (" before and after" if register in shape.writes else "")
    for spent in shape.spends:
        yield f"which `{spent.kind.type_name}` `{spent.name}` is, what is in it, whose it is"
    for note in shape.made:
        yield f"what is in the new `{note.type_name}`, and whose it is"
