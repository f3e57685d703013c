"""Runs the tests on a circuit and says what was found."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from crypto.r1cs.audit.deletion import idle_rows, redundant_rows
from crypto.r1cs.audit.flips import flipped_outputs
from crypto.r1cs.audit.jacobian import free_outputs
from crypto.r1cs.audit.mutation import loose_cells
from crypto.r1cs.audit.system import System
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.errors import CircuitError


class Forgeable(CircuitError):
    """An audit found that a prover can choose the circuit's outputs, or could not show that each constraint works."""

    code: ClassVar[int] = 1760

    def __init__(self, findings: tuple[str, ...]) -> None:
        super().__init__(f"The audit found: {'; '.join(findings)}. Constrain what is free before anyone relies on it.")
        self.findings = findings


@dataclass(slots=True)
class Report:
    """What an audit found. Loose cells are harmless when no output depends on them, as the hint of is_zero at zero."""

    loose: set[int] = field(default_factory=set)  # cells that one other value fits as well, all else unchanged
    free: set[int] = field(default_factory=set)  # outputs that can move continuously
    forged: list[list[int]] = field(default_factory=list)  # witnesses: same inputs, other outputs
    redundant: list[int] = field(default_factory=list)  # constraints that follow from the others
    undecided: list[int] = field(default_factory=list)  # constraints neither needed nor shown redundant
    outputs: tuple[int, ...] = ()

    @property
    def findings(self) -> tuple[str, ...]:
        """What is wrong, one sentence each; empty for a circuit that passed."""
        found = [f"output cell {cell} fits another value" for cell in sorted(self.loose & set(self.outputs))]
        found += [f"output cell {cell} can move freely" for cell in sorted(self.free)]
        found += [f"the same inputs allow the outputs {[w[cell] for cell in self.outputs]}" for w in self.forged]
        found += [f"constraint {row} is neither needed nor shown redundant" for row in self.undecided]
        return tuple(found)

    def require_sound(self) -> None:
        """Raises Forgeable if anything is wrong."""
        if self.findings:
            raise Forgeable(self.findings)


def audit(circuit: Circuit, cases: Sequence[Inputs], sample: int | None = None) -> Report:
    """Tests 2 to 5 on the honest witnesses of these cases, which should lie at edges, ties and zeros.

    `sample` looks only at every so-many-th cell and constraint in the costly tests 4 and 5, for large circuits.
    """
    system = System(circuit)
    witnesses = [circuit.solve(inputs).cells for inputs in cases]
    report = Report(outputs=system.outputs)
    cells = list(system.free)[:: sample or 1]
    for honest in witnesses:
        report.loose.update(loose_cells(system, honest))
        report.free.update(free_outputs(system, honest))
        report.forged += flipped_outputs(system, honest, cells)
    idle = idle_rows(system, witnesses, range(len(system.rows))[:: sample or 1])
    report.redundant = redundant_rows(system, idle)
    report.undecided = [row for row in idle if row not in report.redundant]
    return report
