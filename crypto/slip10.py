"""Trees of ed25519 keys from one seed. Source: SLIP-0010, private parent to private child, curve "ed25519".

Every step is hardened, the only kind that SLIP-0010 defines for ed25519: a child says nothing of its parent or of its
siblings, so a key that leaks gives away what lies below it and nothing else.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from crypto.errors import CryptoError

HARDENED: Final = 1 << 31
MIN_SEED_BYTES: Final = 16
MAX_SEED_BYTES: Final = 64
_CURVE: Final = b"ed25519 seed"


class MasterSeedLength(CryptoError):
    """The seed of a tree of keys is shorter or longer than SLIP-0010 allows."""

    code: ClassVar[int] = 1750

    def __init__(self, length: int) -> None:
        super().__init__(
            f"the seed of a tree of keys has {length} bytes; {MIN_SEED_BYTES} to {MAX_SEED_BYTES} were expected. "
            "Take the 64 bytes that BIP-39 makes of a phrase, or the 32 of an account's seed."
        )
        self.length = length


class ChildIndex(CryptoError):
    """The number of a child key is negative or has more than 31 bits."""

    code: ClassVar[int] = 1751

    def __init__(self, index: int) -> None:
        super().__init__(
            f"there is no child key {index}; a number from 0 to {HARDENED - 1} was expected. It is written without the "
            "mark for hardened: every child of this tree is."
        )
        self.index = index


@dataclass(frozen=True, slots=True)
class TreeKey:
    """A key of the tree, 32 secret bytes, with the chain code (32 as secret ones) that its children come from."""

    key: bytes = field(repr=False)
    chain_code: bytes = field(repr=False)

    def child(self, index: int) -> "TreeKey":
        """The hardened child index', 0 <= index < 2**31. Raises ChildIndex."""
        if not 0 <= index < HARDENED:
            raise ChildIndex(index)
        return _halves(self.chain_code, b"\x00" + self.key + (index | HARDENED).to_bytes(4, "big"))


def master_key(seed: bytes) -> TreeKey:
    """The root of the tree of a seed of 16 to 64 bytes. Raises MasterSeedLength."""
    if not MIN_SEED_BYTES <= len(seed) <= MAX_SEED_BYTES:
        raise MasterSeedLength(len(seed))
    return _halves(_CURVE, seed)


def derive(seed: bytes, path: Sequence[int]) -> TreeKey:
    """The key at m/path[0]'/path[1]'/... of the tree of a seed. Raises MasterSeedLength, ChildIndex."""
    node = master_key(seed)
    for index in path:
        node = node.child(index)
    return node


def _halves(key: bytes, data: bytes) -> TreeKey:
    digest = hmac.digest(key, data, "sha512")
    return TreeKey(digest[:32], digest[32:])
