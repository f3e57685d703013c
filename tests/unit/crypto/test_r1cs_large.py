"""Circuits shaped like inference stay what they were to the byte, and large ones are whole when built and written."""

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from benchmarks.circuits import SHAPES, build, inputs_of
from compute.zkml.inference import Private
from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.estimate import estimate
from crypto.r1cs.gadgets.bits import assert_range, bits_of
from crypto.r1cs.gadgets.dense import dense
from crypto.r1cs.r1cs_file import read_r1cs, write_r1cs
from crypto.r1cs.wire import Wire, linear
from crypto.r1cs.wtns_file import write_wtns
from tests.support.small_models import SMALL

# SHA-256 of `.r1cs` and of the `.wtns` for `inputs_of`, fixed before rows were made many at a time: registered programs
# are named by these bytes.
GOLDEN = {
    "dense": (
        "83cd640735ae078d3509dae4aeac5a32e71071c6240ea48538e906ef793d0590",
        "0fccd946ccd6ea939d86c9679447fc6e8c963015e53629a68637a2fc6304cc7f",
    ),
    "convolution": (
        "bd0711888fddd12871245762794c1211a1e5749071d9662d3ec7d1695f80b05e",
        "1dd97d184491b6aceebb8d8460ffa48fa4b6f1bdcb6f48924cb10602bf98477d",
    ),
    "private": (
        "7a5d003d073ab751db95ab3acafe765f14cd6f9802e95d73794fdd62ceae8b08",
        "f49fc9033646c47ae44724700a126ba95ceef0b85866a03316aa8b901c6825e7",
    ),
    "commit": (
        "e05dcbb0d3d052f6a6275b4d8572418edef67723690d39d8815b8c9989e8cb93",
        "5166ece853e6ab3e635a0893a4b5debc1621a5da833db4737225c4a3f92529fb",
    ),
}
SMALL_INFERENCE = ("b1b5b510aaeb335f", "193f228d334c49c8")  # the first 16 digits of both


@pytest.mark.parametrize("shape", SHAPES)
def test_circuits_and_their_witnesses_are_the_same_bytes_as_ever(shape: str) -> None:
    circuit = build(shape, 600)
    witness = circuit.solve(inputs_of(circuit))
    circuit.check(witness)
    assert tuple(sha256(data).hexdigest() for data in (write_r1cs(circuit), write_wtns(witness))) == GOLDEN[shape]


def test_an_inference_circuit_is_the_same_bytes_as_ever() -> None:
    statement, private = SMALL.statement, Private((1, 2, 3), 5)
    circuit = statement.constrain()
    witness = circuit.solve(statement.inputs(statement.compute(3, 4, private), private))
    digests = [sha256(data).hexdigest()[:16] for data in (write_r1cs(circuit), write_wtns(witness))]
    assert tuple(digests) == SMALL_INFERENCE


def test_a_file_of_many_thousand_rows_holds_each_of_them() -> None:
    circuit = build("convolution", 9_000)  # written some thousand rows at a time
    assert len(circuit.constraints) > 2 * 4096
    assert list(read_r1cs(write_r1cs(circuit)).constraints.rows()) == list(circuit.constraints.rows())


def test_every_broken_row_of_many_is_found() -> None:
    circuit = build("private", 3_000)
    cells = list(circuit.solve(inputs_of(circuit)).cells)
    assert circuit.violated(cells) == []
    cells[500] += SCALAR_FIELD  # the same element
    assert circuit.violated(cells) == []
    cells[500] += 1
    slow = [row for row in range(len(circuit.constraints)) if not circuit.constraints.holds(row, cells)]
    assert circuit.violated(cells) == slow != []


@pytest.mark.parametrize("constant", [0, 1, 1 - SCALAR_FIELD, -5, 7])
def test_a_bit_may_be_any_linear_form(constant: int) -> None:
    cs = Builder()
    x, y = cs.private_array("x", 2)
    proven = cs.assert_bit(x - 2 * y + constant)
    assert proven.bound == (0, 1)
    circuit = cs.build()
    a, b, c = circuit.constraints.row(0)
    zero = [(0, constant % SCALAR_FIELD)] if constant else []
    less = [(0, (constant - 1) % SCALAR_FIELD)] if (constant - 1) % SCALAR_FIELD else []
    assert a == [*zero, (1, 1), (2, SCALAR_FIELD - 2)]
    assert b == [*less, (1, 1), (2, SCALAR_FIELD - 2)]
    assert c == []
    assert circuit.violated([1, (1 - constant) % SCALAR_FIELD, 0]) == []
    assert circuit.violated([1, (2 - constant) % SCALAR_FIELD, 0]) == [0]


def test_a_dense_layer_is_the_same_whichever_way_it_is_summed() -> None:
    cs = Builder()
    x = [assert_range(cs, wire, 4 + i) for i, wire in enumerate(cs.private_array("x", 3))]
    weights, bias = np.array([[3, 0, -2], [-(2**62), 2**62, 1]]), [5, -7]
    summed = [linear(zip(map(int, row), x, strict=True), b) for row, b in zip(weights, bias, strict=True)]
    for inputs in (x, [x[0], x[1], x[2] + 0], [x[0] + 1, x[1], x[2]], [2 * x[0], x[1], x[2]], [x[0], x[0], x[2]]):
        expected = [linear(zip(map(int, row), inputs, strict=True), b) for row, b in zip(weights, bias, strict=True)]
        assert [parts(wire) for wire in dense(weights.tolist(), inputs, bias)] == [parts(wire) for wire in expected]
    assert [parts(wire) for wire in dense(list(weights), x, bias)] == [parts(wire) for wire in summed]


def parts(wire: Wire) -> tuple[object, ...]:
    return wire.terms, wire.constant, wire.bound


@pytest.mark.parametrize("value", [0, 1, 2**70 - 1, 2**70 + 5, -1, 12345678901234567890])
@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 70])
def test_bits_are_those_of_the_integer(value: int, count: int) -> None:
    assert bits_of(value, count) == [value >> i & 1 for i in range(count)]


def test_an_estimate_grows_with_everything_that_costs() -> None:
    size = build("private", 600).size
    assert (size.constraints, size.public) == (701, 1)
    assert size.domain == 1024
    said = estimate(size)
    assert said.r1cs_bytes == len(write_r1cs(build("private", 600)))
    assert size.cells == build("private", 600).cell_count
    wide = replace(size, widths={254: size.cells})
    assert estimate(wide).prove_microseconds > said.prove_microseconds
    for larger in (replace(size, terms=10**6), replace(size, widths={1: 10**5}), replace(size, constraints=10**6)):
        more = estimate(larger)
        assert more.key_bytes > said.key_bytes
        assert more.peak_bytes > said.peak_bytes
        assert more.prove_microseconds > said.prove_microseconds
        assert more.setup_microseconds > said.setup_microseconds
