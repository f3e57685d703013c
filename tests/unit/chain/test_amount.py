"""Amounts: checked sums, and how messages show them."""

import pytest

from chain.amount import AmountOverflow, add, show, show_units, subtract
from chain.execution.accounts import InsufficientBalance, InsufficientHolding
from chain.types.scalars import MAX_UINT, AccountId, Amount, AssetId, ObjectId

GOLD = AssetId(b"\x01" * 32)


def test_sums_stay_in_their_range() -> None:
    assert (add(Amount(2), Amount(3)), subtract(Amount(3), Amount(3))) == (5, 0)
    with pytest.raises(AmountOverflow):
        add(Amount(MAX_UINT), Amount(1))
    with pytest.raises(AmountOverflow):
        subtract(Amount(2), Amount(3))


def test_native_money_is_shown_in_clu() -> None:
    texts = {0: "0 CLU", 1: "0.000000001 CLU", 1_500_000_000: "1.5 CLU", 10**15: "1,000,000 CLU"}
    assert {nano: show(nano) for nano in texts} == texts
    assert show(150, GOLD) == "150 of asset 0x" + "01" * 32
    assert show_units(150, 2, "gold") == "1.5 gold"


def test_who_has_too_little_reads_it_in_clu() -> None:
    account, half, much = AccountId(b"\x02" * 32), Amount(500_000_000), Amount(2 * 10**9)
    assert "holds 0.5 CLU and needs 2 CLU" in str(InsufficientBalance(account, half, much))
    assert "holds 0.5 CLU and cannot pay out 2 CLU" in str(InsufficientHolding(ObjectId(b"\x03" * 32), half, much))
    assert "holds 500000000 of asset" in str(InsufficientBalance(account, half, much, GOLD))
