"""Bech32m text encoding of bytes. Source: BIP-350 (checksum constant) and BIP-173 (alphabet, layout, limits).

Decoding is strict: one case, the expected human-readable part, a valid Bech32m checksum (the older Bech32 one is named
in the error), zero padding bits. BIP-173's limit of 90 characters is the default; longer payloads raise it knowingly.
"""

from collections.abc import Sequence
from typing import Final

from crypto.errors import CryptoError

ALPHABET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
MAX_LENGTH: Final = 90

_VALUES: Final = {character: value for value, character in enumerate(ALPHABET)}
_CHECKSUM_LENGTH: Final = 6
_BECH32M: Final = 0x2BC830A3
_BECH32: Final = 1
_GENERATORS: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


class Bech32Error(CryptoError):
    """Root of the errors of Bech32m text."""

    code = 1020


class Bech32Length(Bech32Error):
    """The text is longer than its kind allows, or too short to hold a checksum."""

    code = 1021

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(
            f"the text has {length} characters; 8 to {limit} were expected, 6 of them a checksum after the last '1'. "
            "Copy it again, whole."
        )
        self.length, self.limit = length, limit


class Bech32Case(Bech32Error):
    """Upper and lower case are mixed, which BIP-173 forbids."""

    code = 1022

    def __init__(self) -> None:
        super().__init__("the text mixes upper and lower case; one case was expected. Write it all in lower case.")


class Bech32Character(Bech32Error):
    """A character is outside the alphabet of its part."""

    code = 1023

    def __init__(self, character: str, position: int) -> None:
        super().__init__(
            f"character {character!r} at position {position} cannot occur here; the part after the last '1' uses only "
            f"{ALPHABET}, the part before it printable ASCII. Copy it again."
        )
        self.character, self.position = character, position


class Bech32Prefix(Bech32Error):
    """The human-readable part is missing or names another kind of thing."""

    code = 1024

    def __init__(self, expected: str, found: str) -> None:
        beginning = f"begins with {found + '1'!r}" if found else "has nothing before a '1'"
        super().__init__(
            f"the text {beginning} where {expected + '1'!r} was expected; it names another kind of thing, or another "
            "network. Check which one is asked for."
        )
        self.expected, self.found = expected, found


class Bech32Checksum(Bech32Error):
    """The checksum does not match: at least one character is wrong, or it is Bech32's and not Bech32m's."""

    code = 1025

    def __init__(self, older_checksum: bool) -> None:
        reason = (
            "is of the older Bech32 kind, not Bech32m" if older_checksum else "does not match, so a character is wrong"
        )
        super().__init__(f"the checksum {reason}. Copy the text again from its source; do not correct it by hand.")
        self.older_checksum = older_checksum


class Bech32Padding(Bech32Error):
    """The bits left over after the last whole byte are not fewer than five zeros, so the text is not canonical."""

    code = 1026

    def __init__(self, bits: int, value: int) -> None:
        super().__init__(
            f"{bits} bits of value {value} are left after the last byte; fewer than 5 zero bits were expected. "
            "The text was not made by a correct encoder; ask for it again."
        )
        self.bits, self.value = bits, value


def encode(hrp: str, data: bytes, max_length: int = MAX_LENGTH) -> str:
    """The lower-case Bech32m text of data under a human-readable part.

    Raises Bech32Length, Bech32Prefix, Bech32Character or Bech32Case if they have no valid text within max_length.
    """
    if not hrp:
        raise Bech32Prefix(hrp, "")
    _check_printable(hrp)
    if hrp != hrp.lower():
        raise Bech32Case
    words = _to_words(data)
    checksum = _polymod([*_expand(hrp), *words, 0, 0, 0, 0, 0, 0]) ^ _BECH32M
    words += [(checksum >> 5 * (5 - i)) & 31 for i in range(_CHECKSUM_LENGTH)]
    text = hrp + "1" + "".join(ALPHABET[word] for word in words)
    if len(text) > max_length:
        raise Bech32Length(len(text), max_length)
    return text


def decode(hrp: str, text: str, max_length: int = MAX_LENGTH) -> bytes:
    """The bytes of a Bech32m text whose human-readable part must be hrp (lower case).

    Raises Bech32Length, Bech32Case, Bech32Character, Bech32Prefix, Bech32Checksum or Bech32Padding.
    """
    if not _CHECKSUM_LENGTH + 2 <= len(text) <= max_length:
        raise Bech32Length(len(text), max_length)
    _check_printable(text)  # before lower(), which maps the Kelvin sign to "k"
    lowered = text.lower()
    if text not in (lowered, text.upper()):
        raise Bech32Case
    found, separator, body = lowered.rpartition("1")
    if not separator or not found:
        raise Bech32Prefix(hrp, found)
    words = _read_words(found, body)
    if len(words) < _CHECKSUM_LENGTH:
        raise Bech32Length(len(text), max_length)
    if found != hrp:
        raise Bech32Prefix(hrp, found)
    residue = _polymod([*_expand(found), *words])
    if residue != _BECH32M:
        raise Bech32Checksum(older_checksum=residue == _BECH32)
    return _to_bytes(words[:-_CHECKSUM_LENGTH])


def _check_printable(text: str) -> None:
    for position, character in enumerate(text):
        if not "!" <= character <= "~":
            raise Bech32Character(character, position)


def _read_words(found: str, body: str) -> list[int]:
    words = []
    for position, character in enumerate(body, start=len(found) + 1):
        value = _VALUES.get(character)
        if value is None:
            raise Bech32Character(character, position)
        words.append(value)
    return words


def _expand(hrp: str) -> list[int]:
    return [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp]


def _polymod(words: Sequence[int]) -> int:
    """The remainder of the BCH code over GF(32), BIP-173."""
    remainder = 1
    for word in words:
        top = remainder >> 25
        remainder = (remainder & 0x1FFFFFF) << 5 ^ word
        for bit, generator in enumerate(_GENERATORS):
            if top >> bit & 1:
                remainder ^= generator
    return remainder


def _to_words(data: bytes) -> list[int]:
    count = -(-len(data) * 8 // 5)
    value = int.from_bytes(data, "big") << (count * 5 - len(data) * 8)
    return [value >> 5 * (count - 1 - i) & 31 for i in range(count)]


def _to_bytes(words: Sequence[int]) -> bytes:
    value = 0
    for word in words:
        value = value << 5 | word
    spare = len(words) * 5 % 8
    padding = value & ((1 << spare) - 1)
    if spare >= 5 or padding:
        raise Bech32Padding(spare, padding)
    return (value >> spare).to_bytes(len(words) * 5 // 8, "big")
