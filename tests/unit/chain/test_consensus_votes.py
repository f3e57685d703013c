"""Counting votes in bounded memory, also against validators who do not keep the rules."""

from hypothesis import given
from hypothesis import strategies as st

from chain.consensus.certificates import commit_of
from chain.consensus.evidence import MAX_EVIDENCE, duplicate_vote, with_evidence
from chain.consensus.votes import FUTURE_ROUNDS, Tally, VoteBook
from chain.types.scalars import NIL, Height, Round, Signature, Uint, VoteTarget
from chain.types.vote import PRECOMMIT, PREVOTE, DuplicateVote, Vote
from tests.support.consensus_scene import Scene, V, W, X, validators_of

SET = validators_of((1, 1, 1, 1))
KEYS = [validator.public_key for validator in SET.validators]


def vote(who: int, target: bytes, round_: int = 0, type_: Uint = PREVOTE) -> Vote:
    return Vote(type_, Height(1), Round(round_), VoteTarget(target), KEYS[who], Signature(bytes(64)))


def tally_of(*votes: Vote) -> Tally:
    tally = Tally()
    for each in votes:
        tally, _ = tally.add(each, SET)
    return tally


def book_of(*votes: Vote, current: int = 0) -> VoteBook:
    book = VoteBook()
    for each in votes:
        book, _ = book.add(each, Round(current), SET)
    return book


def test_a_quorum_is_for_one_target_and_the_power_for_all() -> None:
    tally = tally_of(vote(0, V), vote(1, W), vote(2, V))
    assert (tally.quorum, tally.power) == (None, 3)
    tally, _ = tally.add(vote(3, V), SET)
    assert (tally.quorum, tally.power) == (V, 4)


def test_a_repeated_vote_is_not_counted_again() -> None:
    tally = tally_of(vote(0, V))
    again, evidence = tally.add(vote(0, V), SET)
    assert again is tally
    assert evidence is None


def test_a_contradicting_vote_for_a_target_that_nobody_backs_is_evidence_and_nothing_more() -> None:
    tally = tally_of(vote(0, V))
    tally, evidence = tally.add(vote(0, W), SET)
    assert evidence is not None
    assert (evidence.first.target, evidence.second.target) == (V, W)
    assert (tally.power, tally.backing) == (1, {V: 1})


def test_a_contradicting_vote_counts_towards_a_target_that_more_than_a_third_backs() -> None:
    # Else a certificate that leans on it could never be rebuilt here, and a lock elsewhere would stay for ever.
    tally = tally_of(vote(0, NIL), vote(1, V), vote(2, V))
    tally, evidence = tally.add(vote(0, V), SET)
    assert evidence is not None
    assert (tally.quorum, tally.power) == (V, 3)
    assert {each.validator for each in tally.votes_for(VoteTarget(V))} == {KEYS[0], KEYS[1], KEYS[2]}


def test_evidence_comes_once_per_validator() -> None:
    tally = tally_of(vote(0, V), vote(0, W))
    assert tally.add(vote(0, X), SET) == (tally, None)


def test_an_equivocator_takes_no_more_memory_than_the_targets_that_others_back() -> None:
    tally = tally_of(vote(1, V), vote(2, V), *(vote(0, bytes([n]) * 32) for n in range(100)))
    assert len(list(tally.votes())) == 3
    tally, _ = tally.add(vote(0, V), SET)
    assert len(list(tally.votes())) == 4


def test_future_rounds_of_a_validator_are_bounded_and_the_latest_stay() -> None:
    book = book_of(*(vote(0, V, round_) for round_ in range(1, 50)))
    assert sorted(book.rounds) == list(range(50 - FUTURE_ROUNDS, 50))
    assert book_of(*(vote(0, V, round_) for round_ in range(49, 0, -1))).rounds.keys() == {49, 48}


def test_making_room_for_one_validator_keeps_the_votes_of_others() -> None:
    book = book_of(vote(0, V, 5), vote(1, V, 5), vote(0, V, 6), vote(0, V, 7))
    assert book.rounds[Round(5)].senders() == {KEYS[1]}
    assert book.prevotes(5).power == 1


def test_the_current_and_earlier_rounds_are_not_future() -> None:
    votes = [vote(0, V, round_) for round_ in range(10)]
    assert len(book_of(*votes, current=9).rounds) == 10


def test_a_decision_is_noticed_in_any_round_and_never_for_nil() -> None:
    assert book_of(*(vote(who, NIL, 0, PRECOMMIT) for who in range(4))).decided is None
    assert book_of(*(vote(who, V, 7, PRECOMMIT) for who in range(3))).decided == (7, V)


def test_a_commit_holds_all_precommits_for_its_block_sorted_by_validator() -> None:
    book = book_of(*(vote(who, V, 2, PRECOMMIT) for who in (3, 0, 2)), vote(1, NIL, 2, PRECOMMIT))
    commit = commit_of(book, Height(1))
    assert [entry.validator for entry in commit.signatures] == [KEYS[0], KEYS[2], KEYS[3]]
    assert (commit.height, commit.round, commit.block_id) == (1, 2, V)


def test_a_late_precommit_joins_the_commit_after_the_decision() -> None:
    scene = Scene()
    scene.propose(0, V)
    scene.precommit(0, V, 0, 1, 2)
    own_missing = commit_of(scene.state.votes, Height(1))
    assert len(own_missing.signatures) == 3
    scene.precommit(0, V, 3)
    assert len(commit_of(scene.state.votes, Height(1)).signatures) == 4


votes_of_anybody = st.builds(
    vote,
    st.integers(0, 3),
    st.sampled_from([NIL, V, W]),
    st.integers(0, 6),
    st.sampled_from([PREVOTE, PRECOMMIT]),
)


@given(st.lists(votes_of_anybody, max_size=60))
def test_whatever_arrives_the_counts_are_those_of_the_kept_votes(votes: list[Vote]) -> None:
    book = book_of(*votes, current=2)
    for round_votes in book.rounds.values():
        for tally in (round_votes.prevotes, round_votes.precommits):
            kept = list(tally.votes())
            assert tally.power == len({each.validator for each in kept})
            for target in (NIL, V, W):
                backers = {each.validator for each in kept if each.target == target}
                assert tally.backing.get(VoteTarget(target), 0) == len(backers)
            if tally.quorum is not None:
                assert len(tally.votes_for(tally.quorum)) >= 3
    for key in KEYS:
        future = [round_ for round_ in book.future(Round(2)) if key in book.rounds[round_].senders()]
        assert len(future) <= FUTURE_ROUNDS


@given(st.permutations([vote(0, NIL), vote(1, V), vote(2, V), vote(0, V), vote(3, W)]))
def test_in_whatever_order_a_repeat_rebuilds_the_certificate_that_an_equivocator_is_part_of(votes: list[Vote]) -> None:
    twice = tally_of(*votes, *votes)
    assert twice.quorum == V


def test_whoever_signs_twice_again_and_again_does_not_crowd_out_the_evidence_against_others() -> None:
    kept: tuple[DuplicateVote, ...] = ()
    for index in range(3):
        kept = with_evidence(kept, duplicate_vote(vote(index, V), vote(index, W)))
    for _ in range(2 * MAX_EVIDENCE):
        kept = with_evidence(kept, duplicate_vote(vote(0, W), vote(0, NIL)))
    accused = [piece.first.validator for piece in kept]
    assert len(accused) == len(set(accused)) == 3
    assert kept[-1].first.target == NIL
