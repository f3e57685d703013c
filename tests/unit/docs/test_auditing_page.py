"""The example of docs/auditing.md is code that runs, and a sound circuit."""

import re
from typing import Any

from crypto.r1cs.audit import Audit, AuditSubject
from tests.support.rooms import ROOT

FAST = ("differential", "mutation", "jacobian", "flips", "deletion")  # without a setup and py_ecc


def test_the_example_runs_and_is_sound() -> None:
    (block,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "auditing.md").read_text(encoding="utf-8"), re.DOTALL
    )
    names: dict[str, Any] = {}
    exec(compile(block, "auditing.md", "exec"), names)
    circuit, cases, reference = names["circuit"]()
    Audit(AuditSubject(circuit, cases, reference), tests=FAST).run().require_sound()
