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
from chain.types.scalars import MAX_UINT, NATIVE, AccountId, Amount, AssetId, Height, ObjectId

ALICE, BOB = AccountId(b"\x01" * 32), AccountId(b"\x02" * 32)
TASK, BOND = ObjectId(b"\x03" * 32), ObjectId(b"\x04" * 32)
GOLD, SILVER = AssetId(b"\x05" * 32), AssetId(b"\x06" * 32)

each_asset = pytest.mark.parametrize("asset", [NATIVE, GOLD])


@pytest.fixture
def state() -> Overlay:
    """Alice has 100 of each asset; that is all there is."""
    overlay = Overlay(StateView(MemoryStore(), Height(0)))
    for asset in (NATIVE, GOLD, SILVER):
        accounts.mint(overlay, ALICE, Amount(100), asset)
    return overlay


def standing(state: Overlay, asset: AssetId = NATIVE) -> dict[str, int]:
    return {
        "alice": accounts.balance(state, ALICE, asset),
        "bob": accounts.balance(state, BOB, asset),
        "task": accounts.holding(state, TASK, asset),
        "bond": accounts.holding(state, BOND, asset),
        "supply": accounts.supply(state, asset),
    }


@each_asset
def test_money_goes_from_account_to_object_to_account(state: Overlay, asset: AssetId) -> None:
    accounts.transfer(state, ALICE, BOB, Amount(30), asset)
    accounts.deposit(state, ALICE, TASK, Amount(50), asset)
    accounts.move(state, TASK, BOND, Amount(20), asset)
    accounts.withdraw(state, TASK, BOB, Amount(10), asset)
    assert standing(state, asset) == {"alice": 20, "bob": 40, "task": 20, "bond": 20, "supply": 100}
    for other in {NATIVE, GOLD, SILVER} - {asset}:
        assert standing(state, other) == {"alice": 100, "bob": 0, "task": 0, "bond": 0, "supply": 100}


@each_asset
def test_burning_is_the_only_way_out(state: Overlay, asset: AssetId) -> None:
    accounts.deposit(state, ALICE, TASK, Amount(50), asset)
    accounts.burn_holding(state, TASK, Amount(50), asset)
    assert standing(state, asset) == {"alice": 50, "bob": 0, "task": 0, "bond": 0, "supply": 50}


@each_asset
def test_what_is_taken_from_an_object_is_burnt_or_given_by_whoever_took_it(state: Overlay, asset: AssetId) -> None:
    accounts.deposit(state, ALICE, TASK, Amount(50), asset)
    accounts.take_holding(state, TASK, Amount(20), asset)
    assert standing(state, asset) == {"alice": 50, "bob": 0, "task": 30, "bond": 0, "supply": 100}
    accounts.add_to_holding(state, BOND, Amount(5), asset)
    accounts.reduce_supply(state, Amount(15), asset)
    assert standing(state, asset) == {"alice": 50, "bob": 0, "task": 30, "bond": 5, "supply": 85}


@each_asset
def test_an_object_that_holds_nothing_leaves_no_entry(state: Overlay, asset: AssetId) -> None:
    accounts.deposit(state, ALICE, TASK, Amount(50), asset)
    accounts.withdraw(state, TASK, ALICE, Amount(50), asset)
    assert [key for key, value in state.changes() if value is not None and b"holding/" in key] == []


def test_an_account_without_any_of_an_asset_leaves_no_entry(state: Overlay) -> None:
    accounts.transfer(state, ALICE, BOB, Amount(100), GOLD)
    assert [key for key, value in state.changes() if value is not None and ALICE in key and GOLD in key] == []
    assert standing(state, GOLD) == {"alice": 0, "bob": 100, "task": 0, "bond": 0, "supply": 100}


def test_a_fee_and_a_nonce_leave_other_assets_alone(state: Overlay) -> None:
    record = accounts.read_account(state, ALICE)
    accounts.transfer(state, ALICE, BOB, Amount(1), GOLD)
    assert accounts.read_account(state, ALICE) == record


@each_asset
@pytest.mark.parametrize(
    "overdraw",
    [
        lambda state, asset: accounts.transfer(state, ALICE, BOB, Amount(101), asset),
        lambda state, asset: accounts.transfer(state, BOB, ALICE, Amount(1), asset),
        lambda state, asset: accounts.deposit(state, ALICE, TASK, Amount(101), asset),
        lambda state, asset: accounts.require_balance(state, ALICE, Amount(101), asset),
        lambda state, asset: accounts.require_holding(state, TASK, Amount(1), asset),
        lambda state, asset: accounts.withdraw(state, TASK, ALICE, Amount(1), asset),
        lambda state, asset: accounts.move(state, TASK, BOND, Amount(1), asset),
        lambda state, asset: accounts.take_holding(state, TASK, Amount(1), asset),
        lambda state, asset: accounts.burn_holding(state, TASK, Amount(1), asset),
    ],
)
def test_nobody_spends_what_it_has_not(
    state: Overlay, asset: AssetId, overdraw: Callable[[Overlay, AssetId], None]
) -> None:
    accounts.mint(state, BOB, Amount(1_000), SILVER)  # another asset does not help
    before = standing(state, asset)
    with pytest.raises((InsufficientBalance, InsufficientHolding)) as refused:
        overdraw(state, asset)
    assert refused.value.asset == asset
    assert (" CLU" in str(refused.value)) is (asset == NATIVE)
    assert standing(state, asset) == before


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
