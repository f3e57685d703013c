"""How storage keys are built: the only way, so that no two kinds of entry can ever share a key.

A key is `component/name/` in ASCII, then parts of fixed width. As every space has exactly two names, none of which
contains a slash, no space's prefix is a prefix of another's. Heights are 8 bytes big-endian, so they sort. Each
component declares its spaces in its own `state.py`; the chain's own are below. Storage keys are a public API.
"""

import re
from dataclasses import dataclass, field
from typing import Final, NewType

from chain.state.errors import BadKeyPart
from chain.types.scalars import AccountId, AssetId, ObjectId

Key = NewType("Key", bytes)

HEIGHT: Final = 8  # width of a height, or of any other count below 2**63
ID: Final = 32  # width of an account, an object, a hash, a field element

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*/[a-z][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Space:
    """All entries of one kind: `name` is "component/name", `widths` the bytes of each part of a key.

    Raises ValueError for a name of another form (a mistake in a definition, seen at import).
    """

    name: str
    widths: tuple[int, ...] = ()
    prefix: Key = field(init=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"space {self.name!r} is not named component/name in lower case")
        object.__setattr__(self, "prefix", Key(self.name.encode("ascii") + b"/"))

    def key(self, *parts: bytes) -> Key:
        """The key of one entry. Raises BadKeyPart."""
        widths = tuple(map(len, parts))
        if widths != self.widths:
            raise BadKeyPart(self.name, self.widths, widths)
        return Key(self.prefix + b"".join(parts))

    def scan(self, *leading: bytes) -> Key:
        """The prefix of all entries whose first parts are these, for iterate(). Raises BadKeyPart."""
        widths = tuple(map(len, leading))
        if widths != self.widths[: len(leading)]:
            raise BadKeyPart(self.name, self.widths, widths)
        return Key(self.prefix + b"".join(leading))

    def parts(self, key: Key) -> tuple[bytes, ...]:
        """The parts that `key` was built from. Raises BadKeyPart when it is no key of this space."""
        body = key.removeprefix(self.prefix)
        if len(key) != len(self.prefix) + sum(self.widths) or len(body) == len(key) != 0:
            raise BadKeyPart(self.name, self.widths, (len(body),))
        parts: list[bytes] = []
        at = 0
        for width in self.widths:
            parts.append(body[at : at + width])
            at += width
        return tuple(parts)


def be8(number: int) -> bytes:
    """A height, or any other count below 2**63, as a part of a key: sorts as the number does."""
    return number.to_bytes(HEIGHT, "big")


ACCOUNT: Final = Space("chain/account", (ID,))
PARAMS: Final = Space("chain/params").key()
UPGRADES: Final = Space("chain/upgrades").key()
HOLDING: Final = Space("chain/holding", (ID,))
ASSET_BALANCE: Final = Space("chain/asset-balance", (ID, ID))
ASSET_HOLDING: Final = Space("chain/asset-holding", (ID, ID))
ASSET_SUPPLY: Final = Space("chain/asset-supply", (ID,))
BASE_FEE: Final = Space("chain/base-fee").key()
SUPPLY: Final = Space("chain/supply").key()
VALIDATORS: Final = Space("chain/validators").key()


def account(account_id: AccountId) -> Key:
    """An account: its nonce and balances."""
    return ACCOUNT.key(account_id)


def holding(object_id: ObjectId) -> Key:
    """What an object (task, bond, contract) holds of the native token."""
    return HOLDING.key(object_id)


def asset_balance(account_id: AccountId, asset: AssetId) -> Key:
    """What an account holds of an issued asset."""
    return ASSET_BALANCE.key(account_id, asset)


def asset_holding(object_id: ObjectId, asset: AssetId) -> Key:
    """What an object holds of an issued asset."""
    return ASSET_HOLDING.key(object_id, asset)


def asset_supply(asset: AssetId) -> Key:
    """All that exists of an issued asset."""
    return ASSET_SUPPLY.key(asset)
