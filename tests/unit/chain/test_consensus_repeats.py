"""What a node tells of itself, and what it repeats to a peer that lacks something."""

from dataclasses import replace

from chain.codec import decode, encode
from chain.consensus.inputs import TIMEOUT_PRECOMMIT, TIMEOUT_PROPOSE, StartHeight
from chain.consensus.repeats import NOTHING, Repeats, Status, repeats_for, status
from chain.consensus.state import Step
from chain.types.scalars import Blob, Height
from chain.types.vote import PRECOMMIT, PREVOTE
from tests.support.consensus_scene import NIL, Scene, V, W


def fresh(height: int = 1) -> Status:
    """The status of a node that has just started a height."""
    scene = Scene()
    if height > 1:
        scene.feed(StartHeight(Height(height), scene.validators))
    return status(scene.state)


def what(repeats: Repeats) -> set[tuple[int, int, bytes, bytes]]:
    return {(vote.type, vote.round, vote.target, vote.validator) for vote in repeats.votes}


def in_round_one() -> Scene:
    """A node in round 1 that knows the polka for v in round 0."""
    scene = Scene()
    scene.propose(0, V)
    scene.prevote(0, V, 0, 1)
    scene.precommit(0, NIL, 0, 1)
    scene.timeout(TIMEOUT_PRECOMMIT, 0)
    return scene


def test_a_status_survives_the_wire() -> None:
    told = status(in_round_one().state)
    assert decode(Status, encode(told)) == told


def test_a_status_names_what_is_held_and_what_is_wanted() -> None:
    scene = Scene()
    scene.precommit(0, V, 0, 1, 2)
    told = status(scene.state)
    assert (told.height, told.round, told.step, told.has_proposal) == (1, 0, Step.PROPOSE, False)
    assert told.wanted == V
    assert told.prevotes == bytes(1)
    assert told.precommits[0].bit_count() == 3


def test_who_has_everything_gets_nothing() -> None:
    scene = Scene()
    scene.propose(0, V)
    scene.prevote(0, V, 0)
    assert repeats_for(scene.state, status(scene.state)) == NOTHING


def test_a_peer_in_the_same_round_gets_the_proposal_its_block_and_the_votes_it_lacks() -> None:
    scene = Scene()
    scene.propose(0, V)
    scene.prevote(0, V, 0)
    repeats = repeats_for(scene.state, fresh())
    assert repeats.proposal is not None
    assert repeats.proposal.block_id == V
    assert repeats.blocks == (V,)
    assert what(repeats) == {(PREVOTE, 0, V, scene.key(0)), (PREVOTE, 0, V, scene.key(3))}


def test_only_missing_votes_are_sent() -> None:
    ahead, behind = Scene(), Scene()
    for scene in (ahead, behind):
        scene.propose(0, V)
        scene.prevote(0, V, 0)
    ahead.prevote(0, V, 1)
    repeats = repeats_for(ahead.state, status(behind.state))
    assert what(repeats) == {(PREVOTE, 0, V, ahead.key(1)), (PRECOMMIT, 0, V, ahead.key(3))}
    assert (repeats.proposal, repeats.blocks) == (None, ())


def test_a_peer_behind_in_rounds_gets_the_votes_of_its_round_and_of_ours() -> None:
    ahead = in_round_one()
    ahead.prevote(1, NIL, 0, 1)
    repeats = repeats_for(ahead.state, fresh())
    assert {(kind, round_) for kind, round_, _, _ in what(repeats)} == {(PREVOTE, 0), (PRECOMMIT, 0), (PREVOTE, 1)}


def test_these_repeats_bring_the_peer_to_the_later_round() -> None:
    ahead, behind = in_round_one(), Scene()
    ahead.prevote(1, NIL, 0, 1)
    for vote in repeats_for(ahead.state, status(behind.state)).votes:
        behind.feed_vote(vote)
    assert behind.state.round == 1


def test_a_proposal_that_leans_on_a_polka_comes_with_the_polka() -> None:
    ahead = in_round_one()
    ahead.propose(1, V, valid_round=0)
    behind = Scene()
    behind.timeout(TIMEOUT_PROPOSE, 0)
    behind.prevote(1, NIL, 0, 1)
    repeats = repeats_for(ahead.state, status(behind.state))
    assert repeats.proposal is not None
    polka = {entry for entry in what(repeats) if entry[:2] == (PREVOTE, 0)}
    assert polka == {(PREVOTE, 0, V, ahead.key(who)) for who in (0, 1, 3)}


def test_the_polka_is_sent_whole_for_as_long_as_the_peer_waits_to_prevote() -> None:
    ahead = in_round_one()
    ahead.propose(1, V, valid_round=0)
    waiting = replace(status(ahead.state), step=Step.PROPOSE)
    assert (PREVOTE, 0, V, ahead.key(0)) in what(repeats_for(ahead.state, waiting))
    voted = status(ahead.state)
    assert repeats_for(ahead.state, voted) == NOTHING


def test_an_invalid_block_and_its_proposal_are_not_passed_on() -> None:
    scene = Scene()
    scene.propose(0, V, valid=False)
    repeats = repeats_for(scene.state, fresh())
    assert (repeats.proposal, repeats.blocks) == (None, ())


def test_a_wanted_block_is_sent_by_who_has_it() -> None:
    scene = Scene()
    scene.propose(0, V)
    wanting = replace(status(scene.state), wanted=V)
    assert repeats_for(scene.state, wanting).blocks == (V,)
    assert repeats_for(scene.state, replace(wanting, wanted=W)).blocks == ()


def test_a_peer_behind_in_height_gets_the_final_block_it_needs() -> None:
    scene = Scene()
    scene.feed(StartHeight(Height(5), scene.validators))
    assert repeats_for(scene.state, fresh(3)) == Repeats(final_height=Height(3))
    decided = replace(fresh(3), step=Step.DECIDED)
    assert repeats_for(scene.state, decided) == Repeats(final_height=Height(4))
    assert repeats_for(scene.state, replace(fresh(4), step=Step.DECIDED)) == NOTHING


def test_who_has_decided_answers_with_the_final_block() -> None:
    scene = Scene()
    scene.propose(0, V)
    scene.precommit(0, V, 0, 1, 2)
    assert repeats_for(scene.state, fresh()) == Repeats(final_height=Height(1))
    assert repeats_for(scene.state, status(scene.state)) == NOTHING


def test_precommits_that_decide_are_sent_even_without_the_block() -> None:
    scene = Scene()
    scene.precommit(2, V, 0, 1, 2)
    assert {entry[:3] for entry in what(repeats_for(scene.state, fresh()))} == {(PRECOMMIT, 2, V)}


def test_a_peer_that_is_ahead_gets_nothing_of_a_height_it_has_left() -> None:
    assert repeats_for(in_round_one().state, fresh(2)) == NOTHING


def test_a_bitmap_of_any_length_is_read_with_missing_bits_as_zero() -> None:
    scene = Scene()
    scene.prevote(0, NIL, 0, 1, 2)
    empty = replace(fresh(), prevotes=Blob(b""))
    assert len(repeats_for(scene.state, empty).votes) == 3
    assert repeats_for(scene.state, replace(fresh(), prevotes=Blob(b"\xff" * 1000))).votes == ()
