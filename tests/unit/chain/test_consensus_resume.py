"""Coming back after a crash at any point of the log, and messages that came too early."""

from dataclasses import replace

import pytest

from chain.consensus.early import EarlyMessages
from chain.consensus.effects import (
    Decide,
    Effect,
    GetValue,
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
    Input,
    ProposalReceived,
    ProposedValue,
    StartHeight,
    VoteReceived,
)
from chain.consensus.resume import resume
from chain.consensus.state import State, Step, initial_state
from chain.consensus.step import step
from chain.types.scalars import Height, Round, Uint, ValidRound
from chain.types.vote import PRECOMMIT, PREVOTE, Proposal
from tests.support.consensus_scene import HEIGHT, NIL, Scene, V, parts_of


def resumed(scene: Scene, inputs: list[Input] | None = None) -> tuple[State, list[Effect]]:
    return resume(initial_state(scene.own), scene.inputs if inputs is None else inputs)


def without_own(scene: Scene, kind: type) -> list[Input]:
    """The log up to just before the first own message of a kind."""
    for index, event in enumerate(scene.inputs):
        if isinstance(event, kind) and scene.own in (
            getattr(getattr(event, "vote", None), "validator", None),
            getattr(getattr(event, "proposal", None), "proposer", None),
        ):
            return scene.inputs[:index]
    raise LookupError(f"no own {kind.__name__}")


def test_an_empty_log_owes_nothing() -> None:
    state = initial_state(Scene().own)
    assert resume(state, []) == (state, [])


def test_a_whole_log_gives_the_state_and_only_what_still_runs() -> None:
    scene = Scene()
    scene.propose(0, V)
    scene.prevote(0, NIL, 0, 1)
    state, owed = resumed(scene)
    assert state == scene.state
    assert owed == [
        StepChanged(HEIGHT, Round(0), Step.PREVOTE),
        ScheduleTimeout(TIMEOUT_PREVOTE, HEIGHT, Round(0)),
    ]


def test_a_vote_that_was_asked_for_but_not_logged_is_asked_for_again() -> None:
    scene = Scene()
    scene.propose(0, V)
    state, owed = resumed(scene, without_own(scene, VoteReceived))
    assert state.step == Step.PREVOTE
    assert SignAndPublishVote(PREVOTE, HEIGHT, Round(0), V) in owed


def test_a_lock_comes_back_with_the_log_and_binds() -> None:
    scene = Scene()
    scene.propose(0, V)
    scene.prevote(0, V, 0, 1)
    scene.precommit(0, NIL, 0, 1)
    scene.timeout(TIMEOUT_PRECOMMIT, 0)
    state, owed = resumed(scene)
    assert (state.locked_value, state.locked_round) == (V, 0)
    assert owed == [
        StepChanged(HEIGHT, Round(1), Step.PROPOSE),
        ScheduleTimeout(TIMEOUT_PROPOSE, HEIGHT, Round(1)),
    ]


def test_a_proposer_that_had_not_built_is_asked_for_a_value_again() -> None:
    scene = Scene(me=0)
    _, owed = resumed(scene)
    assert GetValue(HEIGHT, Round(0)) in owed


def test_a_proposer_that_had_built_signs_what_it_built_and_builds_nothing_else() -> None:
    scene = Scene(me=0)
    scene.feed(ProposedValue(HEIGHT, Round(0), V, parts_of(V)))
    _, owed = resumed(scene, without_own(scene, ProposalReceived))
    assert SignAndPublishProposal(HEIGHT, Round(0), ValidRound(-1), V, parts_of(V)) in owed
    assert not any(isinstance(effect, GetValue) for effect in owed)


def test_a_proposal_that_is_out_is_not_made_again() -> None:
    scene = Scene(me=0)
    scene.feed(ProposedValue(HEIGHT, Round(0), V, parts_of(V)))
    _, owed = resumed(scene)
    assert not any(isinstance(effect, GetValue | SignAndPublishProposal | SignAndPublishVote) for effect in owed)


def test_a_decision_that_was_not_committed_is_made_again() -> None:
    scene = Scene()
    scene.propose(0, V)
    scene.precommit(0, V, 0, 1, 2)
    _, owed = resumed(scene)
    assert [type(effect) for effect in owed] == [Decide]


def test_a_block_that_is_still_missing_is_asked_for_again() -> None:
    scene = Scene()
    scene.precommit(0, V, 0, 1, 2)
    _, owed = resumed(scene)
    assert RequestBlock(HEIGHT, Round(0), V) in owed
    scene.judge(V)
    _, owed = resumed(scene)
    assert not any(isinstance(effect, RequestBlock) for effect in owed)


@pytest.mark.parametrize("own", [None, 0, 3])
def test_a_crash_after_any_record_ends_in_the_same_state_once_the_rest_has_come(own: int | None) -> None:
    scene = Scene(me=own)
    scene.feed(ProposedValue(HEIGHT, Round(0), V, parts_of(V)))
    if own != 0:
        scene.propose(0, V)
    scene.prevote(0, V, 0, 1, 2)
    scene.precommit(0, NIL, 0, 1)
    scene.timeout(TIMEOUT_PRECOMMIT, 0)
    scene.propose(1, V, valid_round=0)
    for cut in range(len(scene.inputs)):
        state, _ = resumed(scene, scene.inputs[:cut])
        for event in scene.inputs[cut:]:
            state, _ = step(state, event)
        assert state == scene.state


def test_early_messages_are_kept_per_validator_for_their_height_only() -> None:
    scene = Scene()
    early = EarlyMessages(HEIGHT)
    for round_ in range(5):
        for who in range(4):
            early = early.with_vote(scene.vote(PREVOTE, round_, V, who)).with_vote(
                scene.vote(PRECOMMIT, round_, V, who)
            )
    assert len(early.votes) == 8
    assert {vote.round for vote in early.votes.values()} == {4}
    assert early.with_vote(scene.vote(PREVOTE, 0, V, 0)) is early
    other = EarlyMessages(Height(2))
    assert other.with_vote(scene.vote(PREVOTE, 0, V, 0)) is other


def test_an_early_vote_of_no_known_type_is_not_kept() -> None:
    """A validator could else invent a type a message, and every node would keep them all."""
    scene, early = Scene(), EarlyMessages(HEIGHT)
    vote = scene.vote(PREVOTE, 0, V, 0)
    for type_ in (0, 3, 2**63 - 1):
        assert early.with_vote(replace(vote, type=Uint(type_))) is early


def test_an_early_proposal_is_kept_until_one_of_a_later_round_comes() -> None:
    def proposal(round_: int) -> Proposal:
        return Proposal(HEIGHT, Round(round_), ValidRound(-1), V, parts_of(V), Scene().key(0), bytes(64))

    early = EarlyMessages(HEIGHT).with_proposal(proposal(1)).with_proposal(proposal(0))
    assert [kept.round for kept in early.proposals.values()] == [1]
    other = EarlyMessages(Height(2))
    assert other.with_proposal(proposal(0)) is other


def test_every_height_begins_afresh() -> None:
    scene = Scene()
    scene.propose(0, V)
    scene.feed(StartHeight(Height(2), scene.validators))
    state, owed = resumed(scene)
    assert (state.height, state.offers) == (2, {})
    assert {effect.height for effect in owed} == {2}
