"""Human forms of accounts, validators and readers: a 32-byte public key itself, its text Bech32m.

Accounts and validators are ed25519 keys, readers of contracts packed points of BabyJubJub. The human-readable part
keeps one from being taken for another.
"""

from typing import Final

from crypto import bech32m
from crypto.errors import CryptoError

ADDRESS_BYTES: Final = 32
ACCOUNT_HRP: Final = "cluster"
VALIDATOR_HRP: Final = "clustervaloper"
READER_HRP: Final = "clur"


class AddressLength(CryptoError):
    """An address is not 32 bytes."""

    code = 1030

    def __init__(self, length: int) -> None:
        super().__init__(
            f"the address holds {length} bytes; {ADDRESS_BYTES} were expected (an ed25519 public key). "
            "Use the address that `cluster keys` prints."
        )
        self.length, self.expected = length, ADDRESS_BYTES


def encode_address(key: bytes, hrp: str = ACCOUNT_HRP) -> str:
    """The text of a 32-byte address: `cluster1...` (66 characters), `clustervaloper1...` (73). Raises AddressLength."""
    if len(key) != ADDRESS_BYTES:
        raise AddressLength(len(key))
    return bech32m.encode(hrp, key)


def decode_address(text: str, hrp: str = ACCOUNT_HRP) -> bytes:
    """The 32 bytes that a text names, refused if of another kind. Raises Bech32Error's classes, AddressLength."""
    data = bech32m.decode(hrp, text)
    if len(data) != ADDRESS_BYTES:
        raise AddressLength(len(data))
    return data
