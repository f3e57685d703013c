"""The search for plaintext: every file of every validator, and every byte recorded on loopback.

Nothing of what is searched is compressed: databases are opened without compression (node/storage/records.py), and
neither links between nodes nor RPC offer any.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

FIELD_BYTES: Final = 32
WORD_BYTES: Final = 8
LEAST_BYTES: Final = WORD_BYTES  # a shorter pattern would be found by chance
WORDS: Final = 2**64

Secret = int | bytes | str  # a number, key bytes, or a text


@dataclass(frozen=True, slots=True)
class Found:
    """A secret in the clear, and where."""

    what: str
    file: Path


def search(secrets: Mapping[str, Secret], folders: Iterable[Path]) -> tuple[list[Found], int]:
    """Secrets that stand in the clear in any file below the folders, and how many bytes were searched."""
    sought = Sought(secrets)
    found, searched = [], 0
    for folder in folders:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            try:
                data = file.read_bytes()
            except FileNotFoundError:  # a running node has removed it since: a log that is no longer needed
                continue
            searched += len(data)
            found += [Found(what, file) for what in sought.within(data)]
    return found, searched


class Sought:
    """Secrets by all their patterns. Every place of the data is looked at once, however many patterns there are."""

    def __init__(self, secrets: Mapping[str, Secret]) -> None:
        self._by_start: dict[int, list[tuple[bytes, str]]] = {}
        for what, value in secrets.items():
            for pattern in forms(value):
                start = int.from_bytes(pattern[:WORD_BYTES], "little")
                self._by_start.setdefault(start, []).append((pattern, what))
        self._starts = np.array(sorted(self._by_start), dtype="<u8")
        self._likely = np.zeros(2**16, dtype=bool)  # the two bytes that patterns begin with
        self._likely[self._starts.astype("<u2")] = True

    def within(self, data: bytes) -> list[str]:
        """What stands in the data, in the order of the secrets' names."""
        found: set[str] = set()
        for shift in range(min(WORD_BYTES, len(data) + 1 - WORD_BYTES)):
            words = np.frombuffer(data, "<u8", (len(data) - shift) // WORD_BYTES, shift)
            for place in self._candidates(words):
                at = shift + WORD_BYTES * place
                patterns = self._by_start[int(words[place])]
                found.update(what for pattern, what in patterns if data.startswith(pattern, at))
        return sorted(found)

    def _candidates(self, words: npt.NDArray[np.uint64]) -> Sequence[int]:
        likely = np.flatnonzero(self._likely[words.astype("<u2")])
        places: list[int] = likely[np.isin(words[likely], self._starts)].tolist()
        return places


def forms(value: Secret) -> Iterator[bytes]:
    """The forms in which a secret could lie about, as far as none would be found by chance.

    Bytes and texts as they are; numbers as field elements and, below 2**64, as words; all in both byte orders, in
    binary and in hexadecimal; numbers in decimal too. Integers and elements of the wire are these behind a head.
    """
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        found = [value, value[::-1], *_texts(value)]
    else:
        wide = value.to_bytes(FIELD_BYTES, "big")
        found = [wide, wide[::-1], str(value).encode(), *_texts(wide), f"{value:x}".encode(), f"{value:X}".encode()]
        if value < WORDS:
            word = value.to_bytes(WORD_BYTES, "big")
            found += [word, word[::-1]]
    yield from (pattern for pattern in dict.fromkeys(found) if len(pattern) >= LEAST_BYTES)


def _texts(value: bytes) -> list[bytes]:
    """Hexadecimal text of bytes, from either end."""
    texts = [each.hex() for each in (value, value[::-1])]
    return [text.encode() for text in (*texts, *(text.upper() for text in texts))]
