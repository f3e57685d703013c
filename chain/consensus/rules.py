"""The "upon" rules of Algorithm 1 (arXiv 1807.04938), one function each, named by what they conclude.

A rule answers None where its condition does not hold. `settle` applies them until none holds any more, which ends: each
firing either moves (round, step) forward or sets something that its own condition asks to be unset.
Where the paper asks for the proposal of a value besides votes for it, a judged valid block of that id is what counts.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from chain.consensus.certificates import commit_of
from chain.consensus.effects import Decide, InvalidBlockDecided, RequestBlock, ScheduleTimeout
from chain.consensus.inputs import TIMEOUT_PRECOMMIT, TIMEOUT_PREVOTE
from chain.consensus.rounds import Transition, start_round, vote
from chain.consensus.state import NONE, State, Step
from chain.types.scalars import NIL, BlockId, Round, ValidRound, VoteTarget
from chain.types.vote import PRECOMMIT, PREVOTE, Proposal

Rule = Callable[[State], Transition | None]


def settle(transition: Transition) -> Transition:
    """Apply the rules, in their order, until none holds."""
    state, effects = transition
    while state.step != Step.DECIDED:
        fired = next((result for rule in RULES if (result := rule(state)) is not None), None)
        if fired is None:
            break
        state, more = fired
        effects += more
    return state, effects


def decide(state: State) -> Transition | None:
    """Lines 49-54: precommits of more than 2/3 for a valid block, of whichever round."""
    if state.votes.decided is None:
        return None
    round_, block_id = state.votes.decided
    block = state.blocks.get(block_id)
    if block is None:
        return _request(state, round_, block_id)
    decided = replace(state, step=Step.DECIDED)
    if not block.valid:
        return decided, (InvalidBlockDecided(state.height, round_, block_id),)
    return decided, (Decide(state.height, round_, block_id, commit_of(state.votes, state.height)),)


def _request(state: State, round_: Round, block_id: BlockId) -> Transition | None:
    if block_id in state.requested:
        return None
    requested = replace(state, requested=state.requested | {block_id})
    return requested, (RequestBlock(state.height, round_, block_id),)


def prevote_fresh_proposal(state: State) -> Transition | None:
    """Lines 22-27: a new value gets a prevote from who is not locked, or locked on it."""
    if state.step != Step.PROPOSE or state.offer is None or state.offer.proposal.valid_round != NONE:
        return None
    value = state.offer.proposal.block_id
    unlocked = state.locked_round == NONE or state.locked_value == value
    return _prevote(state, state.offer.proposal, accept=unlocked and state.offer.timely)


def prevote_proven_proposal(state: State) -> Transition | None:
    """Lines 28-33: a value of an earlier round, proven by that round's prevotes, also frees whoever locked earlier."""
    if state.step != Step.PROPOSE or state.offer is None:
        return None
    proposal = state.offer.proposal
    if not 0 <= proposal.valid_round < state.round or not has_polka(state, proposal.valid_round, proposal.block_id):
        return None
    free = state.locked_round <= proposal.valid_round or state.locked_value == proposal.block_id
    return _prevote(state, proposal, accept=free)


def has_polka(state: State, round_: ValidRound | Round, block_id: BlockId) -> bool:
    """Did more than 2/3 prevote that block in that round?"""
    return state.votes.prevotes(round_).quorum == VoteTarget(block_id)


def _prevote(state: State, proposal: Proposal, *, accept: bool) -> Transition:
    accept = accept and state.is_valid(proposal.block_id)
    return vote(state, PREVOTE, VoteTarget(proposal.block_id) if accept else NIL)


def schedule_prevote_timeout(state: State) -> Transition | None:
    """Lines 34-35: prevotes of more than 2/3, for anything, for the first time."""
    prevotes = state.votes.prevotes(state.round)
    if state.step != Step.PREVOTE or state.prevote_timer or not state.validators.is_quorum(prevotes.power):
        return None
    timeout = ScheduleTimeout(TIMEOUT_PREVOTE, state.height, state.round)
    return replace(state, prevote_timer=True), (timeout,)


def follow_polka(state: State) -> Transition | None:
    """Lines 36-43: a polka of this round makes its value valid, and locks whoever is still in prevote."""
    polka = state.votes.prevotes(state.round).quorum
    if state.step == Step.PROPOSE or polka is None or polka == NIL or state.valid_round == ValidRound(state.round):
        return None
    value = BlockId(polka)
    if value not in state.blocks:
        return _request(state, state.round, value)
    if not state.is_valid(value):
        return None
    round_ = ValidRound(state.round)
    proven = replace(state, valid_value=value, valid_round=round_)
    if state.step != Step.PREVOTE:
        return proven, ()
    return vote(replace(proven, locked_value=value, locked_round=round_), PRECOMMIT, polka)


def precommit_nil(state: State) -> Transition | None:
    """Lines 44-46: more than 2/3 prevoted nil."""
    if state.step != Step.PREVOTE or state.votes.prevotes(state.round).quorum != NIL:
        return None
    return vote(state, PRECOMMIT, NIL)


def schedule_precommit_timeout(state: State) -> Transition | None:
    """Lines 47-48: precommits of more than 2/3, for anything, for the first time."""
    precommits = state.votes.precommits(state.round)
    if state.precommit_timer or not state.validators.is_quorum(precommits.power):
        return None
    timeout = ScheduleTimeout(TIMEOUT_PRECOMMIT, state.height, state.round)
    return replace(state, precommit_timer=True), (timeout,)


def skip_to_later_round(state: State) -> Transition | None:
    """Lines 55-56: distinct senders of more than 1/3 are in a later round, so a correct one is."""
    for round_ in state.votes.future(state.round):
        senders = state.votes.rounds[round_].senders()
        if round_ in state.offers:
            senders |= {state.validators.proposer(state.height, round_)}
        if state.validators.exceeds_third(sum(state.validators.power(key) for key in senders)):
            return start_round(state, round_)
    return None


RULES: Final[tuple[Rule, ...]] = (
    decide,
    prevote_fresh_proposal,
    prevote_proven_proposal,
    follow_polka,
    precommit_nil,
    schedule_prevote_timeout,
    schedule_precommit_timeout,
    skip_to_later_round,
)
