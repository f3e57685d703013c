"""Recovery phrases: accounts from words that a person writes down. Source: BIP-39 (English list), SLIP-0010, BIP-44.

    seed of a phrase   PBKDF2 of its words, 64 bytes, by BIP-39; no extra passphrase, a key file has one of its own
    account n          the ed25519 seed at m/44'/COIN_TYPE'/n' of its SLIP-0010 tree

An account's privacy keys come from its ed25519 seed (client/notes/keys.py), so the words bring them back as well.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

from mnemonic import Mnemonic

from client.errors import PhraseChecksum, PhraseLength, PhraseWordUnknown
from crypto.keys import SecretKey
from crypto.slip10 import derive

PURPOSE: Final = 44
COIN_TYPE: Final = 0x434C55  # "CLU"; no number of SLIP-0044's list is ours
ENTROPY_BYTES: Final = 32  # 24 words
WORD_COUNTS: Final = (12, 15, 18, 21, 24)

Entropy = Callable[[int], bytes]


def new_phrase(entropy: Entropy) -> str:
    """24 words that nobody had before, from 32 bytes of entropy."""
    return _words().to_mnemonic(entropy(ENTROPY_BYTES))


def check_phrase(text: str) -> str:
    """A phrase as BIP-39 hashes it: lower case, single spaces.

    Raises PhraseLength, PhraseWordUnknown, PhraseChecksum; they name places, never words.
    """
    words = Mnemonic.normalize_string(text).lower().split()
    if len(words) not in WORD_COUNTS:
        raise PhraseLength(len(words), WORD_COUNTS)
    known = frozenset(_words().wordlist)
    unknown = tuple(place for place, word in enumerate(words, 1) if word not in known)
    if unknown:
        raise PhraseWordUnknown(unknown)
    phrase = " ".join(words)
    if not _words().check(phrase):
        raise PhraseChecksum(len(words))
    return phrase


def phrase_seed(text: str, passphrase: str = "") -> bytes:
    """The 64-byte seed of a phrase; `passphrase` is BIP-39's own. Raises as check_phrase."""
    return Mnemonic.to_seed(check_phrase(text), passphrase)


def phrase_account(text: str, account: int = 0) -> SecretKey:
    """The key of account 0, 1, ... of a phrase. Raises as check_phrase, and ChildIndex."""
    return SecretKey(derive(phrase_seed(text), (PURPOSE, COIN_TYPE, account)).key)


@cache
def _words() -> Mnemonic:
    return Mnemonic("english")
