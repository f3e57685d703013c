"""How LevelDB is opened."""

from pathlib import Path
from typing import Any, Final

import plyvel

# Sealed values do not compress, and unsealed ones should be found by a search. Checksums are verified at every read:
# a damaged key would otherwise look like an absent one.
OPTIONS: Final[dict[str, Any]] = {
    "paranoid_checks": True,
    "compression": None,
    "write_buffer_size": 4 * 2**20,
    "max_open_files": 74,  # the least LevelDB takes: each open table is mapped, 2 MB of resident memory when read
    "bloom_filter_bits": 10,
}


def open_leveldb(path: Path, *, create: bool) -> Any:
    """An existing database, or with `create` one where there was none. Raises plyvel.Error."""
    return plyvel.DB(str(path), create_if_missing=create, error_if_exists=create, **OPTIONS)
