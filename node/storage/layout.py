"""Where everything stands in the one LevelDB of a node, and the records that describe the database itself.

    m/format        layout version, genesis, sealing; its own form never changes
    m/migration     while the layout changes: how far that has come
    m/head          the Tip
    s/ key          state at the head
    t/ node         tree pages and leaf records (chain/state/pages.py), keys begin with their version
    r/ height       tree root record
    x/ height chunk tree nodes that `height` made stale
    b/ c/ e/ height block, its commit, its receipts
    i/ tx hash      height and index of a transaction
    v/ hash         a validator set that was in force, by its hash; kept for ever, for light clients

Heights are 8 bytes big-endian, chunks 4. The first two are never sealed. A change of any of this is a step of
migrations.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeVar

from chain.codec import decode, encode, wire
from chain.errors import CodecError
from chain.types.scalars import Blob, Hash, Uint

FORMAT: Final = b"m/format"
MIGRATION: Final = b"m/migration"
HEAD: Final = b"m/head"
STATE: Final = b"s/"
NODE: Final = b"t/"
ROOT: Final = b"r/"
STALE: Final = b"x/"
BLOCK: Final = b"b/"
COMMIT: Final = b"c/"
RECEIPTS: Final = b"e/"
TRANSACTION: Final = b"i/"
VALIDATORS: Final = b"v/"
SEALED: Final = (
    HEAD,
    STATE,
    NODE,
    ROOT,
    STALE,
    BLOCK,
    COMMIT,
    RECEIPTS,
    TRANSACTION,
    VALIDATORS,
)  # all but the first two

Own = TypeVar("Own", bound="Format | Migration")

STALE_CHUNK: Final = 1024  # node keys in one stale record: what pruning deletes in one step
_CHECKSUM: Final = 32


@wire()
@dataclass(frozen=True, slots=True)
class Format:
    """What has to be known first. key_check is derived from the storage key; zeros if unsealed."""

    schema: Uint
    genesis_hash: Hash
    sealed: bool
    key_check: Hash


@wire()
@dataclass(frozen=True, slots=True)
class Migration:
    """How far a database under migration has come: the layout reached, and the place in the step to the next one."""

    reached: Uint
    cursor: Blob


def encode_own(record: Format | Migration) -> bytes:
    """A record about the database itself, with its SHA-256 before it."""
    body = encode(record)
    return sha256(body).digest() + body


def decode_own(cls: type[Own], stored: bytes) -> Own:
    """Raises ValueError when the checksum or the encoding is wrong."""
    body = stored[_CHECKSUM:]
    if sha256(body).digest() != stored[:_CHECKSUM]:
        raise ValueError(f"its {cls.__name__.lower()} record has a wrong checksum")
    try:
        return decode(cls, body)
    except CodecError as error:
        raise ValueError(f"its {cls.__name__.lower()} record is of another program") from error


def at_height(space: bytes, height: int) -> bytes:
    """The key of what `space` holds for `height`."""
    return space + height.to_bytes(8, "big")


def stale_key(height: int, chunk: int) -> bytes:
    """The key of one chunk of what `height` made stale."""
    return at_height(STALE, height) + chunk.to_bytes(4, "big")


def stale_height(key: bytes) -> int:
    """The height that a stale record belongs to."""
    return int.from_bytes(key[len(STALE) : len(STALE) + 8], "big")


def stale_records(height: int, nodes: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Keys and records that list `nodes`, in chunks; each node is led by its length."""
    for chunk, start in enumerate(range(0, len(nodes), STALE_CHUNK)):
        listed = nodes[start : start + STALE_CHUNK]
        yield stale_key(height, chunk), b"".join(bytes((len(node),)) + node for node in listed)


def listed_nodes(record: bytes) -> Iterator[bytes]:
    """The nodes of a stale record."""
    at = 0
    while at < len(record):
        end = at + 1 + record[at]
        yield record[at + 1 : end]
        at = end


def encode_place(height: int, index: int) -> bytes:
    """Where a transaction stands: height, 8 bytes, index in its block, 4 bytes."""
    return height.to_bytes(8, "big") + index.to_bytes(4, "big")


def decode_place(record: bytes) -> tuple[int, int]:
    """Height and index of a transaction."""
    return int.from_bytes(record[:8], "big"), int.from_bytes(record[8:], "big")
