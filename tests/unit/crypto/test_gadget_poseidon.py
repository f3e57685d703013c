"""Hashing in a circuit: equal to `crypto.poseidon`, at the published cost, and not forgeable."""

import pytest

from crypto.domains import CIRCOMLIB, INPUT, OUTPUT
from crypto.field import SCALAR_FIELD
from crypto.poseidon import WrongInputCount, commit_vector, permute, poseidon
from crypto.r1cs.audit import audit
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.gadgets import poseidon as gadgets
from crypto.r1cs.gadgets.encryption import encrypt_outputs

# zkml.md, cost model, for t = 3, 5, 17; the others follow from circomlib's numbers of rounds.
COSTS = {1: 213, 2: 240, 3: 261, 4: 297, 5: 321, 8: 402, 16: 609}
VALUES = [0, 1, SCALAR_FIELD - 1, SCALAR_FIELD // 2, 2**128]


def hashing(count: int, tag: int) -> tuple[Circuit, int]:
    cs = Builder()
    out, inputs = cs.output("out"), cs.private_array("x", count)
    digest = gadgets.poseidon(cs, inputs, tag)
    cost = cs.constraint_count
    cs.define(out, digest)
    return cs.build(), cost


@pytest.mark.parametrize(("count", "cost"), COSTS.items())
def test_a_hash_equals_the_reference_at_its_golden_cost(count: int, cost: int) -> None:
    circuit, constraints = hashing(count, OUTPUT)
    assert constraints == cost
    inputs = [VALUES[i % len(VALUES)] for i in range(count)]
    witness = circuit.solve({"x": inputs})
    circuit.check(witness)
    assert witness.public == (poseidon(inputs, OUTPUT),)


def test_without_a_tag_it_is_circomlibs() -> None:
    circuit, _ = hashing(2, CIRCOMLIB)
    digest = 0x115CC0F5E7D690413DF64C6B9662E9CF2A3617F2743245519E19607A4417189A
    assert circuit.solve({"x": [1, 2]}).public == (digest,)


@pytest.mark.parametrize(("count", "sample"), [(1, 8), (2, 8)])
def test_a_hash_cannot_be_forged(count: int, sample: int) -> None:
    circuit, _ = hashing(count, OUTPUT)
    report = audit(circuit, [{"x": [5] * count}], sample)
    assert report.findings == ()
    assert report.loose == set()


def permuting(count: int, capacity: int) -> tuple[Circuit, int]:
    cs = Builder()
    out, inputs = cs.output_array("out", count + 1), cs.private_array("x", count)
    lanes = gadgets.permute(cs, capacity, inputs)
    cost = cs.constraint_count
    for wire, lane in zip(out, lanes, strict=True):
        cs.define(wire, lane)
    return cs.build(), cost


@pytest.mark.parametrize("count", [1, 3, 5, 16])
def test_all_lanes_of_a_permutation_equal_the_reference_at_the_cost_of_one(count: int) -> None:
    circuit, cost = permuting(count, 7 << 64)
    assert cost == COSTS[count]
    inputs = [VALUES[i % len(VALUES)] for i in range(count)]
    witness = circuit.solve({"x": inputs})
    circuit.check(witness)
    assert list(witness.public) == permute((7 << 64, *inputs))


def test_no_lane_of_a_permutation_can_be_forged() -> None:
    report = audit(permuting(2, OUTPUT)[0], [{"x": [5, 6]}], 12)
    assert report.findings == ()
    assert report.loose == set()


def test_at_most_sixteen_inputs_are_hashed_at_once() -> None:
    cs = Builder()
    for count in (0, 17):
        with pytest.raises(WrongInputCount):
            gadgets.poseidon(cs, cs.private_array(f"x{count}", count))
        with pytest.raises(WrongInputCount):
            gadgets.permute(cs, 0, cs.private_array(f"y{count}", count))


@pytest.mark.parametrize(("length", "cost"), [(0, 213), (1, 240), (3, 297), (15, 609), (16, 2 * 417), (26, 2 * 537)])
def test_a_vector_commitment_equals_the_reference_at_its_golden_cost(length: int, cost: int) -> None:
    cs = Builder()
    out, salt, elements = cs.output("out"), cs.private("salt"), cs.private_array("x", length)
    commitment = gadgets.commit_vector(cs, INPUT, salt, elements)
    assert cs.constraint_count == cost
    cs.define(out, commitment)
    circuit = cs.build()
    values = [VALUES[i % len(VALUES)] + i for i in range(length)]
    values = [value % SCALAR_FIELD for value in values]
    witness = circuit.solve({"salt": 99, "x": values})
    circuit.check(witness)
    assert witness.public == (commit_vector(INPUT, 99, values),)


def test_results_are_encrypted_with_a_pad_for_each_place() -> None:
    cs = Builder()
    ct, task = cs.output_array("ct", 2), cs.private("task")
    salt, outputs = cs.private("salt"), cs.private_array("y", 2, offset=-10)
    for wire, value in zip(ct, encrypt_outputs(cs, salt, task, outputs), strict=True):
        cs.define(wire, value)
    circuit = cs.build()
    assert len(circuit.constraints) == 2 * 261 + 2
    witness = circuit.solve({"task": 7, "salt": 99, "y": [-3, 4]})
    circuit.check(witness)
    pads = [poseidon([99, 7, i], OUTPUT) for i in range(2)]
    assert [(c - pad) % SCALAR_FIELD for c, pad in zip(witness.public, pads, strict=True)] == [SCALAR_FIELD - 3, 4]
