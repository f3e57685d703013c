"""Structs as JSON: what is shown reads back to itself, and JSON of any other shape is refused."""

from dataclasses import dataclass

import pytest
from hypothesis import given

from chain.codec import from_json, to_json, wire
from chain.errors import WrongShape
from chain.types.scalars import (
    AccountId,
)
from crypto.field import SCALAR_FIELD
from tests.support.wire_examples import (
    EXAMPLE,
    UNIONS,
    Outer,
    outers,
)


@given(outers)
def test_json_goes_both_ways(value: Outer) -> None:
    assert from_json(Outer, to_json(value), unions=UNIONS) == value


def test_bytes_are_hexadecimal_and_amounts_decimal_strings() -> None:
    shown = to_json(EXAMPLE)
    assert shown["amount"] == "7"
    assert shown["hash"] == "0x" + "01" * 32
    assert shown["element"] == str(SCALAR_FIELD - 1)
    assert shown["shape"] == {"type": "circle", "radius": 5, "centre": {"height": 3, "memo": "ü"}}


def test_accounts_are_shown_as_addresses() -> None:
    @wire()
    @dataclass(frozen=True, slots=True)
    class Owner:
        account: AccountId

    assert str(to_json(Owner(AccountId(bytes(32))))["account"]).startswith("cluster1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amount", 7),
        ("amount", "-1"),
        ("amount", "07"),
        ("hash", "01" * 32),
        ("hash", "0x01"),
        ("flag", 1),
        ("many", {}),
    ],
)
def test_json_of_another_shape_is_refused(name: str, value: object) -> None:
    with pytest.raises(WrongShape):
        from_json(Outer, {**to_json(EXAMPLE), name: value}, unions=UNIONS)


def test_json_with_unknown_or_missing_keys_is_refused() -> None:
    shown = to_json(EXAMPLE)
    with pytest.raises(WrongShape):
        from_json(Outer, {**shown, "more": 1}, unions=UNIONS)
    with pytest.raises(WrongShape):
        from_json(Outer, {name: value for name, value in shown.items() if name != "flag"}, unions=UNIONS)
