"""Bech32m text encoding of bytes. Source: BIP-350 (checksum constant) and BIP-173 (alphabet, layout, limits).

Decoding is strict: one case, the expected human-readable part, a valid Bech32m checksum (the older Bech32 one is named
in the error), zero padding bits. BIP-173's limit of 90 characters is the default; longer payloads raise it knowingly.
"""

from base64 import b32encode
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from crypto.errors import CryptoError

ALPHABET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
MAX_LENGTH: Final = 90

_CHECKSUM_LENGTH: Final = 6
_NO_WORD: Final = 32
_RFC4648: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TO_WORD: Final = bytes(ALPHABET.find(chr(code)) % 33 for code in range(256))  # not found, -1, becomes _NO_WORD
_FROM_WORD: Final = ALPHABET.encode().ljust(256)
_FROM_RFC4648: Final = bytes.maketrans(_RFC4648, ALPHABET.encode())
_TO_DIGIT: Final = b"0123456789abcdefghijklmnopqrstuv".ljust(256)  # as int(..., 32) reads them
_BECH32M: Final = 0x2BC830A3
_BECH32: Final = 1
_GENERATORS: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def _feedback(top: int) -> int:
    """What the five bits that leave the remainder add to it."""
    added = 0
    for bit, generator in enumerate(_GENERATORS):
        if top >> bit & 1:
            added ^= generator
    return added


_FEEDBACK: Final = tuple(map(_feedback, range(32)))


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
    body = b32encode(data).rstrip(b"=").translate(_FROM_RFC4648)
    checksum = _polymod(body.translate(_TO_WORD) + bytes(_CHECKSUM_LENGTH), _after_prefix(hrp)) ^ _BECH32M
    words = bytes(checksum >> 5 * (5 - i) & 31 for i in range(_CHECKSUM_LENGTH))
    text = hrp + "1" + (body + words.translate(_FROM_WORD)).decode("ascii")
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
    residue = _polymod(words, _after_prefix(hrp))
    if residue != _BECH32M:
        raise Bech32Checksum(older_checksum=residue == _BECH32)
    return _to_bytes(words[:-_CHECKSUM_LENGTH])


def _check_printable(text: str) -> None:
    if text.isascii() and text.isprintable() and " " not in text:
        return
    for position, character in enumerate(text):
        if not "!" <= character <= "~":
            raise Bech32Character(character, position)


def _read_words(found: str, body: str) -> bytes:
    """The five-bit words of the part after the last "1", one a byte."""
    words = body.encode("ascii").translate(_TO_WORD)
    position = words.find(_NO_WORD)
    if position >= 0:
        raise Bech32Character(body[position], len(found) + 1 + position)
    return words


@lru_cache(maxsize=8)
def _after_prefix(hrp: str) -> int:
    """The remainder after a human-readable part, expanded as BIP-173 says."""
    return _polymod([ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp], 1)


def _polymod(words: Iterable[int], remainder: int) -> int:
    """The remainder of the BCH code over GF(32), BIP-173, after `words`; a text's begins with 1."""
    for word in words:
        remainder = (remainder & 0x1FFFFFF) << 5 ^ word ^ _FEEDBACK[remainder >> 25]
    return remainder


def _to_bytes(words: bytes) -> bytes:
    value = int(b"0" + words.translate(_TO_DIGIT), 32)
    spare = len(words) * 5 % 8
    padding = value & ((1 << spare) - 1)
    if spare >= 5 or padding:
        raise Bech32Padding(spare, padding)
    return (value >> spare).to_bytes(len(words) * 5 // 8, "big")
