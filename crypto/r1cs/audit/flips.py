"""Test 4: flip one choice, solve the rest again; with the same inputs the outputs must not change."""

from collections.abc import Sequence

from crypto.r1cs.audit.search import Forger
from crypto.r1cs.audit.system import System

_DEPTH = 2


def flipped_outputs(system: System, honest: Sequence[int], cells: Sequence[int] | None = None) -> list[list[int]]:
    """Witnesses with the inputs of `honest` and other outputs, at most one for each cell that was flipped."""
    forger = Forger(system, honest)
    outputs = [honest[cell] for cell in system.outputs]

    def differs(values: Sequence[int]) -> bool:
        return [values[cell] for cell in system.outputs] != outputs

    found = []
    for cell in system.free if cells is None else cells:
        forged = forger.forge([cell], differs, _DEPTH)
        if forged is not None:
            found.append(forged)
    return found
