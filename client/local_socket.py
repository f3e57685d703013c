"""Names of sockets on this machine, unix:///path/to/operator.sock, whatever the length of the path.

A socket's address holds about a hundred bytes. On Linux a longer path goes through a descriptor of its folder.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SCHEME: Final = "unix://"
ADDRESS_BYTES: Final = 100  # 108 on Linux, 104 on macOS, with the zero at the end
_DESCRIPTORS: Final = Path("/proc/self/fd")


@contextmanager
def short_name(path: Path) -> Iterator[str]:
    """A name for the socket at `path` that fits, good within the block. Raises OSError."""
    if len(os.fsencode(path)) <= ADDRESS_BYTES or not _DESCRIPTORS.exists():
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield str(_DESCRIPTORS / str(folder) / path.name)
    finally:
        os.close(folder)
