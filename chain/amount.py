"""Checked arithmetic on amounts: integers below 2**63, never negative, never wrapped."""

from chain.errors import ChainError
from chain.types.scalars import MAX_UINT, Amount


class AmountOverflow(ChainError):
    """A sum of amounts leaves the range 0 .. 2**63 - 1."""

    code = 3020

    def __init__(self, left: int, right: int) -> None:
        super().__init__(f"{left} and {right} nano-CLU together leave the range 0..2^63-1; use smaller amounts.")
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
