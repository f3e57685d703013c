"""Money in shielded pools: what enters and leaves, what a proof pays, and that nothing is ever made of nothing."""

import pytest

from chain.execution import accounts
from chain.execution.accounts import InsufficientBalance
from chain.execution.fee_source import OfferFromAccount, ProofPaidFailure
from chain.execution.transaction import FeeLimitTooLow
from chain.state.overlay import Overlay
from chain.types.receipt import OK
from chain.types.scalars import MAX_UINT, NATIVE, NOBODY, Amount, AssetId, FieldElement, Height
from contracts.notes.errors import (
    NoteSpent,
)
from contracts.shielded import state
from contracts.shielded.errors import (
    PoolImbalance,
    PoolUnderflow,
    TakenWithoutAccount,
)
from contracts.shielded.events import Transferred
from tests.support.shielded_pool import ALICE, BOB, PoolChain
from tests.support.small_chain import FUNDS, account

ONE_TIME = 77  # signs what a proof pays; no account
FEE = 10**9


@pytest.fixture(scope="module")
def opened() -> PoolChain:
    """Shared by tests that only look."""
    return PoolChain()


@pytest.fixture
def chain() -> PoolChain:
    return PoolChain()


# Money


def test_money_enters_from_the_sender_and_leaves_to_the_recipient(chain: PoolChain) -> None:
    supply, bob = chain.supply(), chain.balance(BOB)
    receipt = chain.do(ALICE, chain.transfer(taken=1_000))
    assert accounts.holding(chain.view, chain.pool) == 1_000
    assert chain.balance(ALICE) == FUNDS - 1_000 - receipt.fee
    assert receipt.events == (Transferred(chain.pool, NATIVE, Amount(1_000), Amount(0), Amount(0)),)
    second = chain.do(ALICE, chain.transfer(paid=400, to=BOB))
    assert accounts.holding(chain.view, chain.pool) == 600
    assert chain.balance(BOB) == bob + 400
    assert state.totals_of(chain.view, chain.pool, NATIVE) == state.Totals(FieldElement(1_000), FieldElement(400))
    assert chain.money() == chain.supply() == supply - receipt.fee - second.fee


def test_a_private_transfer_moves_no_money_and_names_nobody(chain: PoolChain) -> None:
    receipt = chain.do(ALICE, chain.transfer())
    assert receipt.events == (Transferred(chain.pool, NATIVE, Amount(0), Amount(0), Amount(0)),)
    assert list(state.totals(chain.view, chain.pool)) == []
    assert chain.store.get(b"chain/account/" + NOBODY) is None


def test_every_asset_is_counted_by_itself(chain: PoolChain) -> None:
    gold = chain.issued(ALICE, 50)
    assert chain.do(ALICE, chain.transfer(taken=50, asset=gold), chain.transfer(taken=7)).code == OK
    assert chain.do(BOB, chain.transfer(paid=20, to=BOB, asset=gold)).code == OK
    assert accounts.holding(chain.view, chain.pool, gold) == 30
    assert accounts.balance(chain.view, account(BOB), gold) == 20
    assert dict(state.totals(chain.view, chain.pool)) == {
        NATIVE: state.Totals(FieldElement(7), FieldElement(0)),
        gold: state.Totals(FieldElement(50), FieldElement(20)),
    }
    with pytest.raises(PoolUnderflow):
        chain.check(BOB, chain.transfer(paid=31, asset=gold))


def test_nobody_pays_in_what_he_does_not_have(opened: PoolChain) -> None:
    with pytest.raises(InsufficientBalance):
        opened.check(ALICE, opened.transfer(taken=FUNDS + 1))
    with pytest.raises(InsufficientBalance):
        opened.check(ALICE, opened.transfer(taken=1, asset=AssetId(b"\x07" * 32)))


def test_a_pool_pays_out_only_what_it_holds(chain: PoolChain) -> None:
    """What a forged proof could ask for: more than all honest notes together."""
    chain.do(ALICE, chain.transfer(taken=1_000))
    with pytest.raises(PoolUnderflow) as underflow:
        chain.check(BOB, chain.transfer(paid=1_001))
    assert (underflow.value.pool, underflow.value.asset) == (chain.pool, NATIVE)
    assert (underflow.value.held, underflow.value.needed) == (1_000, 1_001)
    assert chain.do(BOB, chain.transfer(paid=1_001)).code == PoolUnderflow.code
    chain.check(BOB, chain.transfer(paid=1_000))


def test_what_enters_may_leave_by_the_same_transfer(chain: PoolChain) -> None:
    assert chain.do(ALICE, chain.transfer(taken=10, paid=10, to=BOB)).code == OK
    with pytest.raises(PoolUnderflow):
        chain.check(ALICE, chain.transfer(taken=10, paid=11, to=BOB))


def test_paying_out_of_another_pool_is_refused(chain: PoolChain) -> None:
    other = chain.opened()
    chain.do(ALICE, chain.transfer(taken=1_000))
    with pytest.raises(PoolUnderflow):
        chain.check(ALICE, chain.transfer(pool=other, paid=1))


def test_totals_outgrow_any_amount(chain: PoolChain) -> None:
    """An asset of 2**63 - 1 units goes round and round: no sum overflows, so nobody can break a block that way."""
    gold = chain.issued(ALICE, MAX_UINT)
    for _ in range(3):
        assert chain.do(ALICE, chain.transfer(taken=MAX_UINT, asset=gold)).code == OK
        assert chain.do(ALICE, chain.transfer(paid=MAX_UINT, to=ALICE, asset=gold)).code == OK
    expected = FieldElement(3 * MAX_UINT)
    assert state.totals_of(chain.view, chain.pool, gold) == state.Totals(expected, expected)


def test_a_pool_that_does_not_balance_moves_nothing(chain: PoolChain) -> None:
    """As after a mistake in any code that moves holdings: what is left stays where it is, and other blocks go on."""
    chain.do(ALICE, chain.transfer(taken=1_000))
    overlay = Overlay(chain.view)
    accounts.take_holding(overlay, chain.pool, Amount(1))
    chain.store.apply(overlay.changes())
    with pytest.raises(PoolImbalance) as broken:
        chain.check(BOB, chain.transfer(paid=1))
    assert (broken.value.entered, broken.value.left, broken.value.held) == (1_000, 0, 999)
    assert chain.do(ALICE, chain.transfer(taken=5)).code == PoolImbalance.code
    assert chain.do(ALICE, chain.transfer(pool=chain.opened(), taken=5)).code == OK


def test_a_block_that_unbalances_a_pool_is_invalid(chain: PoolChain, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by a mistake in the transfer itself: nobody accepts the block, whoever proposed it."""
    monkeypatch.setattr(accounts, "deposit", lambda *_: None)
    with pytest.raises(PoolImbalance) as broken:
        chain.do(ALICE, chain.transfer(taken=1_000))
    assert (broken.value.pool, broken.value.asset) == (chain.pool, NATIVE)
    assert (broken.value.entered, broken.value.left, broken.value.held) == (1_000, 0, 0)


def test_what_a_block_touched_is_forgotten_at_its_end(chain: PoolChain) -> None:
    chain.do(ALICE, chain.transfer(taken=1_000))
    assert list(chain.view.iterate(state.TOUCHED.scan())) == []


# Paid by the proof


def test_a_proof_pays_the_fee_and_no_account_is_named(chain: PoolChain) -> None:
    chain.do(ALICE, chain.transfer(taken=5 * FEE))
    supply = chain.supply()
    (receipt,) = chain.block(chain.proof_paid(ONE_TIME, chain.transfer(fee=Amount(FEE))))
    assert (receipt.code, receipt.fee) == (OK, FEE)
    assert accounts.holding(chain.view, chain.pool) == 4 * FEE
    assert chain.money() == chain.supply() == supply - FEE
    assert chain.store.get(b"chain/account/" + account(ONE_TIME)) is None
    assert state.totals_of(chain.view, chain.pool, NATIVE).left == FEE


def test_a_proof_pays_fee_and_recipient_together(chain: PoolChain) -> None:
    chain.do(ALICE, chain.transfer(taken=5 * FEE))
    (receipt,) = chain.block(chain.proof_paid(ONE_TIME, chain.transfer(paid=7, to=BOB, fee=Amount(FEE))))
    assert receipt.code == OK
    assert chain.balance(BOB) == FUNDS + 7
    assert accounts.holding(chain.view, chain.pool) == 4 * FEE - 7


def test_a_fee_is_not_offered_where_an_account_pays(chain: PoolChain) -> None:
    chain.do(ALICE, chain.transfer(taken=5 * FEE))
    with pytest.raises(OfferFromAccount):
        chain.do(ALICE, chain.transfer(fee=Amount(FEE)))


def test_nothing_is_taken_where_no_account_pays(chain: PoolChain) -> None:
    chain.do(ALICE, chain.transfer(taken=5 * FEE))
    taking = chain.transfer(taken=1, fee=Amount(FEE))
    with pytest.raises(ProofPaidFailure) as refused:
        chain.block(chain.proof_paid(ONE_TIME, taking))
    assert isinstance(refused.value.rule, TakenWithoutAccount)


def test_a_pool_that_does_not_hold_the_fee_pays_none(chain: PoolChain) -> None:
    with pytest.raises(ProofPaidFailure) as refused:
        chain.block(chain.proof_paid(ONE_TIME, chain.transfer(fee=Amount(FEE))))
    assert isinstance(refused.value.rule, PoolUnderflow)


def test_a_proof_that_pays_too_little_may_not_stand_in_a_block(chain: PoolChain) -> None:
    chain.do(ALICE, chain.transfer(taken=5 * FEE))
    with pytest.raises(FeeLimitTooLow):
        chain.block(chain.proof_paid(ONE_TIME, chain.transfer(fee=Amount(1))))


def test_a_proof_paid_transfer_cannot_be_repeated(chain: PoolChain) -> None:
    chain.do(ALICE, chain.transfer(taken=5 * FEE))
    action = chain.transfer(fee=Amount(FEE))
    paid = chain.proof_paid(ONE_TIME, action)
    chain.block(paid)
    for again in (paid, chain.proof_paid(ONE_TIME, action, expiry_height=Height(chain.height + 50))):
        with pytest.raises(ProofPaidFailure) as refused:
            chain.block(again)
        assert isinstance(refused.value.rule, NoteSpent)
