"""Coming back after a crash: the logged inputs give the state, and the effects that were asked for but not done."""

from collections.abc import Iterable

from chain.consensus.effects import (
    Decide,
    Effect,
    GetValue,
    InvalidBlockDecided,
    ReportEquivocation,
    RequestBlock,
    ScheduleTimeout,
    SignAndPublishProposal,
    SignAndPublishVote,
    StepChanged,
)
from chain.consensus.inputs import TIMEOUT_PREVOTE, TIMEOUT_PROPOSE, Input
from chain.consensus.state import State, Step
from chain.consensus.step import step, wanted_blocks


def resume(state: State, inputs: Iterable[Input]) -> tuple[State, list[Effect]]:
    """Replay the log of a height; then do the effects it returns, and only then take network votes and timers.

    An own vote or proposal that the log holds is not signed again. One that was asked for and is not there may have
    been signed but never published: it is asked for again, and the signer answers with its stored signature or silence.
    """
    asked: list[Effect] = []
    for event in inputs:
        state, effects = step(state, event)
        asked += effects
    owed = [effect for effect in asked if _is_owed(state, effect)]
    proposing = any(isinstance(effect, SignAndPublishProposal) for effect in owed)
    return state, [effect for effect in owed if not (proposing and isinstance(effect, GetValue))]


def _is_owed(state: State, effect: Effect) -> bool:
    match effect:
        case ReportEquivocation():
            return True
        case SignAndPublishVote(type_, height, round_):
            tally = state.votes.rounds[round_].tally(type_) if round_ in state.votes.rounds else None
            return height == state.height and (tally is None or state.own not in tally.first)
        case GetValue(height, round_) | SignAndPublishProposal(height, round_):
            return _is_now(state, height, round_, Step.PROPOSE) and state.offer is None
        case StepChanged(height, round_, reached):
            return _is_now(state, height, round_, reached)
        case ScheduleTimeout(kind, height, round_):
            return _is_now(state, height, round_, _awaited_in(kind, state.step))
        case RequestBlock(height, _, block_id):
            return height == state.height and block_id in wanted_blocks(state)
        case Decide(height) | InvalidBlockDecided(height):
            return height == state.height


def _is_now(state: State, height: int, round_: int, reached: Step) -> bool:
    return (height, round_, reached) == (state.height, state.round, state.step)


def _awaited_in(kind: int, now: Step) -> Step:
    """The step that a timeout of this kind ends; the precommit timeout ends the round from any step but the last."""
    if kind == TIMEOUT_PROPOSE:
        return Step.PROPOSE
    if kind == TIMEOUT_PREVOTE:
        return Step.PREVOTE
    return Step.PRECOMMIT if now == Step.DECIDED else now
