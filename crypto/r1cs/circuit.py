"""A finished circuit: its constraints, its witness program, and the solving of witnesses."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import index

from crypto.field import SCALAR_FIELD
from crypto.r1cs.constraints import Constraints
from crypto.r1cs.errors import InputNotInField, Unsatisfied, WrongInputs
from crypto.r1cs.estimate import Size, estimate
from crypto.r1cs.program import Step

Inputs = Mapping[str, int | Sequence[int]]


@dataclass(frozen=True, slots=True)
class Input:
    """Where a named input goes: each cell holds value - offset and is known from `phase` on."""

    cells: range
    offset: int
    phase: int


@dataclass(frozen=True, slots=True)
class Witness:
    """All cells of a solved circuit, canonical field elements: 1, public signals, the rest."""

    cells: tuple[int, ...]
    public_count: int

    @property
    def public(self) -> tuple[int, ...]:
        """The public signals in the order of declaration: a proof's public inputs."""
        return self.cells[1 : 1 + self.public_count]


class Solving:
    """A witness in the making, phase by phase: fix the first part, commit to it, go on with the challenge."""

    def __init__(self, circuit: "Circuit", inputs: Inputs, pinned: Mapping[int, int], strict: bool) -> None:
        self._circuit, self._pinned, self._strict = circuit, pinned, strict
        self.cells = [1] + [0] * (circuit.cell_count - 1)
        self.phase = -1
        self.advance(inputs)

    def advance(self, inputs: Inputs) -> None:
        """Takes the next phase's inputs and runs its steps. Raises WrongInputs, InputNotInField, ValueRefused."""
        self.phase += 1
        expected = {name: i for name, i in self._circuit.inputs.items() if i.phase == self.phase}
        _check_names(expected, inputs)
        for name, given in inputs.items():
            self._place(name, expected[name], given if isinstance(given, Iterable) else (given,))
        for cell, value in self._pinned.items():
            self.cells[cell] = value
        for step in self._circuit.steps:
            if step.phase == self.phase:
                step.run(self.cells, self._pinned, self._strict)

    def _place(self, name: str, place: Input, given: Sequence[int]) -> None:
        if len(given) != len(place.cells):
            raise WrongInputs(name, len(place.cells), len(given))
        for cell, value in zip(place.cells, map(index, given), strict=True):  # index: fixed-width integers would wrap
            if not 0 <= value - place.offset < SCALAR_FIELD:
                raise InputNotInField(name, value)
            self.cells[cell] = value - place.offset

    def witness(self) -> Witness:
        return Witness(tuple(self.cells), self._circuit.public_count)


def _check_names(expected: Mapping[str, Input], given: Inputs) -> None:
    for name in given.keys() - expected.keys():
        raise WrongInputs(name, 0, 1)
    for name in expected.keys() - given.keys():
        raise WrongInputs(name, len(expected[name].cells), 0)


@dataclass(frozen=True, slots=True)
class Circuit:
    """What `Builder.build` returns. Solving it for inputs gives a witness; `crypto.r1cs.r1cs_file` writes it."""

    constraints: Constraints
    cell_bits: bytes  # proven width of each cell, 254 if any field element
    public_count: int
    inputs: dict[str, Input]
    outputs: dict[str, range]
    steps: tuple[Step, ...]

    @property
    def cell_count(self) -> int:
        return len(self.cell_bits)

    def solve(self, inputs: Inputs) -> Witness:
        """The witness for these inputs, of all phases together, by name; lists for arrays, signed values as they are.

        Raises WrongInputs, InputNotInField, and ValueRefused for a value that some gadget cannot prove.
        """
        phases = max([0, *(i.phase for i in self.inputs.values()), *(step.phase for step in self.steps)])
        solving = self.start(self._of_phase(inputs, 0))
        for phase in range(1, phases + 1):
            solving.advance(self._of_phase(inputs, phase))
        return solving.witness()

    def start(self, inputs: Inputs, pinned: Mapping[int, int] | None = None, strict: bool = True) -> Solving:
        """Runs the first phase only. `pinned` cells keep their value whatever steps say; unless strict, no refusals."""
        return Solving(self, inputs, pinned or {}, strict)

    def _of_phase(self, inputs: Inputs, phase: int) -> Inputs:
        known = self.inputs
        return {n: v for n, v in inputs.items() if (known[n].phase if n in known else 0) == phase}

    def violated(self, cells: Sequence[int]) -> list[int]:
        """The constraints that these cells do not satisfy."""
        return list(self.constraints.violated(cells))

    def check(self, witness: Witness) -> None:
        """Raises Unsatisfied at the first constraint that does not hold."""
        for row in self.constraints.violated(witness.cells):
            raise Unsatisfied(row, self.constraints.scope(row))

    def cost_by_scope(self) -> dict[str, int]:
        """Constraints by the scope they were made in, in order of appearance."""
        counts = Counter(self.constraints.scope_of)
        return {name: counts[i] for i, name in enumerate(self.constraints.scopes) if counts[i]}

    @property
    def size(self) -> Size:
        """What `crypto.r1cs.estimate` wants to know."""
        matrices = (self.constraints.a, self.constraints.b, self.constraints.c)
        terms = sum(len(matrix.cells) for matrix in matrices)
        return Size(len(self.constraints), self.public_count, terms, Counter(self.cell_bits))

    def estimated_prove_microseconds(self) -> int:
        """What proving should cost on one core, from size and the cells' widths; estimate.py has more to tell."""
        return estimate(self.size).prove_microseconds
