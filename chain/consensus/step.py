"""`step`: the whole of consensus as one pure function. Source: arXiv 1807.04938, Algorithm 1."""

from dataclasses import replace

from chain.consensus.effects import Effect, ReportEquivocation
from chain.consensus.inputs import (
    BlockJudged,
    Input,
    ProposalReceived,
    ProposedValue,
    StartHeight,
    TimeoutElapsed,
    VoteReceived,
)
from chain.consensus.rounds import Transition, elapse, propose_new_value, start_height
from chain.consensus.rules import settle
from chain.consensus.state import JudgedBlock, Offer, State, Step
from chain.consensus.votes import FUTURE_ROUNDS
from chain.types.scalars import BlockId
from chain.types.vote import Proposal, Vote


def step(state: State, event: Input) -> tuple[State, list[Effect]]:
    """The state after `event`, and what the driver must do now, in order. No clock, no I/O, no randomness.

    An event that says nothing new gives back the very same state and no effects.
    """
    state, effects = settle(_take_in(state, event))
    return state, list(effects)


def _take_in(state: State, event: Input) -> Transition:
    """Note down what the event says; the rules then draw the conclusions."""
    match event:
        case StartHeight():  # lines 10, 52-54
            return start_height(state, event)
        case VoteReceived(vote) if vote.height == state.height:
            return _take_vote(state, vote)
        case ProposalReceived(proposal) if wants_proposal(state, proposal):
            return _take_proposal(state, event), ()
        case BlockJudged() if event.height == state.height and event.block_id in wanted_blocks(state):
            return _take_block(state, event.block_id, JudgedBlock(event.parts, event.valid)), ()
        case ProposedValue():  # line 19
            return propose_new_value(state, event)
        case TimeoutElapsed() if event.height == state.height:  # lines 57-67
            return elapse(state, event)
        case _:
            return state, ()


def wants_proposal(state: State, proposal: Proposal) -> bool:
    """Is it worth fetching and judging this proposal's block: right height and proposer, first of a round not far off?

    The driver asks before it downloads, so that a proposer of far rounds cannot make nodes fetch and execute.
    """
    return (
        state.step != Step.DECIDED
        and proposal.height == state.height
        and proposal.round <= state.round + FUTURE_ROUNDS
        and proposal.valid_round < proposal.round
        and proposal.round not in state.offers
        and proposal.proposer == state.validators.proposer(proposal.height, proposal.round)
        and _parts_fit(state, proposal)
    )


def _parts_fit(state: State, proposal: Proposal) -> bool:
    """A block that lies here already has one encoding; a proposal that claims another for it is false."""
    block = state.blocks.get(proposal.block_id)
    return block is None or block.parts == proposal.parts


def wanted_blocks(state: State) -> frozenset[BlockId]:
    """The blocks that a quorum stands behind and that do not lie here."""
    return state.requested - state.blocks.keys()


def _take_vote(state: State, vote: Vote) -> Transition:
    votes, evidence = state.votes.add(vote, state.round, state.validators)
    if votes is state.votes:
        return state, ()
    reports = () if evidence is None else (ReportEquivocation(evidence),)
    return replace(state, votes=votes), reports


def _take_proposal(state: State, event: ProposalReceived) -> State:
    proposal = event.proposal
    offers = {**state.offers, proposal.round: Offer(proposal, event.timely)}
    return _take_block(replace(state, offers=offers), proposal.block_id, JudgedBlock(proposal.parts, event.valid))


def _take_block(state: State, block_id: BlockId, block: JudgedBlock) -> State:
    """The first judgement stands: a block does not become valid or invalid by coming again."""
    if block_id in state.blocks:
        return state
    return replace(state, blocks={**state.blocks, block_id: block})
