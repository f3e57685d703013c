"""Operations of quantised models alone: their circuits, and whether circuit, reference, ranges and cost agree."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from compute.zkml.bounds import Bounds
from compute.zkml.operations.operation import Operation
from compute.zkml.taps import Ints
from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.gadgets.bits import assert_interval
from crypto.r1cs.wire import Wire

EDGES = (-(2**40), -257, -256, -255, -129, -128, -9, -8, -7, -2, -1, 0, 1, 2, 7, 8, 9, 127, 128, 255, 256, 257, 2**40)
Pair = tuple[int, int]


def ints(values: Sequence[Any]) -> Ints:
    return np.asarray(values, dtype=np.int64)


def ranges(*pairs: Pair) -> Bounds:
    return Bounds(ints([low for low, _ in pairs]), ints([high for _, high in pairs]))


def wired(operation: Operation, inputs: Sequence[Bounds], ranged: bool) -> tuple[Builder, list[list[Wire]], list[Wire]]:
    """Inputs x0_0, x0_1, ... and secrets s0, s1, ...; their ranges proven where `ranged`, else taken for proven."""
    cs = Builder()
    cs.output_array("out", operation.bounds(inputs).width)

    def one(name: str, low: int, high: int) -> Wire:
        wire = cs.private(name, offset=low)
        return assert_interval(cs, wire, low, high) if ranged else cs.proven(wire, low, high)

    read = [
        [one(f"x{i}_{j}", *pair) for j, pair in enumerate(zip(given.low.tolist(), given.high.tolist(), strict=True))]
        for i, given in enumerate(inputs)
    ]
    limits = [(bits, offset) for count, bits, offset in operation.limits for _ in range(count)]
    secrets = [one(f"s{i}", -offset, (1 << bits) - 1 - offset) for i, (bits, offset) in enumerate(limits)]
    return cs, read, secrets


def built(operation: Operation, inputs: Sequence[Bounds], ranged: bool = False) -> tuple[Circuit, list[Wire], int]:
    """A circuit of the operation alone, its wires, and what it costs."""
    cs, read, secrets = wired(operation, inputs, ranged)
    before = cs.constraint_count
    wires = operation.constrain(cs, read, secrets)
    cost = cs.constraint_count - before
    for place, wire in enumerate(wires):
        cs.define(Wire({place + 1: 1}), wire)
    return cs.build(), wires, cost


def named(operation: Operation, values: Sequence[Sequence[int]]) -> Inputs:
    given = {f"x{i}_{j}": value for i, part in enumerate(values) for j, value in enumerate(part)}
    return given | {f"s{i}": value for i, value in enumerate(operation.secrets.tolist())}


def assert_right(operation: Operation, inputs: Sequence[Bounds], rows: Sequence[Sequence[Sequence[int]]]) -> None:
    """Circuit, reference, ranges and cost agree; each row has one list of numbers for each input."""
    said = operation.bounds(inputs)
    circuit, wires, cost = built(operation, inputs)
    assert [wire.bound for wire in wires] == list(zip(said.low.tolist(), said.high.tolist(), strict=True))
    assert operation.cost(inputs).total() == cost
    for row in rows:
        expected = operation.evaluate([ints([part]) for part in row])[0]
        witness = circuit.solve(named(operation, row))
        circuit.check(witness)
        signed = [_signed(value) for value in witness.public]
        assert signed == expected.tolist()
        assert np.all(said.low <= expected) and np.all(expected <= said.high)


def _signed(value: int) -> int:
    return value if value < SCALAR_FIELD // 2 else value - SCALAR_FIELD


@st.composite
def pairs(draw: st.DrawFn, low: int = -(2**40), high: int = 2**40) -> Pair:
    """A range, often with an edge at or beside a power of two."""
    edges = [edge for edge in EDGES if low <= edge <= high]
    ends = draw(st.lists(st.one_of(st.sampled_from(edges), st.integers(low, high)), min_size=2, max_size=2))
    return min(ends), max(ends)


def rows_in(data: st.DataObject, inputs: Sequence[Bounds], count: int = 3) -> list[list[list[int]]]:
    """The lowest row, the highest, and some between."""
    lows, highs = [given.low.tolist() for given in inputs], [given.high.tolist() for given in inputs]

    def between(low: int, high: int) -> st.SearchStrategy[int]:
        middle = [edge for edge in (-1, 0, 1) if low <= edge <= high]
        return st.one_of(st.sampled_from([low, high, *middle]), st.integers(low, high))

    drawn = [
        [
            [data.draw(between(*pair)) for pair in zip(low, high, strict=True)]
            for low, high in zip(lows, highs, strict=True)
        ]
        for _ in range(count)
    ]
    return [lows, highs, *drawn]


def vectors(most: int = 3) -> st.SearchStrategy[Bounds]:
    return st.lists(pairs(), min_size=1, max_size=most).map(lambda listed: ranges(*listed))
