"""Blocks with transactions that a proof pays: which stand in one, which are given up, and that all nodes agree."""

import pytest

from chain.execution.block import TooMuchWork
from chain.execution.fee_source import ProofPaidFailure, RepeatedUnique
from chain.execution.transaction import FeeLimitTooLow
from chain.proposer import Built, Proposer, build_block
from chain.types.receipt import OK
from chain.types.scalars import NATIVE, Amount, Blob, Timestamp, WorkUnits
from chain.types.transaction import Transaction
from contracts.token.actions import Transfer
from tests.support.direct_verifier import ClaimTable
from tests.support.purse import Fill, NoteUsed, Purse, spend
from tests.support.sealed_chain import SealedChain, validator_id, with_body
from tests.support.small_chain import CLU, account

OFFER = CLU
PAY = Transfer(account(2), Amount(10))
ZERO = Transfer(account(2), Amount(0))


def purse_chain(**options: object) -> SealedChain:
    chain = SealedChain(components=(Purse(),), **options)
    chain.append(build(chain, chain.transaction(1, Fill(Amount(100 * CLU), NATIVE))).block)
    return chain


@pytest.fixture
def chain() -> SealedChain:
    return purse_chain()


def build(chain: SealedChain, *candidates: Transaction) -> Built:
    proposer = Proposer(validator_id(0), *chain.beacon())
    time = Timestamp(chain.tip.time + 1)
    return build_block(
        candidates, chain.tip, chain.view, chain.chain, chain.verifier, proposer, time, chain.last_commit
    )


def forced(chain: SealedChain, *transactions: Transaction) -> None:
    """A block that a lying proposer fills without asking the rules; applies it."""
    chain.apply(with_body(build(chain).block, transactions=tuple(Blob(each.raw) for each in transactions)))


def test_it_stands_in_a_block_that_every_node_accepts(chain: SealedChain) -> None:
    other = purse_chain()
    paid = spend(1, offer=OFFER, paid=10, recipient=account(50))
    built = build(chain, chain.proof_paid(50, paid, PAY, tip=3), chain.transaction(3, PAY))
    assert [receipt.code for receipt in built.result.receipts] == [OK] * 3
    assert (built.result.receipts[0].fee, built.refused) == (OFFER, ())
    results = [node.append(built.block) for node in (chain, other)]
    assert results[0].receipts == results[1].receipts == built.result.receipts
    assert chain.tip == other.tip
    assert chain.money() == chain.supply()


def test_one_whose_action_fails_is_left_out_and_given_up(chain: SealedChain) -> None:
    """It could not be charged: a receipt would be free."""
    failing = chain.proof_paid(50, spend(1, offer=OFFER), ZERO)
    good = chain.proof_paid(51, spend(1, offer=OFFER))
    built = build(chain, failing, good)
    assert built.block.transactions == (Blob(good.raw),)
    assert built.refused == (failing.hash,)
    with pytest.raises(ProofPaidFailure):
        forced(chain, failing)


def test_of_two_with_one_nullifier_the_first_stands_whoever_pays(chain: SealedChain) -> None:
    one, other = chain.proof_paid(50, spend(1, 2, offer=OFFER)), chain.proof_paid(51, spend(2, 3, offer=OFFER))
    by_account = chain.transaction(3, spend(2))
    built = build(chain, one, other, by_account)
    assert built.block.transactions == (Blob(one.raw), Blob(by_account.raw))
    assert built.refused == (other.hash,)
    assert [receipt.code for receipt in built.result.receipts] == [OK, NoteUsed.code, OK]
    built = build(chain, by_account, one)
    assert (built.block.transactions, built.refused) == ((Blob(by_account.raw),), (one.hash,))
    for bad in ((one, one), (one, other), (by_account, one)):
        with pytest.raises(ProofPaidFailure):
            forced(chain, *bad)


def test_no_proof_is_looked_at_of_one_that_fails_before(chain: SealedChain) -> None:
    chain.verifier = table = ClaimTable(credulous=True)
    one, other = chain.proof_paid(50, spend(1, offer=OFFER)), chain.proof_paid(51, spend(1, offer=OFFER))
    build(chain, one, other)
    assert table.asked == list(one.claims[0])


def test_what_is_malformed_is_given_up(chain: SealedChain) -> None:
    twice = chain.proof_paid(50, spend(1, 1, offer=OFFER))
    built = build(chain, twice)
    assert (built.block.transactions, built.refused) == ((), (twice.hash,))
    with pytest.raises(RepeatedUnique):
        forced(chain, twice)


def test_one_that_the_base_fee_has_outgrown_is_left_out_and_not_given_up(chain: SealedChain) -> None:
    cheap = chain.proof_paid(50, spend(1, offer=1))
    built = build(chain, cheap)
    assert (built.block.transactions, built.refused) == ((), ())
    with pytest.raises(FeeLimitTooLow):
        forced(chain, cheap)


def test_a_block_takes_no_more_of_them_than_its_work() -> None:
    chain = purse_chain()
    work = chain.execute(chain.proof_paid(50, spend(1, offer=OFFER))).receipts[0].work
    chain = purse_chain(max_block_work=WorkUnits(2 * work + 1), target_block_work=WorkUnits(work))
    several = [chain.proof_paid(50, spend(number, offer=OFFER)) for number in (1, 2, 3)]
    built = build(chain, *several)
    assert (len(built.block.transactions), built.refused) == (2, ())
    chain.verifier = table = ClaimTable(credulous=True)
    with pytest.raises(TooMuchWork):
        forced(chain, *several)
    assert table.asked == []
