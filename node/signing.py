"""Signing in the order that survives every crash: sync the log, sign under the guard, log the own message with a sync.

Both functions block; the driver runs them in the disk thread and publishes only what they gave back.
"""

import logging
from dataclasses import dataclass

from chain.consensus.effects import SignAndPublishProposal, SignAndPublishVote
from chain.consensus.inputs import ProposalReceived, VoteReceived
from node.consensus_log import ConsensusLog
from node.remote_signer.errors import SignerAway
from node.signer import Refused, Signs

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A vote for which the signer was away. To ask again is safe: the guard knows what it signed meanwhile."""

    wanted: SignAndPublishVote


def sign_proposal(
    consensus_log: ConsensusLog, signer: Signs, wanted: SignAndPublishProposal
) -> ProposalReceived | None:
    """The own proposal as it is fed back; None when the signer refuses or is away.

    Raises LogUnwritable, SignerStateUnwritable.
    """
    consensus_log.sync()
    try:
        proposal = signer.sign_proposal(wanted.height, wanted.round, wanted.valid_round, wanted.block_id, wanted.parts)
    except SignerAway as away:
        log.warning("no proposal at height %s, round %s: %s", wanted.height, wanted.round, away)
        return None
    if isinstance(proposal, Refused):
        log.warning("no proposal at height %s, round %s: signed %s already", *proposal.asked[:2], proposal.last)
        return None
    event = ProposalReceived(proposal, True, True)
    consensus_log.append_own(event)
    return event


def sign_vote(consensus_log: ConsensusLog, signer: Signs, wanted: SignAndPublishVote) -> VoteReceived | Unsigned | None:
    """The own vote as it is fed back; None when the signer refuses, Unsigned when it is away.

    Raises LogUnwritable, SignerStateUnwritable.
    """
    consensus_log.sync()
    try:
        vote = signer.sign_vote(wanted.type, wanted.height, wanted.round, wanted.target)
    except SignerAway as away:
        log.debug("no vote at height %s, round %s yet: %s", wanted.height, wanted.round, away)  # the link says it once
        return Unsigned(wanted)
    if isinstance(vote, Refused):
        log.warning("no vote at height %s, round %s: signed %s already", *vote.asked[:2], vote.last)
        return None
    event = VoteReceived(vote)
    consensus_log.append_own(event)
    return event
