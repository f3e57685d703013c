"""Blocks as the database sees them: changes of state, and bytes that it does not read."""

from collections.abc import Mapping
from hashlib import sha256

from chain.execution.block import Tip
from chain.state.keys import Key
from chain.types.scalars import BlockId, Hash, Height, Timestamp, TxHash, VrfOutput
from node.storage.database import BlockBatch, Database
from node.storage.storage_key import StorageKey

GENESIS = Hash(b"\x0a" * 32)
STORAGE_KEY = StorageKey(b"\x0b" * 32, unprotected=True)


def next_batch(database: Database, changes: Mapping[bytes, bytes | None]) -> BlockBatch:
    """The batch that follows the database's head, with two transactions in its block."""
    height = Height(0 if database.tip is None else database.tip.height + 1)
    listed = [(Key(key), value) for key, value in sorted(changes.items())]
    update = database.update_tree(height, listed)
    tip = Tip(
        height,
        BlockId(sha256(b"%d" % height).digest()),
        Timestamp(height),
        VrfOutput(bytes(64)),
        Hash(update.root.hash),
        Hash(bytes(32)),
    )
    block, commit = (b"", b"") if height == 0 else (b"block %d" % height, b"commit %d" % height)
    return BlockBatch(tip, listed, update, block, commit, b"receipts %d" % height, transactions_at(height))


def commit_next(database: Database, changes: Mapping[bytes, bytes | None]) -> Tip:
    """Commit the next block, or genesis, and return the new head."""
    batch = next_batch(database, changes)
    database.commit_block(batch)
    return batch.tip


def transactions_at(height: int) -> tuple[TxHash, ...]:
    return tuple(TxHash(sha256(b"%d/%d" % (height, index)).digest()) for index in range(2 if height else 0))
