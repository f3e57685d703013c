"""Golden vectors of what nodes tell one another. `python -m tests.support.make_message_vectors`, `--check` to compare.

Nodes of one version talk to nodes of the next by these bytes: see tests/support/make_vectors.py.
"""

import sys
from dataclasses import replace

from chain.codec import encode
from chain.consensus.repeats import Status
from chain.state.ranges import Entry, Neighbour, Range, Sibling
from chain.types.block import Block
from chain.types.parts import BlockPart
from chain.types.receipt import OK, Receipt
from chain.types.scalars import (
    Amount,
    Blob,
    BlockId,
    Hash,
    Height,
    Round,
    Timestamp,
    Uint,
    ValidatorId,
    VoteTarget,
    WorkUnits,
)
from chain.types.sync import BlockPiece, BlockRequest, FinalBlock, LightBlock
from chain.types.validators import ValidatorSet
from chain.types.vote import Commit, PartSetHeader
from node.snapshots.head import SnapshotHead
from node.snapshots.messages import SnapshotPiece, SnapshotRequest
from tests.support.action_examples import fixed_hash, fixed_id
from tests.support.make_vectors import Family, Json, main
from tests.support.small_chain import small_genesis, unsigned_header

VALIDATORS = ValidatorSet(tuple(entry.validator for entry in small_genesis((1, 2)).validators))


def messages() -> list[object]:
    """One of each, with what is optional both there and not."""
    none = Hash(bytes(32))
    header = unsigned_header(Height(7), Timestamp(1_700_000_000_000), ValidatorId(fixed_id(1)), BlockId(none), none)
    header = replace(header, validators_hash=VALIDATORS.hash())
    commit = Commit(Height(7), Round(1), header.id(), ())
    block = Block(header, (Blob(b"tx"),), (), commit)
    light = LightBlock(header, commit, VALIDATORS)
    neighbour, sibling = Neighbour(fixed_hash(2), fixed_hash(3)), Sibling(Uint(5), fixed_hash(4))
    entry = Entry(Blob(b"chain/supply/"), Blob(b"\x91\x01"))
    receipts = (Receipt(OK, Amount(5), WorkUnits(6), ()),)
    return [
        Status(Height(7), Round(1), Uint(2), True, Blob(b"\x03"), Blob(b""), VoteTarget(fixed_id(5))),
        BlockPart(Height(7), PartSetHeader(Uint(9), fixed_hash(6)), Uint(0), Blob(b"part"), (fixed_hash(7),)),
        BlockRequest(Height(3), Height(9)),
        BlockPiece(Height(3), Uint(0), Uint(2), Blob(b"piece")),
        BlockPiece(Height(3), Uint(0), Uint(0), Blob(b"")),
        FinalBlock(block, commit),
        light,
        Range(neighbour, (entry,), None, (sibling,), ()),
        Range(None, (), neighbour, (), (sibling, sibling)),
        SnapshotRequest(Height(0), Blob(b"")),
        SnapshotPiece(Height(7), Blob(fixed_id(8)), Uint(1), Uint(2), Blob(b"piece")),
        SnapshotHead(block, commit, VALIDATORS, receipts, light),
    ]


def node_messages() -> list[Json]:
    """chain/types/sync.py, parts.py, chain/consensus/repeats.py, chain/state/ranges.py, node/snapshots"""
    return [{"type": type(message).__name__, "message": encode(message).hex()} for message in messages()]


FAMILIES: tuple[Family, ...] = (node_messages,)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], FAMILIES))
