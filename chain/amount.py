"""Checked arithmetic on amounts: integers below 2**63, never negative, never wrapped; and how people read them."""

from typing import Final

from chain.errors import ChainError
from chain.types.scalars import MAX_UINT, NATIVE, Amount, AssetId

NANO_DECIMALS: Final = 9  # of CLU


class AmountOverflow(ChainError):
    """A sum of amounts leaves the range 0 .. 2**63 - 1."""

    code = 3020

    def __init__(self, left: int, right: int) -> None:
        super().__init__(f"{left} and {right} units together leave the range 0..2^63-1; use smaller amounts.")
        self.left, self.right = left, right


def add(left: Amount, right: Amount) -> Amount:
    """left + right. Raises AmountOverflow."""
    total = left + right
    if not 0 <= total <= MAX_UINT:
        raise AmountOverflow(left, right)
    return Amount(total)


def subtract(left: Amount, right: Amount) -> Amount:
    """left - right. Raises AmountOverflow when it would be negative."""
    difference = left - right
    if not 0 <= difference <= MAX_UINT:
        raise AmountOverflow(left, -right)
    return Amount(difference)


def show_units(units: int, decimals: int, name: str) -> str:
    """1500000 units of an asset with six decimals as "1.5 gold", exactly."""
    whole, rest = divmod(units, 10**decimals)
    places = f".{rest:0{decimals}}".rstrip("0") if rest else ""
    return f"{whole:,}{places} {name}"


def show(amount: int, asset: AssetId = NATIVE) -> str:
    """An amount for messages: CLU, or units of an asset, whose decimals a rule does not know."""
    return show_units(amount, NANO_DECIMALS, "CLU") if asset == NATIVE else f"{amount} of asset 0x{asset.hex()}"
