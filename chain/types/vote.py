"""Votes, proposals and commits: what validators sign. Votes carry no time."""

from dataclasses import dataclass
from typing import Final

from chain.codec import encode, wire
from chain.types.scalars import (
    NIL,
    BlockId,
    ChainId,
    Hash,
    Height,
    Round,
    Signature,
    Uint,
    ValidatorId,
    ValidRound,
    VoteTarget,
)
from crypto import domains
from crypto.hashing import tagged_hash

PREVOTE: Final = Uint(1)
PRECOMMIT: Final = Uint(2)


@wire()
@dataclass(frozen=True, slots=True)
class PartSetHeader:
    """A block's encoding cut into 64 KiB parts: its size in bytes and the Merkle root over the parts."""

    size: Uint
    root: Hash


@wire()
@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposer's offer for (height, round); valid_round is -1 for a fresh value (arXiv 1807.04938, line 19)."""

    height: Height
    round: Round
    valid_round: ValidRound
    block_id: BlockId
    parts: PartSetHeader
    proposer: ValidatorId
    signature: Signature

    def signing_bytes(self, chain_id: ChainId) -> bytes:
        fields = [
            1,
            chain_id,
            self.height,
            self.round,
            self.valid_round,
            self.block_id,
            self.parts.size,
            self.parts.root,
        ]
        return tagged_hash(domains.PROPOSAL, encode(fields))


@wire()
@dataclass(frozen=True, slots=True)
class Vote:
    """A prevote or precommit for a block id, or for nil (empty target)."""

    type: Uint
    height: Height
    round: Round
    target: VoteTarget
    validator: ValidatorId
    signature: Signature

    @property
    def is_nil(self) -> bool:
        return self.target == NIL

    def signing_bytes(self, chain_id: ChainId) -> bytes:
        return vote_signing_bytes(chain_id, self.type, self.height, self.round, self.target)


def vote_signing_bytes(chain_id: ChainId, type_: Uint, height: Height, round_: Round, target: VoteTarget) -> bytes:
    """What a vote's signature covers: 32 bytes, equal for all validators that vote alike."""
    return tagged_hash(domains.VOTE, encode([1, chain_id, type_, height, round_, target]))


@wire()
@dataclass(frozen=True, slots=True)
class CommitSignature:
    """One validator's precommit for the commit's block."""

    validator: ValidatorId
    signature: Signature


@wire()
@dataclass(frozen=True, slots=True)
class Commit:
    """Precommits of more than 2/3 of the power for one block, sorted by validator; none for height 0."""

    height: Height
    round: Round
    block_id: BlockId
    signatures: tuple[CommitSignature, ...]

    def hash(self) -> Hash:
        return Hash(tagged_hash(domains.COMMIT, encode(self)))


@wire()
@dataclass(frozen=True, slots=True)
class DuplicateVote:
    """Evidence of double signing: two votes of one validator for one (height, round, type) and different targets."""

    first: Vote
    second: Vote
