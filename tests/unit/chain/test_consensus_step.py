"""Algorithm 1 of arXiv 1807.04938, line by line, by hand."""

import pytest

from chain.consensus.effects import (
    Decide,
    GetValue,
    InvalidBlockDecided,
    ReportEquivocation,
    RequestBlock,
    ScheduleTimeout,
    SignAndPublishProposal,
    SignAndPublishVote,
    StepChanged,
)
from chain.consensus.inputs import (
    TIMEOUT_PRECOMMIT,
    TIMEOUT_PREVOTE,
    TIMEOUT_PROPOSE,
    ProposedValue,
    StartHeight,
    VoteReceived,
)
from chain.consensus.state import Step
from chain.consensus.step import step, wanted_blocks
from chain.types.scalars import Height, Round
from chain.types.vote import PREVOTE
from tests.support.consensus_scene import HEIGHT, ME, NIL, Scene, V, W, X, parts_of, validators_of


def locked_on_v() -> Scene:
    """A node that locked v in round 0 and came to round 1 without a decision."""
    scene = Scene()
    scene.propose(0, V)
    scene.prevote(0, V, 0, 1)
    assert scene.last == ("precommit", 0, V)
    scene.precommit(0, NIL, 0, 1)
    scene.timeout(TIMEOUT_PRECOMMIT, 0)
    assert (scene.state.round, scene.state.locked_value, scene.state.locked_round) == (1, V, 0)
    return scene


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


# Lines 44-46, 57-60


def test_a_polka_for_nil_precommits_nil_at_once() -> None:
    scene = Scene()
    scene.timeout(TIMEOUT_PROPOSE, 0)
    scene.prevote(0, NIL, 0, 1)
    assert scene.signed == [("prevote", 0, NIL), ("precommit", 0, NIL)]


def test_a_late_proposal_changes_no_vote() -> None:
    scene = Scene()
    scene.timeout(TIMEOUT_PROPOSE, 0)
    scene.propose(0, V)
    assert scene.signed == [("prevote", 0, NIL)]


# Lines 47-48, 65-67


def test_precommits_of_two_thirds_for_anything_start_the_timeout_that_ends_the_round() -> None:
    scene = Scene()
    scene.precommit(0, NIL, 0)
    scene.precommit(0, V, 1)
    scene.precommit(0, W, 2)
    assert scene.effects.count(ScheduleTimeout(TIMEOUT_PRECOMMIT, HEIGHT, Round(0))) == 1
    scene.timeout(TIMEOUT_PRECOMMIT, 0)
    assert (scene.state.round, scene.state.step) == (1, Step.PROPOSE)


def test_timeouts_of_other_rounds_heights_steps_and_kinds_do_nothing() -> None:
    scene = locked_on_v()
    before = scene.state
    for kind in (TIMEOUT_PROPOSE, TIMEOUT_PREVOTE, TIMEOUT_PRECOMMIT):
        scene.timeout(kind, 0)
    scene.timeout(TIMEOUT_PREVOTE, 1)
    scene.timeout(4, 1)
    assert scene.state is before


# Lines 49-54


def test_precommits_of_two_thirds_decide() -> None:
    scene = Scene()
    scene.propose(0, V)
    scene.prevote(0, V, 0, 1)
    scene.precommit(0, V, 0)
    assert scene.of(Decide) == []
    scene.precommit(0, V, 1)
    (decision,) = scene.of(Decide)
    assert isinstance(decision, Decide)
    assert (decision.height, decision.round, decision.block_id) == (HEIGHT, 0, V)
    signers = [entry.validator for entry in decision.commit.signatures]
    assert signers == sorted([scene.key(0), scene.key(1), scene.key(ME)])


def test_precommits_of_an_earlier_round_decide() -> None:
    scene = Scene()
    scene.propose(0, V)
    scene.prevote(1, NIL, 0, 1)
    assert scene.state.round == 1
    scene.precommit(0, V, 0, 1, 2)
    assert [effect.round for effect in scene.of(Decide) if isinstance(effect, Decide)] == [0]


def test_precommits_of_a_later_round_decide() -> None:
    scene = Scene()
    scene.propose(0, V)
    scene.precommit(5, V, 0)
    assert scene.state.round == 0
    scene.precommit(5, V, 1, 2)
    assert [effect.round for effect in scene.of(Decide) if isinstance(effect, Decide)] == [5]


def test_a_decision_waits_for_its_block() -> None:
    scene = Scene()
    scene.precommit(0, V, 0, 1, 2)
    assert scene.of(Decide) == []
    assert scene.of(RequestBlock) == [RequestBlock(HEIGHT, Round(0), V)]
    scene.judge(V)
    assert len(scene.of(Decide)) == 1


def test_a_decision_for_a_block_held_invalid_stops_the_node() -> None:
    scene = Scene()
    scene.propose(0, V, valid=False)
    scene.precommit(0, V, 0, 1, 2)
    assert scene.of(InvalidBlockDecided) == [InvalidBlockDecided(HEIGHT, Round(0), V)]
    assert scene.of(Decide) == []


def test_precommits_for_nil_decide_nothing() -> None:
    scene = Scene()
    scene.precommit(0, NIL, 0, 1, 2)
    assert scene.of(Decide) == []


def test_after_the_decision_only_late_precommits_count_until_the_next_height() -> None:
    scene = Scene()
    scene.propose(0, V)
    scene.precommit(0, V, 0, 1, 2)
    assert len(scene.state.votes.precommits(0).votes_for(V)) == 3
    effects = scene.prevote(0, V, 0, 1)
    assert effects == []
    assert scene.timeout(TIMEOUT_PRECOMMIT, 0) == []
    assert scene.state.step == Step.DECIDED
    scene.feed(StartHeight(Height(2), scene.validators))
    assert (scene.state.height, scene.state.round, scene.state.step) == (2, 0, Step.PROPOSE)
    assert scene.state.votes.rounds == {}


# Lines 55-56


def test_one_third_of_senders_at_a_later_round_is_not_enough_to_follow_and_more_is() -> None:
    scene = Scene()
    scene.prevote(3, NIL, 0)
    scene.precommit(3, NIL, 0)
    assert scene.state.round == 0
    scene.prevote(3, NIL, 1)
    assert (scene.state.round, scene.state.step) == (3, Step.PROPOSE)
    assert scene.of(GetValue) == [GetValue(HEIGHT, Round(3))]


def test_senders_at_different_later_rounds_do_not_add_up() -> None:
    scene = Scene()
    scene.prevote(3, NIL, 0)
    scene.prevote(4, NIL, 1)
    assert scene.state.round == 0


def test_following_goes_by_power() -> None:
    scene = Scene(powers=(10, 1, 1, 1), me=3)
    heavy = next(who for who in range(13) if scene.validators.power(scene.key(who)) == 10)
    scene.prevote(2, NIL, heavy)
    assert scene.state.round == 2


# Signing, quorums, heights


def test_a_quorum_is_more_than_two_thirds_of_power_and_not_two_thirds() -> None:
    scene = Scene(powers=(1, 1, 1), me=None)
    scene.propose(0, V)
    scene.prevote(0, V, 0, 1)
    assert scene.state.valid_value is None
    scene.prevote(0, V, 2)
    assert scene.state.valid_value == V


def test_a_node_without_a_key_follows_and_decides_but_signs_nothing() -> None:
    scene = Scene(me=None)
    scene.propose(0, V)
    scene.prevote(0, V, 0, 1, 2)
    scene.precommit(0, V, 0, 1, 2)
    assert scene.of(SignAndPublishVote) == []
    assert len(scene.of(Decide)) == 1


def test_a_key_that_is_not_in_the_set_signs_nothing() -> None:
    scene = Scene(me=2, start=False)
    strangers = validators_of((1, 1))
    assert scene.own not in strangers.by_key
    scene.feed(StartHeight(HEIGHT, strangers))
    scene.timeout(TIMEOUT_PROPOSE, 0)
    assert scene.signed == []
    assert scene.state.step == Step.PREVOTE


def test_a_lower_or_equal_height_does_not_start() -> None:
    scene = locked_on_v()
    before = scene.state
    scene.feed(StartHeight(HEIGHT, scene.validators))
    assert scene.state is before


def test_votes_of_other_heights_and_strangers_change_nothing() -> None:
    scene = Scene()
    vote = scene.vote(PREVOTE, 0, V, 0)
    stranger = type(vote)(vote.type, vote.height, vote.round, vote.target, b"?" * 32, vote.signature)
    other_height = type(vote)(vote.type, Height(2), vote.round, vote.target, vote.validator, vote.signature)
    other_type = type(vote)(3, vote.height, vote.round, vote.target, vote.validator, vote.signature)
    for wrong in (stranger, other_height, other_type):
        assert step(scene.state, VoteReceived(wrong)) == (scene.state, [])


def test_an_equivocation_is_reported_once_with_the_smaller_target_first() -> None:
    scene = Scene()
    scene.prevote(0, W, 0)
    scene.prevote(0, V, 0)
    scene.prevote(0, X, 0)
    (report,) = scene.of(ReportEquivocation)
    assert isinstance(report, ReportEquivocation)
    assert (report.evidence.first.target, report.evidence.second.target) == (V, W)


def test_the_same_input_gives_the_very_same_state_a_second_time() -> None:
    scene = Scene()
    scene.propose(0, V)
    scene.prevote(0, V, 0)
    for event in scene.inputs:
        state, effects = step(scene.state, event)
        assert state is scene.state
        assert effects == []
