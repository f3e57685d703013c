"""Runs the tests on a subject, each on all of the circuit or on an even, seeded sample, within a stated effort."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final

from crypto.r1cs.audit.cross import changed_counts, cross_verified
from crypto.r1cs.audit.deletion import is_idle, redundant_rows
from crypto.r1cs.audit.differential import compare
from crypto.r1cs.audit.flips import flip
from crypto.r1cs.audit.hiding import shown
from crypto.r1cs.audit.jacobian import free_outputs
from crypto.r1cs.audit.mutation import is_unbound, other_value
from crypto.r1cs.audit.neighbours import neighbours
from crypto.r1cs.audit.report import Finding, Ran, Report
from crypto.r1cs.audit.search import Forger
from crypto.r1cs.audit.strata import evenly
from crypto.r1cs.audit.subject import AuditSubject, NoHonestWitness, guessed_cases
from crypto.r1cs.audit.system import System
from crypto.r1cs.circuit import Circuit, Inputs, Witness
from crypto.r1cs.errors import CircuitError

DIFFERENTIAL, HIDING, MUTATION, JACOBIAN = "differential", "hiding", "mutation", "jacobian"
FLIPS, DELETION, CROSS, COUNTS = "flips", "deletion", "cross", "counts"
ALGEBRAIC: Final = (MUTATION, JACOBIAN, FLIPS, DELETION)
TESTS: Final = (DIFFERENTIAL, HIDING, *ALGEBRAIC, CROSS, COUNTS)

CELLS: Final = "cells"
FIRST: Final = 32  # outputs that are looked at before all other cells

Progress = Callable[[str, int, int], None]  # test, how many of how many are looked at
Look = Callable[[int], Iterable[Finding]]


class Audit:
    """One audit. `sample` is the most cells or constraints that a test looks at, `effort` the most terms it evaluates
    before it takes on another; without either it looks at all. The same seed gives the same report."""

    def __init__(
        self,
        subject: AuditSubject,
        sample: int | None = None,
        *,
        seed: int = 0,
        effort: int | None = None,
        tests: Sequence[str] = TESTS,
        judged_elsewhere: Collection[str] = (),
        progress: Progress | None = None,
    ) -> None:
        """judged_elsewhere: scopes of gadgets whose constraints were deleted in another circuit, and are not here.

        Raises NoHonestWitness, Unsatisfied for a witness that breaks a constraint, and what solving raises."""
        self.subject = subject
        self._sample, self._seed, self._effort, self._tests = sample, seed, effort, tests
        self._judged_elsewhere = frozenset(judged_elsewhere)
        self._progress = progress or (lambda test, done, of: None)
        self._system = System(subject.circuit)
        self._honest = _witnesses(subject)
        self._report = Report(
            subject.name,
            seed,
            subject.circuit.cost_by_scope(),
            subject.circuit.cell_count,
            self._system.outputs,
            [witness.cells for witness in self._honest],
        )

    def run(self) -> Report:
        """All tests, in the order of TESTS."""
        runs = {
            DIFFERENTIAL: self._differential,
            HIDING: self._hiding,
            MUTATION: self._mutation,
            JACOBIAN: self._jacobian,
            FLIPS: self._flips,
            DELETION: self._deletion,
            CROSS: self._cross,
            COUNTS: self._counts,
        }
        for test in TESTS:
            if test in self._tests:
                runs[test]()
        return self._report

    def _each(
        self, test: str, unit: str, items: Sequence[int], look: Look, scope_of: Callable[[int], str] | None = None
    ) -> None:
        """Looks at the items, evenly by scope, until sample or effort is used up."""
        scope = scope_of or (lambda item: "")
        limited, first = self._sample is not None or self._effort is not None, self._system.outputs[:FIRST]
        order = evenly(items, scope, self._seed) if limited and scope_of else items
        if unit == CELLS and limited:
            order = [*first, *filter(lambda cell: cell not in first, order)]
        if scope_of and self._sample is not None:
            order = order[: self._sample]
        start, looked, found = self._system.work, 0, len(self._report.found)
        for item in order:
            self._progress(test, looked, len(order))
            self._report.found += look(item)
            looked += 1
            if self._effort is not None and self._system.work - start > self._effort:
                break
        self._report.found[found:] = sorted(self._report.found[found:], key=_place)
        self._progress(test, len(order), len(order))
        hit, there = ({scope(item) for item in part} for part in (order[:looked], items))
        self._report.ran.append(
            Ran(test, unit, looked, len(items), len(hit), len(there), work=self._system.work - start)
        )

    def _skip(self, test: str, why: str) -> None:
        self._report.ran.append(Ran(test, "", skipped=why))

    def _differential(self) -> None:
        cases, reference = self.subject.cases, self.subject.reference
        if reference is None:
            return self._skip(DIFFERENTIAL, "no reference was given")

        def look(number: int) -> Iterable[Finding]:
            case = cases[number]
            mismatch = None if isinstance(case, Witness) else compare(self._system, case, reference)
            if mismatch is not None:
                yield Finding(DIFFERENTIAL, str(mismatch), forged=mismatch.witness)

        return self._each(DIFFERENTIAL, "cases", range(len(cases)), look)

    def _hiding(self) -> None:
        cases = [case for case in self.subject.cases if not isinstance(case, Witness)]
        if not self.subject.salts:
            return self._skip(HIDING, "no salt was named")

        def look(number: int) -> Iterable[Finding]:
            for what, cell in shown(self.subject, cases[number]):
                yield Finding(HIDING, what, self._system.scope(cell), cell)

        return self._each(HIDING, "cases", range(min(1, len(cases))), look)

    def _mutation(self) -> None:
        outputs = {*self._system.outputs}
        public = [cell for cell in range(1, self.subject.circuit.public_count + 1) if cell not in outputs]
        for cell in public:
            if all(is_unbound(self._system, honest, cell) for honest in self._report.honest):
                what = f"no constraint notices another value of public cell {cell}"
                self._report.found.append(Finding(MUTATION, what, self._system.scope(cell), cell))

        def look(cell: int) -> Iterable[Finding]:
            for case, honest in enumerate(self._report.honest):
                value = other_value(self._system, honest, cell)
                if value is None:
                    continue
                self._report.loose.add(cell)
                if cell in outputs:
                    forged = (*honest[:cell], value, *honest[cell + 1 :])
                    what = f"output cell {cell} fits another value"
                    yield Finding(MUTATION, what, self._system.scope(cell), cell, case=case, forged=forged)
                return

        self._each(MUTATION, CELLS, list(self._system.free), look, self._system.scope)

    def _jacobian(self) -> None:
        if not self._system.outputs:
            return self._skip(JACOBIAN, "the circuit has no outputs")

        def look(case: int) -> Iterable[Finding]:
            honest = self._report.honest[case]
            for cell in free_outputs(self._system, honest):
                if cell not in self._report.free:
                    self._report.free.add(cell)
                    forged = flip(Forger(self._system, honest), cell)
                    what = f"output cell {cell} can move freely"
                    yield Finding(JACOBIAN, what, self._system.scope(cell), cell, None, case, _frozen(forged))

        return self._each(JACOBIAN, "witnesses", range(len(self._honest)), look)

    def _flips(self) -> None:
        if not self._system.outputs:
            return self._skip(FLIPS, "the circuit has no outputs")
        forgers = [Forger(self._system, honest) for honest in self._report.honest]

        def look(cell: int) -> Iterable[Finding]:
            for case, forger in enumerate(forgers):
                forged = _frozen(flip(forger, cell))
                if forged is not None:
                    self._report.forged.append(forged)
                    outputs = [forged[output] for output in self._system.outputs]
                    what = f"from a change of cell {cell} the same inputs allow the outputs {_brief(outputs)}"
                    yield Finding(FLIPS, what, self._system.scope(cell), cell, None, case, forged)
                    return

        return self._each(FLIPS, CELLS, list(self._system.free), look, self._system.scope)

    def _deletion(self) -> None:
        scope = self.subject.circuit.constraints.scope
        more = _Kept(neighbours(self._system, self._report.honest[0]))

        def look(row: int) -> Iterable[Finding]:
            if not is_idle(self._system, self._report.honest, row):
                return
            if redundant_rows(self._system, [row]):
                self._report.redundant.append(row)
            elif is_idle(self._system, more, row):
                self._report.undecided.append(row)
                yield Finding(DELETION, f"constraint {row} is neither needed nor shown redundant", scope(row), row=row)

        rows = [row for row in range(len(self._system.rows)) if scope(row) not in self._judged_elsewhere]
        self._each(DELETION, "constraints", rows, look, scope)
        self._report.redundant.sort()
        self._report.undecided.sort()

    def _cross(self) -> None:
        if not self.subject.circuit.public_count:
            return self._skip(CROSS, "the circuit has no public signals")

        def look(case: int) -> Iterable[Finding]:
            wrong = cross_verified(self.subject.circuit, self._honest[case])
            if wrong is not None:
                yield Finding(CROSS, wrong, case=case)

        return self._each(CROSS, "proofs", range(1), look)

    def _counts(self) -> None:
        golden = self.subject.counts
        if golden is None:
            return self._skip(COUNTS, "no golden counts were given")
        wrong = changed_counts(self.subject.circuit, golden)
        return self._each(
            COUNTS, "scopes", range(len(golden)), lambda i: [Finding(COUNTS, *pair) for pair in wrong if i == 0]
        )


def audit(circuit: Circuit, cases: Sequence[Inputs | Witness], sample: int | None = None, *, seed: int = 0) -> Report:
    """Tests 2 to 5 on the honest witnesses of these cases, which should lie at edges, ties and zeros.

    `sample` is the most cells and constraints that each test looks at, evenly by scope. For all tests, a reference, or
    a bound on the effort: `Audit`.
    """
    return Audit(AuditSubject(circuit, cases), sample, seed=seed, tests=ALGEBRAIC).run()


def _witnesses(subject: AuditSubject) -> list[Witness]:
    """The honest witnesses of the cases. What a reference refuses, or the circuit although a reference is there to say
    so, is none; guessed cases need not have one either."""
    found = []
    for case in subject.cases or guessed_cases(subject.circuit):
        try:
            witness = case if isinstance(case, Witness) else subject.circuit.solve(case)
            subject.circuit.check(witness)
        except CircuitError:
            if subject.cases and subject.reference is None:
                raise
            continue
        if isinstance(case, Witness) or subject.reference is None or subject.reference(case) is not None:
            found.append(witness)
    if not found:
        raise NoHonestWitness(len(subject.cases))
    return found


class _Kept:
    """What an iterator gives, made when first needed and kept."""

    def __init__(self, source: Iterator[list[int]]) -> None:
        self._source, self._kept = source, list[list[int]]()

    def __iter__(self) -> Iterator[list[int]]:
        yield from self._kept
        for made in self._source:
            self._kept.append(made)
            yield made


def _place(finding: Finding) -> tuple[int, int]:
    return (-1 if finding.cell is None else finding.cell, -1 if finding.row is None else finding.row)


def _frozen(values: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if values is None else tuple(values)


def _brief(values: Sequence[int]) -> str:
    shown = ", ".join(map(str, values[:4]))
    return f"[{shown}{', ...' if len(values) > 4 else ''}]"
