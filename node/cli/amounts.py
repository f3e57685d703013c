"""Amounts as people write them: CLU with up to nine decimals or whole nano-CLU with an n behind; units of assets."""

import argparse
import re
from decimal import Decimal
from typing import Final

from chain.amount import NANO_DECIMALS, show
from chain.types.scalars import MAX_UINT, Amount
from node.cli.errors import BadArgument

NANO: Final = 10**NANO_DECIMALS
DEFAULT_PRICE: Final = "0.05"
DEFAULT_HIGHEST: Final = "0.2"
_DIGITS: Final = re.compile(r"[0-9]{1,40}")
_FORM: Final = re.compile(r"[0-9]{1,10}(\.[0-9]{1,9})?|[0-9]{1,19}n")

_TOO_FINE: Final = re.compile(r"[0-9]{1,10}\.[0-9]{10,40}")


def parse_amount(text: str) -> Amount:
    """1.5 is 1,500,000,000 nano-CLU, 500n is 500. Raises BadArgument."""
    if _TOO_FINE.fullmatch(text):
        raise BadArgument(
            "amount", f"at most {NANO_DECIMALS} places behind the point: 0.000000001 CLU is the least", text
        )
    if not _FORM.fullmatch(text):
        raise BadArgument("amount", "CLU such as 1.5, or nano-CLU such as 500n", text)
    nano = int(text[:-1]) if text.endswith("n") else int(Decimal(text) * NANO)
    if nano > MAX_UINT:
        raise BadArgument("amount", f"at most {MAX_UINT} nano-CLU", text)
    return Amount(nano)


def parse_units(text: str, decimals: int, argument: str) -> Amount:
    """An amount of an asset: with six decimals 1.5 is 1,500,000 units; 500u is 500. Raises BadArgument."""
    whole, point, places = text.removesuffix("u").partition(".")
    in_units = text.endswith("u")
    if not _DIGITS.fullmatch(whole + places) or not whole or bool(point) != bool(places) or (in_units and point):
        raise BadArgument(argument, "a number such as 1.5, or units such as 500u", text)
    if len(places) > decimals:
        raise BadArgument(argument, f"at most {decimals} places behind the point: so finely the asset is divided", text)
    units = int(whole) if in_units else int(whole + places.ljust(decimals, "0"))
    if units > MAX_UINT:
        raise BadArgument(argument, f"at most {MAX_UINT} units", text)
    return Amount(units)


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
    return show(int(nano))
