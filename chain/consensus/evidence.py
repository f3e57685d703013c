"""Evidence of double signing, made where votes are counted; `chain/execution/header.py` checks it where blocks are."""

from chain.types.vote import DuplicateVote, Vote


def duplicate_vote(one: Vote, other: Vote) -> DuplicateVote:
    """The evidence that two contradicting votes make: smaller target first, so that all nodes make the same bytes."""
    first, second = sorted((one, other), key=lambda vote: vote.target)
    return DuplicateVote(first, second)
