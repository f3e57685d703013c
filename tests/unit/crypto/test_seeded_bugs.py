"""Every seeded bug is found, by the test that is meant for it; its twin without the bug passes all of them."""

from collections.abc import Iterable

import pytest

from crypto.r1cs.audit import TESTS, Audit, AuditSubject, Report, bare_circuit
from crypto.r1cs.circuit import Circuit, Witness
from crypto.r1cs.r1cs_file import read_r1cs, write_r1cs
from tests.support.seeded_statements import STATEMENTS, Statement
from tests.support.seeded_table import SEEDED, Seeded

PASSED_BY_TWINS = tuple(test for test in TESTS if test != "cross")  # half a second each: test_audit_report.py
BARE = [seeded for seeded in SEEDED if seeded.by in ("flips", "jacobian")]


def report_of(subject: AuditSubject, sample: int | None, tests: Iterable[str]) -> Report:
    return Audit(subject, sample, tests=tuple(tests)).run()


def require_caught(report: Report, by: str, circuit: Circuit) -> None:
    assert by in report.caught_by(), report.findings
    for finding in report.found:
        assert finding.forged is None or circuit.violated(finding.forged) == []


def test_there_are_many_of_them() -> None:
    names = [*map(str, SEEDED), *map(str, STATEMENTS)]
    assert len(set(names)) == len(names) > 40


@pytest.mark.parametrize("seeded", SEEDED, ids=str)
def test_a_seeded_bug_is_found(seeded: Seeded) -> None:
    subject = seeded.subject(seeded.wrong)
    require_caught(report_of(subject, seeded.sample, [seeded.by]), seeded.by, subject.circuit)


@pytest.mark.parametrize("seeded", SEEDED, ids=str)
def test_its_twin_passes(seeded: Seeded) -> None:
    assert report_of(seeded.subject(seeded.right), seeded.sample, PASSED_BY_TWINS).findings == ()


@pytest.mark.parametrize("statement", STATEMENTS, ids=str)
def test_a_bug_in_a_statement_is_found_and_its_twin_passes(statement: Statement) -> None:
    wrong = statement.subject(True)
    require_caught(report_of(wrong, statement.sample, [statement.by]), statement.by, wrong.circuit)
    assert report_of(statement.subject(False), statement.sample, PASSED_BY_TWINS).findings == ()


def bare(subject: AuditSubject) -> AuditSubject:
    """The same constraints and witnesses without program, names and scopes, as from another compiler's files."""
    circuit = subject.circuit
    outputs = [cell for cells in circuit.outputs.values() for cell in cells]
    inputs = [cell for place in circuit.inputs.values() for cell in place.cells if cell > circuit.public_count]
    witnesses = [circuit.solve(case) for case in subject.cases if not isinstance(case, Witness)]
    return AuditSubject(bare_circuit(read_r1cs(write_r1cs(circuit)), outputs, inputs), witnesses)


@pytest.mark.parametrize("seeded", BARE, ids=str)
def test_a_seeded_bug_is_found_in_the_bare_constraints_too(seeded: Seeded) -> None:
    subject = bare(seeded.subject(seeded.wrong))
    require_caught(report_of(subject, seeded.sample, [seeded.by]), seeded.by, subject.circuit)
    twin = seeded.subject(seeded.right)
    assert report_of(bare(twin), seeded.sample, ["mutation", "jacobian", "flips"]).findings == ()
