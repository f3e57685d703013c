"""Evidence of double signing, as far as those who only keep it look."""

from chain.consensus.evidence import duplicate_vote
from chain.types.scalars import NIL, Height, Round, Signature, ValidatorId, VoteTarget
from chain.types.vote import PREVOTE, DuplicateVote, Vote


def double_vote(validator: int, height: int = 1) -> DuplicateVote:
    """By a validator of the key `validator` repeated, for a block and for nil, with signatures of zeros."""
    votes = (
        Vote(PREVOTE, Height(height), Round(0), target, ValidatorId(bytes([validator]) * 32), Signature(bytes(64)))
        for target in (NIL, VoteTarget(b"\1" * 32))
    )
    return duplicate_vote(*votes)
