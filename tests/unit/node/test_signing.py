"""Signing: the log is synced before the signer signs, and the own message stands in it before anybody hears of it."""

from typing import Any, cast

import pytest

from chain.consensus.effects import SignAndPublishProposal, SignAndPublishVote
from chain.consensus.inputs import Input, ProposalReceived, VoteReceived
from chain.types.scalars import BlockId, Hash, Height, Round, Signature, Uint, ValidatorId, ValidRound, VoteTarget
from chain.types.vote import PREVOTE, PartSetHeader, Proposal, Vote
from node.consensus_log import ConsensusLog
from node.signer import Refused, Signer
from node.signing import sign_proposal, sign_vote

KEY, PARTS = ValidatorId(bytes(32)), PartSetHeader(Uint(1), Hash(bytes(32)))
BLOCK, BLANK = BlockId(b"\x01" * 32), Signature(bytes(64))
VOTE = Vote(PREVOTE, Height(1), Round(0), VoteTarget(BLOCK), KEY, BLANK)
PROPOSAL = Proposal(Height(1), Round(0), ValidRound(-1), BLOCK, PARTS, KEY, BLANK)
WANTED_VOTE = SignAndPublishVote(PREVOTE, Height(1), Round(0), VoteTarget(BLOCK))
WANTED_PROPOSAL = SignAndPublishProposal(Height(1), Round(0), ValidRound(-1), BLOCK, PARTS)
REFUSED = Refused((1, 0, 2), (1, 0, 3))


class Diary:
    """Log and signer in one, which writes down in what order they are used."""

    def __init__(self, answer: Vote | Proposal | Refused) -> None:
        self.answer, self.calls = answer, list[Any]()

    def sync(self) -> None:
        self.calls.append("sync")

    def append_own(self, event: Input) -> None:
        self.calls.append(event)

    def sign_vote(self, *_: object) -> object:
        self.calls.append("sign")
        return self.answer

    sign_proposal = sign_vote


def run(answer: Vote | Proposal | Refused, vote: bool) -> tuple[object, list[Any]]:
    diary = Diary(answer)
    log, signer = cast(ConsensusLog, diary), cast(Signer, diary)
    event = sign_vote(log, signer, WANTED_VOTE) if vote else sign_proposal(log, signer, WANTED_PROPOSAL)
    return event, diary.calls


def test_a_vote_is_signed_between_two_syncs() -> None:
    event = VoteReceived(VOTE)
    assert run(VOTE, vote=True) == (event, ["sync", "sign", event])


def test_a_proposal_is_signed_between_two_syncs() -> None:
    event = ProposalReceived(PROPOSAL, True, True)
    assert run(PROPOSAL, vote=False) == (event, ["sync", "sign", event])


@pytest.mark.parametrize("vote", [True, False])
def test_what_the_signer_refuses_is_neither_logged_nor_fed_back(vote: bool) -> None:
    assert run(REFUSED, vote) == (None, ["sync", "sign"])
