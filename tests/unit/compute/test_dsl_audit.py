"""The audits of zkml.md on whole methods: what joins registers, arguments, tokens and nullifiers cannot be forged.

Hashes have their own audits; here cheap stand-ins take their place, and types and heights are narrow, so that every
cell and constraint is tried. The real circuits are audited by sample, with plain execution as their reference.
"""

import pytest

from compute.dsl import (
    Address,
    Contract,
    Field,
    Private,
    Public,
    Register,
    Sealed,
    Struct,
    auditing,
    circuit,
    contract,
    method,
    require,
    reveal,
    run,
    select,
    wires,
)
from compute.dsl.auditing import MethodUncalled, contract_subjects
from compute.dsl.compiled import CompiledMethod
from compute.dsl.execution import circuit_inputs
from compute.dsl.machine import Range
from compute.dsl.plain import Plain, wallet
from crypto.r1cs.audit import Audit, audit
from tests.support.dsl_contracts import Auction, Counter
from tests.support.language import i3, u2, u3
from tests.unit.compute.test_counter_audit import cheap_hash


class Slot(Struct):
    price: u2
    mood: i3


@contract
class Small(Contract):
    """Every part of a statement that is not a hash, in narrow types."""

    sealed = Sealed(Slot)
    read = Sealed(u2)
    shown = Register(u2)
    owner = Register(Address)

    @method
    def act(self, amount: Private[u2], move: Public[i3], to: Public[Address]) -> Public[u3]:
        """All at once."""
        require(self.caller == self.owner)
        require(self.after <= self.before)
        self.sealed.price = select(amount > self.read, lambda: self.sealed.price + amount, lambda: self.read)
        self.sealed.mood += move
        self.shown = reveal(amount)
        self.take(amount)
        self.pay(to, self.shown)
        self.once(Field(reveal(amount)))
        return u3(self.sealed.price) + self.shown


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes of two products, heights and amounts of three bits."""
    monkeypatch.setattr(circuit, "poseidon", cheap_hash)
    monkeypatch.setattr(circuit, "commit_vector", lambda cs, tag, salt, row: cheap_hash(cs, [salt, *row], tag))
    monkeypatch.setattr(wires, "poseidon", cheap_hash)
    monkeypatch.setattr(circuit, "HEIGHT_TOP", 7)
    monkeypatch.setattr(run, "AMOUNT", Range("an amount", 0, 7))


def calls() -> Plain:
    small = Small.plain(owner=b"o" * 32)
    small.act(1, -2, b"t" * 32, sender=b"o" * 32, height=3)
    small.act(2, 3, b"u" * 32, sender=b"o" * 32, height=7)
    return small


RECORDED = calls().record


@pytest.mark.usefixtures("stand_ins")
def test_the_joints_of_a_method_are_sound() -> None:
    compiled = Small.compiled.method("act")
    built = circuit.build(compiled.contract, compiled.declaration, compiled.shape)
    method_under_audit = CompiledMethod(compiled.contract, compiled.declaration, compiled.shape, built)
    report = audit(built, [circuit_inputs(method_under_audit, situation) for _, situation in RECORDED])
    assert report.findings == ()


def auction() -> Plain:
    seller, names = wallet("seller"), (b"a" * 32, b"b" * 32)
    contract = Auction.plain(seller=seller, closes=20)
    for sender, amount in zip(names, (50, 80), strict=True):
        contract.place(amount, height=5, sender=sender)
    for note in contract.notes_of(seller):
        contract.fold(note, height=20)
    contract.close()
    contract.settle(names[1], b"r" * 32, True, sender=names[1])
    return contract


def test_every_method_has_a_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Auction, "examples", classmethod(lambda cls: auction()))
    subjects = contract_subjects(Auction)
    assert list(subjects) == ["place", "fold", "close", "settle"]
    for subject in subjects.values():
        report = Audit(subject, sample=1, effort=1, tests=("differential", "hiding", "mutation")).run()
        assert report.found == []


def test_methods_without_examples_are_tried_with_guesses() -> None:
    subjects = contract_subjects(Counter)
    assert all(2 <= len(subject.cases) <= auditing.CASES for subject in subjects.values())
    with pytest.raises(MethodUncalled) as refused:
        contract_subjects(Auction)  # nobody can guess a note
    assert refused.value.method in [method.name for method in Auction.compiled.methods]


def test_a_seeded_mistake_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A circuit that leaves a register's new value to the prover does not pass."""
    honest = circuit._Building._step

    def careless(self, declared, value):  # type: ignore[no-untyped-def]
        numbers = [self.cs.hint("free", lambda values: (7,), [], 1)[0] for _ in declared.leaves]
        honest(self, declared, value if declared.sealed else declared.kind.of(iter(numbers)))

    monkeypatch.setattr(circuit._Building, "_step", careless)
    compiled = Counter.compiled.method("increment")
    built = circuit.build(compiled.contract, compiled.declaration, compiled.shape)
    weak = CompiledMethod(compiled.contract, compiled.declaration, compiled.shape, built)
    subject = auditing.method_subject(weak, list(auditing.guessed_calls(weak))[:1])
    report = Audit(subject, sample=8, tests=("differential", "jacobian")).run()
    assert {finding.test for finding in report.found} == {"differential", "jacobian"}
