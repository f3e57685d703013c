"""A call in plain integers: what a method does in a situation, and what its proof makes public.

This is the statement that circuit.py writes as constraints; tests hold the two equal. Nothing here needs a chain.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from compute.dsl import note_statement
from compute.dsl.circuit import register
from compute.dsl.compiled import CompiledMethod
from compute.dsl.elements import packed, reduced
from compute.dsl.fields import Declared
from compute.dsl.integers import Integers, plain
from compute.dsl.machine import Number
from compute.dsl.note_circuit import argument
from compute.dsl.note_statement import Movement, NoteSecrets, Output
from compute.dsl.refusals import ArgumentRefused, PaidToNobody
from compute.dsl.run import Run
from compute.dsl.shape import run_body
from compute.dsl.values import Leaf
from contracts.confidential import sealing
from crypto.r1cs.circuit import Inputs

Numbers = tuple[int, ...]
NO_NUMBERS: Final[Mapping[str, Numbers]] = {}


@dataclass(frozen=True, slots=True)
class Found:
    """A register as a call finds it: the numbers of its leaves, and the blinding of a sealed one's commitment."""

    version: int
    numbers: Numbers = field(repr=False)
    blinding: int = field(default=0, repr=False)


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a call of one method depends on. registers: by name; blindings: fresh, of sealed ones it will write.

    arguments: the numbers of each argument's leaves, spent notes included. contract and caller are ids as field
    elements; posted: notes in the inbox of each register that is counted.
    """

    contract: int
    registers: Mapping[str, Found]
    arguments: Mapping[str, Numbers] = field(default_factory=dict, repr=False)
    epoch: int = 0
    data_key: int = field(default=0, repr=False)
    blindings: Mapping[str, int] = field(default_factory=dict, repr=False)
    caller: int = 0
    period: tuple[int, int] = (0, 0)
    posted: Mapping[str, int] = field(default_factory=dict)
    notes: NoteSecrets = field(default_factory=NoteSecrets, repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """A register's step: what is public of it. before, after: a commitment if sealed, else the values."""

    declared: Declared[Any]
    version: int
    before: Numbers
    after: Numbers = ()
    nonce: int = 0
    ciphertext: Numbers = ()

    def signals(self) -> Numbers:
        version = (self.version,) if self.declared.sealed else ()
        nonce = (self.nonce,) if self.ciphertext else ()
        return (*version, *self.before, *self.after, *nonce, *self.ciphertext)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an accepted call did. registers: as it leaves those that it wrote; steps: reads first, then writes."""

    registers: Mapping[str, Found]
    result: Numbers
    steps: tuple[Step, ...]
    kc: int | None
    arguments: Numbers  # public ones, then the result
    nullifiers: Numbers
    ephemeral: Numbers  # E, of all notes that were made
    outputs: tuple[Output, ...]
    takes: tuple[Movement, ...]
    pays: tuple[Movement, ...]


def execute(method: CompiledMethod, situation: Situation) -> Outcome:
    """Runs the method on integers. Raises a CallRefused where no proof exists, ArgumentRefused for a misfit."""
    shape = method.shape
    _check_numbers(method, situation)
    spent = note_statement.spend(
        method.contract, method.declaration.place, situation.contract, situation.notes, shape.spends
    )
    run = Run(Integers(), _Known(situation))
    arguments = [
        parameter.kind.of(iter(situation.arguments[parameter.name])) for parameter in method.declaration.parameters
    ]
    returned = run_body(method.contract, method.declaration, run, list(arguments))
    result = () if returned is None else tuple(map(plain, returned.numbers()))
    after = {
        declared.name: Found(
            situation.registers[declared.name].version + 1,
            tuple(map(plain, run.values[declared.name].numbers())),
            situation.blindings[declared.name] if declared.sealed else 0,
        )
        for declared in shape.writes
    }
    public = [situation.arguments[p.name] for p in method.declaration.parameters if p.public]
    notes = situation.notes
    return Outcome(
        after,
        result,
        tuple(_step(method, situation, declared, after.get(declared.name)) for declared in shape.opened),
        sealing.data_key_commitment(situation.data_key, situation.epoch) if shape.sealed else None,
        reduced([number for numbers in (*public, result) for number in numbers]),
        (*spent, *(plain(value.number) for value in run.once)),
        note_statement.ephemeral(notes) if run.made else (),
        note_statement.outputs(method.contract, situation.contract, notes, run.made),
        tuple(map(note_statement.movement, run.takes)),
        tuple(map(note_statement.movement, run.pays)),
    )


def signals(method: CompiledMethod, situation: Situation, outcome: Outcome, ctx: int = 0) -> Numbers:
    """The public inputs of the call's proof, in the order of contracts/confidential/statement.py."""
    found = [ctx, situation.contract]
    if outcome.kc is not None:
        found += [situation.epoch, outcome.kc]
    if method.shape.caller:
        found.append(situation.caller)
    if method.shape.period:
        found += situation.period
    found += outcome.arguments
    for step in outcome.steps:
        found += step.signals()
    found += (situation.posted[declared.name] for declared in method.shape.counts)
    if outcome.nullifiers:
        found += (situation.notes.root, *outcome.nullifiers)
    found += outcome.ephemeral
    for output in outcome.outputs:
        found += (output.commitment, *output.ciphertext)
    for movement in (*outcome.takes, *outcome.pays):
        found += movement.signals()
    return tuple(found)


def circuit_inputs(method: CompiledMethod, situation: Situation, ctx: int = 0) -> Inputs:
    """What the circuit's solver is given; the rest of the public inputs it computes."""
    shape = method.shape
    given: dict[str, int | Numbers] = {"ctx": ctx, "contract": situation.contract}
    if shape.sealed:
        given |= {"epoch": situation.epoch, "data_key": situation.data_key}
    if shape.caller:
        given["caller"] = situation.caller
    if shape.period:
        given["after"], given["before"] = situation.period
    for parameter in method.declaration.parameters:
        if not parameter.spent:
            given[argument(parameter.name)] = reduced(situation.arguments[parameter.name])
    for declared in shape.opened:
        found, name = situation.registers[declared.name], register(declared.name)
        if not declared.sealed:
            given[f"{name}.before"] = reduced(found.numbers)
            continue
        given |= {f"{name}.version": found.version, f"{name}.values": reduced(found.numbers)}
        given[f"{name}.blinding"] = found.blinding
        if declared in shape.writes:
            given[f"{name}.next_blinding"] = situation.blindings[declared.name]
    for declared in shape.counts:
        given[f"{register(declared.name)}.posted"] = situation.posted[declared.name]
    return given | note_statement.circuit_inputs(situation.notes, shape)


def require_payees(method: CompiledMethod, outcome: Outcome) -> None:
    """A rule of the chain's, not the circuit's: raises PaidToNobody for an amount that goes to Address 0."""
    if any(paid.amount and not paid.recipient for paid in outcome.pays):
        raise PaidToNobody(method.declaration.place)


def content(declared: Declared[Any], found: Found) -> Numbers:
    """What stands on the chain for a register's content: the commitment of a sealed one, else its values."""
    if not declared.sealed:
        return reduced(found.numbers)
    elements = [plain(element) for element in packed(declared.leaves, found.numbers)]
    return (sealing.register_commitment(found.version, elements, found.blinding),)


def _step(method: CompiledMethod, situation: Situation, declared: Declared[Any], after: Found | None) -> Step:
    before = situation.registers[declared.name]
    if after is None:
        return Step(declared, before.version, content(declared, before))
    changed = content(declared, after)
    if not declared.sealed:
        return Step(declared, before.version, content(declared, before), changed)
    nonce = sealing.synthetic_nonce(situation.data_key, after.version, changed[0], after.blinding)
    message = [*map(plain, packed(declared.leaves, after.numbers)), after.blinding]
    pads = sealing.keystream(
        situation.data_key,
        situation.contract,
        method.contract.index(declared.name),
        after.version,
        nonce,
        len(message),
    )
    return Step(declared, before.version, content(declared, before), changed, nonce, sealing.add_pads(message, pads))


def _check_numbers(method: CompiledMethod, situation: Situation) -> None:
    """What the circuit proves of every number that enters it."""
    for parameter in method.declaration.parameters:
        _check_row(parameter.name, parameter.leaves, situation.arguments[parameter.name])
    for declared in method.shape.opened:
        _check_row(declared.name, declared.leaves, situation.registers[declared.name].numbers)


def _check_row(name: str, leaves: tuple[Leaf, ...], numbers: Numbers) -> None:
    if len(numbers) != len(leaves):
        raise ArgumentRefused(name, f"{len(leaves)} numbers")
    for leaf, number in zip(leaves, numbers, strict=True):
        if not leaf.holds(number):
            raise ArgumentRefused(name + leaf.path, f"a {leaf.type_name}")


class _Known:
    """Numbers of a situation."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation

    def register(self, declared: Declared[Any]) -> tuple[Number, ...]:
        return self._situation.registers[declared.name].numbers

    def object(self) -> Number:
        return self._situation.contract

    def posted(self, declared: Declared[Any]) -> Number:
        return self._situation.posted[declared.name]

    def caller(self) -> Number:
        return self._situation.caller

    def period(self) -> tuple[Number, Number]:
        return self._situation.period
