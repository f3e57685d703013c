"""Transfers: money moves exactly, failures cost the fee and nothing else."""

import pytest

from chain.execution.accounts import InsufficientBalance, PaidToNobody
from chain.types.receipt import OK
from chain.types.scalars import NOBODY, AccountId, Amount
from contracts.token.actions import Transfer
from contracts.token.errors import NothingToTransfer
from contracts.token.events import Transferred
from tests.support.small_chain import FUNDS, SmallChain, account


@pytest.fixture
def chain() -> SmallChain:
    return SmallChain()


def test_a_transfer_moves_the_amount_and_costs_the_fee(chain: SmallChain) -> None:
    receipt = chain.do(1, Transfer(account(2), Amount(500)))
    assert receipt.code == OK
    assert receipt.events == (Transferred(account(1), account(2), Amount(500)),)
    assert chain.balance(1) == FUNDS - 500 - receipt.fee
    assert chain.balance(2) == FUNDS + 500


def test_an_account_comes_into_being_with_its_first_payment(chain: SmallChain) -> None:
    stranger = 50
    assert chain.balance(stranger) == 0
    chain.do(1, Transfer(account(stranger), Amount(7)))
    assert chain.balance(stranger) == 7


def test_a_transfer_to_oneself_costs_the_fee_only(chain: SmallChain) -> None:
    receipt = chain.do(1, Transfer(account(1), Amount(500)))
    assert receipt.code == OK
    assert chain.balance(1) == FUNDS - receipt.fee


def test_nothing_cannot_be_transferred(chain: SmallChain) -> None:
    with pytest.raises(NothingToTransfer):
        chain.check(1, Transfer(account(2), Amount(0)))


def test_more_than_one_has_cannot_be_transferred(chain: SmallChain) -> None:
    with pytest.raises(InsufficientBalance) as refused:
        chain.check(1, Transfer(account(2), Amount(FUNDS + 1)))
    assert (refused.value.balance, refused.value.needed) == (FUNDS, FUNDS + 1)


def test_the_fee_is_taken_before_the_transfer(chain: SmallChain) -> None:
    receipt = chain.do(1, Transfer(account(2), FUNDS))
    assert receipt.code == InsufficientBalance.code
    assert receipt.events == ()
    assert chain.balance(1) == FUNDS - receipt.fee
    assert chain.balance(2) == FUNDS
    assert chain.nonce(1) == 1


def test_actions_of_one_transaction_apply_all_or_none(chain: SmallChain) -> None:
    receipt = chain.do(1, Transfer(account(2), Amount(5)), Transfer(account(3), Amount(0)))
    assert receipt.code == NothingToTransfer.code
    assert chain.balance(2) == FUNDS
    receipt = chain.do(1, Transfer(account(2), Amount(5)), Transfer(account(3), Amount(6)))
    assert receipt.code == OK
    assert (chain.balance(2), chain.balance(3)) == (FUNDS + 5, FUNDS + 6)


def test_any_32_bytes_can_be_paid(chain: SmallChain) -> None:
    assert chain.do(1, Transfer(AccountId(bytes(31) + b"\1"), Amount(1))).code == OK
    assert chain.money() == chain.supply()


def test_nobody_is_not_paid(chain: SmallChain) -> None:
    """32 zero bytes are where somebody forgot to say who."""
    with pytest.raises(PaidToNobody) as refused:
        chain.check(1, Transfer(NOBODY, Amount(1)))
    assert refused.value.amount == 1
