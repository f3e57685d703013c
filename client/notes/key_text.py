"""How addresses and privacy keys become text: bech32m of a version and fields of fixed length."""

from dataclasses import dataclass
from typing import Final

from client.notes.errors import KeyTextElement, KeyTextLength, KeyTextVersion
from crypto import bech32m
from crypto.field import SCALAR_FIELD

VERSION: Final = 1
_MAX_CHARACTERS: Final = 320  # five fields of 32 bytes, version, prefix and checksum


@dataclass(frozen=True, slots=True)
class KeyText:
    """One kind of text: what people call it, its bech32m prefix, how many bytes it holds behind the version."""

    kind: str
    prefix: str
    size: int

    def encode(self, fields: bytes) -> str:
        """The text of `size` bytes."""
        return bech32m.encode(self.prefix, bytes((VERSION,)) + fields, max_length=_MAX_CHARACTERS)

    def decode(self, text: str) -> bytes:
        """The `size` bytes of a text. Raises a Bech32Error, KeyTextLength, KeyTextVersion."""
        data = bech32m.decode(self.prefix, text, max_length=_MAX_CHARACTERS)
        if data and data[0] != VERSION:
            raise KeyTextVersion(self.kind, data[0], VERSION)
        if len(data) != 1 + self.size:
            raise KeyTextLength(self.kind, len(data), 1 + self.size)
        return data[1:]

    def element(self, part: str, encoded: bytes) -> int:
        """A field element, big-endian. Raises KeyTextElement."""
        value = int.from_bytes(encoded, "big")
        if value >= SCALAR_FIELD:
            raise KeyTextElement(self.kind, part)
        return value
