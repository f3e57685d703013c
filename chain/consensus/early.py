"""Messages of the next height that arrive before it starts here: kept, within bounds, until StartHeight.

Faster nodes start a height a little earlier; dropping what they say would cost everybody else a repeat.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chain.types.scalars import Height, Uint, ValidatorId
from chain.types.vote import PRECOMMIT, PREVOTE, Proposal, Vote


@dataclass(frozen=True, slots=True)
class EarlyMessages:
    """For `height`: per validator the last proposal, prevote and precommit, that the driver has checked.

    Checked means signature and membership: strangers would make this grow without bound.
    """

    height: Height
    proposals: Mapping[ValidatorId, Proposal] = field(default_factory=dict)
    votes: Mapping[tuple[ValidatorId, Uint], Vote] = field(default_factory=dict)

    def with_vote(self, vote: Vote) -> "EarlyMessages":
        """A vote of a higher round replaces one of a lower; one of another height or type changes nothing."""
        key = (vote.validator, vote.type)
        known = self.votes.get(key)
        if vote.type not in (PREVOTE, PRECOMMIT):
            return self
        if vote.height != self.height or (known is not None and known.round >= vote.round):
            return self
        return replace(self, votes={**self.votes, key: vote})

    def with_proposal(self, proposal: Proposal) -> "EarlyMessages":
        """As with_vote. The driver fetches the block meanwhile, and judges it once the height has started."""
        known = self.proposals.get(proposal.proposer)
        if proposal.height != self.height or (known is not None and known.round >= proposal.round):
            return self
        return replace(self, proposals={**self.proposals, proposal.proposer: proposal})
