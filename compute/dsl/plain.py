"""A contract on plain integers: state, calls and refusals of a test that needs no chain, no keys and no proofs.

    counter = Counter.plain()
    counter.increment(5)
    assert counter.count == 5
    with raises(RequirementFailed): counter.increment(0)

Every call is also put to the circuit, unless `checked` is False: a circuit that says something else is a mistake of the
language, and raises Disagreement.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chain.execution.statement import id_element
from client.notes.keys import SpendingKey
from compute.dsl.agreement import run
from compute.dsl.arguments import argument_numbers, bound_arguments, initial_registers
from compute.dsl.compiled import Compiled, CompiledMethod
from compute.dsl.execution import Outcome, Situation, require_payees
from compute.dsl.note_statement import Movement, NoteSecrets, Output, SpentNote
from compute.dsl.refusals import AlreadyUsed, ArgumentRefused, HoldingTooSmall
from compute.dsl.scalars import Address, Asset
from crypto import domains, notes
from crypto.babyjubjub import Point
from crypto.hashing import tagged_hash
from crypto.note_tree import DEPTH, empty_root, tree_path, tree_root
from crypto.notes import EPHEMERAL_BITS

SENDER: Final = b"\1" * 32  # who calls where a test does not say
NATIVE: Final = bytes(32)
ADDRESSES: Final = 4  # of a wallet, that a note may have come to
SAID: Final = ("sender", "height", "period")
CONTRACT: Final = id_element(bytes(range(32)))


def wallet(name: str) -> SpendingKey:
    """A wallet of a test; the same name gives the same one. Where an Owner is meant, it stands for its address."""
    return SpendingKey(tagged_hash(domains.SPENDING_KEY, name.encode()))


@dataclass(frozen=True, slots=True)
class PlainNote:
    """A note of a wallet's, to be given where a method spends one. contents: what is in it; number: of its address."""

    contents: dict[str, object]
    output: Output = field(repr=False)
    position: int
    owner: SpendingKey = field(repr=False)
    number: int

    def __getattr__(self, name: str) -> object:
        if name in self.output.kind.parts:
            return self.contents[name]
        raise AttributeError(f"{self.output.kind.type_name} has no part {name!r}")


class Plain:
    """A contract's state in the open. Methods are called with Python's values; registers read as attributes.

    holdings: what the contract has, by asset; payments: what it paid out, in order; posted: notes in each inbox;
    record: all calls that were made, refused ones too.
    """

    def __init__(self, compiled: Compiled, initial: Mapping[str, object]) -> None:
        """initial: first content of public registers; what is not given begins with zeros. Raises ArgumentRefused."""
        self.compiled, self.checked = compiled, True
        self.registers = initial_registers(compiled.declaration, initial)
        self.outputs: list[Output] = []
        self.nullifiers: set[int] = set()
        self.holdings: dict[int, int] = {}
        self.payments: list[Movement] = []
        self.posted = {d.name: 0 for d in compiled.declaration.registers if d.inbox is not None}
        self.record: list[tuple[CompiledMethod, Situation]] = []
        self._drawn = 0

    def __getattr__(self, name: str) -> Any:
        compiled: Compiled = self.__dict__["compiled"]
        for declared in compiled.declaration.registers:
            if declared.name == name:
                return declared.kind.lifted(iter(self.registers[name].numbers))
        for method in compiled.methods:
            if method.name == name:
                return _caller(self, method)
        raise AttributeError(f"{compiled.name} has no register or method {name!r}")

    def call(self, name: str, *positional: object, **named: Any) -> object:
        """Calls a method. named: arguments by name, and sender (an account), height or period.

        Raises a CallRefused, ArgumentRefused, WrongArguments.
        """
        method = self.compiled.method(name)
        said = {key: named.pop(key) for key in SAID if key in named}
        situation = self.situation(method, bound_arguments(method, positional, named), **said)
        self.record.append((method, situation))
        outcome = run(method, situation, checked=self.checked)
        self._apply(method, outcome)
        result = method.declaration.result
        return None if result is None else result.kind.lifted(iter(outcome.result))

    def notes_of(self, owner: SpendingKey) -> list[PlainNote]:
        """The wallet's notes that are not spent, in the order in which they were made."""
        found = []
        addresses = [owner.full_view().incoming.address(number) for number in range(ADDRESSES)]
        owners = [(each.auth, each.pk.x, each.pk.y) for each in addresses]
        for position, output in enumerate(self.outputs):
            if output.owner in owners:
                contents = output.kind.lifted(iter(output.numbers))
                note = PlainNote(dict(contents), output, position, owner, owners.index(output.owner))  # type: ignore[call-overload]
                if owner_nullifier(note) not in self.nullifiers:
                    found.append(note)
        return found

    def holds(self, asset: bytes = NATIVE) -> int:
        """How much of an asset the contract has."""
        return self.holdings.get(Asset.lowered(asset, "asset")[0], 0)

    def situation(self, method: CompiledMethod, given: Mapping[str, object], **said: Any) -> Situation:
        """What a call of the method would find now. Raises ArgumentRefused."""
        height = said.get("height", 1)
        secrets = self._secrets(method, given)
        return Situation(
            contract=CONTRACT,
            registers=dict(self.registers),
            arguments={**argument_numbers(method, given), **{name: n.numbers for name, n in secrets.spent.items()}},
            epoch=1,
            data_key=randomness(0),
            blindings={declared.name: self._draw() for declared in method.shape.writes},
            caller=Address.lowered(said.get("sender", SENDER), "sender")[0],
            period=said.get("period", (height, height)),
            posted=self.posted,
            notes=secrets,
        )

    def _secrets(self, method: CompiledMethod, given: Mapping[str, object]) -> NoteSecrets:
        """What the call needs for its notes."""
        shape = method.shape
        if not (shape.nullifiers or shape.made):
            return NoteSecrets()
        leaves = [output.commitment for output in self.outputs]
        spent = {parameter.name: _given_note(parameter.name, given[parameter.name]) for parameter in shape.spends}
        owners = [note.owner for note in spent.values()]
        return NoteSecrets(
            root=tree_root(leaves) if leaves else empty_root(DEPTH),
            sk=owners[0].sk if owners else 0,
            spent={name: _opened(note, leaves) for name, note in spent.items()},
            ephemeral=self._draw() % 2**EPHEMERAL_BITS,
            rcms=tuple(self._draw() for _ in shape.made),
        )

    def _apply(self, method: CompiledMethod, outcome: Outcome) -> None:
        """What the chain does with an accepted call, by its own rules.

        Raises AlreadyUsed, PaidToNobody, HoldingTooSmall.
        """
        used = [*outcome.nullifiers]
        if len(set(used)) != len(used) or self.nullifiers.intersection(used):
            raise AlreadyUsed(method.declaration.place)
        require_payees(method, outcome)
        after = dict(self.holdings)
        for taken in outcome.takes:
            after[taken.asset] = after.get(taken.asset, 0) + taken.amount
        for paid in outcome.pays:
            after[paid.asset] = after.get(paid.asset, 0) - paid.amount
        if any(amount < 0 for amount in after.values()):
            raise HoldingTooSmall(method.declaration.place)
        self.holdings, self.payments = after, [*self.payments, *outcome.pays]
        self.nullifiers.update(used)
        self.registers.update(outcome.registers)
        self.outputs += outcome.outputs
        for declared in self.compiled.declaration.registers:
            if declared.inbox is not None:
                self.posted[declared.name] += sum(output.kind is declared.inbox for output in outcome.outputs)

    def _draw(self) -> int:
        """Stands for randomness, the same in every run of a test."""
        self._drawn += 1
        return randomness(self._drawn)


def owner_nullifier(note: PlainNote) -> int:
    """The nullifier that spending the note would publish."""
    return notes.nullifier(notes.nullifier_key(note.owner.sk), note.output.commitment, note.position)


def _caller(contract: Plain, method: CompiledMethod) -> Callable[..., object]:
    def call(*positional: object, **named: Any) -> object:
        return contract.call(method.name, *positional, **named)

    return call


def _given_note(name: str, given: object) -> PlainNote:
    if not isinstance(given, PlainNote):
        raise ArgumentRefused(name, "a note, one of what notes_of(wallet) gives")
    return given


def _opened(note: PlainNote, leaves: list[int]) -> SpentNote:
    _, x, y = note.output.owner
    diversifier = note.owner.full_view().incoming.diversifier(note.number)
    path = tree_path(leaves, note.position)
    return SpentNote(note.output.numbers, note.output.rcm, diversifier, Point(x, y), note.position, path)


def randomness(number: int) -> int:
    """Stands for a random number, the same in every run."""
    return int.from_bytes(tagged_hash(domains.CONTRACT_CODE, number.to_bytes(8, "big"))[:31], "big")
