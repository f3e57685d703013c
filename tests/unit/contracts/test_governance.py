"""Governance: who proposes and votes, what counts, when a proposal ends, and that nothing passes by less than 2/3."""

from dataclasses import replace

import pytest

from chain.execution.param_changes import ParamChange, ParameterOutOfRange
from chain.execution.upgrades import Upgrade
from chain.execution.validator_schedule import set_validators
from chain.types.receipt import OK
from chain.types.scalars import Height, Name, Text, Uint
from chain.types.validators import ValidatorSet
from contracts.governance import events, state
from contracts.governance.actions import (
    MAX_OPEN,
    MAX_VOTING_HEIGHTS,
    MOST_DECISION_WRITES,
    Propose,
    Vote,
    Withdraw,
)
from contracts.governance.decisions import DECISIONS, CancelUpgrade, PlanUpgrade, SetParameters
from contracts.governance.errors import (
    EffectTooSoon,
    NoSuchProposal,
    NoSuchUpgrade,
    NotAnOperator,
    NotTheProposer,
    ProposalClosed,
    TooManyOpen,
    WrongDeadline,
)
from tests.support.sealed_chain import validator_id
from tests.support.small_chain import SmallChain, account, operator
from tests.support.votes import decide, proposal_of

THREE = (10, 10, 10)  # 20 of 30 is exactly 2/3, which is not enough
PERSON = 1
ONE = Uint(1)
EXPIRED = events.ProposalExpired


def dearer(value: int = 200, effective: int = 1_000) -> SetParameters:
    return SetParameters((ParamChange(Name("prices.write"), Uint(value)),), Height(effective))


def status(chain: SmallChain, number: int = 1) -> str:
    return state.require_proposal(chain.view, Uint(number)).status


# Counting


def test_exactly_two_thirds_are_not_enough() -> None:
    chain = SmallChain(THREE)
    opened, voted = decide(chain, dearer(), voters=(0, 1))
    assert opened.events == (events.ProposalOpened(ONE, account(operator(0)), Height(11)),)
    assert voted.events == (events.VoteCast(ONE, account(operator(1)), True),)
    assert status(chain) == state.OPEN
    deciding = chain.do(operator(2), Vote(ONE, True))
    assert deciding.events[-1] == events.ProposalPassed(ONE)
    assert status(chain) == state.PASSED


def test_power_decides_and_not_heads() -> None:
    chain = SmallChain((70, 10, 10, 10))
    decide(chain, dearer(), voters=(1, 2, 3))
    assert status(chain) == state.OPEN
    chain.do(operator(0), Vote(ONE, True))
    assert status(chain) == state.PASSED


def test_one_operator_alone_with_the_power_decides_by_proposing() -> None:
    chain = SmallChain((70, 10))
    (receipt,) = decide(chain, dearer(), voters=(0,))
    assert [type(event) for event in receipt.events] == [events.ProposalOpened, events.ProposalPassed]


def test_a_vote_repeated_counts_once_and_the_last_word_counts() -> None:
    chain = SmallChain(THREE)
    decide(chain, dearer(), voters=(0,))
    for _ in range(3):
        chain.do(operator(0), Vote(ONE, True))
    chain.do(operator(1), Vote(ONE, True))
    chain.do(operator(1), Vote(ONE, False))
    chain.do(operator(2), Vote(ONE, True))
    assert status(chain) == state.OPEN
    proposal = state.require_proposal(chain.view, ONE)
    assert [(state.power_of(chain.view, proposal, said, chain.height)) for said in (True, False)] == [20, 10]
    chain.do(operator(1), Vote(ONE, True))
    assert status(chain) == state.PASSED


def without(chain: SmallChain, leaver: int) -> None:
    """The validator is no longer in the set of the next block."""
    key, height = validator_id(leaver), Height(chain.height + 1)
    with chain.amended() as overlay:
        members = [entry.validator for entry in chain.genesis.validators if entry.validator.public_key != key]
        set_validators(overlay, ValidatorSet(tuple(members)), height, height)


def test_the_votes_of_validators_that_left_the_set_do_not_count() -> None:
    chain = SmallChain((10, 10, 10, 10))
    decide(chain, dearer(), voters=(0, 1))
    without(chain, 1)
    chain.do(operator(2), Vote(ONE, True))  # 20 of 30, where 30 of 40 would have been enough
    assert status(chain) == state.OPEN
    with pytest.raises(NotAnOperator):
        chain.check(operator(1), Vote(ONE, True))
    chain.do(operator(3), Vote(ONE, True))
    assert status(chain) == state.PASSED


def test_power_is_that_of_the_moment_of_the_count() -> None:
    """Two of three are not enough; after the third has left, a repeated vote counts anew, and they are."""
    chain = SmallChain(THREE)
    decide(chain, dearer(), voters=(0, 1))
    without(chain, 2)
    assert status(chain) == state.OPEN
    chain.do(operator(0), Vote(ONE, True))
    assert status(chain) == state.PASSED


# Who, when, how many


def test_only_operators_of_the_present_set_propose_and_vote() -> None:
    chain = SmallChain(THREE)
    decide(chain, dearer(), voters=(0,))
    for action in (proposal_of(chain, dearer()), Vote(ONE, True)):
        with pytest.raises(NotAnOperator) as refused:
            chain.check(PERSON, action)
        assert refused.value.account == account(PERSON)


def test_what_was_never_proposed_is_not_voted_on() -> None:
    chain = SmallChain(THREE)
    for action in (Vote(ONE, True), Withdraw(ONE)):
        with pytest.raises(NoSuchProposal):
            chain.check(operator(0), action)


def test_votes_are_cast_until_the_deadline_and_the_proposal_expires_with_it() -> None:
    chain = SmallChain(THREE)
    decide(chain, dearer(), voters=(0, 1))
    deadline = state.require_proposal(chain.view, ONE).deadline
    chain.pass_to(deadline - 1)
    chain.check(operator(2), Vote(ONE, True))
    chain.block()
    assert chain.closing_events == (events.ProposalExpired(ONE),)
    assert (status(chain), list(state.open_proposals(chain.view))) == (state.EXPIRED, [])
    with pytest.raises(ProposalClosed) as refused:
        chain.check(operator(2), Vote(ONE, True))
    assert refused.value.status == state.EXPIRED


def test_the_last_block_may_still_decide() -> None:
    chain = SmallChain(THREE)
    decide(chain, dearer(), voters=(0, 1))
    chain.pass_to(state.require_proposal(chain.view, ONE).deadline - 1)
    chain.do(operator(2), Vote(ONE, True))
    assert (status(chain), chain.closing_events) == (state.PASSED, ())


@pytest.mark.parametrize("ahead", [0, 2 + MAX_VOTING_HEIGHTS])
def test_a_deadline_lies_ahead_and_not_too_far(ahead: int) -> None:
    chain = SmallChain(THREE)
    with pytest.raises(WrongDeadline):
        chain.check(operator(0), Propose(dearer(effective=2**40), Height(chain.height + ahead), Text("")))


def test_no_effect_before_the_votes_are_cast() -> None:
    chain = SmallChain(THREE)
    proposal = proposal_of(chain, dearer(), 5)
    for early in (proposal.deadline, proposal.deadline - 1):
        with pytest.raises(EffectTooSoon):
            chain.check(operator(0), replace(proposal, decision=dearer(effective=early)))
    chain.check(operator(0), replace(proposal, decision=dearer(effective=proposal.deadline + 1)))


def test_an_operator_has_so_many_open_proposals_and_takes_no_other_ones_place() -> None:
    chain = SmallChain((10,) * 3)
    for _ in range(MAX_OPEN):
        assert chain.do(operator(0), proposal_of(chain, dearer(), 100)).code == OK
    with pytest.raises(TooManyOpen) as refused:
        chain.check(operator(0), proposal_of(chain, dearer()))
    assert (refused.value.open, refused.value.limit) == (MAX_OPEN, MAX_OPEN)
    assert chain.do(operator(1), proposal_of(chain, dearer(), 100)).code == OK
    chain.do(operator(0), Withdraw(Uint(2)))
    chain.check(operator(0), proposal_of(chain, dearer()))


def test_proposals_expire_each_at_its_own_deadline_whatever_their_order() -> None:
    chain = SmallChain(THREE)
    for heights in (9, 5, 5, 30):
        chain.do(operator(0), proposal_of(chain, dearer(), heights))
    ended = {}
    while chain.height < 40:
        chain.block()
        ended |= {event.proposal: chain.height for event in chain.closing_events if isinstance(event, EXPIRED)}
    assert ended == {1: 10, 2: 7, 3: 8, 4: 34}
    assert list(state.open_proposals(chain.view)) == []


def test_only_the_proposer_withdraws_and_only_what_is_open() -> None:
    chain = SmallChain(THREE)
    decide(chain, dearer(), voters=(0,))
    with pytest.raises(NotTheProposer):
        chain.check(operator(1), Withdraw(ONE))
    assert chain.do(operator(0), Withdraw(ONE)).events == (events.ProposalWithdrawn(ONE),)
    assert status(chain) == state.WITHDRAWN
    for action in (Withdraw(ONE), Vote(ONE, True)):
        with pytest.raises(ProposalClosed):
            chain.check(operator(0), action)


# What passes


def test_a_rule_is_checked_when_it_is_proposed_and_again_when_it_passes() -> None:
    """Two proposals to cancel one upgrade: the second has the votes and nothing left to cancel."""
    chain = SmallChain(THREE)
    with pytest.raises(NoSuchUpgrade):
        chain.check(operator(0), proposal_of(chain, CancelUpgrade(Name("two"))))
    with pytest.raises(ParameterOutOfRange):
        chain.check(operator(0), proposal_of(chain, dearer(10**9)))
    decide(chain, PlanUpgrade(Upgrade(Name("two"), Height(1_000), Uint(2), Text(""))))
    decide(chain, CancelUpgrade(Name("two")), voters=(0,))
    decide(chain, CancelUpgrade(Name("two")), voters=(0,))
    for number in (2, 3):
        chain.do(operator(1), Vote(Uint(number), True))
    assert chain.do(operator(2), Vote(Uint(2), True)).events[-1] == events.ProposalPassed(Uint(2))
    failed = chain.do(operator(2), Vote(Uint(3), True))
    assert failed.code == OK
    assert failed.events[-1] == events.ProposalFailed(Uint(3), Uint(NoSuchUpgrade.code))
    closed = state.require_proposal(chain.view, Uint(3))
    assert (closed.status, closed.failure, closed.closed_at) == (state.FAILED, NoSuchUpgrade.code, chain.height)


def test_no_decision_writes_more_than_a_vote_pays_for() -> None:
    assert max(decision.writes for decision in DECISIONS) == MOST_DECISION_WRITES
    tags, names = [decision.tag for decision in DECISIONS], [decision.name for decision in DECISIONS]
    assert len(set(tags)) == len(tags) and len(set(names)) == len(names)
