"""Algorithm 1 of arXiv 1807.04938 by hand: proposing, prevoting, locking (lines 11-43 and 61-64)."""

import pytest

from chain.consensus.effects import (
    GetValue,
    RequestBlock,
    ScheduleTimeout,
    SignAndPublishProposal,
    StepChanged,
)
from chain.consensus.inputs import (
    TIMEOUT_PRECOMMIT,
    TIMEOUT_PREVOTE,
    TIMEOUT_PROPOSE,
    ProposalReceived,
    ProposedValue,
)
from chain.consensus.state import Step
from chain.consensus.step import wanted_blocks, wants_proposal
from chain.types.scalars import Round, Signature, ValidRound
from chain.types.vote import Proposal
from tests.support.consensus_scene import HEIGHT, NIL, Scene, V, W, locked_on_v, parts_of

# Lines 11-21


def test_a_follower_waits_for_the_proposal() -> None:
    scene = Scene()
    assert scene.effects == [
        StepChanged(HEIGHT, Round(0), Step.PROPOSE),
        ScheduleTimeout(TIMEOUT_PROPOSE, HEIGHT, Round(0)),
    ]


def test_the_proposer_asks_for_a_value_and_proposes_it() -> None:
    scene = Scene(me=0)
    assert scene.of(GetValue) == [GetValue(HEIGHT, Round(0))]
    scene.feed(ProposedValue(HEIGHT, Round(0), V, parts_of(V)))
    assert scene.of(SignAndPublishProposal) == [SignAndPublishProposal(HEIGHT, Round(0), -1, V, parts_of(V))]
    assert scene.signed == [("prevote", 0, V)]


def test_the_proposer_runs_the_timeout_too_so_that_a_silent_signer_does_not_stop_it() -> None:
    scene = Scene(me=0)
    scene.timeout(TIMEOUT_PROPOSE, 0)
    assert scene.signed == [("prevote", 0, NIL)]


def test_a_value_that_comes_after_the_timeout_is_not_proposed() -> None:
    scene = Scene(me=0)
    scene.timeout(TIMEOUT_PROPOSE, 0)
    assert scene.feed(ProposedValue(HEIGHT, Round(0), V, parts_of(V))) == []


def test_nobody_else_proposes_a_value() -> None:
    assert Scene().feed(ProposedValue(HEIGHT, Round(0), V, parts_of(V))) == []


def test_the_proposer_of_a_later_round_proposes_its_valid_value_with_the_round_of_the_polka() -> None:
    scene = Scene(me=1)
    scene.propose(0, V)
    scene.prevote(0, V, 0, 2)
    scene.precommit(0, NIL, 0, 2)
    scene.timeout(TIMEOUT_PRECOMMIT, 0)
    assert scene.of(SignAndPublishProposal) == [SignAndPublishProposal(HEIGHT, Round(1), 0, V, parts_of(V))]
    assert scene.of(GetValue) == []
    assert scene.last == ("prevote", 1, V)


# Lines 22-27


def test_an_unlocked_node_prevotes_a_valid_timely_proposal() -> None:
    scene = Scene()
    scene.propose(0, V)
    assert scene.signed == [("prevote", 0, V)]
    assert scene.state.step == Step.PREVOTE


@pytest.mark.parametrize("judged", [{"valid": False}, {"timely": False}])
def test_an_invalid_or_untimely_proposal_gets_a_prevote_for_nil(judged: dict[str, bool]) -> None:
    scene = Scene()
    scene.propose(0, V, **judged)
    assert scene.signed == [("prevote", 0, NIL)]


def test_a_locked_node_prevotes_nil_for_another_fresh_value() -> None:
    scene = locked_on_v()
    scene.propose(1, W)
    assert scene.last == ("prevote", 1, NIL)


def test_a_locked_node_prevotes_its_own_value_when_it_comes_as_a_fresh_one() -> None:
    scene = locked_on_v()
    scene.propose(1, V)
    assert scene.last == ("prevote", 1, V)


def test_a_proposal_of_somebody_else_than_the_proposer_is_ignored() -> None:
    scene = Scene()
    scene.propose(0, V, by=1)
    assert scene.signed == []
    assert scene.state.offers == {}


def test_the_first_proposal_of_a_round_counts_and_a_second_is_ignored() -> None:
    scene = Scene()
    scene.propose(0, V)
    scene.propose(0, W)
    assert scene.signed == [("prevote", 0, V)]
    assert W not in scene.state.blocks


def test_a_proposal_that_claims_another_encoding_of_a_known_block_is_ignored() -> None:
    scene = locked_on_v()
    false = Proposal(HEIGHT, Round(1), ValidRound(0), V, parts_of(W), scene.key(1), Signature(bytes(64)))
    assert not wants_proposal(scene.state, false)
    assert scene.feed(ProposalReceived(false, True, True)) == []
    scene.propose(1, V, valid_round=0)
    assert scene.last == ("prevote", 1, V)


# Lines 28-33


def test_a_proven_value_of_a_later_round_frees_a_node_that_locked_earlier() -> None:
    scene = locked_on_v()
    scene.timeout(TIMEOUT_PROPOSE, 1)
    scene.prevote(1, W, 0, 1, 2)  # a polka for w in round 1, seen by others and now here, without its block
    scene.precommit(1, NIL, 0, 1, 2)
    scene.timeout(TIMEOUT_PRECOMMIT, 1)
    assert scene.state.locked_value == V
    scene.propose(2, W, valid_round=1)
    assert scene.last == ("prevote", 2, W)


def test_without_the_certificate_a_proven_proposal_gets_no_prevote_until_the_timeout() -> None:
    scene = locked_on_v()
    signed = len(scene.signed)
    scene.propose(1, W, valid_round=0)
    assert len(scene.signed) == signed
    scene.timeout(TIMEOUT_PROPOSE, 1)
    assert scene.last == ("prevote", 1, NIL)


def test_the_certificate_may_come_after_the_proposal() -> None:
    scene = Scene()
    scene.timeout(TIMEOUT_PROPOSE, 0)
    scene.prevote(0, W, 0)
    scene.prevote(1, NIL, 0, 1)  # on to round 1
    scene.propose(1, W, valid_round=0)
    assert scene.last == ("prevote", 0, NIL)
    scene.prevote(0, W, 1, 2)
    assert scene.last == ("prevote", 1, W)


def test_a_certificate_of_a_round_before_the_lock_does_not_free() -> None:
    scene = Scene()
    scene.prevote(0, W, 0, 1, 2)
    scene.prevote(1, V, 0, 1)
    scene.propose(1, V)
    assert (scene.state.locked_value, scene.state.locked_round) == (V, 1)
    scene.precommit(1, NIL, 0, 1)
    scene.timeout(TIMEOUT_PRECOMMIT, 1)
    scene.propose(2, W, valid_round=0)
    assert scene.last == ("prevote", 2, NIL)


@pytest.mark.parametrize("valid_round", [1, 2])
def test_a_valid_round_that_is_not_before_the_round_is_no_proposal(valid_round: int) -> None:
    scene = locked_on_v()
    scene.propose(1, W, valid_round=valid_round)
    assert scene.state.offer is None


def test_timeliness_does_not_count_for_a_value_proven_in_an_earlier_round() -> None:
    scene = locked_on_v()
    scene.propose(1, V, valid_round=0, timely=False)
    assert scene.last == ("prevote", 1, V)


# Lines 34-35 and 61-64


def test_prevotes_of_two_thirds_for_anything_start_the_timeout_once_and_it_ends_in_a_precommit_for_nil() -> None:
    scene = Scene()
    scene.propose(0, V)
    scene.prevote(0, NIL, 0)
    assert ScheduleTimeout(TIMEOUT_PREVOTE, HEIGHT, Round(0)) not in scene.effects
    scene.prevote(0, W, 1)
    assert scene.effects.count(ScheduleTimeout(TIMEOUT_PREVOTE, HEIGHT, Round(0))) == 1
    scene.prevote(0, NIL, 2)
    assert scene.effects.count(ScheduleTimeout(TIMEOUT_PREVOTE, HEIGHT, Round(0))) == 1
    scene.timeout(TIMEOUT_PREVOTE, 0)
    assert scene.last == ("precommit", 0, NIL)


# Lines 36-43


def test_a_polka_in_prevote_locks_and_precommits() -> None:
    scene = Scene()
    scene.propose(0, V)
    scene.prevote(0, V, 0)
    assert scene.state.locked_value is None
    scene.prevote(0, V, 1)
    assert scene.last == ("precommit", 0, V)
    assert (scene.state.locked_value, scene.state.locked_round) == (V, 0)
    assert (scene.state.valid_value, scene.state.valid_round) == (V, 0)


def test_a_polka_after_the_precommit_makes_the_value_valid_and_locks_nothing() -> None:
    scene = Scene()
    scene.propose(0, V)
    scene.prevote(0, NIL, 0)
    scene.prevote(0, V, 1)
    scene.timeout(TIMEOUT_PREVOTE, 0)
    scene.prevote(0, V, 2)
    assert scene.signed == [("prevote", 0, V), ("precommit", 0, NIL)]
    assert scene.state.locked_value is None
    assert (scene.state.valid_value, scene.state.valid_round) == (V, 0)


def test_a_polka_during_propose_counts_from_the_prevote_on() -> None:
    scene = Scene()
    scene.prevote(0, V, 0, 1, 2)
    assert scene.signed == []
    scene.propose(0, V)
    assert scene.signed == [("prevote", 0, V), ("precommit", 0, V)]


def test_a_polka_for_another_value_moves_the_lock() -> None:
    scene = locked_on_v()
    scene.propose(1, W)
    assert scene.last == ("prevote", 1, NIL)
    scene.prevote(1, W, 0, 1, 2)
    assert scene.last == ("precommit", 1, W)
    assert (scene.state.locked_value, scene.state.locked_round) == (W, 1)


def test_a_polka_of_an_earlier_round_locks_nothing() -> None:
    scene = locked_on_v()
    scene.prevote(0, W, 2)
    scene.timeout(TIMEOUT_PROPOSE, 1)
    scene.precommit(1, NIL, 0, 1, 2)
    scene.timeout(TIMEOUT_PRECOMMIT, 1)
    scene.prevote(1, W, 0, 1, 2)
    scene.propose(1, W)
    assert (scene.state.locked_value, scene.state.valid_value) == (V, V)


def test_a_polka_for_a_block_that_is_not_here_asks_for_it_once_and_waits() -> None:
    scene = Scene()
    scene.timeout(TIMEOUT_PROPOSE, 0)
    scene.prevote(0, V, 0, 1, 2)
    assert scene.of(RequestBlock) == [RequestBlock(HEIGHT, Round(0), V)]
    assert wanted_blocks(scene.state) == {V}
    scene.judge(V)
    assert scene.last == ("precommit", 0, V)
    assert wanted_blocks(scene.state) == frozenset()


def test_a_block_that_nobody_asked_for_is_not_kept() -> None:
    scene = Scene()
    scene.judge(V)
    assert scene.state.blocks == {}


def test_a_polka_for_an_invalid_block_locks_nothing() -> None:
    scene = Scene()
    scene.propose(0, V, valid=False)
    scene.prevote(0, V, 0, 1, 2)
    assert scene.signed == [("prevote", 0, NIL)]
    assert scene.state.locked_value is None
