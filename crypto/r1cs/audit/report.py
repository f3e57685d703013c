"""What an audit did and what it found, for people and for programs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from crypto.r1cs.errors import CircuitError

_SHOWN = 20  # findings in an error's message


class Forgeable(CircuitError):
    """An audit found that a prover can choose the circuit's outputs, or could not show that each constraint works."""

    code: ClassVar[int] = 1760

    def __init__(self, findings: tuple[str, ...]) -> None:
        more = f"; and {len(findings) - _SHOWN} more" if len(findings) > _SHOWN else ""
        shown = "; ".join(findings[:_SHOWN])
        super().__init__(f"The audit found: {shown}{more}. Constrain what is free before anyone relies on it.")
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: which test says so, in a sentence, where, and the forged witness if there is one."""

    test: str
    what: str
    scope: str = ""
    cell: int | None = None
    row: int | None = None
    case: int | None = None
    forged: tuple[int, ...] | None = None  # all cells; satisfies every constraint

    def __str__(self) -> str:
        return f"{self.test}: {self.what}{f' (in {self.scope})' if self.scope else ''}"


@dataclass(frozen=True, slots=True)
class Ran:
    """One test: how many of how many it looked at, in how many of how many scopes; or why it did not run."""

    test: str
    unit: str
    looked: int = 0
    of: int = 0
    scopes: int = 0
    of_scopes: int = 0
    skipped: str = ""
    work: int = 0  # terms evaluated


@dataclass(slots=True)
class Report:
    """What an audit found. Loose cells are harmless when no output depends on them, as the hint of is_zero at zero."""

    name: str = "circuit"
    seed: int = 0
    counts: dict[str, int] = field(default_factory=dict)  # constraints by scope
    cells: int = 0
    outputs: tuple[int, ...] = ()
    honest: list[tuple[int, ...]] = field(default_factory=list)  # the witnesses started from
    ran: list[Ran] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)
    loose: set[int] = field(default_factory=set)  # cells that one other value fits as well, all else unchanged
    free: set[int] = field(default_factory=set)  # outputs that can move continuously
    forged: list[tuple[int, ...]] = field(default_factory=list)  # witnesses: same inputs, other outputs
    redundant: list[int] = field(default_factory=list)  # constraints that follow from the others
    undecided: list[int] = field(default_factory=list)  # constraints neither needed nor shown redundant

    @property
    def findings(self) -> tuple[str, ...]:
        """What is wrong, one sentence each; empty for a circuit that passed."""
        return tuple(map(str, self.found))

    def caught_by(self) -> set[str]:
        """The tests that found something."""
        return {finding.test for finding in self.found}

    def require_sound(self) -> None:
        """Raises Forgeable if anything is wrong."""
        if self.findings:
            raise Forgeable(self.findings)

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON document; field elements as decimal text."""
        return {
            "circuit": self.name,
            "seed": self.seed,
            "constraints": sum(self.counts.values()),
            "cells": self.cells,
            "outputs": list(self.outputs),
            "counts": self.counts,
            "tests": [_ran_json(ran) for ran in self.ran],
            "findings": [self._finding_json(finding) for finding in self.found],
            "loose_cells": sorted(self.loose),
            "redundant_constraints": self.redundant,
            "passed": not self.found,
        }

    def _finding_json(self, finding: Finding) -> dict[str, Any]:
        document: dict[str, Any] = {
            "test": finding.test,
            "what": finding.what,
            "scope": finding.scope,
            "cell": finding.cell,
            "constraint": finding.row,
            "case": finding.case,
        }
        if finding.forged is not None:
            known: Sequence[int | None] = (
                self.honest[finding.case] if finding.case is not None else [None] * len(finding.forged)
            )
            document["forged"] = {
                str(cell): str(value)
                for cell, (before, value) in enumerate(zip(known, finding.forged, strict=True))
                if before != value
            }
        return document


def _ran_json(ran: Ran) -> dict[str, Any]:
    if ran.skipped:
        return {"test": ran.test, "skipped": ran.skipped}
    return {
        "test": ran.test,
        "unit": ran.unit,
        "looked_at": ran.looked,
        "of": ran.of,
        "scopes": ran.scopes,
        "of_scopes": ran.of_scopes,
        "terms_evaluated": ran.work,
    }
