"""Sealing to readers: what the plain function says and what the circuits enforce are the same thing, for each count."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.confidential import readers
from contracts.confidential.description import MAX_READERS
from contracts.confidential.statement import set_readers_size
from crypto import babyjubjub
from crypto.field import SCALAR_FIELD
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.errors import CircuitError

ORDER = babyjubjub.SUBORDER
elements = st.integers(0, SCALAR_FIELD - 1) | st.sampled_from((0, 1, SCALAR_FIELD - 1))
epochs = st.integers(1, 2**63 - 1)
numbers = st.integers(0, 2**250 - 1) | st.sampled_from((0, 1, 2**250 - 1))
keys = st.integers(1, ORDER - 1).map(babyjubjub.public_key)

circuit_of = cache(readers.constrain)
KEYS = [babyjubjub.public_key(77 + number) for number in range(MAX_READERS)]
SECRET = readers.Private(data_key=11, ephemeral=12345)
SEALED = readers.compute(contract=7, epoch=3, readers=KEYS[:2], private=SECRET, ctx=99)
BAD_KEYS = {
    "off the curve": readers.Point(1, 1),
    "identity": babyjubjub.IDENTITY,
    "of order two": readers.Point(0, SCALAR_FIELD - 1),
    "with a part of order two": babyjubjub.add(KEYS[0], readers.Point(0, SCALAR_FIELD - 1)),
}


def solved(circuit: Circuit, public: readers.Public, private: readers.Private) -> tuple[int, ...] | None:
    """The public signals that the circuit computes, None if it has no witness for the inputs."""
    try:
        witness = circuit.solve(readers.circuit_inputs(public, private))
        circuit.check(witness)
    except CircuitError:
        return None
    return witness.public


@settings(max_examples=10, deadline=None)
@given(elements, elements, epochs, elements, numbers, st.lists(keys, min_size=1, max_size=3))
def test_sealing_is_proven_exactly_when_it_holds(
    ctx: int, contract: int, epoch: int, data_key: int, number: int, points: list[readers.Point]
) -> None:
    private = readers.Private(data_key, number)
    public = readers.compute(contract, epoch, points, private, ctx)
    expected = public.signals() if readers.check(public, private) else None
    assert solved(circuit_of(len(points)), public, private) == expected


@pytest.mark.parametrize("position", range(1, set_readers_size(2)))
def test_no_public_input_can_be_another_one(position: int) -> None:
    altered = list(SEALED.signals())
    altered[position] = (altered[position] + 1) % SCALAR_FIELD
    assert readers.check(SEALED, SECRET)
    assert not readers.check(readers.Public.of(altered), SECRET)
    witness = circuit_of(2).solve(readers.circuit_inputs(SEALED, SECRET))
    cells = list(witness.cells)
    cells[1 + position] = altered[position]
    assert circuit_of(2).violated(cells)


def test_signals_are_read_back_as_they_were_written() -> None:
    assert readers.Public.of(SEALED.signals()) == SEALED


def test_ctx_is_free_in_the_statement_and_bound_by_the_proof() -> None:
    assert readers.check(replace(SEALED, ctx=1), SECRET)
    for readers_count in (1, 2):
        rows = circuit_of(readers_count).constraints.rows()
        assert any(cell == 1 for row in rows for terms in row for cell, _ in terms)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("name", sorted(BAD_KEYS))
def test_nothing_is_sealed_to_a_key_that_is_not_of_prime_order(name: str, place: int) -> None:
    sealed = list(SEALED.readers)
    sealed[place] = replace(sealed[place], reader=BAD_KEYS[name])
    public = replace(SEALED, readers=tuple(sealed))
    assert not readers.check(public, SECRET)
    assert solved(circuit_of(2), public, SECRET) is None


def test_a_number_that_is_too_wide_makes_no_secret() -> None:
    """2^250 would be a second name for another secret, or for one that shows."""
    assert not readers.check(SEALED, replace(SECRET, ephemeral=2**250))
    assert solved(circuit_of(2), SEALED, replace(SECRET, ephemeral=2**250)) is None


def test_the_one_time_point_is_never_the_identity() -> None:
    for number in (0, 1, 2**250 - 1):
        assert readers.compute(7, 3, KEYS[:1], replace(SECRET, ephemeral=number)).ephemeral != babyjubjub.IDENTITY


def test_a_reader_cannot_be_given_the_pad_of_another() -> None:
    """Wrapped values swapped between two readers: each would open to a key that is not the epoch's."""
    first, second = SEALED.readers
    swapped = (replace(first, wrapped=second.wrapped), replace(second, wrapped=first.wrapped))
    assert not readers.check(replace(SEALED, readers=swapped), SECRET)


def test_no_two_readers_share_a_pad_nor_do_two_epochs_or_contracts() -> None:
    def pads(contract: int, epoch: int, points: Sequence[readers.Point]) -> set[int]:
        return {each.wrapped for each in readers.compute(contract, epoch, points, SECRET).readers}

    many = [*KEYS, babyjubjub.negate(KEYS[0]), babyjubjub.double(KEYS[0])]
    assert len(pads(7, 3, many)) == len(many)
    assert not pads(7, 3, KEYS) & (pads(8, 3, KEYS) | pads(7, 4, KEYS))


@pytest.mark.parametrize("count", [1, 2, 3, MAX_READERS])
def test_each_circuit_has_the_chains_public_inputs_and_its_golden_cost(count: int) -> None:
    circuit = circuit_of(count)
    assert circuit.public_count == set_readers_size(count) <= 32
    assert circuit.cost_by_scope() == {
        "": 1,
        "data key": 241,
        "ephemeral": 754,
        "agree": 1525 * count,
        "seal": 298 * count,
    }


def test_the_circuit_of_eight_readers_computes_what_the_plain_statement_does() -> None:
    public = readers.compute(7, 3, KEYS, SECRET, ctx=99)
    assert solved(circuit_of(MAX_READERS), public, SECRET) == public.signals()
