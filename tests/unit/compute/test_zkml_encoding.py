"""What is committed of a row, and what a model reads of it: the same in plain and in the circuit, and no other row."""

import numpy as np
import pytest

from compute.zkml.encoding import Encoding, Levels, Thresholds, comparable
from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit import audit, differential
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit

ENCODINGS: dict[str, Encoding] = {
    "levels": Levels(2, 3, (0.0,), (0.5,)),
    "levels about zero": Levels(2, 2, (-1.0,), (0.5,), 2),
    "thresholds": Thresholds(((0.5, 1.0, 2.0), (), (0.0,), (1.0, 3.0)), (0.0,), (1.0,)),
}


def built(encoding: Encoding) -> Circuit:
    """Outputs what the model reads. Its cost and its wires' ranges are what the encoding says."""
    cs = Builder()
    bounds = encoding.bounds()
    out = cs.output_array("out", bounds.width)
    numbers, read = encoding.constrain(cs, cs.private_array("row", encoding.features))
    assert cs.constraint_count == encoding.cost()
    assert [wire.bound for wire in numbers] == [(0, top) for top in encoding.tops]
    assert [wire.bound for wire in read] == list(zip(bounds.low.tolist(), bounds.high.tolist(), strict=True))
    for place, wire in zip(out, read, strict=True):
        cs.define(place, wire)
    return cs.build()


@pytest.mark.parametrize("name", sorted(ENCODINGS))
def test_the_circuit_reads_what_the_reference_reads_and_no_row_out_of_range(name: str) -> None:
    encoding = ENCODINGS[name]
    rows = [[0] * encoding.features, list(encoding.tops), [min(1, top) for top in encoding.tops]]
    rows += [[min(2, top) for top in encoding.tops]]
    beyond = [[*row[:i], number, *row[i + 1 :]] for row in rows[:2] for i in range(encoding.features)
              for number in (encoding.tops[i] + 1, SCALAR_FIELD - 1)]  # fmt: skip
    circuit = built(encoding)

    def expected(inputs: object) -> tuple[int, ...] | None:
        row = inputs["row"]  # type: ignore[index]
        if any(value > top for value, top in zip(row, encoding.tops, strict=True)):
            return None
        read = encoding.expand(np.asarray([row], dtype=np.int64))[0].tolist()
        return tuple(value % SCALAR_FIELD for value in read)

    assert differential(circuit, [{"row": row} for row in [*rows, *beyond]], expected) == []
    audit(circuit, [{"row": row} for row in rows]).require_sound()


def test_a_threshold_for_single_precision_is_the_next_that_single_precision_has() -> None:
    doubles = np.asarray([0.1, 1 / 3, -0.1, 1.0, 1e-50, -1e-50, 1e300, -1e300, 16777217.0])
    singles = comparable(doubles, single=True)
    assert np.all(singles <= doubles)
    with np.errstate(over="ignore"):  # the next after the largest is infinite
        following = np.nextafter(singles.astype(np.float32), np.float32(np.inf)).astype(np.float64)
    assert np.all(following > doubles)
    assert np.array_equal(singles, singles.astype(np.float32).astype(np.float64))
    assert comparable(doubles, single=False) is doubles
