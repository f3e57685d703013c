"""Files whose content must survive a power cut."""

import os
from pathlib import Path


def write_synced(descriptor: int, data: bytes) -> None:
    """Write all of data to a fresh descriptor, wait until the disk has it, and close. Raises OSError."""
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, after a file was made or renamed there. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
