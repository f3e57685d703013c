"""How a circuit earns trust: reusable tests for gadgets and whole circuits (zkml.md, tests 1 to 5).

    report = audit(circuit, cases)          # cases: inputs by name, at range edges and ties
    report.require_sound()                  # raises Forgeable with the first forged witness found
    differential(circuit, cases, reference) # plain Python against the witness, and refusals against a search for one

`system` reads a circuit for algebra; `search` changes a choice and solves the rest again; `mutation` `jacobian` `flips`
`deletion` `differential` are the tests, one to a file; `report` runs them and says what was found. What they find is
real; that they find nothing is evidence, not proof.
"""

from crypto.r1cs.audit.bare import NoSuchCell, bare_circuit
from crypto.r1cs.audit.differential import differential
from crypto.r1cs.audit.report import Finding, Forgeable, Ran, Report
from crypto.r1cs.audit.run import TESTS, Audit, Progress, audit
from crypto.r1cs.audit.subject import AuditSubject, NoHonestWitness

__all__ = [
    "TESTS",
    "Audit",
    "AuditSubject",
    "Finding",
    "Forgeable",
    "NoHonestWitness",
    "NoSuchCell",
    "Progress",
    "Ran",
    "Report",
    "audit",
    "bare_circuit",
    "differential",
]
