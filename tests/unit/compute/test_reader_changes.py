"""Readers come and go with real proofs: who reads which epoch, and who tries to without being let."""

from dataclasses import replace
from typing import cast

import pytest

from chain.codec import encode
from chain.execution.verifier import FalseEvidence
from chain.types.scalars import FieldElement, Uint
from compute.confidential.errors import AlreadyReader, CannotOpen, NoSuchReader, NotAReader, UnsealableCount
from compute.confidential.keys import ReaderKey, as_point, reader_key, readers_of
from compute.confidential.prover import Prover
from compute.confidential.reader import current_data_key, open_call, open_contract, open_named
from compute.confidential.reader_changes import draft_add_reader, draft_remove_reader, draft_set_readers
from contracts.confidential.actions import SetReaders
from contracts.confidential.call import Call
from contracts.confidential.errors import BadReaderKey, DuplicateReader
from contracts.notes.output import Point
from crypto import babyjubjub
from crypto.field import SCALAR_FIELD
from tests.support.confidential_counter import Counter

FIRST, SECOND, THIRD = (reader_key(bytes([letter]) * 32) for letter in b"abc")
ORDER_TWO = Point(FieldElement(0), FieldElement(SCALAR_FIELD - 1))  # (0, -1)


@pytest.fixture(scope="module")
def shared(prover: Prover) -> Counter:
    """Two readers of one counter that stands at 5. Tests only look at it."""
    contract = Counter(prover, "shared", counts=(1, 2))
    contract.reader = FIRST
    contract.set_readers(FIRST, SECOND)
    contract.increment(5)
    return contract


def call_of(contract: Counter, reader: ReaderKey, amount: int) -> Call:
    """A call that a reader makes and sends."""
    contract.reader = reader
    draft = contract.draft(amount)
    contract.prove_and_send(contract.caller, draft)
    return cast(Call, draft.action)


def test_both_readers_read_and_a_third_does_not(shared: Counter) -> None:
    assert readers_of(shared.view) == (FIRST.public, SECOND.public)
    for reader in (FIRST, SECOND):
        assert open_contract(reader, shared.view)[0].values == (5,)
        assert open_named(reader, shared.view, "count").values == (5,)
    assert current_data_key(FIRST, shared.view) == current_data_key(SECOND, shared.view)
    with pytest.raises(NotAReader) as refused:
        open_contract(THIRD, shared.view)
    assert refused.value.readers == 2


def test_a_reader_is_added_and_removed(prover: Prover) -> None:
    contract = Counter(prover, "come and go", counts=(1, 2))
    contract.set_readers(FIRST)
    early = call_of(contract, FIRST, 5)
    contract.prove_and_send(contract.owner, draft_add_reader(contract.view, SECOND.public, contract.entropy))
    with pytest.raises(NotAReader):
        open_contract(SECOND, contract.view)  # the value was written before his time
    late = call_of(contract, FIRST, 2)
    assert open_contract(SECOND, contract.view)[0].values == (7,)
    contract.prove_and_send(contract.owner, draft_remove_reader(contract.view, FIRST.public, contract.entropy))
    assert readers_of(contract.view) == (SECOND.public,)
    after = call_of(contract, SECOND, 1)
    with pytest.raises(NotAReader):
        open_contract(FIRST, contract.view)
    past = contract.chain.history(contract.contract)
    assert open_call(FIRST, past, early)[0].values == (5,)
    assert [open_call(reader, past, late)[0].values for reader in (FIRST, SECOND)] == [(7,), (7,)]
    for stranger, call in ((SECOND, early), (FIRST, after)):
        with pytest.raises(NotAReader):
            open_call(stranger, past, call)


def test_a_removed_reader_can_make_no_call(prover: Prover) -> None:
    """He knows the value and the old data key, so all he lacks is the new one: its commitment is another."""
    contract = Counter(prover, "removed", counts=(1, 2))
    contract.set_readers(FIRST, SECOND)
    contract.reader = FIRST
    stale = contract.draft(1)
    contract.prove_and_send(contract.owner, draft_remove_reader(contract.view, FIRST.public, contract.entropy))
    action = replace(cast(Call, stale.action), epoch=contract.view.record.epoch)
    epoch = contract.view.epoch(contract.view.record.epoch)
    assert epoch is not None
    envelope = contract.chain.envelope(contract.caller, replace(action, kc=epoch.kc))
    with pytest.raises(FalseEvidence):
        contract.chain.apply(envelope)


@pytest.mark.parametrize("place", range(3))
def test_garbage_for_ciphertext_is_told(shared: Counter, place: int) -> None:
    (register,) = shared.view.registers
    cut = (
        [FieldElement(1), *register.ciphertext[1:]],
        [*register.ciphertext[:-1], FieldElement(1)],
        register.ciphertext[1:],
    )
    view = replace(shared.view, registers=(replace(register, ciphertext=tuple(cut[place])),))
    with pytest.raises(CannotOpen):
        open_contract(FIRST, view)


def test_a_ciphertext_of_another_version_does_not_open(shared: Counter) -> None:
    (register,) = shared.view.registers
    view = replace(shared.view, registers=(replace(register, version=Uint(register.version + 1)),))
    with pytest.raises(CannotOpen):
        open_contract(FIRST, view)


@pytest.mark.parametrize("key", [Point(FieldElement(1), FieldElement(1)), ORDER_TWO, as_point(babyjubjub.IDENTITY)])
def test_nothing_is_sealed_to_a_key_off_the_subgroup(shared: Counter, key: Point) -> None:
    with pytest.raises(BadReaderKey):
        draft_set_readers(shared.view, [key, THIRD.public], shared.entropy)


def test_the_chain_refuses_a_proven_seal_to_a_key_off_the_subgroup(shared: Counter) -> None:
    """The circuit takes any point of the curve: a component of small order would leak bits of the secret."""
    off = as_point(babyjubjub.add(babyjubjub.Point(ORDER_TWO.x, ORDER_TWO.y), babyjubjub.Point(*pair(THIRD.public))))
    honest = cast(SetReaders, draft_set_readers(shared.view, [FIRST.public, THIRD.public], shared.entropy).action)
    sealed = (honest.readers[0], replace(honest.readers[1], reader=off))
    with pytest.raises(BadReaderKey):
        shared.chain.check(shared.owner, replace(honest, readers=sealed))


def pair(point: Point) -> tuple[int, int]:
    return point.x, point.y


def test_changes_that_change_nothing_are_told(shared: Counter) -> None:
    with pytest.raises(AlreadyReader):
        draft_add_reader(shared.view, SECOND.public)
    with pytest.raises(NoSuchReader):
        draft_remove_reader(shared.view, THIRD.public)
    with pytest.raises(DuplicateReader):
        draft_set_readers(shared.view, [FIRST.public, FIRST.public])


def test_a_contract_has_the_counts_of_readers_that_it_was_deployed_with(shared: Counter) -> None:
    for readers in ([], [reader.public for reader in (FIRST, SECOND, THIRD)]):
        with pytest.raises(UnsealableCount) as refused:
            draft_set_readers(shared.view, readers)
        assert refused.value.possible == (1, 2)


def test_all_changes_of_a_count_have_one_size(shared: Counter) -> None:
    pairs = [(FIRST, SECOND), (SECOND, THIRD)]
    drafts = [draft_set_readers(shared.view, [reader.public for reader in chosen]) for chosen in pairs]
    assert len({len(encode(draft.action)) for draft in drafts}) == 1


@pytest.mark.slow
def test_eight_readers(prover: Prover) -> None:
    everybody = [reader_key(bytes([number]) * 32) for number in range(1, 9)]
    contract = Counter(prover, "eight", counts=(8,))
    contract.reader = everybody[7]
    contract.set_readers(*everybody)
    contract.increment(5)
    assert [open_contract(reader, contract.view)[0].values for reader in everybody] == [(5,)] * 8
