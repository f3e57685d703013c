"""Signing in the order that survives every crash: sync the log, sign under the guard, log the own message with a sync.

Both functions block; the driver runs them in the disk thread and publishes only what they gave back.
"""

import logging

from chain.consensus.effects import SignAndPublishProposal, SignAndPublishVote
from chain.consensus.inputs import ProposalReceived, VoteReceived
from node.consensus_log import ConsensusLog
from node.signer import Refused, Signer

log = logging.getLogger(__name__)


def sign_proposal(
    consensus_log: ConsensusLog, signer: Signer, wanted: SignAndPublishProposal
) -> ProposalReceived | None:
    """The own proposal as it is fed back; None when the signer refuses. Raises LogUnwritable, SignerStateUnwritable."""
    consensus_log.sync()
    proposal = signer.sign_proposal(wanted.height, wanted.round, wanted.valid_round, wanted.block_id, wanted.parts)
    if isinstance(proposal, Refused):
        log.warning("no proposal at height %s, round %s: signed %s already", *proposal.asked[:2], proposal.last)
        return None
    event = ProposalReceived(proposal, True, True)
    consensus_log.append_own(event)
    return event


def sign_vote(consensus_log: ConsensusLog, signer: Signer, wanted: SignAndPublishVote) -> VoteReceived | None:
    """The own vote as it is fed back; None when the signer refuses. Raises LogUnwritable, SignerStateUnwritable."""
    consensus_log.sync()
    vote = signer.sign_vote(wanted.type, wanted.height, wanted.round, wanted.target)
    if isinstance(vote, Refused):
        log.warning("no vote at height %s, round %s: signed %s already", *vote.asked[:2], vote.last)
        return None
    event = VoteReceived(vote)
    consensus_log.append_own(event)
    return event
