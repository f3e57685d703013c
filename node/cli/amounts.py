"""Amounts as people write them: CLU with up to nine decimals, or whole nano-CLU with an n behind."""

import argparse
import re
from decimal import Decimal
from typing import Final

from chain.types.scalars import MAX_UINT, Amount
from node.cli.errors import BadArgument

NANO: Final = 10**9
DEFAULT_PRICE: Final = "0.05"
DEFAULT_HIGHEST: Final = "0.2"
_FORM: Final = re.compile(r"[0-9]{1,10}(\.[0-9]{1,9})?|[0-9]{1,19}n")


def parse_amount(text: str) -> Amount:
    """1.5 is 1,500,000,000 nano-CLU, 500n is 500. Raises BadArgument."""
    if not _FORM.fullmatch(text):
        raise BadArgument("amount", "CLU such as 1.5, or nano-CLU such as 500n", text)
    nano = int(text[:-1]) if text.endswith("n") else int(Decimal(text) * NANO)
    if nano > MAX_UINT:
        raise BadArgument("amount", f"at most {MAX_UINT} nano-CLU", text)
    return Amount(nano)


def parse_prices(price: str | None, highest: str) -> tuple[Amount, Amount]:
    """What a task pays at first and at most; the first is DEFAULT_PRICE, or the highest if that is less.

    Raises BadArgument.
    """
    end = parse_amount(highest)
    start = min(parse_amount(DEFAULT_PRICE), end) if price is None else parse_amount(price)
    if not 0 <= start <= end or not end:
        raise BadArgument("--max-price", f"more than 0 and at least --price, {show_amount(start)}", show_amount(end))
    return start, end


def add_prices(parser: argparse.ArgumentParser) -> None:
    """--price and --max-price of a task."""
    parser.add_argument(
        "--price", help=f"CLU that a provider gets who locks at once (default: {DEFAULT_PRICE}, or --max-price if less)"
    )
    parser.add_argument(
        "--max-price",
        default=DEFAULT_HIGHEST,
        help=f"CLU at the end of the ramp, escrowed now (default: {DEFAULT_HIGHEST})",
    )


def show_amount(nano: int | str) -> str:
    """1500000000 as "1.5 CLU", exactly."""
    whole, rest = divmod(int(nano), NANO)
    decimals = f".{rest:09}".rstrip("0") if rest else ""
    return f"{whole:,}{decimals} CLU"
