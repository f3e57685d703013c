"""The counter's two statements: what the plain function says and what the circuit enforces are the same thing."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.types.scalars import Uint, VkId
from compute.confidential import counter, readers
from contracts.confidential import sealing
from contracts.confidential.description import MAX_READERS
from contracts.confidential.statement import call_size, set_readers_size
from crypto import babyjubjub
from crypto.field import SCALAR_FIELD
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.errors import CircuitError

elements = st.integers(0, SCALAR_FIELD - 1) | st.sampled_from((0, 1, SCALAR_FIELD - 1))
counts = st.integers(0, 2**63 - 2)
values = st.integers(0, 2**64 + 2**33) | st.sampled_from((0, 2**64 - 2**32, 2**64 - 1, 2**64))
amounts = st.integers(0, 2**33) | st.sampled_from((0, 2**32 - 1, 2**32, SCALAR_FIELD - 1))
scalars = st.integers(0, 2**252) | st.sampled_from((0, 1, babyjubjub.SUBORDER, 2**251 - 1, 2**251))
openings = st.builds(counter.Private, elements, values, elements, amounts, elements)

increment_circuit = cache(counter.constrain)
sealing_circuit = cache(readers.constrain)


def solved(circuit: Circuit, inputs: dict[str, int]) -> tuple[int, ...] | None:
    """The public signals that the circuit computes, None if it has no witness for the inputs."""
    try:
        witness = circuit.solve(inputs)
    except CircuitError:
        return None
    circuit.check(witness)
    return witness.public


@settings(max_examples=30, deadline=None)
@given(elements, elements, counts, counts, openings)
def test_increment_is_proven_exactly_when_it_holds(
    ctx: int, contract: int, epoch: int, version: int, private: counter.Private
) -> None:
    public = counter.compute(contract, epoch, version, private, ctx)
    expected = public.signals() if counter.check(public, private) else None
    assert solved(increment_circuit(), counter.circuit_inputs(public, private)) == expected


@settings(max_examples=10, deadline=None)
@given(elements, elements, counts, elements, scalars, st.integers(1, babyjubjub.SUBORDER - 1))
def test_sealing_is_proven_exactly_when_it_holds(
    ctx: int, contract: int, epoch: int, data_key: int, secret: int, reader: int
) -> None:
    private = readers.Private(data_key, secret)
    public = readers.compute(contract, epoch, babyjubjub.public_key(reader), private, ctx)
    expected = public.signals() if readers.check(public, private) else None
    assert solved(sealing_circuit(), readers.circuit_inputs(public, private)) == expected


INCREMENT = counter.Private(data_key=11, value=40, blinding=12, amount=2, next_blinding=13)
INCREMENTED = counter.compute(contract=7, epoch=3, version=5, private=INCREMENT, ctx=99)
SEAL = readers.Private(data_key=11, ephemeral_secret=12345)
SEALED = readers.compute(contract=7, epoch=3, reader=babyjubjub.public_key(77), private=SEAL, ctx=99)


def changed(signals: Sequence[int], position: int) -> list[int]:
    altered = list(signals)
    altered[position] = (altered[position] + 1) % SCALAR_FIELD
    return altered


@pytest.mark.parametrize("position", range(1, 10))
def test_no_public_input_of_increment_can_be_another_one(position: int) -> None:
    public = counter.Public.of(changed(INCREMENTED.signals(), position))
    assert counter.check(INCREMENTED, INCREMENT)
    assert not counter.check(public, INCREMENT)
    witness = increment_circuit().solve(counter.circuit_inputs(INCREMENTED, INCREMENT))
    assert increment_circuit().violated(changed(witness.cells, 1 + position))


@pytest.mark.parametrize("position", range(1, 9))
def test_no_public_input_of_sealing_can_be_another_one(position: int) -> None:
    public = readers.Public.of(changed(SEALED.signals(), position))
    assert readers.check(SEALED, SEAL)
    assert not readers.check(public, SEAL)
    witness = sealing_circuit().solve(readers.circuit_inputs(SEALED, SEAL))
    assert sealing_circuit().violated(changed(witness.cells, 1 + position))


def test_ctx_is_free_in_the_statement_and_bound_by_the_proof() -> None:
    """Any ctx is true, but it stands in a constraint, so a proof made for one is false for all others."""
    assert counter.check(replace(INCREMENTED, ctx=1), INCREMENT)
    assert readers.check(replace(SEALED, ctx=1), SEAL)
    for circuit in (increment_circuit(), sealing_circuit()):
        assert any(cell == 1 for row in circuit.constraints.rows() for terms in row for cell, _ in terms)


@pytest.mark.parametrize("name", ["data_key", "value", "blinding", "amount", "next_blinding"])
def test_no_other_witness_gives_the_same_public_inputs(name: str) -> None:
    other = replace(INCREMENT, **{name: cast(int, getattr(INCREMENT, name)) + 1})
    assert not counter.check(INCREMENTED, other)
    assert solved(increment_circuit(), counter.circuit_inputs(INCREMENTED, other)) != INCREMENTED.signals()


def test_a_point_off_the_curve_cannot_be_sealed_to() -> None:
    off = readers.Point(1, 1)
    assert not readers.check(replace(SEALED, reader=off), SEAL)
    assert solved_unchecked(readers.circuit_inputs(replace(SEALED, reader=off), SEAL))


def solved_unchecked(inputs: dict[str, int]) -> list[int]:
    """The constraints that the best witness for these inputs leaves broken."""
    return sealing_circuit().violated(sealing_circuit().solve(inputs).cells)


def test_the_circuits_have_the_public_inputs_that_the_chain_builds() -> None:
    assert increment_circuit().public_count == call_size(counter.method(VkId(bytes(32))), (counter.SPEC,))
    assert sealing_circuit().public_count == set_readers_size(readers.READERS)
    assert set_readers_size(MAX_READERS) <= 32
    assert counter.SPEC.ciphertext_length == counter.CIPHERTEXT


def test_the_circuits_cost_what_they_are_known_to_cost() -> None:
    assert increment_circuit().cost_by_scope() == {"": 1, "add": 160, "open": 503, "seal": 1270}
    assert sealing_circuit().cost_by_scope() == {"": 1, "data key": 241, "agree": 3975, "seal": 298}


def test_two_attempts_at_one_version_share_no_pad() -> None:
    """Not even with one blinding for two amounts, as a broken random source would give."""
    attempts = [INCREMENT, replace(INCREMENT, next_blinding=14), replace(INCREMENT, amount=3)]
    made = [counter.compute(7, 3, 5, attempt) for attempt in attempts]
    pads = [
        sealing.remove_pads(public.ciphertext, (attempt.value + attempt.amount, attempt.next_blinding))
        for public, attempt in zip(made, attempts, strict=True)
    ]
    assert len({public.nonce for public in made}) == len({pad for row in pads for pad in row}) // 2 == 3


def test_pads_differ_by_contract_register_version_and_place() -> None:
    first = (1, 2, 3, 4, 5)
    others = [(*first[:place], 9, *first[place + 1 :]) for place in range(len(first))]
    streams = [sealing.keystream(*arguments, length=2) for arguments in (first, *others)]
    flat = [pad for stream in streams for pad in stream]
    assert len(set(flat)) == len(flat)


def test_commitments_of_registers_with_more_values_are_another_kind() -> None:
    commitments = [sealing.initial_commitment(count) for count in range(1, 15)]
    assert all(left != right for left, right in pairwise(sorted(commitments)))


def test_the_method_moves_the_one_register() -> None:
    method = counter.method(VkId(b"v" * 32))
    assert (method.reads, method.writes, method.arguments) == ((), (Uint(0),), 0)
