"""Test 1: the circuit against a plain reference, at range edges; refusals against a search for a witness."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit.search import Forger, tolerant_solution
from crypto.r1cs.audit.system import System
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.errors import CircuitError

Outputs = tuple[int, ...]
Reference = Callable[[Inputs], Outputs | None]  # outputs in the order of declaration, signed as they are; None: refuse


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The circuit says something else than its reference. None stands for a refusal."""

    inputs: Inputs
    expected: Outputs | None
    found: Outputs | None


def differential(circuit: Circuit, cases: Sequence[Inputs], reference: Reference) -> list[Mismatch]:
    """The cases in which circuit and reference differ; a case that the reference refuses must have no witness."""
    system = System(circuit)
    mismatches = []
    for inputs in cases:
        expected = reference(inputs)
        wanted = None if expected is None else tuple(value % SCALAR_FIELD for value in expected)
        found = _outputs(system, inputs) if wanted is not None else _forged_outputs(system, inputs)
        if found != wanted:
            mismatches.append(Mismatch(inputs, expected, found))
    return mismatches


def _outputs(system: System, inputs: Inputs) -> Outputs | None:
    try:
        witness = system.circuit.solve(inputs)
    except CircuitError:
        return None
    return None if system.circuit.violated(witness.cells) else tuple(witness.cells[cell] for cell in system.outputs)


def _forged_outputs(system: System, inputs: Inputs) -> Outputs | None:
    """Outputs of a witness for inputs that should have none, if the solver or a forger finds one."""
    honest = _outputs(system, inputs)
    if honest is not None:
        return honest
    start = tolerant_solution(system, inputs)
    forger = Forger(system, start)
    values = forger.forge(system.free, lambda values: True, 1)
    return None if values is None else tuple(values[cell] for cell in system.outputs)
