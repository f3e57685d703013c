"""Two believable blocks of one height: who is convicted by them.

Source: arXiv 2010.07031, section 5; CometBFT, "Light client attack detection". Whoever precommitted both in one round
signed twice, which any chain that knows the validator punishes. Where no such validator is left (the rounds differ) the
two blocks still show that more than 1/3 of the power broke a rule.
"""

from dataclasses import dataclass

from chain.consensus.evidence import duplicate_vote
from chain.types.scalars import ChainId, Height, VoteTarget
from chain.types.sync import LightBlock
from chain.types.vote import PRECOMMIT, Commit, CommitSignature, DuplicateVote, Vote


@dataclass(frozen=True, slots=True)
class Attack:
    """`shown` came from the node that was asked, `other` from a witness; both follow from the trusted `common`."""

    common: Height
    shown: LightBlock
    other: LightBlock

    @property
    def height(self) -> Height:
        return self.shown.height

    @property
    def chain_id(self) -> ChainId:
        return self.shown.header.chain_id

    @property
    def double_votes(self) -> tuple[DuplicateVote, ...]:
        """Evidence against each validator who precommitted both blocks in one round, sorted by key."""
        one, other = self.shown.commit, self.other.commit
        if one.round != other.round:
            return ()
        theirs = {entry.validator: entry for entry in other.signatures}
        both = [entry for entry in one.signatures if entry.validator in theirs]
        return tuple(duplicate_vote(_vote(one, entry), _vote(other, theirs[entry.validator])) for entry in both)


def _vote(commit: Commit, entry: CommitSignature) -> Vote:
    target = VoteTarget(commit.block_id)
    return Vote(PRECOMMIT, commit.height, commit.round, target, entry.validator, entry.signature)
