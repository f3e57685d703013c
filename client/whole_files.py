"""Files that are written whole or not at all, whatever happens to the process that writes them.

A file is written under a fresh name beside its own and then renamed. Nobody reads what a killed run leaves under such a
name, and no later run writes to it: its mode and contents harm nobody.
"""

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PUBLIC_MODE: Final = 0o644
PRIVATE_MODE: Final = 0o600
_EXCLUSIVE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A file to write; `private`: only its owner can read it."""

    path: Path
    data: bytes
    private: bool = False


def write_whole(path: Path, data: bytes, *, private: bool = False) -> None:
    """Put a file in place, instead of one that is there; `private`: only its owner can read it. Raises OSError."""
    write_set([WholeFile(path, data, private)])


def write_set(files: Sequence[WholeFile]) -> None:
    """Put files in place that belong together; without the last one the set counts as absent. Raises OSError.

    Whoever is killed meanwhile leaves the former set, none, or the new one.
    """
    partials: list[Path] = []
    try:
        for file in files:
            partials.append(_partial(file))
        if len(files) > 1:
            files[-1].path.unlink(missing_ok=True)
        for file, partial in zip(files, partials, strict=True):
            partial.replace(file.path)
    finally:
        _remove(partials)


def write_first(path: Path, data: bytes) -> None:
    """Put a file in place for its owner's eyes, unless one is there. Raises OSError.

    Of two processes that make it at once, the first one's stays.
    """
    partial = _partial(WholeFile(path, data, private=True))
    try:
        with suppress(FileExistsError):
            os.link(partial, path)
    finally:
        _remove([partial])


def _partial(file: WholeFile) -> Path:
    """The contents beside their place, under a name that nobody has; on the disk, so that a rename cannot outrun it."""
    partial = file.path.with_name(f".{file.path.name}.{secrets.token_hex(8)}.new")
    mode = PRIVATE_MODE if file.private else PUBLIC_MODE
    try:
        with open(os.open(partial, _EXCLUSIVE, mode), "wb") as out:
            out.write(file.data)
            out.flush()
            os.fsync(out.fileno())
    except OSError:
        _remove([partial])
        raise
    return partial


def _remove(partials: Sequence[Path]) -> None:
    for partial in partials:
        with suppress(OSError):
            partial.unlink()
