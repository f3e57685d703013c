"""Algorithm 1 of arXiv 1807.04938 by hand: nil, timeouts, deciding, following (lines 44-67), and who signs."""

from chain.consensus.effects import (
    Decide,
    GetValue,
    InvalidBlockDecided,
    ReportEquivocation,
    RequestBlock,
    ScheduleTimeout,
    SignAndPublishVote,
)
from chain.consensus.inputs import (
    TIMEOUT_PRECOMMIT,
    TIMEOUT_PREVOTE,
    TIMEOUT_PROPOSE,
    StartHeight,
    VoteReceived,
)
from chain.consensus.state import Step
from chain.consensus.step import step
from chain.types.scalars import Height, Round
from chain.types.vote import PREVOTE
from tests.support.consensus_scene import HEIGHT, ME, NIL, Scene, V, W, X, locked_on_v, validators_of

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
