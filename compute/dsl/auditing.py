"""A contract under the audits of crypto/r1cs/audit: plain execution is the reference, calls of tests are the cases.

    subjects = contract_subjects(Auction)            # from the calls of its `examples`, or calls that are guessed
    Audit(subjects["fold"], sample=300, effort=50_000_000).run().require_sound()

Cases are accepted calls: a search for a witness of one that must have none takes minutes in a circuit with hashes in
it. The operations of the language are put to that search one by one (docs/dsl.md), and every plain call is put to its
circuit, so that what plain execution refuses is seen to have no honest witness.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, product
from typing import TYPE_CHECKING, Final, cast

from compute.dsl.arguments import initial_registers
from compute.dsl.circuit import register
from compute.dsl.compiled import CompiledMethod
from compute.dsl.elements import signed
from compute.dsl.execution import Found, Numbers, Situation, circuit_inputs, execute, signals
from compute.dsl.note_circuit import PATH, SIBLINGS, argument, output
from compute.dsl.note_statement import NoteSecrets, SpentNote
from compute.dsl.plain import CONTRACT, Plain, randomness
from compute.dsl.refusals import ArgumentRefused, CallRefused
from compute.dsl.values import Leaf
from crypto.babyjubjub import Point
from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit import AuditSubject, NoHonestWitness
from crypto.r1cs.circuit import Inputs
from crypto.r1cs.errors import CircuitError

if TYPE_CHECKING:
    from compute.dsl.contract import Contract

CASES: Final = 3  # each costs every test another witness
GUESSES: Final = 256  # combinations that are tried where a contract gives no examples


class MethodUncalled(NoHonestWitness):
    """No call of a method is known that the contract accepts, so its audit has nothing to start from."""

    code = 6314

    def __init__(self, method: str, calls: int) -> None:
        CircuitError.__init__(
            self,
            f"none of the {calls} calls of {method} that `examples` makes, or that were guessed, is accepted; "
            f"let the class's examples() call it as a user would.",
        )
        self.method, self.cases = method, calls


def contract_subjects(contract: "type[Contract]") -> dict[str, AuditSubject]:
    """The methods' subjects by name. Cases are calls that the class's `examples` made, else guesses.

    Raises MethodUncalled for a method that no example calls and no guess fits.
    """
    made = contract.examples()
    recorded = [pair for plain in ((made,) if isinstance(made, Plain) else made) for pair in plain.record]
    subjects = {}
    for method in contract.compiled.methods:
        calls = [situation for called, situation in recorded if called is method] or list(guessed_calls(method))
        good = [situation for situation in calls if accepted(method, situation)]
        if not good:
            raise MethodUncalled(method.name, len(calls))
        edges = (situation for situation in varied(method, good) if accepted(method, situation))
        subjects[method.name] = method_subject(method, [*good[:1], *good[1:][-1:], *islice(edges, CASES)][:CASES])
    return subjects


def method_subject(method: CompiledMethod, calls: Iterable[Situation]) -> AuditSubject:
    """The method's circuit with these calls as cases; refused ones must have no witness."""
    shape = method.shape
    sealed = [register(declared.name) for declared in shape.writes if declared.sealed]
    made = [output(place) for place in range(len(shape.made))]
    salts = [f"{name}.next_blinding" for name in sealed] + [f"{name}.rcm" for name in made]
    hidden = [f"{name}.{part}" for name in sealed for part in ("after", "nonce", "ciphertext")]
    hidden += [f"{name}.{part}" for name in made for part in ("commitment", "ciphertext")]
    return AuditSubject(
        method.circuit,
        [circuit_inputs(method, situation) for situation in calls],
        lambda inputs: _reference(method, inputs),
        name=f"{method.contract.name}.{method.name}",
        salts=tuple(salts),
        hidden=tuple(hidden),
    )


def accepted(method: CompiledMethod, situation: Situation) -> bool:
    """Whether plain execution takes the call."""
    try:
        execute(method, situation)
    except (CallRefused, ArgumentRefused):
        return False
    return True


def guessed_calls(method: CompiledMethod) -> Iterator[Situation]:
    """Calls of a method that spends no note, with small numbers and ends of ranges; many may be refused."""
    if method.shape.spends:
        return
    registers = initial_registers_of(method)
    names = [parameter.name for parameter in method.declaration.parameters]
    rows = [list(_rows(parameter.leaves)) for parameter in method.declaration.parameters]
    for numbers in islice(product(*rows), GUESSES):
        yield Situation(
            contract=CONTRACT,
            registers=registers,
            arguments=dict(zip(names, numbers, strict=True)),
            epoch=1,
            data_key=randomness(0),
            blindings={declared.name: randomness(1) for declared in method.shape.writes},
            period=(1, 1),
            posted={declared.name: 0 for declared in method.shape.counts},
            notes=NoteSecrets(ephemeral=5, rcms=tuple(range(1, len(method.shape.made) + 1))),
        )


def varied(method: CompiledMethod, calls: Sequence[Situation]) -> Iterator[Situation]:
    """The calls with one number of an argument or register at an end of its type, or beyond it."""
    for situation in calls:
        for parameter in method.declaration.parameters:
            for numbers in _edges(parameter.leaves, situation.arguments[parameter.name]):
                if not parameter.spent:
                    yield replace(situation, arguments={**situation.arguments, parameter.name: numbers})
        for declared in method.shape.opened:
            found = situation.registers[declared.name]
            for numbers in _edges(declared.leaves, found.numbers):
                other = Found(found.version, numbers, found.blinding)
                yield replace(situation, registers={**situation.registers, declared.name: other})


def initial_registers_of(method: CompiledMethod) -> dict[str, Found]:
    """The contract's registers, all zeros."""
    return initial_registers(method.contract, {})


def situation_from(method: CompiledMethod, inputs: Inputs) -> Situation:
    """The call that a circuit's inputs are of: the inverse of `circuit_inputs`."""
    shape, spent = method.shape, {each.name: _spent(each.leaves, each.name, inputs) for each in method.shape.spends}
    given = {each.name: _row(inputs, argument(each.name), each.leaves) for each in method.declaration.parameters}
    registers, blindings = {}, {}
    for declared in shape.opened:
        name = register(declared.name)
        row = "values" if declared.sealed else "before"
        numbers = _row(inputs, f"{name}.{row}", declared.leaves)
        version, blinding = (_one(inputs, f"{name}.{part}") for part in ("version", "blinding"))
        registers[declared.name] = Found(version, numbers, blinding)
        blindings[declared.name] = _one(inputs, f"{name}.next_blinding")
    rcms = tuple(_one(inputs, f"{output(place)}.rcm") for place in range(len(shape.made)))
    return Situation(
        contract=_one(inputs, "contract"),
        registers=registers,
        arguments=given,
        epoch=_one(inputs, "epoch"),
        data_key=_one(inputs, "data_key"),
        blindings=blindings,
        caller=_one(inputs, "caller"),
        period=(_one(inputs, "after"), _one(inputs, "before")),
        posted={each.name: _one(inputs, f"{register(each.name)}.posted") for each in shape.counts},
        notes=NoteSecrets(_one(inputs, "root"), _one(inputs, "sk"), spent, _one(inputs, "ephemeral_number"), rcms),
    )


def _reference(method: CompiledMethod, inputs: Inputs) -> tuple[int, ...] | None:
    """The circuit's outputs by plain execution, None where it refuses."""
    situation = situation_from(method, inputs)
    try:
        public = signals(method, situation, execute(method, situation), _one(inputs, "ctx"))
    except (CallRefused, ArgumentRefused):
        return None
    cells = sorted(cell for row in method.circuit.outputs.values() for cell in row)
    return tuple(public[cell - 1] for cell in cells)


def _rows(leaves: Sequence[Leaf]) -> Iterator[Numbers]:
    """Rows of numbers of a type: all its leaves small, or at their ends."""
    for choice in (lambda leaf: 1, lambda leaf: 0, lambda leaf: 2, _top):
        yield tuple(min(max(choice(leaf), leaf.low), _top(leaf)) for leaf in leaves)


def _edges(leaves: Sequence[Leaf], numbers: Numbers) -> Iterator[Numbers]:
    for place, leaf in enumerate(leaves):
        for number in (leaf.low, _top(leaf), _top(leaf) + 1, leaf.low - 1):
            other = number % SCALAR_FIELD if number < leaf.low else number
            if other < SCALAR_FIELD and number != numbers[place]:
                yield (*numbers[:place], other, *numbers[place + 1 :])


def _top(leaf: Leaf) -> int:
    return SCALAR_FIELD - 1 if leaf.high is None else leaf.high


def _spent(leaves: Sequence[Leaf], name: str, inputs: Inputs) -> SpentNote:
    prefix = argument(name)
    x, y = cast(Numbers, inputs[f"{prefix}.key"])
    path = cast(Numbers, inputs[f"{prefix}.path"])
    return SpentNote(
        _row(inputs, prefix, leaves),
        _one(inputs, f"{prefix}.rcm"),
        _one(inputs, f"{prefix}.diversifier"),
        Point(x, y),
        _one(inputs, f"{prefix}.position"),
        tuple((path[i], path[i + 1], path[i + 2]) for i in range(0, PATH, SIBLINGS)),
    )


def _row(inputs: Inputs, name: str, leaves: Sequence[Leaf]) -> Numbers:
    return tuple(signed(leaf, number) for leaf, number in zip(leaves, cast(Numbers, inputs[name]), strict=True))


def _one(inputs: Inputs, name: str) -> int:
    return cast(int, inputs.get(name, 0))
