"""An audit says what it looked at, evenly and the same every time, on circuits of ours and on bare constraints."""

import json

import pytest

from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit import Audit, AuditSubject, NoHonestWitness, NoSuchCell, bare_circuit
from crypto.r1cs.audit.neighbours import neighbours
from crypto.r1cs.audit.strata import evenly
from crypto.r1cs.audit.system import System
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit, Witness
from crypto.r1cs.errors import Unsatisfied, ValueRefused
from crypto.r1cs.gadgets.bits import assert_range, to_bits
from crypto.r1cs.gadgets.compare import less_than
from crypto.r1cs.gadgets.equality import is_zero
from crypto.r1cs.gadgets.relu import relu_shift
from crypto.r1cs.r1cs_file import read_r1cs, write_r1cs


def layered(free_sign: bool = False) -> Circuit:
    """Three layers of ReLU on two numbers; with `free_sign` the prover chooses what the last one says."""
    cs = Builder()
    ctx, out = cs.public("ctx"), cs.output("out")
    cs.bind(ctx)
    with cs.scope("input"):
        x = [assert_range(cs, wire, 4) for wire in cs.private_array("x", 2)]
    for number in range(3):
        with cs.scope(f"layer {number}"):
            x = [relu_shift(cs, x[0] - x[1], 4, 1), relu_shift(cs, x[1] - x[0] + 1, 5, 1)]
    with cs.scope("last"):
        (sign,) = cs.hint("sign", lambda v: (int(v[0] < v[1]),), x, 1)
        cs.constrain(sign, sign - 1, 0)
        cs.define(out, sign if free_sign else less_than(cs, x[0].bounded(0, 15), x[1].bounded(0, 15), 4))
    return cs.build()


CASE = {"ctx": 77, "x": (3, 12)}


def bare(circuit: Circuit) -> Circuit:
    inputs = [cell for place in circuit.inputs.values() for cell in place.cells if cell > circuit.public_count]
    return bare_circuit(read_r1cs(write_r1cs(circuit)), [2], inputs)


def test_every_beginning_of_a_sample_is_even_over_the_scopes() -> None:
    sizes = {0: 5, 1: 300, 2: 60}
    scope = [name for name, size in sizes.items() for _ in range(size)]
    order = evenly(range(365), scope.__getitem__, 1)
    assert sorted(order) == list(range(365))
    assert [sum(scope[i] == name for i in order[:15]) for name in sizes] == [5, 5, 5]
    assert order == evenly(range(365), scope.__getitem__, 1) != evenly(range(365), scope.__getitem__, 2)


def test_without_scopes_a_sample_is_even_over_the_length() -> None:
    order = evenly(range(6_400), lambda item: "", 0)
    assert {item // 200 for item in order[:32]} == set(range(32))


def test_a_sample_hits_every_scope_and_is_reported() -> None:
    circuit = layered()
    report = Audit(AuditSubject(circuit, [CASE]), 12, tests=("flips", "deletion")).run()
    flips, deletion = report.ran
    assert (flips.looked, flips.of) == (12, circuit.cell_count - 4)
    assert (deletion.looked, deletion.of) == (12, len(circuit.constraints))
    assert flips.scopes == flips.of_scopes
    assert deletion.scopes == deletion.of_scopes == len(circuit.cost_by_scope())


def test_an_audit_ends_when_its_effort_is_used_up() -> None:
    ran = Audit(AuditSubject(layered(), [CASE]), effort=5_000, tests=("flips",)).run().ran[0]
    assert 0 < ran.looked < ran.of
    assert ran.work > 5_000


def test_the_same_seed_gives_the_same_report_and_progress_goes_forward() -> None:
    seen: list[tuple[str, int, int]] = []
    subject = AuditSubject(layered(free_sign=True), [CASE])

    def once() -> str:
        report = Audit(subject, 8, seed=5, tests=("mutation", "flips"), progress=lambda *at: seen.append(at)).run()
        return json.dumps(report.to_json())

    assert once() == once()
    flips = [done for test, done, _ in seen if test == "flips"]
    assert flips == [*range(9), *range(9)]


def test_a_finding_names_scope_and_forged_witness() -> None:
    circuit = layered(free_sign=True)
    report = Audit(AuditSubject(circuit, [CASE]), tests=("flips",)).run()
    finding = report.found[0]
    assert finding.scope == "last"
    assert finding.forged is not None
    assert circuit.violated(finding.forged) == []
    document = report.to_json()
    assert document["passed"] is False
    changed = document["findings"][0]["forged"]
    assert changed["2"] == str(1 - report.honest[0][2])
    assert set(changed) == {str(i) for i, v in enumerate(finding.forged) if v != report.honest[0][i]}


def test_another_verifier_accepts_the_proof_and_refuses_other_public_signals() -> None:
    report = Audit(AuditSubject(layered(), [CASE]), tests=("cross",)).run()
    assert (report.findings, report.ran[0].looked) == ((), 1)


def test_a_public_signal_in_no_constraint_is_found() -> None:
    cs = Builder()
    ctx, x = cs.public("ctx"), cs.private("x")
    cs.bind(ctx)
    cs.mul(x, x)
    spare = read_r1cs(write_r1cs(cs.build()))
    spare.constraints.a.cells[0] = spare.constraints.b.cells[0] = 2  # what was bound to ctx is bound to x
    report = Audit(AuditSubject(bare_circuit(spare), [Witness((1, 5, 3, 9, 9), 1)]), tests=("mutation",)).run()
    assert report.findings == ("mutation: no constraint notices another value of public cell 1",)


def test_propagation_finds_the_program_again() -> None:
    """Bits, products, a comparison and a zero test: from the inputs alone the same cells as from the own program."""
    cs = Builder()
    out = cs.output_array("out", 2)
    x = [assert_range(cs, wire, 4) for wire in cs.private_array("x", 2)]
    cs.define(out[0], cs.mul(less_than(cs, x[0], x[1], 4), x[0]))
    cs.define(out[1], is_zero(cs, x[1] - 7) + to_bits(cs, x[0] + x[1], 5)[2])
    circuit = cs.build()
    again = bare_circuit(read_r1cs(write_r1cs(circuit)), [1, 2], list(circuit.inputs["x"].cells))
    for case in ((3, 12), (0, 15), (9, 9)):
        assert again.solve({"input 3..4": case}).cells == circuit.solve({"x": case}).cells


def test_neighbours_are_honest_and_differ() -> None:
    circuit = layered()
    found = [tuple(values) for values in neighbours(System(circuit), circuit.solve(CASE).cells)]
    assert len(set(found)) == len(found) > 4
    assert all(circuit.violated(values) == [] for values in found)


def test_bare_constraints_pass_as_the_circuit_does() -> None:
    circuit = layered()
    subject = AuditSubject(bare(circuit), [circuit.solve(CASE)])
    report = Audit(subject, 20, tests=("mutation", "jacobian", "flips", "deletion")).run()
    assert report.findings == ()


def test_what_cannot_be_audited_is_refused() -> None:
    circuit = layered()
    cells = circuit.solve(CASE).cells
    with pytest.raises(NoHonestWitness):
        Audit(AuditSubject(circuit, [CASE], lambda inputs: None))
    with pytest.raises(ValueRefused):
        Audit(AuditSubject(circuit, [{"ctx": 1, "x": (16, 0)}]))
    with pytest.raises(Unsatisfied):
        Audit(AuditSubject(bare(circuit), [Witness((*cells[:2], (cells[2] + 1) % SCALAR_FIELD, *cells[3:]), 2)]))
    with pytest.raises(NoSuchCell):
        bare_circuit(read_r1cs(write_r1cs(circuit)), [3], [])
    with pytest.raises(NoSuchCell):
        bare_circuit(read_r1cs(write_r1cs(circuit)), [2], [circuit.cell_count])


def test_inputs_are_guessed_where_no_case_is_given() -> None:
    cs = Builder()
    out, x = cs.output("out"), cs.private_array("x", 2)
    cs.define(out, cs.mul(x[0], to_bits(cs, x[1], 1)[0]))
    report = Audit(AuditSubject(cs.build(), ()), tests=("jacobian", "flips")).run()
    assert len(report.honest) == 3
    assert report.findings == ()
