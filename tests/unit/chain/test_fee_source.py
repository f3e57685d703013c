"""Transactions that a proof pays: what makes one valid, what it costs whom, and that it works once."""

from dataclasses import replace

import pytest

from chain.amount import show
from chain.errors import InvalidTransaction
from chain.execution import accounts, fees
from chain.execution.block import TooMuchWork
from chain.execution.fee_source import (
    FeeSourceError,
    NothingUnique,
    OfferFromAccount,
    OfferNotLimit,
    OneTimeNonce,
    ProofPaidFailure,
    RepeatedUnique,
    UnsupportedFeeSource,
    WrongOffers,
)
from chain.execution.transaction import FeeLimitTooLow
from chain.execution.verifier import BadSignature, FalseEvidence
from chain.state import keys
from chain.types.receipt import OK
from chain.types.scalars import NATIVE, Amount, Nonce, ObjectId, Uint, WorkUnits
from chain.types.transaction import FROM_ACCOUNT, FeeSource, Transaction
from contracts.token.actions import Transfer
from contracts.token.errors import NothingToTransfer
from tests.support.direct_verifier import ClaimTable
from tests.support.purse import PURSE, Fill, Made, Make, NoteUsed, Purse, UnknownPurseRoot, spend
from tests.support.small_chain import CLU, FUNDS, SmallChain, account

FILLER, KEY, OTHER_KEY = 1, 50, 51
OFFER = CLU
PAY = Transfer(account(2), Amount(10))


def purse_chain(**options: object) -> SmallChain:
    """A chain on which the purse holds 100 CLU."""
    chain = SmallChain(components=(Purse(),), **options)  # type: ignore[arg-type]
    assert chain.do(FILLER, Fill(Amount(100 * CLU), NATIVE)).code == OK
    return chain


@pytest.fixture
def chain() -> SmallChain:
    return purse_chain()


def refused(chain: SmallChain, error: type[Exception], *transactions: Transaction) -> Exception:
    """The last of them makes the block invalid."""
    before = dict(chain.view.iterate(keys.Key(b"")))
    chain.execute(*transactions[:-1])
    with pytest.raises(error) as raised:
        chain.block(*transactions)
    assert dict(chain.view.iterate(keys.Key(b""))) == before
    return raised.value


# What it costs


def test_the_proof_pays_the_whole_fee_and_no_account_is_read_or_written(chain: SmallChain) -> None:
    supply = chain.supply()
    receipt = chain.block(chain.proof_paid(KEY, spend(1, offer=OFFER), tip=77))[0]
    assert (receipt.code, receipt.fee) == (OK, OFFER)
    assert accounts.holding(chain.view, PURSE) == 100 * CLU - OFFER
    assert chain.view.get(keys.account(account(KEY))) is None
    assert chain.supply() == supply - (OFFER - 77)
    assert chain.money() == chain.supply()


def test_the_tip_goes_to_the_proposer_and_what_is_overpaid_is_burnt(chain: SmallChain) -> None:
    operator = 100
    before, supply = chain.balance(operator), chain.supply()
    chain.block(chain.proof_paid(KEY, spend(1, offer=OFFER), tip=500))
    assert chain.balance(operator) == before + 50  # its commission
    assert chain.closing_events[0].shared == 450  # type: ignore[attr-defined]
    assert chain.supply() == supply - OFFER + 500


def test_its_work_is_that_of_its_class_whoever_pays(chain: SmallChain) -> None:
    by_proof = chain.proof_paid(KEY, spend(1, offer=OFFER))
    by_account = chain.transaction(KEY, spend(1), fee_limit=Amount(OFFER))
    assert fees.transaction_work(by_proof, chain.params) == fees.transaction_work(by_account, chain.params)


def test_an_offer_of_exactly_base_cost_and_tip_is_enough_and_one_less_is_not(chain: SmallChain) -> None:
    draft = chain.proof_paid(KEY, spend(1, offer=OFFER), tip=9)
    base_fee = fees.read_base_fee(chain.view)
    needed = fees.transaction_work(draft, chain.params) * base_fee + 9
    short = chain.proof_paid(KEY, spend(1, offer=needed - 1), tip=9)
    error = refused(chain, FeeLimitTooLow, short)
    assert isinstance(error, FeeLimitTooLow)
    assert (error.needed, error.limit) == (needed, needed - 1)
    assert chain.block(chain.proof_paid(KEY, spend(1, offer=needed), tip=9))[0].code == OK


def test_a_tip_cannot_exceed_the_offer(chain: SmallChain) -> None:
    refused(chain, FeeLimitTooLow, chain.proof_paid(KEY, spend(1, offer=OFFER), tip=OFFER))


def test_more_than_the_object_holds_cannot_be_offered(chain: SmallChain) -> None:
    error = refused(chain, ProofPaidFailure, chain.proof_paid(KEY, spend(1, offer=101 * CLU)))
    assert isinstance(error, ProofPaidFailure)
    assert isinstance(error.rule, accounts.InsufficientHolding)


def test_it_counts_towards_the_works_limit_of_a_block() -> None:
    probe = purse_chain()
    work = probe.execute(probe.proof_paid(KEY, spend(1, offer=OFFER))).receipts[0].work
    chain = purse_chain(max_block_work=WorkUnits(2 * work - 1), target_block_work=WorkUnits(work))
    one, other = (chain.proof_paid(KEY, spend(number, offer=OFFER)) for number in (1, 2))
    refused(chain, TooMuchWork, one, other)


# What it must look like


def test_a_nonce_is_refused(chain: SmallChain) -> None:
    refused(chain, OneTimeNonce, chain.proof_paid(KEY, spend(1, offer=OFFER), nonce=Nonce(1)))


def test_the_first_action_and_no_other_offers_the_fee(chain: SmallChain) -> None:
    one, other, nothing = spend(1, offer=OFFER), spend(2, offer=OFFER), spend(3)
    for actions, offering in [((nothing,), ()), ((PAY, one), (1,)), ((one, other), (0, 1)), ((nothing, one), (1,))]:
        error = refused(chain, WrongOffers, chain.proof_paid(KEY, *actions, fee_limit=Amount(OFFER)))
        assert isinstance(error, WrongOffers)
        assert error.offering == offering
    assert chain.block(chain.proof_paid(KEY, one, nothing))[0].code == OK


@pytest.mark.parametrize("difference", [-1, 1])
def test_the_fee_limit_is_the_offer(chain: SmallChain, difference: int) -> None:
    limit = Amount(OFFER + difference)
    error = refused(chain, OfferNotLimit, chain.proof_paid(KEY, spend(1, offer=OFFER), fee_limit=limit))
    assert f"gives {show(OFFER)} for the fee" in str(error) and f"limit is {show(limit)};" in str(error)


def test_what_offers_has_a_nullifier(chain: SmallChain) -> None:
    """Else the same transaction would pay again and again out of what others hold."""
    refused(chain, NothingUnique, chain.proof_paid(KEY, spend(offer=OFFER)))
    refused(chain, NothingUnique, chain.proof_paid(KEY, spend(offer=OFFER), spend(4)))


def test_an_account_that_pays_takes_no_offer_as_well(chain: SmallChain) -> None:
    """The purse would lose what nobody gets."""
    error = refused(chain, OfferFromAccount, chain.transaction(2, PAY, spend(1, offer=5)))
    assert isinstance(error, OfferFromAccount)
    assert (error.index, error.offer) == (1, 5) and "offers 0.000000005 CLU" in str(error)
    assert chain.do(2, PAY, spend(1)).code == OK


def test_an_unknown_way_to_pay_is_refused(chain: SmallChain) -> None:
    source = FeeSource(Uint(2), account(KEY))
    refused(chain, UnsupportedFeeSource, chain.proof_paid(KEY, spend(1, offer=OFFER), fee_source=source))


def test_the_one_time_key_signs_everything(chain: SmallChain) -> None:
    signed = chain.proof_paid(KEY, spend(1, offer=OFFER))
    refused(chain, BadSignature, chain.sign(OTHER_KEY, signed.envelope))
    higher_tip = replace(signed.envelope, tip=Amount(9))
    refused(chain, BadSignature, Transaction(higher_tip, signed.signature))
    by_account = replace(signed.envelope, fee_source=FeeSource(FROM_ACCOUNT, account(KEY)))
    refused(chain, OfferFromAccount, Transaction(by_account, signed.signature))


def test_all_rules_about_what_pays_know_no_state() -> None:
    for rule in (OfferFromAccount, OneTimeNonce, WrongOffers, OfferNotLimit, NothingUnique, RepeatedUnique):
        assert issubclass(rule, FeeSourceError)
    assert issubclass(FeeSourceError, InvalidTransaction)
    assert not issubclass(ProofPaidFailure, FeeSourceError)


# All or nothing


def test_a_rule_that_fails_anywhere_makes_it_invalid_as_nobody_would_pay(chain: SmallChain) -> None:
    zero = Transfer(account(2), Amount(0))
    error = refused(chain, ProofPaidFailure, chain.proof_paid(KEY, spend(1, offer=OFFER), Make(), zero))
    assert isinstance(error, ProofPaidFailure)
    assert (error.index, type(error.rule)) == (2, NothingToTransfer)
    assert error.rule.args[0] in str(error)
    assert chain.block(chain.proof_paid(KEY, spend(1, offer=OFFER)))[0].code == OK


def test_an_unknown_root_makes_it_invalid_before_any_proof_is_looked_at(chain: SmallChain) -> None:
    chain.verifier = table = ClaimTable()
    error = refused(chain, ProofPaidFailure, chain.proof_paid(KEY, spend(1, offer=OFFER, root=78)))
    assert isinstance(error, ProofPaidFailure)
    assert isinstance(error.rule, UnknownPurseRoot)
    assert table.asked == []


def test_a_false_proof_makes_it_invalid(chain: SmallChain) -> None:
    transaction = chain.proof_paid(KEY, spend(1, offer=OFFER))
    chain.verifier = table = ClaimTable()
    refused(chain, FalseEvidence, transaction)
    table.believe(*transaction.claims[0])
    assert chain.block(transaction)[0].code == OK


def test_a_proof_copied_from_the_pool_pays_for_nobody_else(chain: SmallChain) -> None:
    transaction = chain.proof_paid(KEY, spend(1, offer=OFFER), PAY)
    chain.verifier = table = ClaimTable()
    table.believe(*transaction.claims[0])
    refused(chain, FalseEvidence, chain.proof_paid(OTHER_KEY, *transaction.envelope.actions))
    refused(chain, FalseEvidence, chain.proof_paid(KEY, transaction.envelope.actions[0], spend(3)))


def test_later_actions_may_use_what_the_first_one_paid_out(chain: SmallChain) -> None:
    """So a one-time key can do anything, from money that nobody connects to an account."""
    paid = spend(1, offer=OFFER, paid=30, recipient=account(KEY))
    receipt = chain.block(chain.proof_paid(KEY, paid, Transfer(account(2), Amount(30))))[0]
    assert receipt.code == OK
    assert (chain.balance(2), chain.balance(KEY)) == (FUNDS + 30, 0)
    assert chain.nonce(KEY) == 0
    assert chain.money() == chain.supply()


# Once


def test_it_cannot_be_replayed(chain: SmallChain) -> None:
    transaction = chain.proof_paid(KEY, spend(1, offer=OFFER))
    assert chain.block(transaction)[0].code == OK
    error = refused(chain, ProofPaidFailure, transaction)
    assert isinstance(error, ProofPaidFailure)
    assert isinstance(error.rule, NoteUsed)
    refused(chain, ProofPaidFailure, chain.proof_paid(OTHER_KEY, spend(1, offer=OFFER)))


def test_a_nullifier_works_once_in_a_block(chain: SmallChain) -> None:
    one, other = (chain.proof_paid(key, spend(1, 2, offer=OFFER)) for key in (KEY, OTHER_KEY))
    refused(chain, ProofPaidFailure, one, one)
    refused(chain, ProofPaidFailure, one, other)
    by_account = chain.transaction(2, spend(2))
    receipts = chain.block(one, by_account)
    assert [receipt.code for receipt in receipts] == [OK, NoteUsed.code]
    assert chain.money() == chain.supply()


@pytest.mark.parametrize(
    "actions", [(spend(1, 1, offer=OFFER),), (spend(1, offer=OFFER), spend(2, 1)), (spend(1, offer=OFFER), spend(3, 3))]
)
def test_a_nullifier_works_once_in_a_transaction(chain: SmallChain, actions: tuple[object, ...]) -> None:
    refused(chain, RepeatedUnique, chain.proof_paid(KEY, *actions))  # type: ignore[arg-type]


def test_an_account_does_not_name_a_nullifier_twice_either(chain: SmallChain) -> None:
    refused(chain, RepeatedUnique, chain.transaction(2, spend(1), spend(1)))


def test_a_key_that_signs_twice_makes_objects_of_different_ids(chain: SmallChain) -> None:
    receipts = chain.block(
        chain.proof_paid(KEY, spend(1, offer=OFFER), Make(), Make()),
        chain.proof_paid(KEY, spend(2, offer=OFFER), Make(), Make()),
        chain.transaction(2, PAY, Make(), Make()),
    )
    made = [event.object for receipt in receipts for event in receipt.events if isinstance(event, Made)]
    assert len(set(made)) == 6


def test_a_wallet_knows_the_id_of_what_it_will_create(chain: SmallChain) -> None:
    for transaction in (chain.proof_paid(KEY, spend(1, offer=OFFER), Make()), chain.transaction(2, PAY, Make())):
        expected: ObjectId = transaction.envelope.object_id(1)
        receipt = chain.block(transaction)[0]
        assert Made(expected) in receipt.events
