"""A `.r1cs` file as something to audit: no program, no names, no scopes, but witnesses of somebody else's making.

Circom writes outputs first, then public inputs, then private ones, and says how many there are of each; the file's
header is believed unless other cells are named. Our own writer calls all public signals inputs and places private
inputs where they were made, so for its files outputs and inputs must be named, or the circuit itself audited.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from crypto.r1cs.audit.propagation import program
from crypto.r1cs.audit.system import System
from crypto.r1cs.circuit import Circuit, Input
from crypto.r1cs.errors import CircuitError
from crypto.r1cs.r1cs_file import R1cs


class NoSuchCell(CircuitError):
    """A cell that was named as input or output cannot be one in this circuit."""

    code: ClassVar[int] = 1762

    def __init__(self, cell: int, lowest: int, highest: int) -> None:
        super().__init__(
            f"Cell {cell} was named, but what is named must lie in {lowest}..{highest} of this circuit: "
            "outputs are public signals, and an input is no output."
        )
        self.cell, self.lowest, self.highest = cell, lowest, highest


def bare_circuit(r1cs: R1cs, outputs: Sequence[int] | None = None, inputs: Sequence[int] | None = None) -> Circuit:
    """The constraints as a Circuit whose witness program follows by propagation from its inputs.

    `outputs` are public cells, `inputs` the private cells that the prover is given; by default those of the header.
    Raises NoSuchCell.
    """
    public = range(1, 1 + r1cs.public_count)
    made = list(range(1, 1 + r1cs.public_outputs)) if outputs is None else sorted(set(outputs))
    given = list(range(public.stop, public.stop + r1cs.private_inputs)) if inputs is None else sorted(set(inputs))
    for cell in made:
        if cell not in public:
            raise NoSuchCell(cell, public.start, public.stop - 1)
    for cell in given:
        if not 0 < cell < r1cs.cell_count or cell in made:
            raise NoSuchCell(cell, 1, r1cs.cell_count - 1)
    known = sorted({*public, *given} - {*made})
    circuit = Circuit(
        r1cs.constraints,
        b"\xfe" * r1cs.cell_count,
        r1cs.public_count,
        {_name("input", run): Input(run, 0, 0) for run in _runs(known)},
        {_name("output", run): run for run in _runs(made)},
        (),
    )
    return replace(circuit, steps=program(System(circuit)))


def _name(kind: str, cells: range) -> str:
    return f"{kind} {cells.start}" if len(cells) == 1 else f"{kind} {cells.start}..{cells.stop - 1}"


def _runs(cells: Iterable[int]) -> list[range]:
    """Ascending cells as ranges."""
    runs: list[range] = []
    for cell in cells:
        if runs and runs[-1].stop == cell:
            runs[-1] = range(runs[-1].start, cell + 1)
        else:
            runs.append(range(cell, cell + 1))
    return runs
