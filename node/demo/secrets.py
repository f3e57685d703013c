"""The search for plaintext: every file of every validator, and every byte recorded on loopback."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FIELD_BYTES: Final = 32
LEAST_BYTES: Final = 8  # a shorter pattern would be found by chance


@dataclass(frozen=True, slots=True)
class Found:
    """A secret in the clear, and where."""

    what: str
    file: Path


def search(secrets: Mapping[str, int], folders: Iterable[Path]) -> tuple[list[Found], int]:
    """Secrets that stand in the clear in any file below the folders, and how many bytes were searched."""
    patterns = [(what, pattern) for what, value in secrets.items() for pattern in forms(value)]
    found, searched = [], 0
    for folder in folders:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            try:
                data = file.read_bytes()
            except FileNotFoundError:  # a running node has removed it since: a log that is no longer needed
                continue
            searched += len(data)
            found += [Found(what, file) for what, pattern in patterns if pattern in data]
    return found, searched


def forms(value: int) -> Iterator[bytes]:
    """The forms in which a number could lie about: binary in both byte orders, decimal and hexadecimal text."""
    wide = value.to_bytes(FIELD_BYTES, "big")
    texts = (str(value).encode(), f"{value:x}".encode())
    yield from (wide, wide[::-1], *(text for text in texts if len(text) >= LEAST_BYTES))
    if value < 2**64:
        yield from (value.to_bytes(8, "big"), value.to_bytes(8, "little"))
