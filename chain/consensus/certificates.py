"""Commits, made from the votes of a height; `chain/execution/header.py` checks those of others."""

from chain.consensus.votes import VoteBook
from chain.types.scalars import Height, VoteTarget
from chain.types.vote import Commit, CommitSignature


def commit_of(votes: VoteBook, height: Height) -> Commit:
    """All precommits held for the decided block, sorted by validator. Raises ValueError before the decision.

    Late precommits keep coming in until the next height starts, so the commit that the next proposal carries can name
    validators who were too slow for the decision.
    """
    if votes.decided is None:
        raise ValueError(f"height {height} has no precommits of more than 2/3 of the power yet")
    round_, block_id = votes.decided
    backing = votes.precommits(round_).votes_for(VoteTarget(block_id))
    return Commit(height, round_, block_id, tuple(CommitSignature(vote.validator, vote.signature) for vote in backing))
