"""A gadget under test: how to build it, what it should compute, what it should cost, and the edges to try."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit import audit, differential
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.gadgets.bits import assert_interval
from crypto.r1cs.wire import Wire

FIELD = (0, SCALAR_FIELD - 1)  # the range of an input that the gadget takes unranged
Range = tuple[int, int]
Build = Callable[[Builder, list[Wire]], Sequence[Wire]]
Reference = Callable[..., Sequence[int] | None]  # integers in, outputs or None for a refusal


@dataclass(frozen=True)
class Gadget:
    """`ranges`, but for FIELD, are proven for the inputs before the gadget sees them, and not counted in its cost."""

    name: str
    build: Build
    ranges: tuple[Range, ...]
    reference: Reference
    constraints: int
    audited: tuple[tuple[int, ...], ...]  # honest inputs to audit at: edges, ties, zeros
    loose: int = 0  # cells that may be anything at some audited input, such as the inverse of zero
    extra: tuple[tuple[int, ...], ...] = ()  # more inputs for the differential test
    sample: int | None = None

    def __str__(self) -> str:
        return self.name

    def circuit(self) -> tuple[Circuit, int]:
        """The circuit that outputs what the gadget returns, and the gadget's own constraints."""
        outputs = len(self.build(*self._wired(Builder())))
        cs = Builder()
        declared = cs.output_array("out", outputs) if outputs else []
        _, wires = self._wired(cs)
        before = cs.constraint_count
        results = self.build(cs, wires)
        cost = cs.constraint_count - before
        for wire, value in zip(declared, results, strict=True):
            cs.define(wire, value)
        return cs.build(), cost

    def _wired(self, cs: Builder) -> tuple[Builder, list[Wire]]:
        wires = []
        for i, (lo, hi) in enumerate(self.ranges):
            wire = cs.private(f"x{i}", offset=lo)
            wires.append(wire if (lo, hi) == FIELD else assert_interval(cs, wire, lo, hi))
        return cs, wires

    def inputs(self, values: Sequence[int]) -> Inputs:
        return {f"x{i}": value for i, value in enumerate(values)}

    def edges(self) -> list[tuple[int, ...]]:
        """Every combination of edges of the ranges, and each input above its range with the others at their start."""
        edges = [[0, 1, 2, SCALAR_FIELD // 2, SCALAR_FIELD - 1] if r == FIELD else _around(*r) for r in self.ranges]
        start = [lo for lo, _ in self.ranges]
        bounded = [i for i, r in enumerate(self.ranges) if r != FIELD]
        outside = [(*start[:i], self.ranges[i][1] + 1, *start[i + 1 :]) for i in bounded]
        return [*product(*edges), *self.extra, *outside]

    def expected(self, inputs: Inputs) -> tuple[int, ...] | None:
        values = [inputs[f"x{i}"] for i in range(len(self.ranges))]
        numbers = [value for value in values if isinstance(value, int)]
        if any(not lo <= value <= hi for value, (lo, hi) in zip(numbers, self.ranges, strict=True)):
            return None
        result = self.reference(*numbers)
        return None if result is None else tuple(result)


def _around(lo: int, hi: int) -> list[int]:
    return sorted({v for v in (lo, lo + 1, (lo + hi) // 2, hi - 1, hi) if lo <= v <= hi})


def agrees_with_its_reference(gadget: Gadget, limit: int = 160) -> None:
    """Test 1 of zkml.md at the edges; at most `limit` cases, evenly spread."""
    circuit, _ = gadget.circuit()
    edges = gadget.edges()
    cases = edges[:: max(1, len(edges) // limit)]
    mismatches = differential(circuit, [gadget.inputs(values) for values in cases], gadget.expected)
    assert mismatches == [], f"{gadget}: {mismatches}"


def cannot_be_forged(gadget: Gadget) -> None:
    """Tests 2 to 5 of zkml.md at the audited inputs."""
    circuit, _ = gadget.circuit()
    report = audit(circuit, [gadget.inputs(values) for values in gadget.audited], gadget.sample)
    assert report.findings == (), f"{gadget}: {report.findings}"
    assert len(report.loose) == gadget.loose, f"{gadget}: cells {report.loose} are loose"


def costs_what_it_says(gadget: Gadget) -> None:
    """The golden constraint count."""
    cost = gadget.circuit()[1]
    assert cost == gadget.constraints, f"{gadget} has {cost} constraints"
