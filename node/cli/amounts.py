"""Amounts as people write them: CLU with up to nine decimals, or whole nano-CLU with an n behind."""

import re
from decimal import Decimal
from typing import Final

from chain.types.scalars import MAX_UINT, Amount
from node.cli.errors import BadArgument

NANO: Final = 10**9
_FORM: Final = re.compile(r"[0-9]{1,10}(\.[0-9]{1,9})?|[0-9]{1,19}n")


def parse_amount(text: str) -> Amount:
    """1.5 is 1,500,000,000 nano-CLU, 500n is 500. Raises BadArgument."""
    if not _FORM.fullmatch(text):
        raise BadArgument("amount", "CLU such as 1.5, or nano-CLU such as 500n", text)
    nano = int(text[:-1]) if text.endswith("n") else int(Decimal(text) * NANO)
    if nano > MAX_UINT:
        raise BadArgument("amount", f"at most {MAX_UINT} nano-CLU", text)
    return Amount(nano)


def show_amount(nano: int | str) -> str:
    """1500000000 as "1.5 CLU", exactly."""
    whole, rest = divmod(int(nano), NANO)
    decimals = f".{rest:09}".rstrip("0") if rest else ""
    return f"{whole:,}{decimals} CLU"
