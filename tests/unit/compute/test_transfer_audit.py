"""The audits of zkml.md on the shielded transfer: 1 differential, 2 mutation, 3 rank, 4 flips, 5 deletion, 6 cross.

Poseidon, the curve, the tree and sealing have their own audits. Here every cell and constraint that joins them is
audited, with cheap stand-ins in their place, narrower ranges and a tree of four leaves; then a sample of the circuit as
it is. Seeded mistakes show that the audits find what they look for.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice

import pytest

from compute.shielded import circuit as circuits
from compute.shielded import transfer
from compute.shielded.transfer import Private, Public
from crypto import babyjubjub, note_tree, notes
from crypto.babyjubjub import Point
from crypto.field import SCALAR_FIELD
from crypto.note_tree import DEPTH
from crypto.r1cs.audit import Audit, AuditSubject, audit, differential
from crypto.r1cs.audit.differential import Mismatch
from crypto.r1cs.audit.flips import flipped_outputs
from crypto.r1cs.audit.jacobian import free_outputs
from crypto.r1cs.audit.mutation import loose_cells
from crypto.r1cs.audit.system import System
from crypto.r1cs.builder import Builder, Value
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.gadgets import note_tree as tree_gadgets
from crypto.r1cs.gadgets import notes as note_gadgets
from crypto.r1cs.gadgets.babyjubjub import PointWire
from crypto.r1cs.wire import Wire, as_wire, linear
from tests.support import shielded_notes as scene
from tests.support.long_runs import long

R = SCALAR_FIELD
STEP = 1201  # every so many cells of the real circuit are tried
BASE = Point(8, 9)  # the stand-in's


def cheap_hash(inputs: Sequence[int], tag: int = 0) -> int:
    return pow(sum(weight * value for weight, value in enumerate(inputs, start=2)) + tag % 97, 3, R)


def cheap_permutation(state: Sequence[int]) -> list[int]:
    return [cheap_hash(state[1:], state[0] % 97 + lane) for lane in range(len(state))]


def cheap_scalar(number: int) -> int:
    return sum(3**place for place in range(number.bit_length()) if number >> place & 1)


def cheap_multiple(scalar: int, point: Point) -> Point:
    return Point(scalar * (point.x + 1) % R, scalar * (point.y + 2) % R)


def hash_wires(cs: Builder, inputs: Sequence[Value], tag: int = 0) -> Wire:
    mixed = linear(((weight, as_wire(value)) for weight, value in enumerate(inputs, start=2)), tag % 97)
    return cs.mul(cs.mul(mixed, mixed), mixed)


def permute_wires(cs: Builder, capacity: int, inputs: Sequence[Value]) -> list[Wire]:
    return [hash_wires(cs, inputs, capacity % 97 + lane) for lane in range(len(inputs) + 1)]


def multiply_wires(cs: Builder, bits: Sequence[Wire], point: PointWire) -> PointWire:
    scalar = linear((3**place, bit) for place, bit in enumerate(bits))
    return PointWire(cs.mul(scalar, point.x + 1), cs.mul(scalar, point.y + 2))


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash and curve replaced in both statements, so that what is left is what this room's code constrains."""
    base = PointWire(as_wire(BASE.x), as_wire(BASE.y))
    monkeypatch.setattr(notes, "VALUE_BITS", 4)
    monkeypatch.setattr(notes, "EPHEMERAL_BITS", 5)
    for module in (notes, note_tree, transfer):
        monkeypatch.setattr(module, "poseidon", cheap_hash)
    monkeypatch.setattr(notes, "permute", cheap_permutation)
    monkeypatch.setattr(notes, "ephemeral_secret", cheap_scalar)
    monkeypatch.setattr(notes, "ephemeral_point", lambda secret: cheap_multiple(secret, BASE))
    monkeypatch.setattr(babyjubjub, "multiply", cheap_multiple)
    monkeypatch.setattr(babyjubjub, "in_subgroup", lambda point: True)
    for gadgets in (note_gadgets, tree_gadgets):
        monkeypatch.setattr(gadgets, "poseidon", hash_wires)
    monkeypatch.setattr(note_gadgets, "permute", permute_wires)
    monkeypatch.setattr(note_gadgets, "agree", multiply_wires)
    monkeypatch.setattr(circuits, "multiply_base_signed", lambda cs, bits: multiply_wires(cs, bits, base))


def narrow(
    spent: Sequence[int], paid: Sequence[int], entering: int = 0, leaving: int = 0, number: int = 21
) -> tuple[Public, Private]:
    return scene.statement(spent, paid, entering, leaving, depth=1, number=number)


def honest() -> list[tuple[Public, Private]]:
    return [
        narrow((9, 5), (3, 10), leaving=1),
        narrow((0, 0), (7, 0), entering=7),
        narrow((15, 15), (15, 15), number=0),
    ]


def refused() -> dict[str, tuple[Public, Private]]:
    public, private = narrow((9, 5), (3, 10), leaving=1)
    first, second = private.spends
    return {
        "range": narrow((9, 0), (R - 1, 10)),
        "balance": narrow((9, 5), (3, 11), leaving=1),
        "membership": (replace(public, root=public.root + 1), private),
        "output out of range": narrow((15, 1), (16, 0)),
        "input out of range": narrow((16, 0), (8, 8)),
        "ephemeral number out of range": narrow((9, 5), (4, 10), number=32),
        "asset": (replace(public, asset=public.asset + 1), private),
        "place": scene.proven_of(public, private, spends=(replace(first, position=first.position ^ 1), second)),
        "place out of range": scene.proven_of(public, private, spends=(first, replace(second, position=4))),
        "spending key": scene.proven_of(public, private, spending_key=1),
    }


def inputs_of(case: tuple[Public, Private]) -> Inputs:
    return circuits.circuit_inputs(*case)


def refuse(_inputs: Inputs) -> None:
    """The reference of cases that must have no witness."""


def with_a_witness(*names: str) -> list[Mismatch]:
    """Of the cases that must have none, those for which a forger finds one."""
    cases = refused()
    return differential(circuits.constrain(1), [inputs_of(cases[name]) for name in names], refuse)


@pytest.mark.usefixtures("stand_ins")
def test_the_stand_ins_say_the_same_in_both_statements() -> None:
    for public, private in honest():
        witness = circuits.constrain(1).solve(inputs_of((public, private)))
        circuits.constrain(1).check(witness)
        assert witness.public == public.signals()
        assert transfer.check(public, private, 1)
    assert not any(transfer.check(public, private, 1) for public, private in refused().values())


@pytest.mark.usefixtures("stand_ins")
def test_a_sample_of_the_joints_is_sound() -> None:
    audit(circuits.constrain(1), [inputs_of(case) for case in honest()], 25).require_sound()


@pytest.mark.slow
@pytest.mark.usefixtures("stand_ins")
def test_all_joints_are_sound() -> None:
    report = audit(circuits.constrain(1), [inputs_of(case) for case in honest()])
    assert report.findings == ()


@pytest.mark.slow
@pytest.mark.usefixtures("stand_ins")
def test_what_the_statement_refuses_has_no_witness_that_a_forger_finds() -> None:
    assert with_a_witness("membership", "asset") == []


@pytest.mark.slow
@pytest.mark.usefixtures("stand_ins")
def test_nothing_that_the_statement_refuses_has_a_witness_that_a_forger_finds() -> None:
    assert with_a_witness(*refused()) == []


def no_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuits, "assert_range", lambda cs, wire, bits: wire)


def no_balance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Builder, "assert_equal", lambda cs, a, b: cs.bind(a - b))


def no_membership(monkeypatch: pytest.MonkeyPatch) -> None:
    def any_root(cs: Builder, leaf: Wire, *_: object) -> Wire:
        return cs.hint("any root", lambda v: v, [leaf], 1)[0]

    monkeypatch.setattr(circuits, "path_root", any_root)


SEEDED: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "range": no_range,
    "balance": no_balance,
    "membership": no_membership,
}


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("missing", SEEDED)
def test_a_seeded_mistake_is_found(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    SEEDED[missing](monkeypatch)
    assert len(with_a_witness(missing)) == 1


class Sampled(System):
    """A circuit of which only every `step`-th cell is tried."""

    def __init__(self, circuit: Circuit, step: int) -> None:
        super().__init__(circuit)
        self._step = step

    @property
    def free(self) -> Iterator[int]:
        return islice(super().free, 0, None, self._step)


REAL = scene.statement((100, 50), (30, 110), leaving=10)
small = cache(lambda: circuits.constrain(scene.DEPTH))
system = cache(lambda: Sampled(small(), STEP))
witness = cache(lambda: small().solve(inputs_of(REAL)).cells)


def test_no_cell_fits_another_value() -> None:
    assert loose_cells(system(), witness()) == []


def test_no_output_can_move_freely() -> None:
    assert free_outputs(system(), witness()) == []


def test_no_choice_of_the_prover_changes_an_output() -> None:
    assert flipped_outputs(system(), witness(), list(system().free)) == []


@long
def test_a_sample_of_the_circuit_of_the_chain_is_sound() -> None:
    """All but deletion, which takes minutes a constraint at this size and is done on gadgets and joints."""
    cases = [
        scene.statement((100, 50), (30, 110), leaving=10, depth=DEPTH),
        scene.statement((0, 0), (7, 0), entering=7, depth=DEPTH),
    ]
    subject = AuditSubject(circuits.constrain(), [inputs_of(case) for case in cases], counts=scene.GOLDEN)
    report = Audit(subject, 40, tests=("mutation", "jacobian", "flips", "cross", "counts")).run()
    assert report.findings == ()
