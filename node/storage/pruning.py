"""Old versions of the tree are forgotten a bounded step at a time, in the batch of each block."""

from dataclasses import dataclass
from typing import Any, Final

from node.storage.layout import NODE, ROOT, STALE, at_height, listed_nodes, stale_height
from node.storage.records import Records

ROOT_STEP: Final = 1024  # root records forgotten per block
CHUNK_STEP: Final = 8  # stale records worked off per block, each of at most layout.STALE_CHUNK nodes


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far pruning has come: the oldest version that is readable, and the height whose stale records are next."""

    oldest: int
    stale: int


def find_horizon(records: Records) -> Horizon:
    """Where an opened database stands. Raises DatabaseCorrupt."""
    for key, _ in records.iterate(ROOT):
        return Horizon(int.from_bytes(key[len(ROOT) :], "big"), 0)
    return Horizon(0, 0)


def prune(records: Records, batch: Any, horizon: Horizon, floor: int) -> Horizon:
    """Add to the write batch the deletions that lead towards `floor`, the oldest version to keep.

    A node that height w made stale is read by versions below w only: it goes once these have no root record.
    """
    oldest = max(horizon.oldest, min(floor, horizon.oldest + ROOT_STEP))
    for version in range(horizon.oldest, oldest):
        batch.delete(at_height(ROOT, version))
    for chunk, (key, record) in enumerate(records.iterate(STALE, at_height(STALE, horizon.stale))):
        height = stale_height(key)
        if height > oldest or chunk == CHUNK_STEP:
            return Horizon(oldest, height)
        for node in listed_nodes(record):
            batch.delete(NODE + node)
        batch.delete(key)
    return Horizon(oldest, oldest)
