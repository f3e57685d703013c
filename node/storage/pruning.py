"""Old versions of the tree, and old blocks, are forgotten a bounded step at a time, in the batch of each block."""

from dataclasses import dataclass, replace
from typing import Any, Final

from chain.codec import decode
from chain.errors import CodecError
from chain.types.block import Block
from chain.types.transaction import transaction_hash
from node.storage.layout import (
    BLOCK,
    COMMIT,
    NODE,
    RECEIPTS,
    ROOT,
    STALE,
    TRANSACTION,
    at_height,
    listed_nodes,
    stale_height,
)
from node.storage.records import Records

ROOT_STEP: Final = 1024  # root records forgotten per block
BLOCK_STEP: Final = 8  # blocks forgotten per block
CHUNK_STEP: Final = 8  # stale records worked off per block, each of at most layout.STALE_CHUNK nodes


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far pruning has come: oldest readable version, height whose stale records are next, first stored block."""

    oldest: int
    stale: int
    block: int = 1


def find_horizon(records: Records) -> Horizon:
    """Where an opened database stands. Raises DatabaseCorrupt."""
    block = next((int.from_bytes(key[len(BLOCK) :], "big") for key, _ in records.iterate(BLOCK)), 1)
    for key, _ in records.iterate(ROOT):
        return Horizon(int.from_bytes(key[len(ROOT) :], "big"), 0, block)
    return Horizon(0, 0, block)


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
            return replace(horizon, oldest=oldest, stale=height)
        for node in listed_nodes(record):
            batch.delete(NODE + node)
        batch.delete(key)
    return replace(horizon, oldest=oldest, stale=oldest)


def prune_blocks(records: Records, batch: Any, horizon: Horizon, floor: int) -> Horizon:
    """Add the deletions of blocks below `floor`, with their commits, receipts and places in the index.

    Validator sets stay, for light clients; headers go. Raises DatabaseCorrupt, RecordCorrupt.
    """
    first = max(horizon.block, min(floor, horizon.block + BLOCK_STEP))
    for height in range(horizon.block, first):
        raw = records.get(at_height(BLOCK, height))
        for hash_ in _transactions_of(raw or b""):
            batch.delete(TRANSACTION + hash_)
        for space in (BLOCK, COMMIT, RECEIPTS):
            batch.delete(at_height(space, height))
    return replace(horizon, block=first)


def _transactions_of(raw: bytes) -> list[bytes]:
    """Hashes of the transactions of an encoded block; none of what is no block."""
    try:
        return [transaction_hash(transaction) for transaction in decode(Block, raw).transactions]
    except CodecError:
        return []
