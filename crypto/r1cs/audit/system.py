"""A circuit as a system of equations: what holds, what does not, and what a cell would have to be."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from crypto.field import SCALAR_FIELD, inverse, square_root
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.constraints import Terms

_P = SCALAR_FIELD
_HALF = inverse(2)


class System:
    """The constraints of a circuit, its given cells (one and the inputs) and its outputs.

    Steps and constraints have a turn each, in which solving goes through them: a step its place in the program, a
    constraint the place where it was made, or behind the last step that fills one of its cells. `work` counts the
    terms that were evaluated: what an audit did, whatever the machine.
    """

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.rows = tuple(circuit.constraints.rows())
        self.given = frozenset([0, *(cell for place in circuit.inputs.values() for cell in place.cells)])
        self.outputs = tuple(cell for cells in circuit.outputs.values() for cell in cells)
        late = {cell: circuit.cell_count + i for i, cell in enumerate(self.outputs)}
        self.order = {cell: late.get(cell, cell) for cell in range(circuit.cell_count)}  # outputs are made last
        self.cells_of = tuple(self._cells(row) for row in self.rows)
        self.sizes = tuple(sum(map(len, row)) for row in self.rows)
        self.work = 0
        self.rows_of: tuple[list[int], ...] = tuple([] for _ in range(circuit.cell_count))
        for row, cells in enumerate(self.cells_of):
            for cell in cells:
                self.rows_of[cell].append(row)
        self.boolean = frozenset(c[0] for row, c in enumerate(self.cells_of) if len(c) == 1 and self._is_boolean(row))
        self.turns_of = self._turns_of_rows()
        self.readers: tuple[list[int], ...] = tuple([] for _ in range(circuit.cell_count))  # turns of steps that read
        for number, step in enumerate(circuit.steps):
            for cell in {cell for wire in step.inputs for cell in wire.cells}:
                self.readers[cell].append(self._turn(number, len(self.rows)))

    @property
    def free(self) -> Iterator[int]:
        """The cells that the prover fills in beside the inputs, oldest first."""
        return (cell for cell in sorted(self.order, key=self.order.__getitem__) if cell not in self.given)

    def _cells(self, row: tuple[Terms, Terms, Terms]) -> tuple[int, ...]:
        """The cells of a constraint, newest first, without the constant one."""
        found = {cell for terms in row for cell, _ in terms if cell}
        return tuple(sorted(found, key=self.order.__getitem__, reverse=True))

    def _is_boolean(self, row: int) -> bool:
        """Whether the row, of one cell, is cell * (cell - 1) = 0 up to a factor."""
        (cell,) = self.cells_of[row]
        square = all(any(c == cell for c, _ in terms) for terms in self.rows[row][:2])
        return square and all(self.holds(row, {0: 1, cell: bit}) for bit in (0, 1))

    def _turn(self, steps: int, row: int) -> int:
        """The turn of a row that comes behind so many steps; with as many rows as there are, that of the next step."""
        return steps * (len(self.rows) + 1) + row

    def _turns_of_rows(self) -> tuple[int, ...]:
        filled = [0] * self.circuit.cell_count  # by how many steps until the cell has its value
        for number, step in enumerate(self.circuit.steps, start=1):
            filled[step.cells.start : step.cells.stop] = [number] * len(step.cells)
        positions = [step.position for step in self.circuit.steps]
        return tuple(
            self._turn(max([bisect_right(positions, row), *(filled[cell] for cell in cells)]), row)
            for row, cells in enumerate(self.cells_of)
        )

    def whose_turn(self, turn: int) -> tuple[int | None, int]:
        """(None, row) or (step, the number of rows)."""
        steps, row = divmod(turn, len(self.rows) + 1)
        return (steps, row) if row == len(self.rows) else (None, row)

    def scope(self, cell: int) -> str:
        """Where a cell is first used."""
        rows = self.rows_of[cell]
        return self.circuit.constraints.scope(rows[0]) if rows else ""

    def holds(self, row: int, values: Mapping[int, int] | Sequence[int]) -> bool:
        a, b, c = self._sums(row, values)
        return (a * b - c) % _P == 0

    def _sums(self, row: int, values: Mapping[int, int] | Sequence[int]) -> list[int]:
        """The values of A, B and C, not reduced. Plain loops: nearly all of an audit's time goes here."""
        self.work += self.sizes[row]
        sums = []
        for terms in self.rows[row]:
            total = 0
            for cell, factor in terms:
                total += factor * values[cell]
            sums.append(total)
        return sums

    @staticmethod
    def split(
        terms: Terms, cells: Sequence[int], values: Mapping[int, int] | Sequence[int]
    ) -> tuple[int, dict[int, int]]:
        """A linear form as the value of its other terms and the weights of these cells."""
        weights = {cell: weight for cell, weight in terms if cell in cells}
        return sum(weight * values[cell] for cell, weight in terms if cell not in weights) % _P, weights

    def roots(self, row: int, cell: int, values: Mapping[int, int] | Sequence[int]) -> list[int]:
        """What the cell may be for the row to hold, all else as it is; empty if nothing or anything would do."""
        return [value for _, value in self.fixes(row, (cell,), values)]

    def fixes(
        self,
        row: int,
        cells: Sequence[int],
        values: Mapping[int, int] | Sequence[int],
        bits: frozenset[int] = frozenset(),
    ) -> Iterator[tuple[int, int]]:
        """Each cell with each value with which the row holds, all else as it is; for `bits` only 0 and 1 count."""
        forms = [dict(terms) for terms in self.rows[row]]
        totals = self._sums(row, values)
        for cell in cells:
            weights = [form.get(cell, 0) for form in forms]
            a, b, c = (total - weight * values[cell] for total, weight in zip(totals, weights, strict=True))
            a1, b1, c1 = weights
            if cell in bits:
                yield from ((cell, bit) for bit in (0, 1) if ((a + bit * a1) * (b + bit * b1) - c - bit * c1) % _P == 0)
            else:
                yield from ((cell, r) for r in _roots(a1 * b1 % _P, (a * b1 + a1 * b - c1) % _P, (a * b - c) % _P))

    def gradient(self, row: int, values: Sequence[int]) -> dict[int, int]:
        """d(A * B - C) / d(cell) at these values, for the free cells."""
        a_terms, b_terms, c_terms = self.rows[row]
        a = sum(f * values[cell] for cell, f in a_terms)
        b = sum(f * values[cell] for cell, f in b_terms)
        slopes: dict[int, int] = {}
        for terms, factor in ((a_terms, b), (b_terms, a), (c_terms, -1)):
            for cell, f in terms:
                if cell not in self.given:
                    slopes[cell] = (slopes.get(cell, 0) + f * factor) % _P
        return slopes

    def vanishing_factors(self, row: int, values: Sequence[int]) -> tuple[dict[int, int], dict[int, int]] | None:
        """The free cells' factors in A and B of a row A * B = 0 where both are zero at these values, else None."""
        a_terms, b_terms, c_terms = self.rows[row]
        if c_terms or any(sum(f * values[cell] for cell, f in terms) % _P for terms in (a_terms, b_terms)):
            return None
        a, b = ({cell: f for cell, f in terms if cell not in self.given} for terms in (a_terms, b_terms))
        return a, b

    def polynomial(self, row: int) -> dict[tuple[int, int], int]:
        """A * B - C by monomials (i, j), i <= j, with cell 0 for one."""
        a_terms, b_terms, c_terms = self.rows[row]
        products = [((i, j), f * g) for i, f in a_terms for j, g in b_terms]
        found: dict[tuple[int, int], int] = {}
        for (i, j), factor in (*products, *(((0, cell), -f) for cell, f in c_terms)):
            key = (min(i, j), max(i, j))
            found[key] = (found.get(key, 0) + factor) % _P
        return found


def _roots(square: int, slope: int, rest: int) -> list[int]:
    """The solutions of square x**2 + slope x + rest = 0, none if every x is one."""
    if square == 0:
        if slope in (0, 1, _P - 1):
            return [rest * -slope % _P] if slope else []
        return [-rest * inverse(slope) % _P]
    root = square_root((slope * slope - 4 * square * rest) % _P)
    if root is None:
        return []
    scale = _HALF * inverse(square)
    return sorted({(-slope + root) * scale % _P, (-slope - root) * scale % _P})
