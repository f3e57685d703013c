"""A reader's BabyJubJub key pair, from the seed of an account's key. Source: EIP-2494 for the curve."""

from dataclasses import dataclass, field
from typing import Final

from chain.types.scalars import FieldElement
from contracts.confidential.state import Point
from crypto import babyjubjub, domains
from crypto.hashing import tagged_hash
from crypto.keys import SEED_BYTES, SeedLength

_HALVES: Final = 2  # 512 bits, so that the remainder's bias is below 2^-256


@dataclass(frozen=True, slots=True)
class ReaderKey:
    """secret: a scalar in 1..l-1, shown nowhere; public: secret * Base8."""

    secret: int = field(repr=False)
    public: Point


def reader_key(seed: bytes) -> ReaderKey:
    """The reader key of a 32-byte seed; always the same one, and no hint of what else the seed makes.

    Raises SeedLength.
    """
    if len(seed) != SEED_BYTES:
        raise SeedLength(len(seed))
    wide = b"".join(tagged_hash(domains.READER_SEED, bytes((half,)) + seed) for half in range(_HALVES))
    secret = 1 + int.from_bytes(wide, "big") % (babyjubjub.SUBORDER - 1)
    return ReaderKey(secret, as_point(babyjubjub.public_key(secret)))


def as_point(pair: tuple[int, int]) -> Point:
    return Point(FieldElement(pair[0]), FieldElement(pair[1]))
