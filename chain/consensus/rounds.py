"""Entering heights and rounds, and what happens when a timeout runs out (lines 10-21 and 57-67)."""

from dataclasses import replace

from chain.consensus.effects import (
    Effect,
    GetValue,
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
    TimeoutElapsed,
)
from chain.consensus.state import FIRST_ROUND, NONE, JudgedBlock, State, Step
from chain.types.scalars import NIL, BlockId, Round, Uint, ValidRound, VoteTarget
from chain.types.vote import PRECOMMIT, PREVOTE

Transition = tuple[State, tuple[Effect, ...]]


def start_height(state: State, event: StartHeight) -> Transition:
    """Lines 10 and 52-54: a fresh state for a later height, in round 0."""
    if event.height <= state.height:
        return state, ()
    return start_round(State(own=state.own, validators=event.validators, height=event.height), FIRST_ROUND)


def start_round(state: State, round_: Round) -> Transition:
    """StartRound, lines 11-21.

    The proposer runs the timeout too, which the paper spares it: when its signer stays silent after a crash it would
    else wait in this step for ever, and be missing from the quorum of the next round.
    """
    state = replace(state, round=round_, step=Step.PROPOSE, prevote_timer=False, precommit_timer=False)
    timeout = ScheduleTimeout(TIMEOUT_PROPOSE, state.height, round_)
    return state, (StepChanged(state.height, round_, Step.PROPOSE), timeout, *_propose(state))


def _propose(state: State) -> tuple[Effect, ...]:
    """Lines 14-19: the valid value if there is one, else a new one."""
    if not state.proposes:
        return ()
    if state.valid_value is None:
        return (GetValue(state.height, state.round),)
    return (_proposal(state, state.valid_value, state.valid_round),)


def _proposal(state: State, block_id: BlockId, valid_round: ValidRound) -> SignAndPublishProposal:
    parts = state.blocks[block_id].parts
    return SignAndPublishProposal(state.height, state.round, valid_round, block_id, parts)


def propose_new_value(state: State, event: ProposedValue) -> Transition:
    """Line 19 for the value that GetValue asked for, if it is still this node's turn."""
    asked = (event.height, event.round) == (state.height, state.round) and state.valid_value is None
    if not asked or not state.proposes or state.step != Step.PROPOSE or state.offer is not None:
        return state, ()
    state = replace(state, blocks={**state.blocks, event.block_id: JudgedBlock(event.parts, valid=True)})
    return state, (_proposal(state, event.block_id, NONE),)


def elapse(state: State, event: TimeoutElapsed) -> Transition:
    """Lines 57-67: a timeout of another round, or of a step that is over, does nothing."""
    if event.round != state.round or state.step == Step.DECIDED:
        return state, ()
    match (event.kind, state.step):
        case (kind, Step.PROPOSE) if kind == TIMEOUT_PROPOSE:  # lines 57-60
            return vote(state, PREVOTE, NIL)
        case (kind, Step.PREVOTE) if kind == TIMEOUT_PREVOTE:  # lines 61-64
            return vote(state, PRECOMMIT, NIL)
        case (kind, _) if kind == TIMEOUT_PRECOMMIT:  # lines 65-67
            return start_round(state, Round(state.round + 1))
        case _:
            return state, ()


def vote(state: State, type_: Uint, target: VoteTarget) -> Transition:
    """Move to the vote's step and, as a validator, sign it. It counts once it comes back as VoteReceived."""
    state = replace(state, step=Step.PREVOTE if type_ == PREVOTE else Step.PRECOMMIT)
    changed = StepChanged(state.height, state.round, state.step)
    if not state.signs:
        return state, (changed,)
    return state, (SignAndPublishVote(type_, state.height, state.round, target), changed)
