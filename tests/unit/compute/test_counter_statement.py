"""The counter's statement: what the plain function says and what the circuit enforces are the same thing."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.types.scalars import Hash, Uint, VkId
from compute.confidential import counter
from contracts.confidential import sealing
from contracts.confidential.signals import call_size
from crypto.field import SCALAR_FIELD
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.errors import CircuitError

elements = st.integers(0, SCALAR_FIELD - 1) | st.sampled_from((0, 1, SCALAR_FIELD - 1))
counts = st.integers(0, 2**63 - 2)
values = st.integers(0, 2**64 + 2**33) | st.sampled_from((0, 2**64 - 2**32, 2**64 - 1, 2**64))
amounts = st.integers(0, 2**33) | st.sampled_from((0, 2**32 - 1, 2**32, SCALAR_FIELD - 1))
openings = st.builds(counter.Private, elements, values, elements, amounts, elements)

increment_circuit = cache(counter.constrain)


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


INCREMENT = counter.Private(data_key=11, value=40, blinding=12, amount=2, next_blinding=13)
INCREMENTED = counter.compute(contract=7, epoch=3, version=5, private=INCREMENT, ctx=99)


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


def test_ctx_is_free_in_the_statement_and_bound_by_the_proof() -> None:
    """Any ctx is true, but it stands in a constraint, so a proof made for one is false for all others."""
    assert counter.check(replace(INCREMENTED, ctx=1), INCREMENT)
    rows = increment_circuit().constraints.rows()
    assert any(cell == 1 for row in rows for terms in row for cell, _ in terms)


@pytest.mark.parametrize("name", ["data_key", "value", "blinding", "amount", "next_blinding"])
def test_no_other_witness_gives_the_same_public_inputs(name: str) -> None:
    other = replace(INCREMENT, **{name: cast(int, getattr(INCREMENT, name)) + 1})
    assert not counter.check(INCREMENTED, other)
    assert solved(increment_circuit(), counter.circuit_inputs(INCREMENTED, other)) != INCREMENTED.signals()


def test_the_circuit_has_the_public_inputs_that_the_chain_builds() -> None:
    method = counter.method(VkId(bytes(32)), Hash(bytes(32)))
    assert increment_circuit().public_count == call_size(method, (counter.SPEC,))
    assert counter.SPEC.ciphertext_length == counter.CIPHERTEXT


def test_the_circuit_costs_what_it_is_known_to_cost() -> None:
    assert increment_circuit().cost_by_scope() == {"": 1, "add": 160, "open": 503, "seal": 1270}


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
    method = counter.method(VkId(b"v" * 32), Hash(bytes(32)))
    assert (method.reads, method.writes, method.arguments) == ((), (Uint(0),), 0)
