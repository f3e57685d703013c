"""Money moves exactly or not at all, and only burning and minting change how much there is."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import amount
from chain.amount import AmountOverflow
from chain.execution import accounts
from chain.execution.accounts import InsufficientBalance, InsufficientHolding
from chain.state.overlay import Overlay
from chain.state.store import MemoryStore
from chain.state.view import StateView
from chain.types.scalars import MAX_UINT, AccountId, Amount, Height, ObjectId

ALICE, BOB = AccountId(b"\x01" * 32), AccountId(b"\x02" * 32)
TASK, BOND = ObjectId(b"\x03" * 32), ObjectId(b"\x04" * 32)


@pytest.fixture
def state() -> Overlay:
    """Alice has 100; that is all there is."""
    overlay = Overlay(StateView(MemoryStore(), Height(0)))
    accounts.mint(overlay, ALICE, Amount(100))
    return overlay


def standing(state: Overlay) -> dict[str, int]:
    return {
        "alice": accounts.read_account(state, ALICE).balance,
        "bob": accounts.read_account(state, BOB).balance,
        "task": accounts.holding(state, TASK),
        "bond": accounts.holding(state, BOND),
        "supply": accounts.supply(state),
    }


def test_money_goes_from_account_to_object_to_account(state: Overlay) -> None:
    accounts.transfer(state, ALICE, BOB, Amount(30))
    accounts.deposit(state, ALICE, TASK, Amount(50))
    accounts.move(state, TASK, BOND, Amount(20))
    accounts.withdraw(state, TASK, BOB, Amount(10))
    assert standing(state) == {"alice": 20, "bob": 40, "task": 20, "bond": 20, "supply": 100}


def test_burning_is_the_only_way_out(state: Overlay) -> None:
    accounts.deposit(state, ALICE, TASK, Amount(50))
    accounts.burn_holding(state, TASK, Amount(50))
    assert standing(state) == {"alice": 50, "bob": 0, "task": 0, "bond": 0, "supply": 50}


def test_an_object_that_holds_nothing_leaves_no_entry(state: Overlay) -> None:
    accounts.deposit(state, ALICE, TASK, Amount(50))
    accounts.withdraw(state, TASK, ALICE, Amount(50))
    assert [key for key, value in state.changes() if value is not None and b"/holding/" in key] == []


@pytest.mark.parametrize(
    "overdraw",
    [
        lambda state: accounts.transfer(state, ALICE, BOB, Amount(101)),
        lambda state: accounts.transfer(state, BOB, ALICE, Amount(1)),
        lambda state: accounts.deposit(state, ALICE, TASK, Amount(101)),
        lambda state: accounts.require_balance(state, ALICE, Amount(101)),
        lambda state: accounts.withdraw(state, TASK, ALICE, Amount(1)),
        lambda state: accounts.move(state, TASK, BOND, Amount(1)),
        lambda state: accounts.burn_holding(state, TASK, Amount(1)),
    ],
)
def test_nobody_spends_what_it_has_not(state: Overlay, overdraw: Callable[[Overlay], None]) -> None:
    before = standing(state)
    with pytest.raises((InsufficientBalance, InsufficientHolding)):
        overdraw(state)
    assert standing(state) == before


def test_there_is_never_more_than_an_amount_can_say(state: Overlay) -> None:
    with pytest.raises(AmountOverflow):
        accounts.mint(state, BOB, Amount(MAX_UINT))


@given(st.integers(0, MAX_UINT), st.integers(0, MAX_UINT))
def test_arithmetic_is_exact_or_refused(left: int, right: int) -> None:
    if left + right <= MAX_UINT:
        assert amount.add(Amount(left), Amount(right)) == left + right
    else:
        with pytest.raises(AmountOverflow):
            amount.add(Amount(left), Amount(right))
    if left >= right:
        assert amount.subtract(Amount(left), Amount(right)) == left - right
    else:
        with pytest.raises(AmountOverflow):
            amount.subtract(Amount(left), Amount(right))
