"""Test 1: the circuit against a plain reference, at range edges; refusals against a search for a witness."""

from collections.abc import Callable, Iterable
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
    witness: tuple[int, ...] | None = None  # of what was found

    def __str__(self) -> str:
        return f"for {_brief(self.inputs)} the reference says {_said(self.expected)}, the circuit {_said(self.found)}"


def differential(circuit: Circuit, cases: Iterable[Inputs], reference: Reference) -> list[Mismatch]:
    """The cases in which circuit and reference differ; a case that the reference refuses must have no witness."""
    system = System(circuit)
    return [mismatch for inputs in cases if (mismatch := compare(system, inputs, reference)) is not None]


def compare(system: System, inputs: Inputs, reference: Reference) -> Mismatch | None:
    """How circuit and reference differ on these inputs, if they do."""
    expected = reference(inputs)
    wanted = None if expected is None else tuple(value % SCALAR_FIELD for value in expected)
    witness = _solved(system, inputs)
    if witness is None and wanted is None:
        witness = _forged(system, inputs)
    found = None if witness is None else tuple(witness[cell] for cell in system.outputs)
    return None if found == wanted else Mismatch(inputs, expected, found, witness)


def _solved(system: System, inputs: Inputs) -> tuple[int, ...] | None:
    try:
        witness = system.circuit.solve(inputs)
    except CircuitError:
        return None
    return None if system.circuit.violated(witness.cells) else witness.cells


def _forged(system: System, inputs: Inputs) -> tuple[int, ...] | None:
    """A witness for inputs that should have none, if a forger finds one."""
    start = tolerant_solution(system, inputs)
    broken = [row for row in range(len(system.rows)) if not system.holds(row, start)]
    values = Forger(system, start, broken=broken).forge(system.free, lambda values: True, 1)
    return None if values is None else tuple(values)


def _said(outputs: Outputs | None) -> str:
    return "refuse" if outputs is None else _brief(list(outputs))


def _brief(value: object) -> str:
    text = str(value)
    return text if len(text) <= 160 else f"{text[:157]}..."
