"""The six tests of zkml.md on the circuit of each example model, as it is sold: 1 differential, 2 mutation, 3 rank,
4 flips, 5 deletion, 6 golden counts and another verifier. Small samples; `make audit` looks at more of each circuit.

What the circuits are made of (gadgets, operations, commitments) is audited in full elsewhere.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pytest

from crypto.r1cs.audit import Audit, AuditSubject, differential
from crypto.r1cs.audit.run import COUNTS, CROSS, DELETION, FLIPS, HIDING, JACOBIAN, MUTATION
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Inputs, Witness
from crypto.r1cs.errors import CircuitError
from crypto.r1cs.wire import Wire
from tests.support.example_subjects import REFUSED, SUBJECTS, tumour_classification

pytestmark = pytest.mark.slow

SAMPLE: Final = 8
TESTS: Final = (HIDING, MUTATION, JACOBIAN, FLIPS, COUNTS)
DELETED: Final = {name for name in SUBJECTS if name != "digit_recognition"}  # there one constraint can take 30 seconds
VERIFIED_ELSEWHERE: Final = {"credit_scoring"}  # by py_ecc, which takes two seconds


def accepted_and_refused(subject: AuditSubject) -> tuple[list[Inputs], list[Inputs]]:
    """The hunt for a witness of the refused ones is for `make audit`: it takes seconds each."""
    cases = [case for case in subject.cases if not isinstance(case, Witness)]
    return cases[:-REFUSED], cases[-REFUSED:]


@pytest.mark.parametrize("name", SUBJECTS)
def test_an_example_models_circuit_earns_trust(name: str) -> None:
    subject = SUBJECTS[name]()
    accepted, refused = accepted_and_refused(subject)
    assert subject.reference is not None
    assert differential(subject.circuit, accepted, subject.reference) == []
    for case in refused:
        assert subject.reference(case) is None
        with pytest.raises(CircuitError):
            subject.circuit.check(subject.circuit.solve(case))

    tests = [*TESTS, *([DELETION] if name in DELETED else []), *([CROSS] if name in VERIFIED_ELSEWHERE else [])]
    report = Audit(replace(subject, cases=accepted[:1]), SAMPLE, tests=tests).run()
    report.require_sound()
    looked = {ran.test: (ran.looked, ran.skipped) for ran in report.ran}
    assert set(looked) == set(tests)
    assert all(count and not skipped for count, skipped in looked.values()), looked
    assert all(looked[test][0] == SAMPLE for test in (MUTATION, FLIPS))


def test_the_audited_rows_are_edges_and_all_different() -> None:
    subject = tumour_classification()
    rows = [case["rows"] for case in accepted_and_refused(subject)[0]]
    assert [0] * 30 in map(as_list, rows) and [255] * 30 in map(as_list, rows)
    assert len({tuple(as_list(row)) for row in rows}) == len(rows) == 8


def as_list(row: int | Sequence[int]) -> list[int]:
    assert not isinstance(row, int)
    return list(row)


def test_an_example_model_without_ranges_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def unproven(cs: Builder, wire: Wire, bits: int) -> Wire:
        return cs.proven(wire, 0, 2**bits - 1)

    monkeypatch.setattr("compute.zkml.encoding.assert_range", unproven)
    subject = tumour_classification()
    beyond = subject.cases[-REFUSED]
    assert subject.reference is not None and not isinstance(beyond, Witness)
    assert len(differential(subject.circuit, [beyond], subject.reference)) == 1
