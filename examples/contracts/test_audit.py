"""Whether the circuits of the contracts that ship allow more than the contracts say (docs/auditing.md).

A new contract is one line in AUDITED. Its calls come from the class's `examples`.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import pytest

from compute.dsl.auditing import contract_subjects
from crypto.r1cs.audit import Audit, AuditSubject
from examples.contracts.pages import contract_of

LOGIC: Final = ("differential", "hiding", "mutation")
FORGERIES: Final = ("jacobian", "flips")


@dataclass(frozen=True, slots=True)
class Depth:
    """How far an audit goes: `sample` and `effort` of flips and deletion (crypto/r1cs/audit/run.py), whether its logic
    is looked at by make test, too, and whether a proof goes to py_ecc."""

    sample: int
    effort: int
    quick: bool = False
    cross: bool = False


AUDITED: Final = {
    "anonymous_vote": Depth(sample=12, effort=2 * 10**6, cross=True),
    "credit_line": Depth(sample=20, effort=10**6),
    "escrow": Depth(sample=30, effort=10**7, quick=True),
    "payroll": Depth(sample=12, effort=2 * 10**6, cross=True),
    "sealed_bid_auction": Depth(sample=30, effort=10**7),
}
METHODS: Final = [(name, method.name) for name in AUDITED for method in contract_of(name).compiled.methods]

# Of methods that spend several notes, which stand under one root: without a constraint of one path's hash there is
# another root, and only a preimage brings the other paths to it. What spends one note has the same gadget, judged.
SPEND: Final = "spend"


@cache
def subjects(name: str) -> dict[str, AuditSubject]:
    return contract_subjects(contract_of(name))


def spends(name: str, method: str) -> int:
    """How many notes a call of the method spends."""
    return next(len(each.shape.spends) for each in contract_of(name).compiled.methods if each.name == method)


def test_what_spends_several_notes_has_the_gadget_of_what_spends_one() -> None:
    several = {name for name, method in METHODS if spends(name, method) > 1}
    assert several == {"anonymous_vote", "payroll"}
    assert several <= {name for name, method in METHODS if spends(name, method) == 1}


@pytest.mark.parametrize(("name", "method"), [pair for pair in METHODS if AUDITED[pair[0]].quick])
def test_circuits_do_what_the_methods_say(name: str, method: str) -> None:
    Audit(subjects(name)[method], sample=20, effort=10**6, tests=LOGIC).run().require_sound()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "method"), METHODS)
def test_nobody_forges_a_call_and_every_constraint_is_needed(name: str, method: str) -> None:
    depth = AUDITED[name]
    tests = (*LOGIC, *FORGERIES, "deletion", *(["cross"] if depth.cross else []))
    elsewhere = [SPEND] if spends(name, method) > 1 else []
    subject = subjects(name)[method]
    assert {*elsewhere} <= subject.circuit.cost_by_scope().keys()
    audit = Audit(subject, sample=depth.sample, effort=depth.effort, tests=tests, judged_elsewhere=elsewhere)
    audit.run().require_sound()
