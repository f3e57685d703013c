"""The only chance in this room: secrets of a development setup, and factors that the maker of a key cannot foresee.

Nothing that a validator runs imports this module.
"""

from secrets import randbelow, randbits
from typing import Final

from crypto.field import SCALAR_FIELD

FACTOR_BITS: Final = 128  # false points pass a random linear combination once in 2^128


def secret_scalar() -> int:
    """One of 1..r-1."""
    return 1 + randbelow(SCALAR_FIELD - 1)


def factors(count: int) -> list[int]:
    """The factors of a random linear combination."""
    return [randbits(FACTOR_BITS) for _ in range(count)]
