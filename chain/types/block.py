"""Header and block. The formats are final: light clients and proofs depend on them."""

from dataclasses import dataclass
from typing import Final

from chain.codec import encode, wire
from chain.types.scalars import (
    Blob,
    BlockId,
    ChainId,
    Hash,
    Height,
    Timestamp,
    Uint,
    ValidatorId,
    VrfOutput,
    VrfProof,
)
from chain.types.transaction import transaction_hash
from chain.types.vote import Commit, DuplicateVote
from crypto import domains
from crypto.hashing import tagged_hash
from crypto.merkle import merkle_root

PROTOCOL_VERSION: Final = Uint(1)
FIRST_APP_VERSION: Final = Uint(1)  # the rules that every genesis starts with
APP_VERSIONS: Final = frozenset((FIRST_APP_VERSION,))  # whose rules this program can execute; governance moves on


@wire()
@dataclass(frozen=True, slots=True)
class Header:
    """state_root and receipts_root are those after height - 1; header 1 carries genesis's."""

    protocol_version: Uint
    app_version: Uint
    chain_id: ChainId
    height: Height
    time: Timestamp
    proposer: ValidatorId
    parent_id: BlockId
    last_commit_hash: Hash
    tx_root: Hash
    evidence_root: Hash
    validators_hash: Hash
    next_validators_hash: Hash
    params_hash: Hash
    beacon_output: VrfOutput
    beacon_proof: VrfProof
    state_root: Hash
    receipts_root: Hash

    def id(self) -> BlockId:
        return BlockId(tagged_hash(domains.BLOCK_ID, encode(self)))


@wire()
@dataclass(frozen=True, slots=True)
class Block:
    """A header and what it commits to. Transactions stand as their exact bytes; decoding them needs the registry."""

    header: Header
    transactions: tuple[Blob, ...]
    evidence: tuple[DuplicateVote, ...]
    last_commit: Commit

    @property
    def height(self) -> Height:
        return self.header.height


def transactions_root(transactions: tuple[Blob, ...]) -> Hash:
    """Merkle root (RFC 6962 shape) over the transaction hashes, in block order."""
    return Hash(merkle_root([transaction_hash(raw) for raw in transactions]))


def evidence_root(evidence: tuple[DuplicateVote, ...]) -> Hash:
    """Merkle root over the encoded pieces of evidence, in block order."""
    return Hash(merkle_root([encode(piece) for piece in evidence]))
