"""What is audited: a circuit, honest inputs to start from, and what its author says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from crypto.r1cs.audit.differential import Reference
from crypto.r1cs.circuit import Circuit, Inputs, Witness
from crypto.r1cs.errors import CircuitError

_GUESSES: Final = (0, 1, 2, 3)


class NoHonestWitness(CircuitError):
    """An audit has no honest witness to start from: no case was given, or none has a witness."""

    code: ClassVar[int] = 1761

    def __init__(self, cases: int) -> None:
        super().__init__(
            f"None of the {cases} cases gives an honest witness, and an audit starts from one. "
            "Give inputs that the circuit accepts, at the edges of their ranges, at ties and at zeros."
        )
        self.cases = cases


@dataclass(frozen=True, slots=True)
class AuditSubject:
    """A circuit under audit. A case is the inputs by name, or a whole witness where there is no program to solve.

    With a `reference` cases may also be such that it refuses (None): then they must have no witness. `salts` are inputs
    that must hide: with other salts every output of `hidden` (all, if none is named) must be another, and so must the
    difference of any two. `counts` are the golden numbers of constraints by scope.
    """

    circuit: Circuit
    cases: Sequence[Inputs | Witness]
    reference: Reference | None = None
    name: str = "circuit"
    salts: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    counts: Mapping[str, int] | None = None


def guessed_cases(circuit: Circuit) -> list[Inputs]:
    """Inputs to try where none were given: all 0, all 1, ... and 0, 1, 2, ...; some may have no witness."""
    names = circuit.inputs.items()
    same: list[Inputs] = [
        {name: [place.offset + guess] * len(place.cells) for name, place in names} for guess in _GUESSES
    ]
    return [*same, {name: [place.offset + i for i in range(len(place.cells))] for name, place in names}]
