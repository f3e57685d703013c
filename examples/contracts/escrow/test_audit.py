"""Whether the circuits allow more than the contract says (docs/auditing.md). README.md has the constraint counts."""

from typing import Final

import pytest

from compute.dsl.auditing import contract_subjects
from crypto.r1cs.audit import Audit, AuditSubject
from examples.contracts.escrow.contract import Escrow

METHODS: Final = [method.name for method in Escrow.compiled.methods]

# The key that this takes hashes to a lock that the terms give: without one of the hash's constraints there
# is another preimage, which no search finds. Hashes have audits of their own (tests/unit/crypto).
HASHED: Final = {"deliver"}


@pytest.fixture(scope="module")
def subjects() -> dict[str, AuditSubject]:
    return contract_subjects(Escrow)


@pytest.mark.parametrize("method", METHODS)
def test_circuits_do_what_the_methods_say(subjects: dict[str, AuditSubject], method: str) -> None:
    tests = ("differential", "hiding", "mutation")
    Audit(subjects[method], sample=20, effort=10**6, tests=tests).run().require_sound()


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_nobody_forges_a_call(subjects: dict[str, AuditSubject], method: str) -> None:
    tests = ("mutation", "jacobian", "flips")
    Audit(subjects[method], sample=30, effort=10**7, tests=tests).run().require_sound()


@pytest.mark.slow
@pytest.mark.parametrize("method", [method for method in METHODS if method not in HASHED])
def test_every_constraint_is_needed(subjects: dict[str, AuditSubject], method: str) -> None:
    Audit(subjects[method], sample=30, effort=10**7, tests=("deletion",)).run().require_sound()
