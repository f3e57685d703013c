"""The audits of zkml.md on the counter's two circuits: 1 differential, 2 mutation, 3 rank, 4 flips, 5 deletion.

Poseidon and the curve have their own audits. Here every cell and constraint that joins them is audited, with cheap
stand-ins in their place and narrower ranges, and a sample of the real circuits. Seeded mistakes show that the audits
find what they look for.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice

import pytest

from compute.confidential import counter, readers
from crypto import babyjubjub
from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit import audit, differential
from crypto.r1cs.audit.flips import flipped_outputs
from crypto.r1cs.audit.jacobian import free_outputs
from crypto.r1cs.audit.mutation import loose_cells
from crypto.r1cs.audit.system import System
from crypto.r1cs.builder import Builder, Value
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.gadgets.babyjubjub import PointWire
from crypto.r1cs.wire import Wire, as_wire, linear

R = SCALAR_FIELD
INCREMENTS = [
    counter.Private(data_key=1, value=0, blinding=0, amount=0, next_blinding=0),
    counter.Private(data_key=R - 1, value=2**64 - 2**32, blinding=R - 1, amount=2**32 - 1, next_blinding=R - 1),
]
SEALS = [readers.Private(0, 1), readers.Private(R - 1, babyjubjub.SUBORDER - 1), readers.Private(5, 2**251 - 1)]


class Sampled(System):
    """A circuit of which only every `step`-th cell is tried."""

    def __init__(self, circuit: Circuit, step: int) -> None:
        super().__init__(circuit)
        self._step = step

    @property
    def free(self) -> Iterator[int]:
        return islice(super().free, 0, None, self._step)


def increment_case(private: counter.Private) -> Inputs:
    return counter.circuit_inputs(counter.compute(7, 3, 2**63 - 2, private, 99), private)


def seal_case(private: readers.Private) -> Inputs:
    return readers.circuit_inputs(readers.compute(7, 2**63 - 1, babyjubjub.public_key(77), private, 99), private)


OFF_THE_CURVE: Inputs = {**seal_case(readers.Private(5, 6)), "reader_x": 1, "reader_y": 1}


def increment_outputs(inputs: Inputs) -> tuple[int, ...] | None:
    names = ("data_key", "value", "blinding", "amount", "next_blinding")
    private = counter.Private(*(number(inputs, name) for name in names))
    contract, epoch, version = (number(inputs, name) for name in ("contract", "epoch", "version"))
    public = counter.compute(contract, epoch, version, private)
    if not counter.check(public, private):
        return None
    return (public.kc, public.before, public.after, public.nonce, *public.ciphertext)


def seal_outputs(inputs: Inputs) -> tuple[int, ...] | None:
    private = readers.Private(number(inputs, "data_key"), number(inputs, "ephemeral_secret"))
    reader = readers.Point(number(inputs, "reader_x"), number(inputs, "reader_y"))
    public = readers.compute(number(inputs, "contract"), number(inputs, "epoch"), reader, private)
    return (public.kc, *public.ephemeral, public.wrapped) if readers.check(public, private) else None


def number(inputs: Inputs, name: str) -> int:
    value = inputs[name]
    assert isinstance(value, int)
    return value


CIRCUITS: dict[str, tuple[Callable[[], Circuit], list[Inputs], Callable[[Inputs], tuple[int, ...] | None], int]] = {
    "increment": (cache(counter.constrain), [increment_case(p) for p in INCREMENTS], increment_outputs, 331),
    "seal": (cache(readers.constrain), [seal_case(p) for p in SEALS], seal_outputs, 997),
}


@pytest.fixture(params=sorted(CIRCUITS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@cache
def system_of(name: str) -> Sampled:
    build, _, _, step = CIRCUITS[name]
    return Sampled(build(), step)


@cache
def witness_of(name: str, case: int) -> Sequence[int]:
    build, cases, _, _ = CIRCUITS[name]
    return build().solve(cases[case]).cells


def test_the_circuit_computes_what_the_plain_statement_does(name: str) -> None:
    build, cases, reference, _ = CIRCUITS[name]
    assert differential(build(), cases, reference) == []


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash and curve replaced by a few multiplications, so that what is left is what this room's code constrains."""
    base = PointWire(as_wire(8), as_wire(9))
    monkeypatch.setattr(counter, "VALUE_BITS", 8)
    monkeypatch.setattr(counter, "AMOUNT_BITS", 4)
    monkeypatch.setattr(counter, "poseidon", cheap_hash)
    monkeypatch.setattr(counter, "commit_vector", lambda cs, tag, salt, row: cheap_hash(cs, [salt, *row], tag))
    monkeypatch.setattr(readers, "SECRET_BITS", 12)
    monkeypatch.setattr(readers, "poseidon", cheap_hash)
    monkeypatch.setattr(readers, "multiply_base", lambda cs, bits: cheap_multiple(cs, bits, base))
    monkeypatch.setattr(readers, "multiply", cheap_multiple)


def cheap_hash(cs: Builder, inputs: Sequence[Value], tag: int = 0) -> Wire:
    mixed = linear(((weight, as_wire(value)) for weight, value in enumerate(inputs, start=2)), tag)
    return cs.mul(cs.mul(mixed, mixed), mixed)


def cheap_multiple(cs: Builder, bits: Sequence[Wire], point: PointWire) -> PointWire:
    scalar = linear((3**place, bit) for place, bit in enumerate(bits))
    return PointWire(cs.mul(scalar, point.x + 1), cs.mul(scalar, point.y + 2))


@pytest.mark.usefixtures("stand_ins")
def test_the_joints_of_increment_are_sound() -> None:
    cases = [counter.Private(1, 0, 0, 0, 0), counter.Private(R - 1, 2**8 - 2**4, R - 1, 2**4 - 1, 6)]
    audit(counter.constrain(), [increment_case(private) for private in cases]).require_sound()


@pytest.mark.usefixtures("stand_ins")
def test_the_joints_of_sealing_are_sound() -> None:
    cases = [readers.Private(0, 1), readers.Private(R - 1, 2**12 - 1)]
    audit(readers.constrain(), [seal_case(private) for private in cases]).require_sound()


def test_no_cell_fits_another_value(name: str) -> None:
    assert loose_cells(system_of(name), witness_of(name, 1)) == []


def test_no_output_can_move_freely(name: str) -> None:
    assert free_outputs(system_of(name), witness_of(name, 0)) == []
    assert free_outputs(system_of(name), witness_of(name, 1)) == []


def test_no_choice_of_the_prover_changes_an_output(name: str) -> None:
    system = system_of(name)
    assert flipped_outputs(system, witness_of(name, 1), list(system.free)) == []


NARROW_REFUSED = [
    counter.Private(data_key=1, value=2**8 - 1, blinding=3, amount=1, next_blinding=4),
    counter.Private(data_key=1, value=2**8, blinding=3, amount=0, next_blinding=4),
    counter.Private(data_key=1, value=0, blinding=3, amount=2**4, next_blinding=4),
    counter.Private(data_key=1, value=5, blinding=3, amount=R - 5, next_blinding=4),
]


def refuse(_inputs: Inputs) -> None:
    """The reference of cases that must have no witness."""


@pytest.mark.usefixtures("stand_ins")
def test_what_the_statement_refuses_has_no_witness_that_a_forger_finds() -> None:
    assert differential(counter.constrain(), [increment_case(private) for private in NARROW_REFUSED], refuse) == []
    assert differential(readers.constrain(), [OFF_THE_CURVE], refuse) == []


@pytest.mark.usefixtures("stand_ins")
def test_a_missing_range_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counter, "assert_range", lambda cs, wire, bits: wire)
    cases = [increment_case(private) for private in NARROW_REFUSED]
    assert len(differential(counter.constrain(), cases, refuse)) == len(cases)


@pytest.mark.usefixtures("stand_ins")
def test_an_unbound_curve_point_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "assert_on_curve", lambda cs, point: None)
    assert len(differential(readers.constrain(), [OFF_THE_CURVE], refuse)) == 1


def test_an_output_that_nothing_holds_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Builder.define

    def careless(cs: Builder, output: Wire, value: Value) -> None:
        honest(cs, output, value)
        if output.terms.keys() == {8}:  # the nonce: drop the constraint that ties it
            for matrix in cs._matrices:
                matrix.ends.pop()
            cs._scope_of.pop()

    monkeypatch.setattr(Builder, "define", careless)
    circuit = counter.constrain()
    system = System(circuit)
    assert free_outputs(system, circuit.solve(increment_case(INCREMENTS[1])).cells)[0] == 8
