"""The rules of shielded pools, each broken on its own."""

from dataclasses import replace

import pytest

from chain.codec import decode, encode
from chain.errors import WrongShape
from chain.execution.accounts import InsufficientBalance
from chain.execution.fee_source import RepeatedUnique
from chain.execution.fees import transaction_work
from chain.types.receipt import OK
from chain.types.scalars import MAX_UINT, NOBODY, Amount, AssetId, Blob, FieldElement, ObjectId, VkId
from contracts.notes import state as notes
from contracts.notes.errors import (
    BadEphemeral,
    DuplicateNullifier,
    NoteSpent,
    RootTooOld,
    UnknownRoot,
    WrongCiphertextLength,
)
from contracts.notes.output import Point
from contracts.registry.actions import RegisterKey
from contracts.registry.decisions import FreezeKey
from contracts.registry.errors import KeyFrozen, KeyUnknown
from contracts.shielded import state
from contracts.shielded.actions import TRANSFER_BYTES, Open, Transfer
from contracts.shielded.errors import (
    AssetWithoutAmount,
    FeeNotNative,
    PoolKeyShape,
    RecipientWithoutAmount,
    UnknownPool,
    WrongNoteCount,
    WrongPadding,
    WrongPoolKey,
)
from contracts.shielded.events import PoolOpened
from contracts.shielded.statement import TRANSFER_SIZE, transfer_inputs
from tests.support.programs import compressed_key, vk_id
from tests.support.shielded_pool import ALICE, BOB, OPENER, PoolChain, output
from tests.support.small_chain import FUNDS, account
from tests.support.votes import decide

GOLD = AssetId(b"\x07" * 32)


@pytest.fixture(scope="module")
def opened() -> PoolChain:
    """Shared by tests that only look."""
    return PoolChain()


@pytest.fixture
def chain() -> PoolChain:
    return PoolChain()


# Opening


def test_a_pool_is_opened_under_a_registered_key(chain: PoolChain) -> None:
    pool = chain.opened()
    record = state.require_pool(chain.view, pool)
    assert (record.vk_id, record.opened_by, record.opened_at) == (chain.key, account(OPENER), chain.height)
    assert list(state.pools(chain.view)) == [chain.pool, pool]


def test_no_pool_comes_before_one_that_is_there(chain: PoolChain) -> None:
    """Ids can be ground for: of many later pools some have a lower id than the first one."""
    later = [chain.opened() for _ in range(8)]
    assert min(later) < chain.pool
    assert list(state.pools(chain.view)) == [chain.pool, *later]


def test_opening_tells_the_pools_id(chain: PoolChain) -> None:
    (event,) = chain.do(ALICE, Open(chain.key)).events
    assert isinstance(event, PoolOpened)
    assert state.require_pool(chain.view, event.pool).opened_by == account(ALICE)


def test_a_key_of_another_shape_opens_no_pool(chain: PoolChain) -> None:
    chain.do(OPENER, RegisterKey(compressed_key(5), None))
    chain.block()
    with pytest.raises(PoolKeyShape) as wrong:
        chain.check(OPENER, Open(vk_id(5)))
    assert (wrong.value.expected, wrong.value.got) == (TRANSFER_SIZE, 5)


def test_an_unregistered_key_opens_no_pool(opened: PoolChain) -> None:
    with pytest.raises(KeyUnknown):
        opened.check(OPENER, Open(VkId(bytes(32))))


# A transfer's shape


def test_a_transfer_like_all_others_passes(opened: PoolChain) -> None:
    opened.check(ALICE, opened.transfer())
    opened.check(ALICE, opened.transfer(taken=5))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_transfer_spends_two_and_makes_two(opened: PoolChain, count: int) -> None:
    nullifiers = tuple(opened.fresh() for _ in range(count))
    with pytest.raises(WrongNoteCount) as wrong:
        opened.check(ALICE, opened.transfer(nullifiers=nullifiers, padding=Blob(b"")))
    assert (wrong.value.what, wrong.value.expected, wrong.value.got) == ("nullifiers", 2, count)
    with pytest.raises(WrongNoteCount) as wrong:
        opened.check(ALICE, opened.transfer(outputs=(output(1),) * count, padding=Blob(b"")))
    assert (wrong.value.what, wrong.value.got) == ("outputs", count)


@pytest.mark.parametrize("amount", [0, 1, 127, 128, 2**16, 2**32, MAX_UINT])
def test_all_transfers_have_one_size(opened: PoolChain, amount: int) -> None:
    transfers = [opened.transfer(taken=amount), opened.transfer(paid=amount), opened.transfer(fee=Amount(amount))]
    assert {len(encode(each)) for each in transfers} == {TRANSFER_BYTES}


def test_all_transfers_have_one_fee_class(opened: PoolChain) -> None:
    small, large = opened.transfer(taken=1), opened.transfer(taken=2**60, paid=2**59, to=99)
    sent = [opened.transaction(ALICE, each) for each in (small, large)]
    assert len({len(each.raw) for each in sent}) == 1
    assert len({transaction_work(each, opened.params) for each in sent}) == 1


@pytest.mark.parametrize("padding", [b"", bytes(23), bytes(25), bytes(23) + b"\x01"])
def test_the_padding_is_as_many_zeros_as_are_missing(opened: PoolChain, padding: bytes) -> None:
    good = opened.transfer()
    assert len(good.padding) == 24
    with pytest.raises(WrongPadding) as wrong:
        opened.check(ALICE, replace(good, padding=Blob(padding)))
    assert wrong.value.expected == TRANSFER_BYTES


def test_a_ciphertext_has_five_elements(opened: PoolChain) -> None:
    outputs = (output(1, elements=6), output(2, elements=4))
    with pytest.raises(WrongCiphertextLength):
        opened.check(ALICE, opened.transfer(outputs=outputs))


@pytest.mark.parametrize("field", ["taken", "paid", "fee"])
def test_amounts_beyond_63_bits_are_no_amounts(opened: PoolChain, field: str) -> None:
    with pytest.raises(WrongShape):
        encode(opened.transfer(**{field: 2**63}, padding=Blob(b"")))
    plain = encode(opened.transfer(**{field: 2**62}, padding=Blob(b"")))
    large = plain.replace((2**62).to_bytes(8, "big"), (2**63).to_bytes(8, "big"))
    assert large != plain
    with pytest.raises(WrongShape):
        decode(Transfer, large)


def test_what_leaves_is_added_without_wrapping(opened: PoolChain) -> None:
    """paid + fee is below 2**64, so it is one number of the circuit's 64 bits: the sum itself stands in the proof."""
    both = opened.transfer(paid=MAX_UINT, fee=Amount(MAX_UINT))
    assert transfer_inputs(both)[6] == 2 * MAX_UINT < 2**64


# What is named without need


def test_an_asset_is_named_only_with_an_amount(opened: PoolChain) -> None:
    with pytest.raises(AssetWithoutAmount) as stray:
        opened.check(ALICE, opened.transfer(asset=GOLD))
    assert stray.value.asset == GOLD


def test_a_recipient_is_named_only_with_an_amount(opened: PoolChain) -> None:
    with pytest.raises(RecipientWithoutAmount):
        opened.check(ALICE, opened.transfer(taken=1, recipient=account(BOB)))
    with pytest.raises(RecipientWithoutAmount) as nobody:
        opened.check(ALICE, opened.transfer(paid=1, recipient=NOBODY))
    assert nobody.value.paid == 1


def test_a_fee_is_native(opened: PoolChain) -> None:
    with pytest.raises(FeeNotNative) as foreign:
        opened.check(ALICE, opened.transfer(asset=GOLD, fee=Amount(1)))
    assert foreign.value.asset == GOLD


# The pool, its key, its notes


def test_an_unknown_pool_is_refused(opened: PoolChain) -> None:
    with pytest.raises(UnknownPool) as unknown:
        opened.check(ALICE, opened.transfer(pool=ObjectId(bytes(32))))
    assert unknown.value.pool == bytes(32)


def test_another_key_than_the_pools_is_refused(opened: PoolChain) -> None:
    with pytest.raises(WrongPoolKey) as wrong:
        opened.check(ALICE, opened.transfer(vk_id=VkId(bytes(32))))
    assert (wrong.value.expected, wrong.value.got) == (opened.key, bytes(32))


def test_a_frozen_key_stops_the_pool(chain: PoolChain) -> None:
    decide(chain, FreezeKey(chain.key, True))
    with pytest.raises(KeyFrozen):
        chain.check(ALICE, chain.transfer())
    decide(chain, FreezeKey(chain.key, False))
    chain.check(ALICE, chain.transfer())


def test_the_identity_is_no_one_time_point(opened: PoolChain) -> None:
    with pytest.raises(BadEphemeral):
        opened.check(ALICE, opened.transfer(ephemeral=Point(FieldElement(0), FieldElement(1))))


def test_a_forged_root_is_refused(opened: PoolChain) -> None:
    with pytest.raises(UnknownRoot):
        opened.check(ALICE, opened.transfer(root=FieldElement(12345)))


def test_a_root_of_another_pool_is_refused(chain: PoolChain) -> None:
    other = chain.opened()
    chain.do(ALICE, chain.transfer(pool=other))
    root = notes.tree_of(chain.view, other).root
    chain.check(ALICE, chain.transfer(pool=other, root=root))
    with pytest.raises(UnknownRoot):
        chain.check(ALICE, chain.transfer(root=root))


def test_a_root_that_is_too_old_is_refused(chain: PoolChain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "ROOTS_KEPT", 2)
    old = chain.transfer()
    chain.do(ALICE, chain.transfer())
    chain.check(ALICE, old)
    chain.do(ALICE, chain.transfer())
    with pytest.raises(RootTooOld):
        chain.check(ALICE, old)


def test_a_spent_note_is_refused(chain: PoolChain) -> None:
    first = chain.transfer()
    assert chain.do(ALICE, first).code == OK
    again = chain.transfer(nullifiers=(chain.fresh(), first.nullifiers[0]))
    with pytest.raises(NoteSpent) as spent:
        chain.check(BOB, again)
    assert spent.value.nullifier == first.nullifiers[0]
    assert chain.do(BOB, again).code == NoteSpent.code


def test_one_note_is_not_spent_twice_in_one_transfer(chain: PoolChain) -> None:
    nullifier = chain.fresh()
    twice = chain.transfer(nullifiers=(nullifier, nullifier))
    with pytest.raises(DuplicateNullifier):
        chain.check(ALICE, twice)
    with pytest.raises(RepeatedUnique):
        chain.do(ALICE, twice)


def test_one_note_is_not_spent_in_two_actions_of_one_transaction(chain: PoolChain) -> None:
    first = chain.transfer()
    second = chain.transfer(nullifiers=(first.nullifiers[1], chain.fresh()))
    with pytest.raises(RepeatedUnique):
        chain.do(ALICE, first, second)
    assert notes.counts(chain.view) == notes.NOTHING


def test_of_two_transactions_in_a_block_that_spend_one_note_the_first_wins(chain: PoolChain) -> None:
    first = chain.transfer()
    second = chain.transfer(nullifiers=(first.nullifiers[1], chain.fresh()))
    receipts = chain.block(chain.transaction(ALICE, first), chain.transaction(BOB, second))
    assert [receipt.code for receipt in receipts] == [OK, NoteSpent.code]
    assert notes.counts(chain.view).nullifiers == 2


def test_a_failed_transaction_leaves_no_note_and_no_nullifier(chain: PoolChain) -> None:
    failing = chain.transfer(taken=FUNDS + 1)
    assert chain.do(ALICE, chain.transfer(), failing).code == InsufficientBalance.code
    assert notes.counts(chain.view) == notes.NOTHING
    assert notes.tree_of(chain.view, chain.pool) == notes.EMPTY_TREE
