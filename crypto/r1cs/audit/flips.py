"""Test 4: flip one choice, solve the rest again; with the same inputs the outputs must not change."""

from collections.abc import Iterable, Sequence
from typing import Final

from crypto.r1cs.audit.search import Forger
from crypto.r1cs.audit.system import System

_DEPTH: Final = 2


def flipped_outputs(system: System, honest: Sequence[int], cells: Iterable[int] | None = None) -> list[list[int]]:
    """Witnesses with the inputs of `honest` and other outputs, at most one for each cell that was flipped."""
    forger = Forger(system, honest)
    return [forged for cell in cells or system.free if (forged := flip(forger, cell)) is not None]


def flip(forger: Forger, cell: int) -> list[int] | None:
    """A witness with the same inputs and other outputs, from a change of this cell, if one is found."""
    outputs = forger.system.outputs
    honest = [forger.known[cell] for cell in outputs]
    return forger.forge([cell], lambda values: [values[cell] for cell in outputs] != honest, _DEPTH)
