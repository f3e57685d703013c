"""Evidence of double signing, made where votes are counted; `chain/execution/header.py` checks it where blocks are."""

from typing import Final

from chain.types.vote import DuplicateVote, Vote

MAX_EVIDENCE: Final = 16  # pieces that a node keeps for its next block


def duplicate_vote(one: Vote, other: Vote) -> DuplicateVote:
    """The evidence that two contradicting votes make: smaller target first, so that all nodes make the same bytes."""
    first, second = sorted((one, other), key=lambda vote: vote.target)
    return DuplicateVote(first, second)


def with_evidence(kept: tuple[DuplicateVote, ...], new: DuplicateVote) -> tuple[DuplicateVote, ...]:
    """What is kept and the new piece, the newest of each validator: whoever signs twice again and again, which costs
    it nothing more, does not crowd out what others did.
    """
    others = [piece for piece in kept if piece.first.validator != new.first.validator]
    return (*others, new)[-MAX_EVIDENCE:]
